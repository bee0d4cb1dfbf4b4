/* SPDX-License-Identifier: MIT */
/* Files of few different rows, read by the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/parquet.h"
#include "sql_fixture.h"

enum { N_COLUMNS = 7, N_ROWS = 1003 };

static const struct fw_parquet_column columns[N_COLUMNS] = {
    {"text", FW_PARQUET_TEXT},         {"day", FW_PARQUET_DATE},
    {"instant", FW_PARQUET_TIMESTAMP}, {"value", FW_PARQUET_DOUBLE},
    {"like_value", FW_PARQUET_DOUBLE}, {"flag", FW_PARQUET_BOOLEAN},
    {"nothing", FW_PARQUET_DOUBLE},
};

/* Row i is entry i % 5 of the first picks, i / 500 of the second, which the days have. */
static const struct fw_parquet_text texts[] = {
    {"b", 1}, {"", 0}, {NULL, 0}, {"aa", 2}, {"\xc3\xa9", 2}};
static const int32_t days[] = {19000, INT32_MIN, -1};
static const int64_t instants[] = {0, INT64_MIN, -1, 1700000000000000, 5};
static const double values[] = {1.5, NAN, -0.0, INFINITY, NAN};
static const double like_values[] = {2.5, NAN, 7, -3, NAN};
static const uint8_t flags[] = {1, 0, FW_PARQUET_NO_BOOLEAN, 0, 1};
static const double nothing[] = {NAN, NAN, NAN, NAN, NAN};

static uint16_t fifths[N_ROWS], halves[N_ROWS];
static const struct fw_parquet_picks by_fifth = {fifths, 5}, by_half = {halves, 3};

static struct fw_parquet_block *encode(void)
{
    const struct fw_parquet_values all[N_COLUMNS] = {
        {&by_fifth, texts},       {&by_half, days},   {&by_fifth, instants}, {&by_fifth, values},
        {&by_fifth, like_values}, {&by_fifth, flags}, {&by_fifth, nothing},
    };

    for (size_t i = 0; i < N_ROWS; i++) {
        fifths[i] = (uint16_t)(i % 5);
        halves[i] = (uint16_t)(i / 500);
    }
    struct fw_parquet_block *block = fw_parquet_encode(columns, N_COLUMNS, all, N_ROWS);
    assert_non_null(block);
    return block;
}

/* The same rows in so many groups. */
static fw_status write_to(struct sql_fixture *f, const char *path, size_t n_groups)
{
    struct fw_parquet_block *block = encode();
    struct fw_parquet_file file;
    fw_status status = fw_parquet_open(&file, fake_task_host(f->task), path, columns, N_COLUMNS);

    for (size_t i = 0; i < n_groups && status == FW_OK; i++) {
        status = fw_parquet_append(&file, block);
    }
    status = fw_parquet_close(&file, status);
    fw_parquet_block_free(block);
    return status;
}

static const char *write_table(struct sql_fixture *f, const char *name, size_t n_groups)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s.parquet", f->dir, name);
    assert_int_equal(write_to(f, path, n_groups), FW_OK);
    return path;
}

static void gives_back_every_row(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = write_table(f, "a", 1);

    sql_must(
        f, "CREATE TABLE expected AS SELECT * FROM (VALUES (0, 'b', 0, 1.5::DOUBLE, "
           "2.5::DOUBLE, true), (1, '', NULL, NULL, NULL, false), (2, NULL, -1, 0, 7, NULL), "
           "(3, 'aa', 1700000000000000, 'inf'::DOUBLE, -3, false), (4, '\xc3\xa9', 5, NULL, NULL, "
           "true)) e(fifth, t, i, v, l, f), (VALUES (0, DATE '2022-01-08'), (1, NULL), (2, DATE "
           "'1969-12-31')) d(half, d)");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) || ' ' || count(*) FILTER (WHERE text IS DISTINCT FROM t OR day "
                 "IS DISTINCT FROM d OR epoch_us(instant) IS DISTINCT FROM i OR value IS DISTINCT "
                 "FROM v OR like_value IS DISTINCT FROM l OR flag IS DISTINCT FROM f OR nothing IS "
                 "NOT NULL) FROM read_parquet('%s', file_row_number = true) JOIN expected ON fifth "
                 "= mod(file_row_number, 5) AND half = file_row_number // 500",
                 path),
        "1003 0");
    assert_string_equal(
        sql_cell(f, "SELECT string_agg(column_type, ' ') FROM (DESCRIBE FROM '%s')", path),
        "VARCHAR DATE TIMESTAMP DOUBLE DOUBLE BOOLEAN DOUBLE");
}

