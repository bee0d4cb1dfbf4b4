/* SPDX-License-Identifier: MIT */
/* Windows and rows of tables as data sets, over the real engine: which values a sample has, and
 * which tables are refused by row and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/sources.h"
#include "sql_fixture.h"
#include "test_files.h"

enum { CONTEXT = 4, DAYS = 40, FIRST_DAY = 18262 }; /* 2020-01-01 */

/* Day i of 40: x0 = i, x1 = i² / 10, and a price. The table is not in the order of its days. */
#define FEATURES                                                                                   \
    "SELECT DATE '2020-01-01' + i::INTEGER AS \"Date\", i::BIGINT AS x0, i * i / 10.0 AS x1, "     \
    "1000.0 + i AS \"Close\", 'text' AS t FROM range(40) r(i) ORDER BY (i * 7) % 40"
/* Decisions on the rows 3 to 38, of two horizons; 24, 6 and 6 of each to train, val, test. */
#define SAMPLES                                                                                    \
    "SELECT h::INTEGER AS horizon, i - 3 AS sample, DATE '2020-01-01' + i::INTEGER AS \"Date\", "  \
    "i AS \"row\", i + h AS last_row, ((i + h) % 3 = 0)::INTEGER AS y, CASE WHEN i < 27 THEN "     \
    "'train' WHEN i < 33 THEN 'val' ELSE 'test' END AS split FROM range(3, 39) r(i), (VALUES "     \
    "(1), (5)) v(h) ORDER BY i DESC, h"

struct paths {
    char features[128], samples[128];
};

static const char *write_table(struct sql_fixture *f, char path[128], const char *name,
                               const char *select)
{
    snprintf(path, 128, "%s/%s.parquet", f->dir, name);
    sql_must(f, "COPY (%s) TO '%s'", select, path);
    return path;
}

static fw_status open_windows(struct sql_fixture *f, const char *features, const char *samples,
                              const struct fw_dataset_windows *how, struct fw_dataset **ret_set)
{
    struct fw_dataset_windows windows = *how;

    windows.sql = &f->sql;
    windows.features = &features;
    windows.n_features = 1;
    windows.samples = &samples;
    windows.n_samples = 1;
    windows.horizon = windows.horizon != 0 ? windows.horizon : 1;
    windows.context = windows.context != 0 ? windows.context : CONTEXT;
    return fw_dataset_open_windows(&(const struct fw_dataset_options){.host = f->sql.host},
                                   &windows, ret_set);
}

static struct fw_dataset *open_usual(struct sql_fixture *f, const struct fw_dataset_windows *how)
{
    struct paths paths;
    struct fw_dataset *set = NULL;

    if (open_windows(f, write_table(f, paths.features, "f", FEATURES),
                     write_table(f, paths.samples, "s", SAMPLES), how, &set) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return set;
}

static void refuses_windows(struct sql_fixture *f, const char *features, const char *samples,
                            const struct fw_dataset_windows *how, const char *part)
{
    struct paths paths;
    struct fw_dataset *set = NULL;
    fw_status status = open_windows(f, write_table(f, paths.features, "f", features),
                                    write_table(f, paths.samples, "s", samples), how, &set);
    const char *fault = fake_task_take_fault(f->task);

    if (status >= 0 || strstr(fault, part) == NULL) {
        fail_msg("%d: \"%s\" without \"%s\"", (int)status, fault, part);
    }
    assert_null(set);
}

static void a_window_ends_with_the_day_of_its_decision(void **state)
{
    struct fw_dataset *set = open_usual(*state, &(const struct fw_dataset_windows){.horizon = 5});
    const struct fw_dataset_info *info = fw_dataset_info(set);
    uint64_t n;
    float inputs[CONTEXT * 2];
    int32_t label;

    assert_int_equal(info->n_samples, 36);
    assert_int_equal(info->channels, 1);
    assert_int_equal(info->rows, CONTEXT);
    assert_int_equal(info->cols, 2);
    assert_true(info->binary);
    assert_string_equal(info->columns[0], "x0");
    assert_string_equal(info->columns[1], "x1");
    assert_string_equal(info->val_origin, "source");
    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        const int first = (const int[]){3, 27, 33}[part];
        const uint32_t *samples = fw_dataset_part(set, (enum fw_dataset_part)part, &n);
        assert_int_equal(n, part == 0 ? 24 : 6);
        assert_int_equal(fw_dataset_key(set, samples[1]), FIRST_DAY + first + 1);
        fw_dataset_fill(set, samples + 1, 1, NULL, inputs);
        fw_dataset_labels(set, samples + 1, 1, &label);
        assert_int_equal(label, (first + 1 + 5) % 3 == 0);
        for (int row = 0; row < CONTEXT; row++) {
            const int day = first + 1 - CONTEXT + 1 + row;
            assert_true(inputs[2 * row] == (float)day);
            assert_true(inputs[2 * row + 1] == (float)(day * day / 10.0));
        }
    }
    fw_dataset_close(set);
}

