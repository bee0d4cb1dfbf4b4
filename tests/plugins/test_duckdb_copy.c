/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_fixture.h"

/* The design's promise (11.3): bytes do not depend on the thread count. */

static void make_input(struct sql_fixture *f)
{
    sql_must(f,
             "COPY (SELECT i, hash(i) AS h, 'name' || (i %% 1000) AS s, "
             "repeat('x', (i %% 40)::INT) AS v FROM range(300000) r(i)) "
             "TO '%s/in.parquet' (ROW_GROUP_SIZE 16384)",
             f->dir);
}

static bool same_bytes(struct sql_fixture *f, const char *a, const char *b)
{
    char command[256];

    snprintf(command, sizeof command, "cmp -s '%s/%s' '%s/%s'", f->dir, a, f->dir, b);
    return system(command) == 0;
}

/* The rows left by the filter fill no vector, which is where a plain COPY begins to differ. */
static void copy_filtered(struct sql_fixture *f, uint32_t threads, const char *name)
{
    fw_sql_handle_close(&f->sql);
    fake_task_limits(f->task)->threads = threads;
    sql_fixture_connect(f);
    sql_must(f,
             "COPY (FROM fw_in_order('FROM ''%s/in.parquet'' WHERE h %% 3 = 0')) TO '%s/%s' "
             "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192)",
             f->dir, f->dir, name);
}

static void bytes_in_order_do_not_depend_on_threads(void **state)
{
    struct sql_fixture *f = *state;

    make_input(f);
    copy_filtered(f, 1, "one");
    for (uint32_t run = 0; run < 4; run++) {
        char name[16];
        snprintf(name, sizeof name, "run%u", run);
        copy_filtered(f, 2 + run, name);
        assert_true(same_bytes(f, "one", name));
    }
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM (SELECT i, lag(i) OVER () AS before FROM "
                                 "read_parquet('%s/one')) WHERE i <= before",
                                 f->dir),
                        "0");
}

static void sorted_bytes_do_not_depend_on_threads(void **state)
{
    struct sql_fixture *f = *state;

    make_input(f);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        fw_sql_handle_close(&f->sql);
        fake_task_limits(f->task)->threads = threads;
        sql_fixture_connect(f);
        sql_must(f,
                 "COPY (FROM '%s/in.parquet' WHERE h %% 3 = 0 ORDER BY h) TO '%s/sorted%u' "
                 "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192)",
                 f->dir, f->dir, threads);
    }
    assert_true(same_bytes(f, "sorted1", "sorted2"));
    assert_true(same_bytes(f, "sorted1", "sorted3"));
    assert_true(same_bytes(f, "sorted1", "sorted4"));
}

static void keeps_types_and_order_of_the_query(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid;

    assert_int_equal(fw_sql_describe(&f->sql, &grid,
                                     "FROM fw_in_order('SELECT 1::TINYINT AS a, [{''x'': 1.5}] "
                                     "AS b, NULL::DATE AS c')"),
                     FW_OK);
    assert_int_equal(grid.n_rows, 3);
    assert_string_equal(fw_sql_cell(&grid, 0, 1), "TINYINT");
    assert_string_equal(fw_sql_cell(&grid, 1, 1), "STRUCT(x DECIMAL(2,1))[]");
    assert_string_equal(fw_sql_cell(&grid, 2, 1), "DATE");
    fw_sql_grid_finish(&grid);
    assert_string_equal(sql_cell(f, "SELECT string_agg(a, '') FROM (FROM fw_in_order('FROM "
                                    "(VALUES (''b''), (''c''), (''a'')) t(a) ORDER BY a'))"),
                        "abc");
}

static void parquet_says_nothing_of_time_or_path(void **state)
{
    struct sql_fixture *f = *state;

    make_input(f);
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM parquet_kv_metadata('%s/in.parquet')", f->dir), "0");
    assert_string_equal(
        sql_cell(f, "SELECT created_by FROM parquet_file_metadata('%s/in.parquet')", f->dir),
        "DuckDB version v1.4.4 (build 6ddac802ff)");
}

enum { N_PARTS = 5 };

static char *part_statement(struct sql_fixture *f, int part)
{
    char *statement;

    assert_true(asprintf(&statement,
                         "COPY (SELECT i, %d AS part FROM range(%d) r(i)) TO '%s/%d.parquet'", part,
                         1000 * (part + 1), f->dir, part) > 0);
    return statement;
}

static void runs_statements_side_by_side(void **state)
{
    struct sql_fixture *f = *state;
    char *statements[N_PARTS];
    uint64_t rows[N_PARTS];

    for (int i = 0; i < N_PARTS; i++) {
        statements[i] = part_statement(f, i);
    }
    assert_int_equal(
        f->sql.api->exec_parallel(f->sql.session, (const char *const *)statements, N_PARTS, rows),
        FW_OK);
    for (int i = 0; i < N_PARTS; i++) {
        assert_int_equal(rows[i], 1000 * (i + 1));
        free(statements[i]);
    }
    assert_string_equal(sql_cell(f, "SELECT sum(part) FROM '%s/*.parquet'", f->dir), "40000");
}

static void lanes_share_tables_and_settings(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const statements[] = {
        "CREATE TABLE a AS SELECT count(*) AS n, current_setting('TimeZone') AS zone FROM t",
        "CREATE TABLE b AS SELECT fw_canonical_json(first(i)) AS j FROM t",
    };

    sql_must(f, "CREATE TABLE t AS FROM range(7) r(i)");
    assert_int_equal(f->sql.api->exec_parallel(f->sql.session, statements, 2, NULL), FW_OK);
    assert_string_equal(sql_cell(f, "SELECT n || zone || j FROM a, b"), "7UTC0");
}

static void one_failure_ends_the_others(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const statements[] = {
        "CREATE TABLE a AS SELECT count(*) FROM range(1000000) x, range(1000000) y WHERE "
        "hash(x.range, y.range) % 3 = 1",
        "CREATE TABLE b AS SELECT (max(i) || 'x')::INT FROM range(5000000) r(i)",
        "CREATE TABLE c AS SELECT 1",
    };

    assert_int_equal(f->sql.api->exec_parallel(f->sql.session, statements, 3, NULL), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "Conversion Error"));
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM duckdb_tables()"), "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(bytes_in_order_do_not_depend_on_threads),
        TEST(sorted_bytes_do_not_depend_on_threads),
        TEST(keeps_types_and_order_of_the_query),
        TEST(parquet_says_nothing_of_time_or_path),
        TEST(runs_statements_side_by_side),
        TEST(lanes_share_tables_and_settings),
        TEST(one_failure_ends_the_others),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb copy", tests, sql_fixture_load, sql_fixture_unload);
}
