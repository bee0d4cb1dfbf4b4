/* SPDX-License-Identifier: MIT */
/* The running figures and the as-of rule, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "filings_fixture.h"

#define OFFER "total_offering_amount"
#define SOLD  "total_amount_sold"

/* A filing of T7: the payload as the crawl has it, with two of its figures. */
#define FILING(cik, filed, accession, offer, sold)                                                 \
    "SELECT '" cik "' AS cik, '" filed "' AS filed_date, '" accession                              \
    "' AS accession_number, {offeringData: {offeringSalesAmounts: {totalOfferingAmount: " offer    \
    "::VARCHAR, totalAmountSold: " sold "::VARCHAR}}} AS submission_offering_data"

/* Out of order, and the later of two accessions of one day first. */
static const char t7[] = FILING("1", "2024-03-01", "a-2", "'3000'", "400") " UNION ALL " FILING(
    "1", "2024-01-10", "a-0", "'1,000'",
    "'100'") " UNION ALL " FILING("1", "2024-03-01", "a-1", "'9'",
                                  "NULL") " UNION ALL " FILING("1", "2024-02-10", "a-9",
                                                               "'Indefinite'",
                                                               "' 250 '") " UNION ALL "
                                                                          "SELECT '2', "
                                                                          "'2024-01-05', 'b-0', "
                                                                          "NULL";

#define INDEX(rows)                                                                                \
    "SELECT cik, crawled_date_day, TIMESTAMP '2020-01-01' AS snapshot_ts FROM (VALUES " rows       \
    ") t(cik, crawled_date_day)"

static const char t8[] = INDEX("('1', '2024-01-09'), ('1', '2024-01-10'), ('1', '2024-02-20'), "
                               "('1', '2024-03-02'), ('2', '2024-01-06'), ('3', '2024-01-06'), "
                               "('nan', '2024-03-02')");

/* By cik and day, whatever the files. */
static const char *look(struct sql_fixture *f, const char *run, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(coalesce((%s)::VARCHAR, '-'), ' ' ORDER BY cik, "
                    "crawled_date_day) FROM read_parquet('%s/%s/features/**/*.parquet', "
                    "hive_partitioning = false)",
                    expression, f->dir, run);
}

static struct fake_task *task(struct sql_fixture *f, const char *name, const char *filings,
                              const char *index)
{
    char table[40];
    snprintf(table, sizeof table, "%s_filings", name);
    const char *path = stage_table(f, table, "%s", filings);
    snprintf(table, sizeof table, "%s_index", name);
    return filings_features(f, name, path, stage_table(f, table, "%s", index));
}

static void run(struct sql_fixture *f, const char *name, const char *filings, const char *index)
{
    stage_must(task(f, name, filings, index));
}

/* The same with one figure, the column v. */
static void run_plain(struct sql_fixture *f, const char *name, const char *filings,
                      const char *index)
{
    struct fake_task *t = task(f, name, filings, index);
    fake_task_texts(t, "features", "v", NULL);
    fake_task_text(t, "payload", "");
    stage_must(t);
}

/* On the days of the filings themselves: T7. */
static void follows_the_filings_of_a_company(void **state)
{
    struct sql_fixture *f = *state;
    run(f, "a", t7,
        INDEX("('1', '2024-01-10'), ('1', '2024-02-10'), ('1', '2024-03-01'), "
              "('2', '2024-03-01')"));
    assert_string_equal(look(f, "a", "last_" OFFER), "1000.0 - 3000.0 -");
    assert_string_equal(look(f, "a", "mean_" OFFER), "1000.0 1000.0 2000.0 -");
    assert_string_equal(look(f, "a", "round(ema_" OFFER ", 9)"), "1000.0 1000.0 1476.19047619 -");
    assert_string_equal(look(f, "a", "last_" OFFER "_is_missing"), "false true false true");
    assert_string_equal(look(f, "a", "last_" SOLD), "100.0 250.0 400.0 -");
    assert_string_equal(look(f, "a", "mean_" SOLD), "100.0 175.0 250.0 -");
    assert_string_equal(look(f, "a", "round(ema_" SOLD ", 9)"), "100.0 130.0 184.0 -");
    assert_string_equal(look(f, "a", "last_" SOLD "_is_missing"), "false false false true");
    assert_string_equal(look(f, "a", "last_finders_fees_is_missing"), "true true true true");
}

