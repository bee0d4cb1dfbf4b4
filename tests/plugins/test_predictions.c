/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "predictions/predictions.h"
#include "sql_fixture.h"

#define NAMES "experiment, split, date, y, p"

static const char *path_of(struct sql_fixture *f, const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return path;
}

static const char *parquet(struct sql_fixture *f, const char *select)
{
    const char *path = path_of(f, "p.parquet");

    sql_must(f, "COPY (%s) TO '%s'", select, path);
    return path;
}

static const char *csv(struct sql_fixture *f, const char *text)
{
    const char *path = path_of(f, "p.csv");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct fw_predictions *load(struct sql_fixture *f, const char *path,
                                   const struct fw_predictions_options *options)
{
    struct fw_predictions *predictions = NULL;

    if (fw_predictions_load(&f->sql, &path, 1, options, &predictions) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return predictions;
}

static void refuses(struct sql_fixture *f, const char *path,
                    const struct fw_predictions_options *options, fw_status expected,
                    const char *text)
{
    struct fw_predictions *predictions = NULL;
    fw_status status = fw_predictions_load(&f->sql, &path, 1, options, &predictions);
    const char *fault = fake_task_take_fault(f->task);

    if (status != expected || strstr(fault, text) == NULL) {
        fail_msg("%d: \"%s\" without \"%s\"", (int)status, fault, text);
    }
    assert_null(predictions);
}

static void gives_cells_in_the_order_of_names_and_keys(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_predictions *predictions = load(
        f,
        parquet(f, "SELECT * FROM (VALUES ('a100_h1', 'val', DATE '2020-01-03', 1, 0.5), "
                   "('a20_h10', 'val', DATE '2020-01-02', 0, 0.25), ('a20_h9', 'val', DATE "
                   "'1969-12-31', 1, 1), ('a100_h1', 'test', DATE '2020-01-03', 0, 0), ('a100_h1', "
                   "'val', DATE '2020-01-02', 0, 0.125)) t(" NAMES ")"),
        NULL);

    assert_int_equal(predictions->n_cells, 4);
    assert_int_equal(predictions->n_rows, 5);
    assert_int_equal(predictions->key, FW_PREDICTIONS_DAYS);
    assert_string_equal(predictions->cells[0].experiment, "a20_h9");
    assert_string_equal(predictions->cells[1].experiment, "a20_h10");
    assert_string_equal(predictions->cells[2].split, "test");
    assert_int_equal(predictions->cells[0].keys[0], -1);
    const struct fw_predictions_cell *cell = fw_predictions_cell(predictions, "a100_h1", "val");
    assert_ptr_equal(cell, &predictions->cells[3]);
    assert_int_equal(cell->n, 2);
    assert_int_equal(cell->keys[0], 18263);
    assert_true(cell->p[0] == 0.125 && cell->y[0] == 0);
    assert_true(cell->p[1] == 0.5 && cell->y[1] == 1);
    assert_null(fw_predictions_cell(predictions, "a100_h1", "train"));
    fw_predictions_close(predictions);
}

static void widens_floats_and_takes_truth_values(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_predictions *predictions = load(
        f,
        parquet(f, "SELECT 'a' AS experiment, 'v' AS split, 1 AS id, true AS y, 0.6::FLOAT AS p"),
        NULL);

    assert_true(predictions->cells[0].p[0] == (double)0.6F);
    assert_true(predictions->cells[0].p[0] > 0.6);
    assert_int_equal(predictions->cells[0].y[0], 1);
    fw_predictions_close(predictions);
}

static void reads_csv_with_other_names_and_no_splits(void **state)
{
    struct sql_fixture *f = *state;
    const struct fw_predictions_options columns = {
        .experiment = "", .split = "", .key = "the \"key\"", .y = "truth", .p = "score"};
    struct fw_predictions *predictions =
        load(f, csv(f, "\"the \"\"key\"\"\",truth,score\nzeta,1,.75\nalpha,0,1e-3\n"), &columns);

    assert_int_equal(predictions->n_cells, 1);
    assert_string_equal(predictions->cells[0].experiment, "all");
    assert_string_equal(predictions->cells[0].split, "all");
    assert_int_equal(predictions->key, FW_PREDICTIONS_TEXT);
    assert_int_equal(predictions->cells[0].keys[1], 1); /* zeta */
    assert_true(predictions->cells[0].p[1] == 0.75);
    fw_predictions_close(predictions);
}

static void reads_only_the_splits_that_are_asked_for(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const splits[] = {"test", "it's not there"};
    const struct fw_predictions_options options = {.splits = splits, .n_splits = 2};
    const char *path = parquet(f, "SELECT 'e' AS experiment, CASE WHEN i % 2 = 0 THEN 'train' ELSE "
                                  "'test' END AS split, i AS id, 0 AS y, CASE WHEN i % 2 = 0 THEN "
                                  "7 ELSE 0.5 END AS p FROM range(100) r(i)");
    struct fw_predictions *predictions = NULL;

    assert_int_equal(fw_predictions_open(&f->sql, &path, 1, &options, &predictions), FW_OK);
    assert_int_equal(predictions->n_cells, 1);
    assert_int_equal(predictions->n_rows, 50);
    assert_int_equal(fw_predictions_read(predictions, SIZE_MAX), FW_OK);
    assert_int_equal(predictions->cells[0].keys[49], 99);
    fw_predictions_close(predictions);
}

static void reads_piece_by_piece_and_orders_by_key(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = parquet(
        f, "SELECT 'e' || (i % 3) AS experiment, 'val' AS split, (i * 7919) % 30011 - 15000 "
           "AS id, i % 2 AS y, ((i * 7919) % 30011) / 30011 AS p FROM range(30000) r(i)");
    struct fw_predictions *predictions = NULL;
    size_t calls = 0;
    fw_status status;

    assert_int_equal(fw_predictions_open(&f->sql, &path, 1, NULL, &predictions), FW_OK);
    do {
        status = fw_predictions_read(predictions, 1);
        calls++;
    } while (status == FW_MORE);
    assert_int_equal(status, FW_OK);
    assert_true(calls > 5);
    assert_int_equal(predictions->n_read, 30000);
    for (size_t c = 0; c < 3; c++) {
        const struct fw_predictions_cell *cell = &predictions->cells[c];
        assert_int_equal(cell->n, 10000);
        for (size_t i = 0; i < cell->n; i++) {
            assert_true(i == 0 || cell->keys[i - 1] < cell->keys[i]);
            assert_true(cell->p[i] == (double)(cell->keys[i] + 15000) / 30011);
        }
    }
    fw_predictions_close(predictions);
}

static void refuses_what_is_no_probability(void **state)
{
    struct sql_fixture *f = *state;
    static const struct {
        const char *value, *said;
    } bad[] = {{"1.0000001", "p is 1.0000001"},
               {"-1e-300", "p is -1e-300"},
               {"'nan'", "p is nan"},
               {"'inf'", "p is inf"},
               {"NULL", "p is nothing"}};
    char select[256];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(select, sizeof select,
                 "SELECT 'e' AS experiment, 'v' AS split, i AS id, 1 AS y, CASE WHEN i < 5000 THEN "
                 "0.5 ELSE %s::DOUBLE END AS p FROM range(5003) r(i)",
                 bad[i].value);
        refuses(f, parquet(f, select), NULL, FW_E_DATA, bad[i].said);
        refuses(f, parquet(f, select), NULL, FW_E_DATA, "p.parquet, row 5001");
        refuses(f, parquet(f, select), NULL, FW_E_DATA, "3 rows cannot be used");
    }
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,1,0.5\ne,v,2020-01-02,1,half\n"), NULL, FW_E_DATA,
            "p.csv:3");
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,1,0.5\ne,v,2020-01-02,1,half\n"), NULL, FW_E_DATA,
            "p is half");
}

