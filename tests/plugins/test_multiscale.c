/* SPDX-License-Identifier: MIT */
/* Weeks, months and stages by hand, and the same bytes however the run went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "filings_fixture.h"

#define OFFER "SELECT 'p|a' AS entity_id, 'p' AS platform_name, 'a' AS offer_id, * FROM "

/* T9, shuffled: the order of the rows in the file is not that of time. */
static const char t9[] =
    OFFER "(VALUES (TIMESTAMP '2026-02-08', 20.0, NULL::DOUBLE), (TIMESTAMP '2026-01-30', 10, "
          "NULL), (TIMESTAMP '2026-02-02', NULL, 4), (TIMESTAMP '2026-02-01', 20, 3)) "
          "t(snapshot_ts, funding_raised_usd, investors_count)";

#define STORE(rows)                                                                                \
    "SELECT cik, day AS crawled_date_day, day::TIMESTAMP AS cutoff_ts, filed AS "                  \
    "edgar_filed_date, "                                                                           \
    "last AS last_x, mean::DOUBLE AS mean_x, ema::DOUBLE AS ema_x, last IS NULL AS "               \
    "last_x_is_missing, filed IS "                                                                 \
    "NOT NULL AS edgar_has_filing, filed IS NOT NULL AS edgar_valid FROM (VALUES " rows            \
    ") t(cik, day, filed, last, mean, ema)"

static const char store[] = STORE(
    "('01', DATE '2026-02-02', TIMESTAMP '2026-02-01', NULL::DOUBLE, 5.0, 6.0), ('01', DATE "
    "'2026-01-30', TIMESTAMP '2026-01-29', 4.0, 4.0, 4.0), ('01', DATE '2026-02-01', TIMESTAMP "
    "'2026-01-29', 4.0, 4.0, 4.0), ('02', DATE '2026-02-08', NULL, NULL, NULL, NULL)");

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *daily,
                              const char *edgar)
{
    char name[40];
    snprintf(name, sizeof name, "%s_daily", run);
    const char *path = stage_table(f, name, "%s", daily);
    snprintf(name, sizeof name, "%s_edgar", run);
    return filings_multiscale(f, run, path, stage_table(f, name, "%s", edgar));
}

static const char *look(struct sql_fixture *f, const char *table, const char *expression)
{
    return stage_list(f, stage_path(f, "a/%s.parquet", table) + strlen(f->dir) + 1, expression);
}

static void ends_weeks_with_their_sunday(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", t9, store));
    assert_string_equal(look(f, "offers_weekly",
                             "concat_ws(',', snapshot_ts::DATE, funding_raised_usd, "
                             "investors_count)"),
                        "2026-01-26,20.0,3.0 2026-02-02,20.0,4.0");
    assert_string_equal(look(f, "offers_monthly",
                             "concat_ws(',', snapshot_ts::DATE, funding_raised_usd, "
                             "coalesce(investors_count::VARCHAR, '-'))"),
                        "2026-01-01,10.0,- 2026-02-01,20.0,4.0");
    assert_string_equal(stage_columns(f, "a/offers_weekly.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, "
                        "funding_raised_usd DOUBLE, investors_count DOUBLE, snapshot_ts TIMESTAMP");
}

static void puts_days_into_weeks_across_years(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    OFFER "(VALUES (TIMESTAMP '2024-12-31', 1.0), (TIMESTAMP '2025-01-01', 2), "
                          "(TIMESTAMP '2025-01-05 23:59:59', NULL), (TIMESTAMP '2025-01-06', 3), "
                          "(TIMESTAMP '2021-01-03', 4)) t(snapshot_ts, funding_raised_usd)",
                    store));
    assert_string_equal(
        look(f, "offers_weekly", "concat_ws(',', snapshot_ts::DATE, funding_raised_usd)"),
        "2020-12-28,4.0 2024-12-30,2.0 2025-01-06,3.0");
    assert_string_equal(
        look(f, "offers_monthly", "concat_ws(',', snapshot_ts::DATE, funding_raised_usd)"),
        "2021-01-01,4.0 2024-12-01,1.0 2025-01-01,3.0");
}

#define AMOUNTS                                                                                    \
    OFFER "(SELECT TIMESTAMP '2026-03-01' + to_days(i::INT) AS snapshot_ts, v AS "                 \
          "funding_raised_usd FROM (VALUES (0, NULL), (1, 100.0), (2, 100), (3, NULL), (4, 150), " \
          "(5, 150), (6, 90)) t(i, v) ORDER BY i DESC)"