static void joins_as_of_each_day(void **state)
{
    struct sql_fixture *f = *state;
    run(f, "a", t7, t8);
    assert_string_equal(look(f, "a", "cik"), "1 1 1 1 2 3");
    assert_string_equal(look(f, "a", "edgar_has_filing"), "false true true true true false");
    assert_string_equal(look(f, "a", "edgar_valid"), "false true true true true false");
    assert_string_equal(look(f, "a", "edgar_filed_date::DATE"),
                        "- 2024-01-10 2024-02-10 2024-03-01 2024-01-05 -");
    assert_string_equal(look(f, "a", "last_" OFFER), "- 1000.0 - 3000.0 - -");
    assert_string_equal(look(f, "a", "mean_" OFFER), "- 1000.0 1000.0 2000.0 - -");
    assert_string_equal(look(f, "a", "last_" OFFER "_is_missing"), "- false true false true -");
    assert_string_equal(look(f, "a", "cutoff_ts = crawled_date_day"),
                        "true true true true true true");
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(DISTINCT split_part(file, '/', -2)) FROM "
                                 "glob('%s/a/features/**/*') WHERE file LIKE '%%/part-0.parquet'",
                                 f->dir),
                        "snapshot_year=2024");
}

static void writes_the_columns_in_their_order(void **state)
{
    struct sql_fixture *f = *state;
    run(f, "a", t7, t8);
    const char *columns = stage_columns(f, "a/features");
    const char *const expected[] = {
        "cik VARCHAR, crawled_date_day DATE, cutoff_ts TIMESTAMP, edgar_filed_date TIMESTAMP, "
        "last_total_offering_amount DOUBLE, last_total_amount_sold DOUBLE",
        "last_gross_proceeds_used DOUBLE, mean_total_offering_amount DOUBLE",
        "mean_gross_proceeds_used DOUBLE, ema_total_offering_amount DOUBLE",
        "ema_gross_proceeds_used DOUBLE, last_total_offering_amount_is_missing BOOLEAN",
        "last_gross_proceeds_used_is_missing BOOLEAN, edgar_has_filing BOOLEAN, edgar_valid "
        "BOOLEAN"};
    for (int i = 0; i < 5; i++) {
        assert_non_null(strstr(columns, expected[i]));
    }
    int commas = 0;
    for (const char *at = columns; *at != '\0'; at++) {
        commas += *at == ',';
    }
    assert_int_equal(commas + 1, 42);
}

/* A filing stamped on the day, after its midnight, is known on the next day only. */
static void does_not_look_ahead_within_the_day(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text filings = {0};
    fw_text_appendf(&filings, "%s UNION ALL %s", t7,
                    FILING("1", "2024-02-20 15:00", "a-5", "'77'", "77"));
    run(f, "a", fw_text_get(&filings),
        INDEX("('1', '2024-02-20'), ('1', '2024-02-21'), ('1', '2024-03-01')"));
    fw_text_finish(&filings);
    assert_string_equal(look(f, "a", "last_" SOLD), "250.0 77.0 400.0");
    assert_string_equal(look(f, "a", "edgar_filed_date"),
                        "2024-02-10 00:00:00 2024-02-20 15:00:00 2024-03-01 00:00:00");
}

static void lags_by_whole_days(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings = stage_table(f, "filings", "%s", t7);
    const char *index = stage_table(
        f, "index", INDEX("('1', '2024-01-10'), ('1', '2024-01-11'), ('1', '2024-03-01')"));
    struct fake_task *t = filings_features(f, "a", filings, index);
    fake_task_int(t, "edgar_lag_days", 1);
    stage_must(t);
    assert_string_equal(look(f, "a", "last_" SOLD), "- 100.0 250.0");
    assert_string_equal(look(f, "a", "cutoff_ts::DATE"), "2024-01-09 2024-01-10 2024-02-29");
}