static void takes_both_ends_and_minus_zero(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_predictions *predictions =
        load(f, csv(f, "experiment,split,id,y,p\ne,v,1,1,1\ne,v,2,0,0\ne,v,3,0,-0.0\n"), NULL);

    assert_int_equal(predictions->cells[0].n, 3);
    assert_true(predictions->cells[0].p[0] == 1 && predictions->cells[0].p[2] == 0);
    fw_predictions_close(predictions);
}

static void refuses_other_classes_and_missing_names(void **state)
{
    struct sql_fixture *f = *state;

    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,2,0.5\n"), NULL, FW_E_DATA, "y is 2");
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,0.5,0.5\n"), NULL, FW_E_DATA, "y is 0.5");
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,,0.5\n"), NULL, FW_E_DATA, "y is nothing");
    refuses(f, csv(f, NAMES "\ne,v,,1,0.5\n"), NULL, FW_E_DATA, "the key is nothing");
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,1,0.5\n,v,2020-01-01,1,0.5\n"), NULL, FW_E_DATA,
            "no experiment");
    refuses(f, csv(f, NAMES "\ne,v,2020-01-01,1,0.5\ne,,2020-01-01,1,0.5\n"), NULL, FW_E_DATA,
            "no split");
}

static void refuses_a_key_twice(void **state)
{
    struct sql_fixture *f = *state;
    const char *text = NAMES "\na,val,2020-01-02,1,0.5\na,test,2020-01-02,1,0.5\n"
                             "b,val,2020-01-02,1,0.5\na,val,2020-01-01,1,0.5\n"
                             "a,val,2020-01-02,0,0.25\n";

    refuses(f, csv(f, text), NULL, FW_E_DATA, "p.csv:6");
    refuses(f, csv(f, text), NULL, FW_E_DATA, "key 2020-01-02");
    refuses(f, csv(f, text), NULL, FW_E_DATA, "p.csv:2");
    refuses(f, csv(f, "experiment,split,id,y,p\na,v,x'y,1,0.5\na,v,z,1,0.5\na,v,x'y,1,0.5\n"), NULL,
            FW_E_DATA, "key x'y");
}

