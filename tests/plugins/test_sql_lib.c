/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sql/stream.h"
#include "sql_fixture.h"

static void quotes_identifiers_and_literals(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"plain", "with \"quotes\"", "it's; -- é"};
    struct fw_text text = {0};

    fw_text_append(&text, "SELECT ");
    fw_text_literals(&text, names, 3);
    fw_text_append(&text, ", ");
    fw_text_literal(&text, NULL);
    assert_string_equal(fw_text_get(&text),
                        "SELECT 'plain', 'with \"quotes\"', 'it''s; -- é', NULL");
    fw_text_clear(&text);
    fw_text_append(&text, "CREATE TABLE t AS SELECT 1 AS ");
    fw_text_identifier(&text, names[1]);
    assert_int_equal(fw_sql_exec_text(&f->sql, &text), FW_OK);
    fw_text_finish(&text);
    assert_string_equal(sql_cell(f, "SELECT column_name FROM (DESCRIBE t)"), names[1]);
}

static void texts_grow_and_format(void **state)
{
    struct fw_text text = {0};

    (void)state;
    assert_string_equal(fw_text_get(&text), "");
    for (int i = 0; i < 1000; i++) {
        fw_text_appendf(&text, "%d,%s;", i,
                        i % 100 == 0 ? "a longer text than most of the others" : "x");
    }
    assert_false(text.failed);
    assert_int_equal(text.size, strlen(fw_text_get(&text)));
    assert_non_null(strstr(fw_text_get(&text), "998,x;999,x;"));
    fw_text_finish(&text);
    assert_null(text.data);
}

static void a_failed_text_is_not_run(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text text = {0};

    fw_text_append(&text, "CREATE TABLE half");
    text.failed = true;
    assert_int_equal(fw_sql_exec_text(&f->sql, &text), FW_E_NOMEM);
    assert_true(strlen(fake_task_take_fault(f->task)) > 0);
    fw_text_finish(&text);
}

static void fetches_cells(void **state)
{
    struct sql_fixture *f = *state;
    int64_t integer = 0;
    double real = 0;
    char *text = NULL;

    assert_int_equal(fw_sql_int64(&f->sql, &integer, "SELECT -9223372036854775808"), FW_OK);
    assert_true(integer == INT64_MIN);
    assert_int_equal(fw_sql_int64f(&f->sql, &integer, "SELECT %d * 2::HUGEINT", 21), FW_OK);
    assert_int_equal(integer, 42);
    assert_int_equal(fw_sql_double(&f->sql, &real, "SELECT 0.1::DOUBLE + 0.2::DOUBLE"), FW_OK);
    assert_true(real == 0.1 + 0.2);
    assert_int_equal(fw_sql_textf(&f->sql, &text, "SELECT '%s'", "é"), FW_OK);
    assert_string_equal(text, "é");
    free(text);
    assert_int_equal(fw_sql_text(&f->sql, &text, "SELECT NULL"), FW_OK);
    assert_null(text);
}

static void wants_one_cell(void **state)
{
    struct sql_fixture *f = *state;
    int64_t n = 7;

    assert_int_equal(fw_sql_int64(&f->sql, &n, "SELECT NULL"), FW_E_DATA);
    assert_int_equal(fw_sql_int64(&f->sql, &n, "SELECT 1 WHERE false"), FW_E_DATA);
    assert_int_equal(fw_sql_int64(&f->sql, &n, "FROM range(2)"), FW_E_DATA);
    assert_int_equal(fw_sql_int64(&f->sql, &n, "SELECT 1, 2"), FW_E_CONFIG);
    assert_int_equal(n, 7);
}

static void fetches_grids_of_several_batches(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid;

    assert_int_equal(fw_sql_grid(&f->sql, &grid,
                                 "SELECT i, CASE WHEN i % 5 > 0 THEN 'v' || i END FROM "
                                 "range(5000) r(i)"),
                     FW_OK);
    assert_int_equal(grid.n_rows, 5000);
    assert_int_equal(grid.n_columns, 2);
    assert_string_equal(fw_sql_cell(&grid, 4999, 0), "4999");
    assert_string_equal(fw_sql_cell(&grid, 4999, 1), "v4999");
    assert_null(fw_sql_cell(&grid, 4995, 1));
    fw_sql_grid_finish(&grid);
    assert_int_equal(fw_sql_grid(&f->sql, &grid, "SELECT 1 AS a WHERE false"), FW_OK);
    assert_int_equal(grid.n_rows, 0);
    assert_int_equal(grid.n_columns, 1);
    fw_sql_grid_finish(&grid);
}

static void a_failure_in_mid_grid_leaves_nothing(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid = {.n_rows = 99};

    assert_int_equal(fw_sql_grid(&f->sql, &grid,
                                 "SELECT CASE WHEN i < 400000 THEN i ELSE ('x' || i)::INT END "
                                 "FROM range(500000) r(i)"),
                     FW_E_DATA);
    assert_int_equal(grid.n_rows, 99);
    assert_non_null(strstr(fake_task_take_fault(f->task), "Conversion Error"));
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 1"), FW_OK);
}

static void classes_survive_the_way_through_errno(void **state)
{
    (void)state;
    for (fw_status status = FW_E_INTERNAL; status <= FW_E_ARG; status++) {
        if (status != FW_E_STATE) {
            assert_int_equal(fw_status_from_errno(fw_status_to_errno(status)), status);
        }
    }
    assert_int_equal(fw_status_from_errno(EPIPE), FW_E_IO);
}

static void describes_columns(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid;

    assert_int_equal(fw_sql_describe(&f->sql, &grid, "SELECT 1::BIGINT AS a, ['x'] AS b"), FW_OK);
    assert_int_equal(grid.n_rows, 2);
    assert_string_equal(fw_sql_cell(&grid, 1, 0), "b");
    assert_string_equal(fw_sql_cell(&grid, 1, 1), "VARCHAR[]");
    fw_sql_grid_finish(&grid);
}

static void needs_the_service(void **state)
{
    struct fake_kit *empty = fake_kit_open(SQL_SO, NULL);
    struct fake_task *task = fake_task_create(empty, NULL);
    struct fw_sql_handle handle;

    (void)state;
    assert_int_equal(fw_sql_handle_open(&handle, fake_task_host(task)), FW_E_MISSING);
    assert_non_null(strstr(fake_task_take_fault(task), "plugin duckdb"));
    fake_task_destroy(task);
    fake_kit_close(empty);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(quotes_identifiers_and_literals),
        cmocka_unit_test(texts_grow_and_format),
        TEST(a_failed_text_is_not_run),
        TEST(fetches_cells),
        TEST(wants_one_cell),
        TEST(fetches_grids_of_several_batches),
        TEST(a_failure_in_mid_grid_leaves_nothing),
        cmocka_unit_test(classes_survive_the_way_through_errno),
        TEST(describes_columns),
        cmocka_unit_test(needs_the_service),
    };
#undef TEST

    return cmocka_run_group_tests_name("sql lib", tests, sql_fixture_load, sql_fixture_unload);
}
