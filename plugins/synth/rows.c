/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <inttypes.h>
#include <string.h>

#include "template.h"

#define EPOCH          "TIMESTAMP '2022-04-18'"
#define ROW_GROUP_SIZE 16384

/*
 * The keys of a part, narrow: row number i, entity e, day index d, calendar day, crawl k of the
 * day, and the times. What follows from i alone is worked out here, the rest comes with the
 * entity. All crawls of one day in twenty were processed at the same instant (a tie), two in a
 * hundred three days late, one in a hundred never.
 */
static void append_times(struct fw_text *text)
{
    fw_text_append(
        text,
        "SELECT i, e, d, day, k, crawled, CASE WHEN draw(i, 13) % 100 = 0 THEN NULL "
        "WHEN draw(e, 100 + d) % 20 = 0 THEN date_trunc('day', crawled) + INTERVAL 26 HOUR "
        "ELSE crawled + to_seconds((60 + draw(i, 8) % 3600)::BIGINT) + "
        "CASE WHEN draw(i, 9) % 50 = 0 THEN INTERVAL 3 DAY ELSE INTERVAL 0 DAY END END "
        "AS processed FROM (SELECT *, " EPOCH " + to_seconds(day * 86400 + k * 4001 % 80000 + "
        "(draw(i, 7) % 300)::BIGINT) AS crawled FROM (");
}

/* Calendar day of day `d` of an entity. */
#define DAY "first_day + d + d // 60 * 2 AS day"

/* Rows of one platform whose day lies in one period, in the order of crawling. */
static void append_crawl_keys(const struct synth_plan *plan, int64_t part, struct fw_text *text)
{
    const double pair = 2 * plan->crawls_per_day;
    const int64_t main_rows = plan->rows - plan->keyless_rows;
    const int64_t slice = synth_part_slice(part);
    fw_text_append(text, "CREATE OR REPLACE TEMP TABLE keys AS ");
    append_times(text);
    fw_text_appendf(
        text,
        "SELECT i, e, ed - e * %" PRId64 " AS d, " DAY ", "
        "i - CASE WHEN i >= split THEN split ELSE low END AS k "
        "FROM (SELECT *, 2 * j + (i >= split)::BIGINT AS ed "
        "FROM (SELECT *, unnest(range(low, high)) AS i "
        "FROM (SELECT *, low + (draw(j, 10) %% (high - low + 1)::UBIGINT)::BIGINT AS split "
        "FROM (SELECT e, first_day, j, "
        "least(ceil(j * %.17g)::BIGINT, %" PRId64 ") AS low, "
        "least(ceil((j + 1) * %.17g)::BIGINT, %" PRId64 ") AS high "
        "FROM (SELECT e, first_day, unnest(range(e * %" PRId64 ", (e + 1) * %" PRId64
        ")) AS j FROM entity WHERE platform = ",
        plan->entity_days, pair, main_rows, pair, main_rows, plan->entity_days / 2,
        plan->entity_days / 2);
    fw_text_literal(text, synth_platforms[synth_part_platform(part)]);
    fw_text_appendf(text,
                    "))))) )) WHERE day >= %" PRId64 " AND day < %" PRId64 " ORDER BY crawled, i; ",
                    slice * plan->days / plan->n_slices, (slice + 1) * plan->days / plan->n_slices);
}