static void names_the_columns_it_does_not_find(void **state)
{
    struct sql_fixture *f = *state;
    const char *text = "experiment,split,id,date,y,p\ne,v,1,2020-01-01,1,0.5\n";
    const struct fw_predictions_options no_split = {.split = "fold"}, by_date = {.key = "date"};

    refuses(f, csv(f, text), NULL, FW_E_CONFIG, "there is an id and a date");
    refuses(f, csv(f, text), &no_split, FW_E_MISSING,
            "\"fold\"; there are: experiment, split, id, date, y, p");
    struct fw_predictions *predictions = load(f, csv(f, text), &by_date);
    assert_int_equal(predictions->key, FW_PREDICTIONS_DAYS);
    fw_predictions_close(predictions);
}

static void a_table_without_rows_has_no_cells(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_predictions *predictions =
        load(f, parquet(f, "SELECT 'e' AS experiment, 'v' AS split, 1 AS y, 0.5 AS p WHERE false"),
             NULL);

    assert_int_equal(predictions->n_cells, 0);
    assert_int_equal(predictions->key, FW_PREDICTIONS_NO_KEY);
    fw_predictions_close(predictions);
    fw_predictions_close(NULL);
}

static void numbers_in_names_count(void **state)
{
    (void)state;
    assert_true(fw_predictions_compare("a20_h1", "a100_h1") < 0);
    assert_true(fw_predictions_compare("h10", "h9") > 0);
    assert_true(fw_predictions_compare("h01", "h1") != 0);
    assert_true(fw_predictions_compare("a", "a1") < 0);
    assert_true(fw_predictions_compare("a99999999999999999998", "a99999999999999999999") < 0);
    assert_int_equal(fw_predictions_compare("a20_h1", "a20_h1"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(gives_cells_in_the_order_of_names_and_keys),
        TEST(widens_floats_and_takes_truth_values),
        TEST(reads_csv_with_other_names_and_no_splits),
        TEST(reads_only_the_splits_that_are_asked_for),
        TEST(reads_piece_by_piece_and_orders_by_key),
        TEST(refuses_what_is_no_probability),
        TEST(takes_both_ends_and_minus_zero),
        TEST(refuses_other_classes_and_missing_names),
        TEST(refuses_a_key_twice),
        TEST(names_the_columns_it_does_not_find),
        TEST(a_table_without_rows_has_no_cells),
        cmocka_unit_test(numbers_in_names_count),
    };
#undef TEST

    return cmocka_run_group_tests_name("predictions", tests, sql_fixture_load, sql_fixture_unload);
}
