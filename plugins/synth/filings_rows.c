/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "filings.h"
#include "template.h"

#define ROW_GROUP_SIZE 16384

/*
 * Every value is drawn from a hash of the seed, the row and a salt, as in entity.c. An amount is
 * written in one of the ways that filings write it, or is none. Rows are numbered, and row
 * 17 n + 16 is a second filing of the company and day of the row before.
 */
static const char prelude[] =
    "CREATE OR REPLACE MACRO draw(a, b) AS hash(#::UBIGINT, a::BIGINT, b::BIGINT);"
    "CREATE OR REPLACE MACRO amount(i, salt, top) AS CASE draw(i, salt) % 24 WHEN 0 THEN NULL "
    "WHEN 1 THEN 'Indefinite' WHEN 2 THEN '' WHEN 3 THEN '$' || (draw(i, salt + 1) % top) "
    "WHEN 4 THEN ' ' || format('{:,}', (draw(i, salt + 1) % top)::BIGINT) || ' ' "
    "WHEN 5 THEN format('{:,}', (draw(i, salt + 1) % top)::BIGINT) || '.25' "
    "WHEN 6 THEN (draw(i, salt + 1) % 900 + 1) || 'e3' ELSE (draw(i, salt + 1) % top)::VARCHAR "
    "END;";

void synth_filings_append_prelude(const struct synth_filings_plan *plan, const char *ciks,
                                  struct fw_text *text)
{
    synth_template(text, prelude, plan->seed);
    fw_text_appendf(text,
                    "SET VARIABLE filings_ciks = (SELECT coalesce(list(cik ORDER BY cik), []) FROM "
                    "(SELECT DISTINCT cik FROM %s WHERE cik IS NOT NULL AND cik NOT IN ('', "
                    "'nan')));",
                    ciks);
}

/* Keys of rows first .. end - 1: whose filing it is, and of which day. */
static void append_keys(const struct synth_filings_plan *plan, int64_t first, int64_t end,
                        struct fw_text *text)
{
    fw_text_appendf(
        text,
        "(SELECT i, CASE WHEN len(getvariable('filings_ciks')) > 0 AND draw(j, 1) %% 100 < %" PRId64
        " THEN getvariable('filings_ciks')[1 + (draw(j, 2) %% greatest(1, "
        "len(getvariable('filings_ciks')))::UBIGINT)::BIGINT] ELSE lpad((2000000 + draw(j, 3) %% "
        "%" PRId64 ")::VARCHAR, 10, '0') END AS cik, DATE '2021-04-18' + (draw(j, 4) %% %" PRId64
        ")::INTEGER AS day FROM (SELECT i, i - (i %% 17 = 16)::BIGINT AS j FROM range(%" PRId64
        ", %" PRId64 ") t(i)))",
        plan->own_percent, plan->others, plan->days, first, end);
}

/* Two filings in a hundred have a time with an offset, one in a thousand no date. */
#define FILED                                                                                      \
    "CASE WHEN draw(i, 5) % 1000 = 0 THEN 'unknown' WHEN draw(i, 5) % 50 = 1 THEN strftime(day, "  \
    "'%Y-%m-%d') || ' 21:30:00-05:00' ELSE strftime(day, '%Y-%m-%d') END AS filed_date"

#define ACCEPTED                                                                                   \
    "CASE WHEN draw(i, 6) % 40 > 0 THEN (day + to_seconds((28800 + draw(i, 7) % "                  \
    "36000)::BIGINT))::TIMESTAMPTZ END AS acceptance_datetime"

/* More than half of all filings state no offer, and any level of the others may be missing. */
#define PAYLOAD                                                                                    \
    "CASE WHEN draw(i, 8) % 100 < 45 THEN {offeringData: CASE WHEN draw(i, 9) % 50 > 0 THEN {"     \
    "offeringSalesAmounts: CASE WHEN draw(i, 10) % 20 > 0 THEN {totalOfferingAmount: amount(i, "   \
    "20, 5000000), totalAmountSold: amount(i, 22, 2000000), totalRemaining: amount(i, 24, "        \
    "3000000)} END, investors: {numberNonAccreditedInvestors: amount(i, 26, 40), "                 \
    "totalNumberAlreadyInvested: amount(i, 28, 900)}, minimumInvestmentAccepted: amount(i, 30, "   \
    "25000), salesCommissionsFindersFees: {salesCommissions: {dollarAmount: amount(i, 32, "        \
    "90000)}, findersFees: CASE WHEN draw(i, 11) % 3 > 0 THEN {dollarAmount: amount(i, 34, "       \
    "50000)} END}, useOfProceeds: {grossProceedsUsed: {dollarAmount: amount(i, 36, 400000)}}} "    \
    "END} END AS submission_offering_data"