static void counts_changes_against_the_row_before(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", AMOUNTS, store));
    assert_string_equal(look(f, "stage_table", "stage"), "0 0 0 0 0 0 1");
    assert_string_equal(look(f, "day_to_stage", "concat_ws(':', snapshot_day, stage)"),
                        "2026-03-01:0 2026-03-02:0 2026-03-03:0 2026-03-04:0 2026-03-05:0 "
                        "2026-03-06:0 2026-03-07:1");
    assert_string_equal(stage_columns(f, "a/stage_table.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, snapshot_ts "
                        "TIMESTAMP, snapshot_day DATE, stage BIGINT");
    struct fake_task *t = task(f, "b", t9, store);
    stage_must(t);
    assert_string_equal(stage_list(f, "b/stage_table.parquet", "stage"), "0 1 1 1");
}

static void may_pass_over_unknown_amounts(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", AMOUNTS, store);
    fake_task_int(t, "stage_skip_nulls", 1);
    stage_must(t);
    assert_string_equal(look(f, "stage_table", "stage"), "0 0 0 0 1 1 2");
}

/* Of an entity that is two offers, with rows of one instant and one row twice, in no order. */
static void tells_offers_and_instants_of_an_entity_apart(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    "SELECT 'e' AS entity_id, 'p' AS platform_name, * FROM (VALUES ('x', TIMESTAMP "
                    "'2026-01-05 12:00:00', 20.0), ('y', TIMESTAMP '2026-01-05', 10), ('x', "
                    "TIMESTAMP '2026-01-05 12:00:00', 20), ('x', TIMESTAMP '2026-01-05', 10), "
                    "('y', TIMESTAMP '2026-01-04 23:59:59.999999', NULL)) t(offer_id, snapshot_ts, "
                    "funding_raised_usd)",
                    store));
    assert_string_equal(
        look(f, "stage_table", "concat_ws(',', offer_id, snapshot_ts::TIME, stage)"),
        "y,23:59:59.999999,0 x,00:00:00,0 y,00:00:00,0 x,12:00:00,1");
    assert_string_equal(look(f, "day_to_stage", "concat_ws(':', snapshot_day, stage)"),
                        "2026-01-04:0 2026-01-05:0 2026-01-05:1");
    assert_string_equal(
        look(f, "offers_weekly",
             "concat_ws(',', offer_id, snapshot_ts::DATE, coalesce(funding_raised_usd::VARCHAR, "
             "'-'))"),
        "x,2026-01-05,20.0 y,2025-12-29,- y,2026-01-05,10.0");
}

/* NaN hides no amount before it, and is no change of the amount. */
static void takes_nan_for_no_amount(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(
        task(f, "a",
             "SELECT 'p|a' AS entity_id, 'p' AS platform_name, 'a' AS offer_id, * FROM "
             "(VALUES (TIMESTAMP '2026-01-05', 5.0::DOUBLE), (TIMESTAMP '2026-01-06', 'nan'), "
             "(TIMESTAMP '2026-01-08', 'nan')) t(snapshot_ts, funding_raised_usd)",
             store));
    assert_string_equal(look(f, "offers_weekly", "coalesce(funding_raised_usd::VARCHAR, '-')"),
                        "5.0");
    assert_string_equal(look(f, "stage_table", "stage"), "0 0 0");
}

/* NaN is no amount, an empty key no offer, and an entity with one row has one of each. */
static void leaves_out_what_has_no_key_and_no_value(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(
        task(f, "a",
             "SELECT * FROM (VALUES ('p|a', 'p', 'a', '2026-01-05 01:00:00+02:00', 'nan'::DOUBLE), "
             "('p|b', 'p', 'b', '2026-01-05', 7), (NULL, 'p', 'c', '2026-01-05', 1), ('p|d', NULL, "
             "'d', '2026-01-05', 1), ('p|e', 'p', NULL, '2026-01-05', 1), ('p|f', 'p', 'f', 'no "
             "day', 1)) t(entity_id, platform_name, offer_id, snapshot_ts, funding_raised_usd)",
             store));
    assert_string_equal(look(f, "offers_weekly",
                             "concat_ws(',', entity_id, snapshot_ts::DATE, "
                             "coalesce(funding_raised_usd::VARCHAR, '-'))"),
                        "p|a,2025-12-29,- p|b,2026-01-05,7.0");
    assert_string_equal(look(f, "stage_table", "concat_ws(',', entity_id, snapshot_ts, stage)"),
                        "p|a,2026-01-04 23:00:00,0 p|b,2026-01-05 00:00:00,0");
}