/* An offset belongs to the instant: 2024-02-11 03:00+05:00 is still the 10th in UTC. */
static void reads_times_with_offsets_and_of_any_type(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const types[] = {"VARCHAR", "TIMESTAMPTZ", "TIMESTAMP", "DATE"};
    run_plain(f, "text",
              "SELECT 'x' AS cik, filed_date, 5.0 AS v FROM (VALUES ('2024-02-11 03:00:00+05:00'), "
              "('not a date'), (NULL)) t(filed_date)",
              INDEX("('x', '2024-02-10'), ('x', '2024-02-11')"));
    assert_string_equal(look(f, "text", "edgar_filed_date"), "- 2024-02-10 22:00:00");
    for (int i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        struct fw_text filings = {0}, index = {0};
        fw_text_appendf(&filings,
                        "SELECT 'x' AS cik, CAST('2024-02-10' AS %s) AS filed_date, 1 "
                        "AS v",
                        types[i]);
        fw_text_appendf(&index, "SELECT 'x' AS cik, CAST('2024-02-10' AS %s) AS crawled_date_day",
                        types[i]);
        run_plain(f, name, fw_text_get(&filings), fw_text_get(&index));
        assert_string_equal(look(f, name, "crawled_date_day"), "2024-02-10");
        assert_string_equal(look(f, name, "edgar_has_filing"), "true");
        fw_text_finish(&filings);
        fw_text_finish(&index);
    }
}

/* As of the earlier of the two, falling back to an earlier filing. */
static void counts_filings_up_to_the_cutoff_of_the_row(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a", t7,
        "SELECT * FROM (VALUES ('1', '2024-01-09', '2024-01-09'), ('1', '2024-01-10', '2024-01-10 "
        "00:00:00+05:00'), ('1', '2024-02-20', '2024-02-10'), ('1', '2024-03-02', '2024-02-29 "
        "23:59:59.9'), ('1', '2024-03-03', '2024-01-15'), ('1', '2024-03-04', '2030-01-01'), "
        "('nan', '2024-03-02', NULL)) t(cik, crawled_date_day, seen)");
    fake_task_text(t, "cutoff_col", "seen");
    stage_must(t);
    assert_string_equal(look(f, "a", "edgar_filed_date::DATE"),
                        "- - 2024-02-10 2024-02-10 2024-01-10 2024-03-01");
    assert_string_equal(look(f, "a", "last_" SOLD), "- - 250.0 250.0 100.0 400.0");
    assert_string_equal(look(f, "a", "mean_" SOLD), "- - 175.0 175.0 100.0 250.0");
    assert_string_equal(look(f, "a", "ema_" SOLD), "- - 130.0 130.0 100.0 184.0");
    assert_string_equal(look(f, "a", "edgar_valid"), "false false true true true true");
    assert_string_equal(look(f, "a", "strftime(cutoff_ts, '%m-%dT%H:%M')"),
                        "01-09T00:00 01-09T19:00 02-10T00:00 02-29T23:59 01-15T00:00 03-04T00:00");
}

/* A crawl of the afternoon must not see what its midnight did not know. */
static void never_looks_beyond_midnight_for_a_cutoff(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a", t7,
             "SELECT '1' AS cik, DATE '2024-02-09' AS crawled_date_day, TIMESTAMP '2024-02-10 "
             "15:00' AS seen UNION ALL SELECT '1', '2024-02-10', '2024-02-10 15:00'");
    fake_task_text(t, "cutoff_col", "seen");
    fake_task_int(t, "edgar_lag_days", 1);
    stage_must(t);
    assert_string_equal(look(f, "a", "last_" SOLD), "100.0 100.0");
    assert_string_equal(look(f, "a", "cutoff_ts::DATE"), "2024-02-08 2024-02-09");
}

