/* SPDX-License-Identifier: MIT */
/* From a table of days to samples: the labels of make_targets and the regions of split.
   Expected values are worked out by hand, or published with the reference's splits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "stage_fixture.h"

static struct fake_task *targets_task(struct sql_fixture *f, const char *run, const char *data)
{
    struct fake_task *t = stage_task("make_targets");

    stage_folder(f, run);
    fake_task_input(t, "data", data, NULL);
    fake_task_output(t, "targets", stage_path(f, "%s/targets.parquet", run));
    return t;
}

static struct fake_task *split_task(struct sql_fixture *f, const char *run, const char *targets)
{
    struct fake_task *t = stage_task("split");

    stage_folder(f, run);
    fake_task_input(t, "targets", targets, NULL);
    fake_task_output(t, "samples", stage_path(f, "%s/samples.parquet", run));
    return t;
}

/* Six days of T9; rows are (close, high). */
static const char *days(struct sql_fixture *f, const char *name, const char *values)
{
    return stage_table(f, name,
                       "SELECT DATE '2024-01-01' + i::INTEGER AS \"Date\", c AS \"Close\", h AS "
                       "\"High\" FROM (VALUES %s) r(i, c, h)",
                       values);
}

#define T9                                                                                         \
    "(0, 100, 100.5), (1, 101, 101.6), (2, 102, 102.5), (3, 100, 101.9), (4, 99, 100.2), (5, "     \
    "103, 104)"

static struct fake_task *t9_task(struct sql_fixture *f, const char *run, const char *price)
{
    struct fake_task *t = targets_task(f, run, days(f, "t9", T9));
    const double horizon = 2;

    fake_task_reals(t, "horizons", &horizon, 1);
    fake_task_int(t, "context", 2);
    fake_task_text(t, "target_price", price);
    return t;
}

static void labels_by_the_high_or_by_the_close(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(t9_task(f, "high", "high"));
    stage_must(t9_task(f, "close", "close"));
    assert_string_equal(stage_list(f, "high/targets.parquet", "y"), "1 0 1");
    assert_string_equal(stage_list(f, "close/targets.parquet", "y"), "0 0 1");
    assert_string_equal(stage_list(f, "high/targets.parquet",
                                   "concat_ws('/', horizon, sample, \"Date\", \"row\", last_row)"),
                        "2/0/2024-01-02/1/3 2/1/2024-01-03/2/4 2/2/2024-01-04/3/5");
    assert_string_equal(stage_columns(f, "high/targets.parquet"),
                        "horizon INTEGER, sample BIGINT, Date DATE, row BIGINT, last_row BIGINT, "
                        "y INTEGER");
}

static void takes_a_price_that_equals_the_product_for_a_rise(void **state)
{
    struct sql_fixture *f = *state;
    const double horizon = 1;
    struct fake_task *t =
        targets_task(f, "a",
                     days(f, "equal",
                          "(0, 100.3::DOUBLE, 0::DOUBLE), (1, 100, 100.3::DOUBLE * 1.01::DOUBLE), "
                          "(2, 100, nextafter(101::DOUBLE, 0::DOUBLE))"));

    fake_task_reals(t, "horizons", &horizon, 1);
    fake_task_int(t, "context", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "a/targets.parquet", "y"), "1 0");
}

static void reads_days_in_any_order_and_counts_in_the_manifest(void **state)
{
    struct sql_fixture *f = *state;
    const double horizons[] = {1, 2};
    struct fake_task *t = targets_task(
        f, "a", stage_table(f, "back", "FROM '%s' ORDER BY \"Date\" DESC", days(f, "t9", T9)));

    fake_task_reals(t, "horizons", horizons, 2);
    fake_task_int(t, "context", 2);
    stage_run(t);
    assert_string_equal(
        fake_task_field(t, "horizons"),
        "[{\"horizon\":1,\"samples\":4,\"positive\":2},{\"horizon\":2,\"samples\":3,"
        "\"positive\":2}]");
    assert_int_equal(fake_task_rows(t, "targets"), 7);
    fake_task_destroy(t);
}

static void refuses_days_without_a_label(void **state)
{
    struct sql_fixture *f = *state;
    const double bad[] = {2, 2};

    stage_must_fail(targets_task(f, "a", days(f, "nan", "(0, 1, 1), (1, 'nan'::DOUBLE, 1)")),
                    FW_E_DATA, "1 rows cannot have a label");
    stage_must_fail(targets_task(f, "b", days(f, "null", "(0, 1, 1), (1, 1, NULL)")), FW_E_DATA,
                    "the first is of 2024-01-02");
    stage_must_fail(targets_task(f, "c", days(f, "twice", "(0, 1, 1), (0, 1, 1)")), FW_E_DATA,
                    "a date that another row has");
    stage_must_fail(targets_task(f, "d", days(f, "t9", T9)), FW_E_DATA,
                    "6 rows are no sample of 80 rows and 5 more");
    struct fake_task *t = targets_task(f, "e", days(f, "t9", T9));
    fake_task_reals(t, "horizons", bad, 2);
    stage_must_fail(t, FW_E_CONFIG, "ascending");
}

