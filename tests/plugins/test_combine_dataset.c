/* SPDX-License-Identifier: MIT */
/* Prices and features of the same days in one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "stage_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *prices,
                              const char *features)
{
    struct fake_task *t = stage_task("combine_dataset");

    stage_folder(f, run);
    fake_task_input(t, "prices", prices, NULL);
    fake_task_input(t, "features", features, NULL);
    fake_task_output(t, "dataset", stage_path(f, "%s/dataset.parquet", run));
    return t;
}

static const char *prices(struct sql_fixture *f)
{
    return stage_table(f, "prices",
                       "SELECT strftime(DATE '2024-01-01' + i::INTEGER, '%%-m/%%-d/%%Y') AS date, "
                       "i + 1 AS open, i + 3 AS high, i AS low, i + 2 AS close, 10 * i AS volume "
                       "FROM range(9, -1, -1) r(i)");
}

static const char *features(struct sql_fixture *f, const char *name, const char *more)
{
    return stage_table(f, name,
                       "SELECT DATE '2024-01-01' + i::INTEGER AS \"Date\", i / 2.0 AS half, i AS "
                       "whole FROM range(4, 12) r(i) %s",
                       more);
}

static struct fake_task *usual_task(struct sql_fixture *f, const char *run, const char *table)
{
    struct fake_task *t = task(f, run, prices(f), table);

    fake_task_text(t, "date_format", "%m/%d/%Y");
    return t;
}

static void joins_the_days_that_both_have(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(f, "a", features(f, "features", ""));

    stage_run(t);
    assert_string_equal(fake_task_field(t, "rows_dropped"),
                        "{\"prices_without_date\":0,\"features_without_date\":0,\"prices_alone\":4,"
                        "\"features_alone\":2,\"undefined\":0}");
    assert_string_equal(fake_task_field(t, "first_date"), "\"2024-01-05\"");
    assert_int_equal(fake_task_rows(t, "dataset"), 6);
    fake_task_destroy(t);
    assert_string_equal(stage_columns(f, "a/dataset.parquet"),
                        "Date DATE, Open DOUBLE, High DOUBLE, Low DOUBLE, Close DOUBLE, Volume "
                        "DOUBLE, half DOUBLE, whole BIGINT");
    assert_string_equal(stage_list(f, "a/dataset.parquet",
                                   "concat_ws('/', day(\"Date\"), \"Close\", \"Volume\", whole)"),
                        "5/6.0/40.0/4 6/7.0/50.0/5 7/8.0/60.0/6 8/9.0/70.0/7 9/10.0/80.0/8 "
                        "10/11.0/90.0/9");
}

static void puts_the_index_and_labels_behind(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(f, "a", features(f, "features", ""));

    fake_task_input(t, "labels",
                    stage_table(f, "labels", "SELECT \"Date\", 1 AS y FROM '%s'",
                                stage_path(f, "features.parquet")),
                    NULL);
    fake_task_input(t, "vix_features",
                    stage_table(f, "vix", "SELECT \"Date\", 20 AS vix FROM '%s' LIMIT 5",
                                stage_path(f, "features.parquet")),
                    NULL);
    stage_run(t);
    assert_int_equal(fake_task_rows(t, "dataset"), 5);
    fake_task_destroy(t);
    assert_non_null(strstr(stage_columns(f, "a/dataset.parquet"), "whole BIGINT, vix INTEGER, y"));
}

static void leaves_out_days_with_an_undefined_value(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(
        f, "a",
        stage_table(f, "holes",
                    "SELECT \"Date\", CASE whole WHEN 5 THEN 'nan'::DOUBLE ELSE 1 END AS a, CASE "
                    "WHEN whole <> 7 THEN 'x' END AS b FROM '%s'",
                    features(f, "features", "")));

    stage_run(t);
    assert_non_null(strstr(fake_task_field(t, "rows_dropped"), "\"undefined\":2"));
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/dataset.parquet", "day(\"Date\")"), "5 7 9 10");
}

static void refuses_what_cannot_be_joined(void **state)
{
    struct sql_fixture *f = *state;
    const char *table = features(f, "features", "");

    stage_must_fail(task(f, "a", prices(f), table), FW_E_DATA,
                    "no day is left: the tables have 0 days in common");
    stage_must_fail(usual_task(f, "b", features(f, "twice", "UNION ALL SELECT '2024-01-05', 1, 2")),
                    FW_E_DATA, "features has 2 rows for 2024-01-05");
    stage_must_fail(
        usual_task(f, "c", stage_table(f, "clash", "SELECT \"Date\", 1 AS high FROM '%s'", table)),
        FW_E_DATA, "\"high\" of features has a name that is taken");
    stage_must_fail(usual_task(f, "d",
                               stage_table(f, "far",
                                           "SELECT \"Date\", CASE whole WHEN 6 THEN "
                                           "'inf'::DOUBLE ELSE 1 END AS a FROM '%s'",
                                           table)),
                    FW_E_DATA, "infinite on 2024-01-07");
}

static void gives_the_same_bytes_for_any_threads(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(f, "one", features(f, "features", ""));

    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_must(usual_task(f, "two", features(f, "back", "ORDER BY i DESC")));
    stage_same(f, "one", "two");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(joins_the_days_that_both_have),           TEST(puts_the_index_and_labels_behind),
        TEST(leaves_out_days_with_an_undefined_value), TEST(refuses_what_cannot_be_joined),
        TEST(gives_the_same_bytes_for_any_threads),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
