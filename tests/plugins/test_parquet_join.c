/* SPDX-License-Identifier: MIT */
/* One Parquet file of several: nothing is decoded, so every value must still be where the footer
 * says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parquet/join.h"
#include "sql_fixture.h"

#define ROWS                                                                                       \
    "SELECT i, CASE WHEN i %% 7 > 0 THEN concat('text ', i %% 50) END AS s, i / 8.0 AS d, i %% 3 " \
    "= 0 AS b, CASE WHEN i %% 5 > 0 THEN [i, NULL] END AS l FROM range(%d, %d) t(i)"

static const char *path_of(const struct sql_fixture *f, const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return path;
}

static void make(struct sql_fixture *f, const char *name, int from, int to)
{
    sql_must(f, "COPY (" ROWS ") TO '%s/%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)", from, to,
             f->dir, name);
}

static fw_status join(struct sql_fixture *f, const char *to, const char *const *names, size_t n)
{
    struct fw_parquet_join *join = NULL;
    fw_status status = fw_parquet_join_open(f->sql.host, path_of(f, to), &join);

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = fw_parquet_join_add(join, path_of(f, names[i]));
    }
    if (status == FW_OK) {
        status = fw_parquet_join_end(join);
    }
    fw_parquet_join_close(join);
    return status;
}

static void holds_the_rows_of_all_in_their_order(void **state)
{
    struct sql_fixture *f = *state;
    const char *const names[] = {"a", "b", "c"};

    make(f, "a", 0, 5000);
    make(f, "b", 5000, 5000);
    make(f, "c", 5000, 40000);
    assert_int_equal(join(f, "all", names, 3), FW_OK);
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM (FROM read_parquet('%s/all') EXCEPT ALL (" ROWS "))",
                 f->dir, 0, 40000),
        "0");
    assert_string_equal(sql_cell(f,
                                 "SELECT concat(count(*), ' ', bool_and(i = file_row_number)) FROM "
                                 "read_parquet('%s/all', file_row_number = true)",
                                 f->dir),
                        "40000 true");
    /* Statistics, and the filters that lie behind the row groups, are found as well. */
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM read_parquet('%s/all') WHERE i = 7777", f->dir), "1");
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM read_parquet('%s/all') WHERE s = 'text 49'", f->dir),
        "685");
    assert_string_equal(sql_cell(f,
                                 "SELECT concat(count(DISTINCT row_group_id), ' ', "
                                 "count(bloom_filter_offset) > 0, ' ', sum(num_values) > 0) FROM "
                                 "parquet_metadata('%s/all')",
                                 f->dir),
                        "21 true true");
}

/* A bloom filter that lies elsewhere than the footer says would hide a text that is there. */
static void moves_the_filters_too(void **state)
{
    struct sql_fixture *f = *state;
    const char *const names[] = {"a", "c"};

    make(f, "a", 0, 5000);
    make(f, "c", 5000, 40000);
    assert_int_equal(join(f, "all", names, 2), FW_OK);
    assert_string_equal(
        sql_cell(f,
                 "SELECT concat(bool_and(NOT bloom_filter_excludes), ' ', count(*)) "
                 "FROM parquet_bloom_probe('%s/all', 's', 'text 49')",
                 f->dir),
        "true 21");
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FILTER (bloom_filter_excludes) > 10 FROM "
                                 "parquet_bloom_probe('%s/all', 's', 'no such text')",
                                 f->dir),
                        "true");
}

static void refuses_files_of_other_columns(void **state)
{
    struct sql_fixture *f = *state;
    const char *const names[] = {"a", "x"};

    make(f, "a", 0, 10);
    sql_must(f, "COPY (SELECT 1 AS i) TO '%s/x' (FORMAT parquet)", f->dir);
    assert_int_equal(join(f, "all", names, 2), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "other columns"));
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static char *read_bytes(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "r");
    char *bytes = malloc(1 << 20);

    assert_non_null(file);
    *ret_size = fread(bytes, 1, 1 << 20, file);
    assert_true(*ret_size < 1 << 20);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

/* Cut anywhere, a file is refused; changed anywhere in its footer, it does no harm. */
static void survives_damage(void **state)
{
    struct sql_fixture *f = *state;
    const char *const names[] = {"damaged"};
    size_t size;

    make(f, "a", 0, 100);
    char *bytes = read_bytes(path_of(f, "a"), &size);
    for (size_t at = 0; at < size; at += 7) {
        write_bytes(path_of(f, "damaged"), bytes, at);
        assert_int_equal(join(f, "all", names, 1), FW_E_DATA);
        assert_non_null(strstr(fake_task_take_fault(f->task), "damaged"));
    }
    for (size_t at = size - 600; at < size; at++) {
        bytes[at] ^= 0x55;
        write_bytes(path_of(f, "damaged"), bytes, size);
        fw_status status = join(f, "all", names, 1);
        assert_true(status == FW_OK || status == FW_E_DATA || status == FW_E_UNSUPPORTED);
        fake_task_take_fault(f->task);
        bytes[at] ^= 0x55;
    }
    free(bytes);
}

static void says_which_file_is_not_there(void **state)
{
    struct sql_fixture *f = *state;
    const char *const names[] = {"nowhere"};

    assert_int_equal(join(f, "all", names, 1), FW_E_IO);
    assert_int_equal(join(f, "no/folder", names, 0), FW_E_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(holds_the_rows_of_all_in_their_order), TEST(moves_the_filters_too),
        TEST(refuses_files_of_other_columns),       TEST(survives_damage),
        TEST(says_which_file_is_not_there),
    };
    return cmocka_run_group_tests_name("parquet_join", tests, sql_fixture_load, sql_fixture_unload);
}