/* The column High is needed as soon as it decides, never silently replaced by Close. */
static void never_falls_back_to_the_close(void **state)
{
    struct sql_fixture *f = *state;
    const char *closes =
        stage_table(f, "closes", "SELECT \"Date\", \"Close\" FROM '%s'", days(f, "t9", T9));

    stage_must_fail(targets_task(f, "a", closes), FW_E_MISSING, "\"High\" (parameter high_column)");
}

/* 8,022 days; validation begins with row 7,284 and the test with row 7,786. */
static const char *published(struct sql_fixture *f)
{
    return stage_table(f, "long",
                       "SELECT DATE '2000-01-01' + i::INTEGER AS \"Date\", 100.0 + i %% 3 AS "
                       "\"Close\", 100.0 + i %% 5 AS \"High\" FROM range(8022) r(i)");
}

static struct fake_task *published_split(struct sql_fixture *f, const char *run)
{
    char targets[64];

    snprintf(targets, sizeof targets, "targets_%s", run);
    stage_must(targets_task(f, targets, published(f)));
    struct fake_task *t = split_task(f, run, stage_path(f, "%s/targets.parquet", targets));
    fake_task_text(t, "val_start", sql_cell(f, "SELECT DATE '2000-01-01' + 7284"));
    fake_task_text(t, "test_start", sql_cell(f, "SELECT DATE '2000-01-01' + 7786"));
    return t;
}

#define COUNTS                                                                                     \
    "SELECT string_agg(n, ' ' ORDER BY horizon) FROM (SELECT horizon, concat_ws('/', "             \
    "count(*) FILTER (split = 'train'), count(*) FILTER (split = 'val'), count(*) FILTER (split "  \
    "= 'test')) AS n FROM '%s' GROUP BY 1)"

static void gives_the_published_numbers_of_samples(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(published_split(f, "a"));
    assert_string_equal(sql_cell(f, COUNTS, stage_path(f, "a/samples.parquet")),
                        "7204/422/156 7203/421/155 7202/420/154 7200/418/152");
}

static void shares_no_row_between_regions(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = published_split(f, "a");

    stage_run(t);
    assert_string_equal(fake_task_field(t, "val_row"), "7284");
    assert_string_equal(fake_task_field(t, "test_row"), "7786");
    fake_task_destroy(t);
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM (SELECT split, min(sample) AS a, max(last_row) AS b FROM "
                 "'%s' GROUP BY 1) x, (SELECT split, min(sample) AS a, max(last_row) AS b FROM "
                 "'%s' GROUP BY 1) y WHERE x.split <> y.split AND x.a <= y.b AND y.a <= x.b",
                 stage_path(f, "a/samples.parquet"), stage_path(f, "a/samples.parquet")),
        "0");
}

static void leaves_an_embargo_and_lets_inputs_reach_back(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = published_split(f, "embargo");

    fake_task_int(t, "embargo_rows", 10);
    stage_must(t);
    assert_string_equal(sql_cell(f, COUNTS, stage_path(f, "embargo/samples.parquet")),
                        "7204/412/146 7203/411/145 7202/410/144 7200/408/142");
    t = published_split(f, "cross");
    fake_task_int(t, "context_may_cross", 1);
    stage_must(t);
    assert_string_equal(sql_cell(f, COUNTS, stage_path(f, "cross/samples.parquet")),
                        "7204/501/235 7203/500/234 7202/499/233 7200/497/231");
}

static void refuses_regions_that_cannot_be(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = published_split(f, "a");

    fake_task_text(t, "test_start", "2030-01-01");
    stage_must_fail(t, FW_E_CONFIG, "no target is of 2030-01-01 or later");
    t = published_split(f, "b");
    fake_task_text(t, "val_start", "tomorrow");
    stage_must_fail(t, FW_E_CONFIG, "\"tomorrow\" is no date");
    t = published_split(f, "c");
    fake_task_text(t, "val_start", "2021-12-01");
    stage_must_fail(t, FW_E_CONFIG, "the test begins on");
    t = published_split(f, "d");
    fake_task_text(t, "val_start", "2000-01-01");
    stage_must_fail(t, FW_E_DATA, "the region has fewer rows than one sample of horizon 1 spans");
    t = split_task(f, "e", published(f));
    fake_task_text(t, "val_start", "2020-01-01");
    fake_task_text(t, "test_start", "2021-01-01");
    stage_must_fail(t, FW_E_MISSING, "there is no column \"horizon\"");
}

static void gives_the_same_bytes_for_any_threads(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = targets_task(f, "one", published(f));

    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_must(targets_task(f, "two", published(f)));
    stage_same(f, "one", "two");
    t = published_split(f, "split_one");
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_must(published_split(f, "split_two"));
    stage_same(f, "split_one", "split_two");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(labels_by_the_high_or_by_the_close),
        TEST(takes_a_price_that_equals_the_product_for_a_rise),
        TEST(reads_days_in_any_order_and_counts_in_the_manifest),
        TEST(refuses_days_without_a_label),
        TEST(never_falls_back_to_the_close),
        TEST(gives_the_published_numbers_of_samples),
        TEST(shares_no_row_between_regions),
        TEST(leaves_an_embargo_and_lets_inputs_reach_back),
        TEST(refuses_regions_that_cannot_be),
        TEST(gives_the_same_bytes_for_any_threads),
    };
    stage_use(MAKE_TARGETS_SO, SPLIT_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