static void columns_are_those_named_or_all_but_prices(void **state)
{
    const char *names[] = {"Close", "x0"};
    struct fw_dataset *set =
        open_usual(*state, &(const struct fw_dataset_windows){.columns = names, .n_columns = 2});
    assert_string_equal(fw_dataset_info(set)->columns[0], "Close");
    assert_int_equal(fw_dataset_info(set)->cols, 2);
    fw_dataset_close(set);
    set = open_usual(*state, &(const struct fw_dataset_windows){.include_ohlcv = true});
    assert_int_equal(fw_dataset_info(set)->cols, 3);
    fw_dataset_close(set);
    names[0] = "x7";
    refuses_windows(*state, FEATURES, SAMPLES,
                    &(const struct fw_dataset_windows){.columns = names, .n_columns = 1},
                    "no column \"x7\"");
    names[0] = "t";
    refuses_windows(*state, FEATURES, SAMPLES,
                    &(const struct fw_dataset_windows){.columns = names, .n_columns = 1},
                    "no number");
}

static void one_row_is_a_window_too(void **state)
{
    struct fw_dataset *set = open_usual(*state, &(const struct fw_dataset_windows){.context = 1});
    float inputs[2];
    const uint32_t sample = 5;
    fw_dataset_fill(set, &sample, 1, NULL, inputs);
    assert_true(inputs[0] == 8);
    fw_dataset_close(set);
}

static const struct fw_dataset_windows USUAL = {0};

#define CHANGED(what) "SELECT * REPLACE (" what ") FROM (" FEATURES ")"

static void refuses_a_missing_value_within_a_window(void **state)
{
    refuses_windows(*state, CHANGED("CASE WHEN x0 = 21 THEN NULL ELSE x1 END AS x1"), SAMPLES,
                    &USUAL, "row 21 (2020-01-22), column \"x1\": nan");
    refuses_windows(*state, CHANGED("CASE WHEN x0 = 0 THEN 'nan'::DOUBLE ELSE x1 END AS x1"),
                    SAMPLES, &USUAL, "row 0 (2020-01-01), column \"x1\": nan");
    refuses_windows(*state, CHANGED("CASE WHEN x0 = 38 THEN 1e39 ELSE x1 END AS x1"), SAMPLES,
                    &USUAL, "row 38 (2020-02-08), column \"x1\": inf");
}

static void a_missing_value_in_no_window_is_no_matter(void **state)
{
    struct paths paths;
    struct fw_dataset *set = NULL;
    const char *features =
        write_table(*state, paths.features, "f", CHANGED("nullif(x0, 39) AS x0"));
    assert_int_equal(open_windows(*state, features,
                                  write_table(*state, paths.samples, "s", SAMPLES), &USUAL, &set),
                     FW_OK);
    fw_dataset_close(set);
}

#define SAMPLED(what) "SELECT * REPLACE (" what ") FROM (" SAMPLES ")"

static void refuses_another_table_than_the_targets_had(void **state)
{
    refuses_windows(*state, "SELECT * FROM (" FEATURES ") WHERE x0 > 1", SAMPLES, &USUAL,
                    "2020-01-04, the day of a sample, is row 3 of the table that its target is "
                    "from, and row 1 here");
    refuses_windows(*state, "SELECT * FROM (" FEATURES ") WHERE x0 < 30", SAMPLES, &USUAL,
                    "row -1 here");
    refuses_windows(*state, FEATURES, SAMPLES,
                    &(const struct fw_dataset_windows){.context = CONTEXT + 1},
                    "a window of 5 rows begins before the first one");
    refuses_windows(*state, FEATURES " LIMIT 0", SAMPLES, &USUAL, "row -1 here");
}