/* The reference takes the newest filing of the day and drops it; it does not fall back. */
static void drops_a_filing_after_the_cutoff_when_compatible(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a", t7,
             "SELECT '1' AS cik, DATE '2024-02-20' AS crawled_date_day, DATE '2024-02-09' AS "
             "seen UNION ALL SELECT '1', '2024-02-21', '2024-02-10'");
    fake_task_text(t, "cutoff_col", "seen");
    fake_task_int(t, "compat", 1);
    stage_must(t);
    assert_string_equal(look(f, "a", "last_" SOLD), "- 250.0");
    assert_string_equal(look(f, "a", "edgar_has_filing"), "false true");
}

static void refuses_a_row_without_a_cutoff(void **state)
{
    static const struct {
        const char *cutoff, *fault;
    } cases[] = {
        {"'soon'", "row 2: the cutoff 'soon' is no instant"},
        {"NULL", "row 2: the cutoff is NULL"},
        {"''", "row 2: the cutoff '' is no instant"},
    };
    struct sql_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct fw_text index = {0};
        char name[8];
        snprintf(name, sizeof name, "r%d", i);
        fw_text_appendf(&index,
                        "SELECT '1' AS cik, '2024-02-20' AS crawled_date_day, '2024-02-20' AS seen "
                        "UNION ALL SELECT '1', '2024-02-21', %s",
                        cases[i].cutoff);
        struct fake_task *t = task(f, name, t7, fw_text_get(&index));
        fake_task_text(t, "cutoff_col", "seen");
        stage_must_fail(t, FW_E_DATA, cases[i].fault);
        fw_text_finish(&index);
    }
    struct fake_task *t = task(f, "none", t7, t8);
    fake_task_text(t, "cutoff_col", "seen");
    stage_must_fail(t, FW_E_MISSING, "the index has no column seen");
    t = task(f, "number", t7, "SELECT '1' AS cik, '2024-02-20' AS crawled_date_day, 7 AS seen");
    fake_task_text(t, "cutoff_col", "seen");
    stage_must_fail(t, FW_E_DATA, "a DATE, a TIMESTAMP or a text of one");
}

static void keeps_the_offers_of_an_index(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a", t7,
             "SELECT * FROM (VALUES ('q', '07', '1', '2024-03-02'), ('p', '9', '1', '2024-03-02'), "
             "('p', '10', '1', '2024-01-10'), ('p', NULL, '2', '2024-03-02'), ('p', '10', '1', "
             "'2024-03-02'), ('p', '10', 'nan', '2024-03-02')) t(platform_name, offer_id, cik, "
             "crawled_date_day)");
    stage_run(t);
    assert_memory_equal(stage_columns(f, "a/features"),
                        "platform_name VARCHAR, offer_id VARCHAR, cik VARCHAR, crawled_date_day",
                        70);
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(concat_ws('|', platform_name, offer_id, cik, "
                                 "crawled_date_day, last_" SOLD ", edgar_has_filing), ' ') FROM "
                                 "read_parquet('%s/a/features/**/*.parquet')",
                                 f->dir),
                        "p|10|1|2024-01-10|100.0|true p|10|1|2024-03-02|400.0|true "
                        "p|9|1|2024-03-02|400.0|true q|07|1|2024-03-02|400.0|true "
                        "p|2|2024-03-02|true");
    assert_string_equal(fake_task_field(t, "grain"), "\"offer-day\"");
    assert_string_equal(fake_task_field(t, "snapshots_key_cols"),
                        "[\"platform_name\",\"offer_id\",\"cik\",\"crawled_date_day\"]");
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(follows_the_filings_of_a_company),
        TEST(joins_as_of_each_day),
        TEST(writes_the_columns_in_their_order),
        TEST(does_not_look_ahead_within_the_day),
        TEST(lags_by_whole_days),
        TEST(reads_times_with_offsets_and_of_any_type),
        TEST(counts_filings_up_to_the_cutoff_of_the_row),
        TEST(never_looks_beyond_midnight_for_a_cutoff),
        TEST(drops_a_filing_after_the_cutoff_when_compatible),
        TEST(refuses_a_row_without_a_cutoff),
        TEST(keeps_the_offers_of_an_index),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