/* The whole last row of a period: last_x of another filing would not go with mean_x. */
static void takes_features_as_of_the_last_day(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", t9, store));
    assert_string_equal(
        look(f, "edgar_weekly",
             "concat_ws(',', cik, period_start::DATE, snapshot_ts::DATE, coalesce(last_x::VARCHAR, "
             "'-'), coalesce(mean_x::VARCHAR, '-'), edgar_has_filing)"),
        "01,2026-01-26,2026-02-01,4.0,4.0,true 01,2026-02-02,2026-02-02,-,5.0,true "
        "02,2026-02-02,2026-02-08,-,-,false");
    assert_string_equal(look(f, "edgar_monthly",
                             "concat_ws(',', cik, period_start::DATE, snapshot_ts::DATE, "
                             "coalesce(last_x::VARCHAR, '-'))"),
                        "01,2026-01-01,2026-01-30,4.0 01,2026-02-01,2026-02-02,- "
                        "02,2026-02-01,2026-02-08,-");
    assert_string_equal(stage_columns(f, "a/edgar_weekly.parquet"),
                        "cik VARCHAR, period_start TIMESTAMP, snapshot_ts TIMESTAMP, cutoff_ts "
                        "TIMESTAMP, edgar_filed_date TIMESTAMP, last_x DOUBLE, mean_x DOUBLE, "
                        "ema_x DOUBLE, last_x_is_missing BOOLEAN, edgar_has_filing BOOLEAN, "
                        "edgar_valid BOOLEAN");
}

static void passes_over_the_offers_of_a_store(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text by_offer = {0};
    fw_text_appendf(&by_offer,
                    "SELECT 'p' AS platform_name, o AS offer_id, * EXCLUDE (o) FROM (%s), (VALUES "
                    "('1'), ('2')) t(o)",
                    store);
    stage_must(task(f, "cik", t9, store));
    stage_must(task(f, "offer", t9, fw_text_get(&by_offer)));
    fw_text_finish(&by_offer);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM (FROM '%s/cik/edgar_weekly.parquet' EXCEPT "
                                 "ALL FROM '%s/offer/edgar_weekly.parquet')",
                                 f->dir, f->dir),
                        "0");
}

static void does_as_the_reference_in_compat(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", t9, store);
    fake_task_int(t, "compat", 1);
    stage_must(t);
    assert_string_equal(look(f, "edgar_monthly",
                             "concat_ws(',', cik, _month, snapshot_ts::DATE, "
                             "coalesce(last_x::VARCHAR, '-'))"),
                        "01,2026-01,2026-01-30,4.0 01,2026-02,2026-02-02,4.0 "
                        "02,2026-02,2026-02-08,-");
    assert_string_equal(look(f, "edgar_weekly", "_week"),
                        "2026-01-26/2026-02-01 2026-02-02/2026-02-08 2026-02-02/2026-02-08");
}

#define MANY                                                                                       \
    "SELECT concat('p|', mod(i, 70)) AS entity_id, 'p' AS platform_name, mod(i, 70)::VARCHAR AS "  \
    "offer_id, TIMESTAMP '2024-12-01' + to_days((i // 70)::INT) AS snapshot_ts, CASE WHEN mod(i, " \
    "7) > 0 THEN mod(i * 7919, 10) / 8.0::DOUBLE END AS funding_raised_usd, CASE WHEN mod(i, 11) " \
    "> 0 THEN mod(i, 13)::DOUBLE END AS investors_count FROM range(70 * 100) t(i)"
#define MANY_FEATURES                                                                              \
    "SELECT lpad(mod(i, 50)::VARCHAR, 4, '0') AS cik, DATE '2024-12-01' + (i // 50)::INT AS "      \
    "crawled_date_day, CASE WHEN mod(i, 3) > 0 THEN mod(i * 7919, 1000) / 8.0 END AS last_x FROM " \
    "range(50 * 120) t(i)"

