/* SPDX-License-Identifier: MIT */
/* Row groups whose entries the encoder finds itself, read by the engine. */
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

enum { COMPANY, STARTED, FLAG, DAY, INSTANT, VALUE, NAME, COLUMNS };

static const struct fw_parquet_column columns[COLUMNS] = {
    [COMPANY] = {"company", FW_PARQUET_TEXT},
    [STARTED] = {"started", FW_PARQUET_BIGINT},
    [FLAG] = {"flag", FW_PARQUET_BOOLEAN},
    [DAY] = {"day", FW_PARQUET_DATE},
    [INSTANT] = {"instant", FW_PARQUET_TIMESTAMP},
    [VALUE] = {"value", FW_PARQUET_DOUBLE},
    [NAME] = {"name", FW_PARQUET_TEXT},
};

/* Of row i: company i / 100, day i % 100, a value that no other row has, a name of its own. */
static uint64_t cells[COLUMNS][FW_PARQUET_GROUP_ROWS];
static struct fw_parquet_text names[FW_PARQUET_GROUP_ROWS], companies[FW_PARQUET_GROUP_ROWS];
static char bytes[FW_PARQUET_GROUP_ROWS][8];

static void fill(void)
{
    for (uint64_t i = 0; i < FW_PARQUET_GROUP_ROWS; i++) {
        double value = i % 7 == 0 ? NAN : (double)i / 8;
        snprintf(bytes[i], sizeof bytes[i], "%05u", (unsigned)i);
        names[i] = companies[i] = (struct fw_parquet_text){bytes[i], 5};
        cells[COMPANY][i] = i / 100 % 9 == 4 ? UINT64_MAX : i / 100;
        cells[STARTED][i] = i / 300 == 1 ? (uint64_t)INT64_MIN : i / 300;
        cells[FLAG][i] = i / 50 % 3;
        cells[DAY][i] = i % 100 == 99 ? (uint64_t)(int64_t)INT32_MIN : i % 100;
        cells[INSTANT][i] = i % 100 == 99 ? (uint64_t)INT64_MIN : i % 100 * 86400000000;
        memcpy(&cells[VALUE][i], &value, sizeof value);
        cells[NAME][i] = i % 11 == 0 ? UINT64_MAX : i;
    }
    names[5] = (struct fw_parquet_text){"a\0b", 3};
}

static const char *write_table(struct sql_fixture *f, const char *name, size_t n_rows)
{
    static char path[128];
    struct fw_parquet_cells all[COLUMNS];
    struct fw_parquet_file file;

    for (int i = 0; i < COLUMNS; i++) {
        all[i] = (struct fw_parquet_cells){cells[i], i == NAME ? names : companies};
    }
    struct fw_parquet_block *block = fw_parquet_encode_cells(columns, COLUMNS, all, n_rows);
    assert_non_null(block);
    snprintf(path, sizeof path, "%s/%s.parquet", f->dir, name);
    assert_int_equal(fw_parquet_open(&file, fake_task_host(f->task), path, columns, COLUMNS),
                     FW_OK);
    assert_int_equal(fw_parquet_close(&file, fw_parquet_append(&file, block)), FW_OK);
    fw_parquet_block_free(block);
    return path;
}

static const char *count_wrong_rows(struct sql_fixture *f, const char *path)
{
    return sql_cell(
        f,
        "SELECT count(*) || ' ' || count(*) FILTER (WHERE company IS DISTINCT FROM CASE WHEN "
        "i // 100 %% 9 <> 4 THEN printf('%%05d', i // 100) END OR started IS DISTINCT FROM "
        "nullif(i // 300, 1) OR flag IS DISTINCT FROM CASE i // 50 %% 3 WHEN 0 THEN false WHEN 1 "
        "THEN true END OR day - DATE '1970-01-01' IS DISTINCT FROM nullif(i %% 100, 99) OR "
        "epoch_us(instant) IS DISTINCT FROM nullif(i %% 100, 99) * 86400000000 OR value IS "
        "DISTINCT FROM CASE WHEN i %% 7 > 0 THEN i / 8 END OR name IS DISTINCT FROM CASE WHEN i "
        "%% 11 = 0 THEN NULL WHEN i = 5 THEN 'a' || chr(0) || 'b' ELSE printf('%%05d', i) END) "
        "FROM (SELECT *, file_row_number AS i FROM read_parquet('%s', file_row_number = true))",
        path);
}

static void gives_back_every_cell(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 100, 2049, FW_PARQUET_GROUP_ROWS};
    struct sql_fixture *f = *state;
    char expected[32];

    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(expected, sizeof expected, "%zu 0", sizes[i]);
        assert_string_equal(count_wrong_rows(f, write_table(f, "a", sizes[i])), expected);
    }
    assert_string_equal(sql_cell(f, "SELECT string_agg(column_type, ' ') FROM (DESCRIBE FROM '%s')",
                                 write_table(f, "a", 10)),
                        "VARCHAR BIGINT BOOLEAN DATE TIMESTAMP DOUBLE VARCHAR");
}

/* What no row shares with another has no dictionary, which would only come on top. */
static void writes_values_of_single_rows_plainly(void **state)
{
    struct sql_fixture *f = *state;

    fill();
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(path_in_schema, ' ' ORDER BY column_id) FROM "
                                 "parquet_metadata('%s') WHERE dictionary_page_offset IS NULL",
                                 write_table(f, "a", FW_PARQUET_GROUP_ROWS)),
                        "flag value name");
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM '%s' WHERE value = 12.5 AND day = DATE '1970-01-01'",
                 write_table(f, "a", FW_PARQUET_GROUP_ROWS)),
        "1");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(gives_back_every_cell),
        TEST(writes_values_of_single_rows_plainly),
    };
    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}