static void refuses_days_and_samples_that_are_not_whole(void **state)
{
    refuses_windows(*state, CHANGED("CASE WHEN x0 = 9 THEN NULL ELSE \"Date\" END AS \"Date\""),
                    SAMPLES, &USUAL, "a row has no day");
    refuses_windows(*state,
                    "SELECT * FROM (" FEATURES ") UNION ALL SELECT DATE '2020-01-09', 1, 1, 1, 't'",
                    SAMPLES, &USUAL, "two rows of one day: 2020-01-09");
    refuses_windows(*state, FEATURES, SAMPLED("CASE WHEN \"row\" = 7 THEN 2 ELSE y END AS y"),
                    &USUAL, "that of 2020-01-08, row 7 has not (y 2)");
    refuses_windows(*state, FEATURES,
                    SAMPLED("CASE WHEN \"row\" = 7 THEN 'valid' ELSE split END AS split"), &USUAL,
                    "a split (train, val, test)");
    refuses_windows(*state, FEATURES, SAMPLED("nullif(\"row\", 7) AS \"row\""), &USUAL, "row nan");
    refuses_windows(*state, FEATURES,
                    "SELECT * FROM (" SAMPLES ") UNION ALL (SELECT * FROM (" SAMPLES
                    ") WHERE \"row\" = 12)",
                    &USUAL, "a row of its own");
    refuses_windows(*state, FEATURES, SAMPLES, &(const struct fw_dataset_windows){.horizon = 9},
                    "no sample has the horizon 9; there are: 1, 5");
    refuses_windows(*state, FEATURES, "SELECT * EXCLUDE (\"row\") FROM (" SAMPLES ")", &USUAL,
                    "no column \"row\"");
    refuses_windows(*state, FEATURES, SAMPLES,
                    &(const struct fw_dataset_windows){.date_column = "day"}, "no column \"day\"");
}

static void takes_no_share_of_windows_that_overlap(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_dataset *set = NULL;
    struct paths paths;
    const char *features = write_table(f, paths.features, "f", FEATURES);
    const char *samples =
        write_table(f, paths.samples, "s",
                    SAMPLED("CASE split WHEN 'val' THEN 'train' ELSE split END AS split"));
    const struct fw_dataset_windows windows = {.sql = &f->sql,
                                               .features = &features,
                                               .n_features = 1,
                                               .samples = &samples,
                                               .n_samples = 1,
                                               .horizon = 1,
                                               .context = CONTEXT};
    struct fw_dataset_options options = {.host = f->sql.host, .val_share = 0.1};

    assert_int_equal(fw_dataset_open_windows(&options, &windows, &set), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "no sample is of the split val"));
    options.val_is_test = true;
    assert_int_equal(fw_dataset_open_windows(&options, &windows, &set), FW_OK);
    assert_string_equal(fw_dataset_info(set)->val_origin, "test");
    fw_dataset_close(set);
    set = NULL;
    write_table(f, paths.samples, "s", SAMPLED("'train' AS split"));
    options = (struct fw_dataset_options){.host = f->sql.host, .test_share = 0.1};
    assert_int_equal(fw_dataset_open_windows(&options, &windows, &set), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "no sample is of the split test"));
    options.test_share = 0;
    assert_int_equal(fw_dataset_open_windows(&options, &windows, &set), FW_OK);
    assert_string_equal(fw_dataset_info(set)->val_origin, "none");
    fw_dataset_close(set);
}

/* --- rows --- */

static fw_status open_rows(struct sql_fixture *f, const char *path,
                           const struct fw_dataset_options *given,
                           const struct fw_dataset_rows *how, struct fw_dataset **ret_set)
{
    struct fw_dataset_rows rows = *how;
    struct fw_dataset_options options = *given;

    options.host = f->sql.host;
    rows.sql = &f->sql;
    rows.paths = &path;
    rows.n_paths = 1;
    return fw_dataset_open_rows(&options, &rows, ret_set);
}

#define ROWS                                                                                       \
    "SELECT i % 3 AS y, i AS a, 'n' || i AS name, i / 2 AS b, ['train', 'val', 'test', "           \
    "'train'][i "                                                                                  \
    "% 4 + 1] AS part FROM range(40) r(i)"

static void rows_are_numbers_and_a_class(void **state)
{
    char path[128];
    struct fw_dataset *set = NULL;
    const char *table = write_table(*state, path, "r", ROWS);
    const struct fw_dataset_options as_is = {.scaling = FW_DATASET_AS_IS};
    float inputs[2];
    int32_t label;
    uint64_t n;

    assert_int_equal(open_rows(*state, table, &as_is,
                               &(const struct fw_dataset_rows){.split_column = "part"}, &set),
                     FW_OK);
    const struct fw_dataset_info *info = fw_dataset_info(set);
    assert_int_equal(info->cols, 2);
    assert_int_equal(info->n_classes, 3);
    assert_false(info->binary);
    assert_string_equal(info->columns[1], "b");
    const uint32_t *val = fw_dataset_part(set, FW_DATASET_VAL, &n);
    assert_int_equal(n, 10);
    assert_int_equal(val[2], 9);
    fw_dataset_fill(set, val + 2, 1, NULL, inputs);
    fw_dataset_labels(set, val + 2, 1, &label);
    assert_true(inputs[0] == 9 && inputs[1] == 4.5F);
    assert_int_equal(label, 0);
    assert_int_equal(fw_dataset_key(set, 9), 9);
    fw_dataset_close(set);
}