void synth_filings_append_copy(const struct synth_filings_plan *plan, int64_t file,
                               const char *path, struct fw_text *text)
{
    struct fw_text select = {0};
    bool stale = file == plan->files;

    fw_text_append(&select,
                   "SELECT cik, printf('%010d-%02d-%06d', 1000000 + (draw(i, 12) % 90)::BIGINT, "
                   "year(day) % 100, i % 1000000) AS accession_number, ['D', 'D/A', 'C', 'C/A', "
                   "'C-AR', '1-A', '8-K'][1 + (draw(i, 13) % 7)::BIGINT] AS submission_type, " FILED
                   ", " ACCEPTED ", '021-' || (100000 + draw(cik::BIGINT, 14) % 900000) AS "
                   "file_number, 'Company ' || ltrim(cik, '0') AS entity_name, ['CA', 'NY', 'TX', "
                   "'DE', NULL][1 + (draw(cik::BIGINT, 15) % 5)::BIGINT] AS state_or_country, "
                   "draw(i, 16) % 9 = 0 AS is_amendment, (draw(i, 17) % 30)::INTEGER AS "
                   "number_of_pages, ");
    fw_text_append(&select, PAYLOAD " FROM ");
    if (stale) {
        append_keys(plan, plan->rows, plan->rows + SYNTH_FILINGS_STALE_ROWS, &select);
    } else {
        append_keys(plan, file * plan->rows / plan->files, (file + 1) * plan->rows / plan->files,
                    &select);
    }
    fw_text_append(text, "COPY (FROM fw_in_order(");
    fw_text_literal(text, fw_text_get(&select));
    fw_text_append(text, ")) TO ");
    fw_text_literal(text, path);
    fw_text_appendf(text, " (FORMAT parquet, ROW_GROUP_SIZE %d, USE_TMP_FILE false)",
                    ROW_GROUP_SIZE);
    text->failed = text->failed || select.failed;
    fw_text_finish(&select);
}

#define FIELD(name, type)                                                                          \
    "{\"name\":\"" name "\",\"type\":" type ",\"nullable\":true,\"metadata\":{}}"
#define STRING         "\"string\""
#define RECORD(fields) "{\"type\":\"struct\",\"fields\":[" fields "]}"
#define DOLLARS(name)  FIELD(name, RECORD(FIELD("dollarAmount", STRING)))

static const char
    schema
        [] =
            RECORD(
                FIELD("cik", STRING) "," FIELD(
                    "accession_number",
                    STRING) "," FIELD("submission_type",
                                      STRING) "," FIELD("filed_date",
                                                        STRING) "," FIELD("acceptance_datetime",
                                                                          "\"timestamp\"") "," FIELD("file_number", STRING) "," FIELD("entity_name", STRING) "," FIELD("state_or_country", STRING) "," FIELD("is_amendment", "\"boolean\"") "," FIELD("number_of_pages", "\"integer\"") "," FIELD("submission_offering_data", RECORD(FIELD("offeringData",
                                                                                                                                                                                                                                                                                                                                           RECORD(FIELD("offeringSalesAmounts",
                                                                                                                                                                                                                                                                                                                                                        RECORD(FIELD("totalOfferingAmount", STRING) "," FIELD(
                                                                                                                                                                                                                                                                                                                                                            "totalAmountSold", STRING) "," FIELD("totalRemaining", STRING))) "," FIELD("investors",
                                                                                                                                                                                                                                                                                                                                                                                                                                       RECORD(FIELD(
                                                                                                                                                                                                                                                                                                                                                                                                                                           "numberNonAccreditedInvestors", STRING) "," FIELD("totalNumberAlreadyInvested", STRING))) "," FIELD("minimumInvestmentAccepted",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               STRING) "," FIELD("salesCommissionsFindersFees",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 RECORD(DOLLARS("salesCommissions") "," DOLLARS(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "findersFees"))) "," FIELD("useOfProceeds",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                RECORD(DOLLARS(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "grossProceedsUsed"))))))));

void synth_filings_append_schema(struct fw_text *text)
{
    fw_text_append(text, schema);
}