static void appends_groups_in_their_order(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = write_table(f, "a", 3);

    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) || ' ' || sum(value = 1.5 AND i %% 1003 %% 5 = 0) "
                 "|| ' ' || max(row_group_id) FROM (SELECT *, file_row_number AS i "
                 "FROM read_parquet('%s', file_row_number = true)), (SELECT "
                 "max(row_group_id) AS row_group_id FROM parquet_metadata('%s'))",
                 path, path),
        "3009 603 2");
}

/* Readers pass over row groups by them. The engine does not show a bound that is infinite. */
static void says_what_lies_in_a_group(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = write_table(f, "a", 1);

    assert_string_equal(
        sql_cell(f,
                 "SELECT string_agg(concat_ws(' ', path_in_schema, coalesce(stats_min_value, '-'), "
                 "coalesce(stats_max_value, '-'), stats_null_count), '; ' ORDER BY column_id) FROM "
                 "parquet_metadata('%s') WHERE path_in_schema NOT IN ('text', 'instant')",
                 path),
        "day 1969-12-31 2022-01-08 500; value -0.0 - 401; like_value -3.0 7.0 401; "
        "flag false true 201; nothing - - 1003");
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM '%s' WHERE day = DATE '1969-12-31' AND value < 2", path),
        "2");
}

/* Columns of one picture of NULLs have one data page; their dictionaries are their own. */
static void writes_the_same_bytes_each_time(void **state)
{
    struct sql_fixture *f = *state;
    char command[256];

    write_table(f, "a", 2);
    write_table(f, "b", 2);
    snprintf(command, sizeof command, "cmp '%s/a.parquet' '%s/b.parquet'", f->dir, f->dir);
    assert_int_equal(system(command), 0);
}

static void writes_tables_without_rows(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = write_table(f, "none", 0);

    assert_string_equal(sql_cell(f, "SELECT count(*) || ' ' || count(text) FROM '%s'", path),
                        "0 0");
}

static void fills_a_group_to_its_last_entry(void **state)
{
    struct sql_fixture *f = *state;
    static uint16_t entries[FW_PARQUET_GROUP_ROWS];
    static double numbers[FW_PARQUET_GROUP_ROWS];
    const struct fw_parquet_column column = {"x", FW_PARQUET_DOUBLE};
    const struct fw_parquet_picks picks = {entries, FW_PARQUET_GROUP_ROWS};
    const struct fw_parquet_values x = {&picks, numbers};
    struct fw_parquet_file file;
    char path[128];

    for (size_t i = 0; i < FW_PARQUET_GROUP_ROWS; i++) {
        entries[i] = (uint16_t)(FW_PARQUET_GROUP_ROWS - 1 - i);
        numbers[i] = (double)i;
    }
    snprintf(path, sizeof path, "%s/full.parquet", f->dir);
    struct fw_parquet_block *block = fw_parquet_encode(&column, 1, &x, FW_PARQUET_GROUP_ROWS);
    assert_non_null(block);
    assert_int_equal(fw_parquet_open(&file, fake_task_host(f->task), path, &column, 1), FW_OK);
    assert_int_equal(fw_parquet_close(&file, fw_parquet_append(&file, block)), FW_OK);
    fw_parquet_block_free(block);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM read_parquet('%s', file_row_number = true) "
                                 "WHERE x = 65535 - file_row_number",
                                 path),
                        "65536");
}

static void says_where_nothing_can_be_written(void **state)
{
    struct sql_fixture *f = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/no/such/folder.parquet", f->dir);
    assert_int_equal(write_to(f, path, 1), FW_E_IO);
    assert_non_null(strstr(fake_task_take_fault(f->task), "No such file"));
    assert_int_equal(write_to(f, "/dev/full", 1), FW_E_NOSPACE);
    assert_non_null(strstr(fake_task_take_fault(f->task), "/dev/full"));
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(gives_back_every_row),
        TEST(appends_groups_in_their_order),
        TEST(says_what_lies_in_a_group),
        TEST(writes_the_same_bytes_each_time),
        TEST(writes_tables_without_rows),
        TEST(fills_a_group_to_its_last_entry),
        TEST(says_where_nothing_can_be_written),
    };
    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}