static void what_would_have_validated_trains_where_the_test_part_does(void **state)
{
    char path[128];
    struct fw_dataset *set = NULL;
    const char *table = write_table(*state, path, "r", ROWS);
    const struct fw_dataset_options options = {.val_is_test = true};
    uint64_t n;

    assert_int_equal(open_rows(*state, table, &options,
                               &(const struct fw_dataset_rows){.split_column = "part"}, &set),
                     FW_OK);
    (void)fw_dataset_part(set, FW_DATASET_TRAIN, &n);
    assert_int_equal(n, 30);
    const uint32_t *val = fw_dataset_part(set, FW_DATASET_VAL, &n);
    assert_int_equal(n, 10);
    assert_int_equal(val[0], 2);
    fw_dataset_close(set);
}

static void refuses_rows(struct sql_fixture *f, const char *select,
                         const struct fw_dataset_rows *how, const char *part)
{
    char path[128];
    struct fw_dataset *set = NULL;
    fw_status status = open_rows(f, write_table(f, path, "r", select),
                                 &(const struct fw_dataset_options){0}, how, &set);
    const char *fault = fake_task_take_fault(f->task);

    if (status >= 0 || strstr(fault, part) == NULL) {
        fail_msg("%d: \"%s\" without \"%s\"", (int)status, fault, part);
    }
}

static void refuses_rows_that_are_not_whole(void **state)
{
    const struct fw_dataset_rows usual = {0}, split = {.split_column = "part"};
    refuses_rows(*state, "SELECT * REPLACE (nullif(a, 11) AS a) FROM (" ROWS ")", &usual,
                 "row 11 of the table, column \"a\": nan");
    refuses_rows(*state,
                 "SELECT * REPLACE (CASE WHEN a = 5 THEN 0.5 ELSE y END AS y) FROM (" ROWS ")",
                 &usual, "row 5 of the table, column \"y\": 0.5, expected a class");
    refuses_rows(*state, "SELECT * REPLACE (nullif(part, 'val') AS part) FROM (" ROWS ")", &split,
                 "row 1 of the table, column \"part\": nan, expected train, val or test");
    refuses_rows(*state, ROWS, &(const struct fw_dataset_rows){.target = "z"}, "no column \"z\"");
    refuses_rows(*state, ROWS " LIMIT 0", &usual, "0 samples");
}

static void the_real_digits(void **state)
{
    char *path = test_shared_data("imgcls/digits.csv.gz");
    struct fw_dataset *set = NULL;
    struct sql_fixture *f = *state;
    uint64_t counts[10], all = 0, n;
    const struct fw_dataset_rows how = {.target = "column64", .no_header = true};
    if (path == NULL) {
        skip();
    }
    if (open_rows(f, path, &(const struct fw_dataset_options){.val_share = 0.2}, &how, &set) !=
        FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    free(path);
    assert_int_equal(fw_dataset_info(set)->n_samples, 1797);
    assert_int_equal(fw_dataset_info(set)->cols, 64);
    assert_int_equal(fw_dataset_info(set)->n_classes, 10);
    fw_dataset_count(set, FW_DATASET_VAL, counts);
    for (int i = 0; i < 10; i++) {
        assert_in_range(counts[i], 35, 37); /* a fifth of 174 to 183 */
        all += counts[i];
    }
    fw_dataset_part(set, FW_DATASET_VAL, &n);
    assert_int_equal(n, all);
    /* Of the first pixel nothing is ever seen. */
    assert_true(fw_dataset_info(set)->means[0] == 0 && fw_dataset_info(set)->deviations[0] == 1);
    fw_dataset_close(set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_window_ends_with_the_day_of_its_decision),
        TEST(columns_are_those_named_or_all_but_prices),
        TEST(one_row_is_a_window_too),
        TEST(refuses_a_missing_value_within_a_window),
        TEST(a_missing_value_in_no_window_is_no_matter),
        TEST(refuses_another_table_than_the_targets_had),
        TEST(refuses_days_and_samples_that_are_not_whole),
        TEST(takes_no_share_of_windows_that_overlap),
        TEST(rows_are_numbers_and_a_class),
        TEST(what_would_have_validated_trains_where_the_test_part_does),
        TEST(refuses_rows_that_are_not_whole),
        TEST(the_real_digits),
    };
    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}
