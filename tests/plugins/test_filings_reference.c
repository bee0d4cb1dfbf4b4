/* SPDX-License-Identifier: MIT */
/* Both stages against tests/reference/filings_reference.py, which knows nothing of this project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "filings_fixture.h"

static void run(struct sql_fixture *f)
{
    struct fake_task *t = filings_features(f, "a", filings_reference("filings_case/raw.csv"),
                                           filings_reference("filings_case/index.csv"));
    fake_task_texts(t, "features", "a", "b", NULL);
    fake_task_text(t, "payload", "");
    stage_must(t);
    stage_must(filings_multiscale(f, "b", filings_reference("filings_case/daily.csv"),
                                  stage_path(f, "a/features")));
}

/*
 * As many rows as the golden file has, and none of them without its like: equal keys, and numbers
 * that agree to nine digits.
 */
static void compare(struct sql_fixture *f, const char *rows, const char *golden, const char *on)
{
    sql_must(
        f,
        "CREATE OR REPLACE VIEW ours AS SELECT COLUMNS(*)::VARCHAR FROM read_parquet('%s/%s', "
        "hive_partitioning = false); CREATE OR REPLACE VIEW theirs AS SELECT lower(COLUMNS(*)) "
        "FROM read_csv('%s', all_varchar = true)",
        f->dir, rows, filings_reference(golden));
    assert_string_equal(
        sql_cell(f, "SELECT (SELECT count(*) FROM ours) - (SELECT count(*) FROM theirs)"), "0");
    assert_string_not_equal(sql_cell(f, "SELECT count(*) FROM theirs"), "0");
    assert_string_equal(sql_cell(f,
                                 "SELECT any_value(x::VARCHAR) FROM theirs x WHERE NOT EXISTS "
                                 "(FROM ours y WHERE %s)",
                                 on),
                        "NULL");
}

/* The same, or both numbers that differ by less than a billionth. */
#define SAME(column)                                                                               \
    "(lower(y." column ") IS NOT DISTINCT FROM x." column " OR abs(TRY_CAST(y." column             \
    " AS DOUBLE) - TRY_CAST(x." column " AS DOUBLE)) <= 1e-9 * greatest(1, abs(TRY_CAST(x." column \
    " AS DOUBLE))))"
#define FEATURES                                                                                   \
    SAME("edgar_filed_date")                                                                       \
    " AND " SAME("last_a") " AND " SAME("mean_a") " AND " SAME("ema_a") " AND " SAME(              \
        "last_b") " AND " SAME("mean_b") " AND " SAME("ema_b") " AND " SAME("last_a_is_missing") " AND " SAME("last_b_is_missing") " AND " SAME("edgar_has_filing") " AND " SAME("edgar_valid")
#define OFFER                                                                                      \
    "y.entity_id = x.entity_id AND y.platform_name = x.platform_name AND y.offer_id = x.offer_id"
#define MEASURES                                                                                   \
    SAME("funding_raised_usd") " AND " SAME("funding_goal_usd") " AND " SAME("investors_count")

static void agrees_on_features(void **state)
{
    struct sql_fixture *f = *state;
    run(f);
    compare(f, "a/features/*/*.parquet", "filings_case/features.csv",
            "y.cik = x.cik AND y.crawled_date_day = x.crawled_date_day AND " FEATURES);
}

static void agrees_on_weeks_and_months_of_offers(void **state)
{
    struct sql_fixture *f = *state;
    run(f);
    compare(f, "b/offers_weekly.parquet", "filings_case/weekly.csv",
            OFFER " AND y.snapshot_ts = x.snapshot_ts || ' 00:00:00' AND " MEASURES);
    compare(f, "b/offers_monthly.parquet", "filings_case/monthly.csv",
            OFFER " AND y.snapshot_ts = x.snapshot_ts || ' 00:00:00' AND " MEASURES);
}

static void agrees_on_stages(void **state)
{
    struct sql_fixture *f = *state;
    run(f);
    compare(f, "b/stage_table.parquet", "filings_case/stages.csv",
            OFFER " AND y.snapshot_ts = x.snapshot_ts AND y.stage = x.stage");
}

static void agrees_on_weeks_and_months_of_features(void **state)
{
    struct sql_fixture *f = *state;
    run(f);
    compare(f, "b/edgar_weekly.parquet", "filings_case/edgar_weekly.csv",
            "y.cik = x.cik AND y.period_start = x.period_start || ' 00:00:00' AND y.snapshot_ts = "
            "x.crawled_date_day || ' 00:00:00' AND " FEATURES);
    compare(f, "b/edgar_monthly.parquet", "filings_case/edgar_monthly.csv",
            "y.cik = x.cik AND y.period_start = x.period_start || ' 00:00:00' AND y.snapshot_ts = "
            "x.crawled_date_day || ' 00:00:00' AND " FEATURES);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(agrees_on_features),
        TEST(agrees_on_weeks_and_months_of_offers),
        TEST(agrees_on_stages),
        TEST(agrees_on_weeks_and_months_of_features),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