/* Rows of any entity and day: those without a platform, and the stale ones. */
static void append_loose_keys(const struct synth_plan *plan, int64_t first, int64_t n,
                              struct fw_text *text)
{
    fw_text_append(text, "CREATE OR REPLACE TEMP TABLE keys AS ");
    append_times(text);
    fw_text_appendf(text,
                    "SELECT i, e, d, " DAY ", 0::BIGINT AS k FROM (SELECT i, "
                    "(draw(i, 11) %% %" PRId64 ")::BIGINT AS e, "
                    "(draw(i, 12) %% %" PRId64 ")::BIGINT AS d "
                    "FROM range(%" PRId64 ", %" PRId64 ") t(i)) JOIN entity USING (e))) "
                    "ORDER BY crawled, i; ",
                    plan->entities, plan->entity_days, first, first + n);
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Near the golden ratio of the rows, so that neighbours land far apart, and prime to them. */
static int64_t stride(int64_t rows)
{
    int64_t step = (int64_t)((double)rows * 0.6180339887) | 1;
    while (greatest_common_divisor(step, rows) != 1) {
        step += 2;
    }
    return step;
}

/* One row per entity-day: entity by entity, or every row somewhere else. */
static void append_day_keys(const struct synth_plan *plan, int64_t part, struct fw_text *text)
{
    append_times(text);
    fw_text_appendf(text,
                    "SELECT i, e, d, " DAY ", 0::BIGINT AS k FROM (SELECT i, i // %" PRId64
                    " AS e, i %% %" PRId64 " AS d FROM (SELECT (place * %" PRId64 " + %" PRIu64
                    ") %% %" PRId64 " AS i FROM range(%" PRId64 ", %" PRId64 ") t(place))) "
                    "JOIN (SELECT e, first_day FROM entity) USING (e)))",
                    plan->entity_days, plan->entity_days, plan->shuffled ? stride(plan->rows) : 1,
                    plan->shuffled ? plan->seed % 65536 : 0, plan->rows,
                    part * plan->rows / plan->n_parts, (part + 1) * plan->rows / plan->n_parts);
}

/* The measures grow over the days of an offer; a crawl late in the day sees a little more. */
static void append_measures(const struct synth_plan *plan, bool old, struct fw_text *text)
{
    fw_text_appendf(text,
                    ", t.goal AS funding_goal_usd, CASE WHEN draw(r.i, 14) %% 20 > 0 THEN "
                    "round(t.goal * t.pace * (r.d + 1 + r.k * 0.01) / %" PRId64
                    ", 2) END AS funding_raised_usd, ",
                    plan->entity_days);
    if (plan->raw) {
        fw_text_appendf(text,
                        "floor(funding_raised_usd / 250)::%s AS investors_count, "
                        "funding_raised_usd >= t.goal AS is_funded",
                        old ? "INTEGER" : "BIGINT");
    } else {
        fw_text_append(text, "floor(funding_raised_usd / 250) AS investors_count, "
                             "(funding_raised_usd >= t.goal)::INTEGER::DOUBLE AS is_funded");
    }
}

/* A free column of the row out of the entity's value: # is the column's number. */
static const char *form_of(enum synth_kind kind)
{
    switch (kind) {
    case SYNTH_LONG:
        return "(t.f# || ' ' || (r.d + #) // 30)";
    case SYNTH_MID:
        return "(t.f# || ' ' || (r.d + #) // 90)";
    case SYNTH_REAL:
        return "round(t.f# * (1 + (r.d + #) % 30 * 0.001), 2)";
    case SYNTH_COUNT:
        return "(t.f# + (r.d + #) // 10)";
    default:
        return "t.f#";
    }
}

static void append_free(const struct synth_plan *plan, bool old, struct fw_text *text)
{
    for (size_t i = 0; i < synth_n_columns; i++) {
        enum synth_kind kind = plan->kinds[i];
        if (old && strcmp(synth_columns[i].name, SYNTH_LATE_COLUMN) == 0) {
            continue;
        }
        fw_text_append(text, ", ");
        synth_template(text, form_of(kind), i);
        fw_text_appendf(text, "::%s AS %s",
                        plan->raw             ? synth_sql_type(kind)
                        : synth_is_text(kind) ? "VARCHAR"
                        : kind == SYNTH_FLAG  ? "INTEGER::DOUBLE"
                                              : "DOUBLE",
                        synth_columns[i].name);
    }
}

static void append_nested(bool old, struct fw_text *text)
{
    for (size_t i = 0; i < synth_n_nested; i++) {
        const struct synth_nested *nested = &synth_nested[i];
        if (old && strcmp(nested->name, SYNTH_LATE_NESTED) == 0) {
            continue;
        }
        if (nested->grows > 0) {
            fw_text_appendf(text, ", t.n%zu[1:r.d // %d] AS %s", i, nested->grows, nested->name);
        } else {
            fw_text_appendf(text, ", t.n%zu AS %s", i, nested->name);
        }
    }
}

/* The row with number 11 has no offer, that with number 23 no day that can be understood. */
static void append_raw_select(const struct synth_plan *plan, int64_t part, struct fw_text *text)
{
    const enum synth_part_kind kind = synth_part_kind(plan, part);
    const bool old = kind == SYNTH_PART_CRAWL && synth_part_slice(part) == 0;
    fw_text_append(text, "SELECT CASE WHEN r.i = 11 OR draw(r.i, 15) % 5003 = 0 THEN NULL ELSE "
                         "t.offer_id END AS offer_id, CASE WHEN r.i = 23 OR draw(r.i, 16) % 10007 "
                         "= 0 THEN 'not a day' ELSE strftime(r.crawled, '%Y-%m-%d') END AS "
                         "crawled_date_day, r.crawled::TIMESTAMPTZ AS crawled_date, ");
    fw_text_append(text, kind == SYNTH_PART_STALE ? "TIMESTAMPTZ '2199-01-01 00:00:00+00'"
                                                  : "r.processed::TIMESTAMPTZ");
    fw_text_append(text, " AS processed_datetime, t.cik AS cik");
    append_measures(plan, old, text);
    append_free(plan, old, text);
    append_nested(old, text);
    fw_text_append(text, " FROM keys r JOIN entity t ON t.e = r.e");
}

static void append_day_select(const struct synth_plan *plan, int64_t part, struct fw_text *text)
{
    fw_text_append(text, "SELECT t.platform || '|' || t.offer_id AS entity_id, t.platform AS "
                         "platform_name, t.offer_id AS offer_id, " EPOCH
                         " + to_days(r.day::INTEGER) AS snapshot_ts, r.crawled::DATE AS "
                         "crawled_date_day, strftime(r.crawled, '%Y-%m-%d %H:%M:%S+00:00') AS "
                         "crawled_date, strftime(r.processed, '%Y-%m-%d %H:%M:%S+00:00') AS "
                         "processed_datetime, t.cik AS cik");
    append_measures(plan, false, text);
    append_free(plan, false, text);
    fw_text_append(text, " FROM (");
    append_day_keys(plan, part, text);
    fw_text_append(text, ") r JOIN entity t ON t.e = r.e");
}

/* The ORDER BY of the keys would not outlive the join in one statement, hence the table. */
static void append_keys(const struct synth_plan *plan, int64_t part, struct fw_text *text)
{
    switch (synth_part_kind(plan, part)) {
    case SYNTH_PART_CRAWL:
        append_crawl_keys(plan, part, text);
        break;
    case SYNTH_PART_STALE:
        append_loose_keys(plan, part * SYNTH_STALE_ROWS, SYNTH_STALE_ROWS, text);
        break;
    case SYNTH_PART_KEYLESS:
        append_loose_keys(plan, plan->rows - plan->keyless_rows, plan->keyless_rows, text);
        break;
    }
}

void synth_rows_append(const struct synth_plan *plan, int64_t part, const char *path,
                       struct fw_text *text)
{
    struct fw_text select = {0};
    if (plan->raw) {
        append_keys(plan, part, text);
        append_raw_select(plan, part, &select);
    } else {
        append_day_select(plan, part, &select);
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