/* The rows in this order, so many to a file. */
static const char *files_of(struct sql_fixture *f, const char *name, const char *query, int n,
                            const char *order)
{
    int n_all = atoi(sql_cell(f, "SELECT count(*) FROM (%s)", query));

    assert_int_equal(mkdir(stage_path(f, "%s", name), 0777), 0);
    for (int i = 0; i * n < n_all; i++) {
        sql_must(f,
                 "COPY (SELECT * FROM (%s) ORDER BY %s LIMIT %d OFFSET %d) TO "
                 "'%s/%s/%02d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 query, order, n, i * n, f->dir, name, i);
    }
    return stage_path(f, "%s", name);
}

static const char *files(struct sql_fixture *f, const char *name, const char *query, int n,
                         const char *order)
{
    return files_of(f, name, query, (n + 2) / 3, order);
}

static struct fake_task *many(struct sql_fixture *f, const char *run)
{
    struct fake_task *t =
        task(f, run, MANY " ORDER BY entity_id, snapshot_ts", MANY_FEATURES " ORDER BY 2, 1");
    fake_task_int(t, "part_rows", 900);
    return t;
}

static void gives_the_same_bytes_however_it_is_run(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(many(f, "plain"));
    struct fake_task *t = many(f, "one");
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_same(f, "plain", "one");
    t = many(f, "chunks");
    fake_task_int(t, "chunk_rows", 700);
    stage_must(t);
    stage_same(f, "plain", "chunks");
    t = filings_multiscale(f, "shuffled", files(f, "d", MANY, 7000, "hash(entity_id, snapshot_ts)"),
                           files(f, "e", MANY_FEATURES, 6000, "hash(cik, crawled_date_day)"));
    fake_task_int(t, "part_rows", 900);
    stage_must(t);
    stage_same(f, "plain", "shuffled");
    t = filings_multiscale(f, "in_files", files(f, "o", MANY, 7000, "entity_id, snapshot_ts"),
                           files(f, "p", MANY_FEATURES, 6000, "cik, crawled_date_day"));
    fake_task_int(t, "part_rows", 900);
    stage_must(t);
    stage_same(f, "plain", "in_files");
    t = many(f, "restarted");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    const struct fake_result *result = stage_run(t);
    assert_in_range(result->steps, 8, 200);
    fake_task_destroy(t);
    stage_same(f, "plain", "restarted");
}

/* A part ends within a file and takes in whole ones; the engine reads whole ones first. */
static void keeps_an_entity_together_that_lies_in_two_files(void **state)
{
    static const char in_order[] = "entity_id, snapshot_ts";
    /* Numbers that are not DOUBLE are the engine's to read. */
    static const char *const queries[] = {
        MANY, "SELECT * REPLACE (investors_count::INTEGER AS investors_count) FROM (" MANY ")"};
    struct sql_fixture *f = *state;
    char name[32];

    stage_must(many(f, "plain"));
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "files_%d", i);
        const char *daily = files_of(f, name, queries[i], 130, in_order);
        snprintf(name, sizeof name, "run_%d", i);
        struct fake_task *t = filings_multiscale(
            f, name, daily, stage_table(f, "features", "%s", MANY_FEATURES " ORDER BY 2, 1"));
        fake_task_int(t, "part_rows", 900);
        stage_must(t);
        stage_same(f, "plain", name);
    }
}

static void records_what_it_was_made_of(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily = stage_table(f, "daily", "%s", t9);
    mkdir(stage_path(f, "store"), 0777);
    const char *edgar = stage_table(f, "store/edgar", "%s", store);
    FILE *file = fopen(stage_path(f, "store/MANIFEST.json"), "w");
    fputs("{\"raw_edgar_delta_version\": 1639, \"output_rows\": 4}", file);
    fclose(file);
    struct fake_task *t = filings_multiscale(f, "a", daily, edgar);
    fake_task_text(t, "stamp", "20260203_225620");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "artifact"), "\"multiscale_full\"");
    assert_string_equal(fake_task_field(t, "stamp"), "\"20260203_225620\"");
    assert_string_equal(fake_task_field(t, "source_edgar"),
                        "{\"raw_edgar_delta_version\":1639,\"raw_edgar_active_files\":null,"
                        "\"output_rows\":4}");
    assert_string_equal(fake_task_field(t, "parquet_count"), "6");
    assert_non_null(strstr(fake_task_field(t, "output_tables"),
                           "\"offers_monthly.parquet\":{\"path\":\"offers_monthly.parquet\","
                           "\"num_rows\":2,\"num_columns\":6,\"columns\":[\"entity_id\""));
    assert_int_equal(fake_task_rows(t, "edgar_weekly"), 3);
    fake_task_destroy(t);
    file = fopen(stage_path(f, "store/MANIFEST.json"), "w");
    fputs("{\"half", file);
    fclose(file);
    stage_must_fail(filings_multiscale(f, "b", daily, edgar), FW_E_DATA, "MANIFEST.json");
}

static void refuses_tables_of_another_kind(void **state)
{
    struct sql_fixture *f = *state;
    stage_must_fail(task(f, "a", "SELECT 1 AS entity_id", store), FW_E_DATA, "INTEGER");
    stage_must_fail(task(f, "b", "SELECT 'a' AS entity_id", store), FW_E_MISSING, "platform_name");
    stage_must_fail(task(f, "c", t9, "SELECT 1 AS cik"), FW_E_DATA, "crawled_date_day");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(tells_offers_and_instants_of_an_entity_apart),
        TEST(ends_weeks_with_their_sunday),
        TEST(puts_days_into_weeks_across_years),
        TEST(counts_changes_against_the_row_before),
        TEST(may_pass_over_unknown_amounts),
        TEST(takes_nan_for_no_amount),
        TEST(leaves_out_what_has_no_key_and_no_value),
        TEST(takes_features_as_of_the_last_day),
        TEST(passes_over_the_offers_of_a_store),
        TEST(does_as_the_reference_in_compat),
        TEST(gives_the_same_bytes_however_it_is_run),
        TEST(keeps_an_entity_together_that_lies_in_two_files),
        TEST(records_what_it_was_made_of),
        TEST(refuses_tables_of_another_kind),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
