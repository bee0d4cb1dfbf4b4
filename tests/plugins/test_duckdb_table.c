/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/service/table.h"
#include "sql_fixture.h"

static const struct fw_table *table_of(struct sql_fixture *f)
{
    const struct fw_host *host = fake_task_host(f->task);

    return host->service(host, FW_TABLE_ID);
}

static fw_status read_paths(struct sql_fixture *f, const char *const *paths, uint64_t n_paths,
                            const char *const *columns, uint64_t n_columns,
                            struct ArrowArrayStream *ret_stream)
{
    struct fw_input input = {.struct_size = (uint32_t)sizeof input,
                             .kind = FW_KIND_TABLE,
                             .port = "in",
                             .paths = paths,
                             .n_paths = n_paths,
                             .digest = ""};

    return table_of(f)->read(fake_task_host(f->task), &input, columns, n_columns, ret_stream);
}

static fw_status write_part(struct sql_fixture *f, const char *name, uint32_t part,
                            struct ArrowArrayStream *stream, uint64_t *ret_rows)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    struct fw_output output = {.struct_size = (uint32_t)sizeof output,
                               .kind = FW_KIND_TABLE,
                               .port = "out",
                               .path = path,
                               .name = name};
    return table_of(f)->write(fake_task_host(f->task), &output, part, stream, ret_rows);
}

/* A query's rows as a stream; the fixture's session is busy until it is released. */
static struct ArrowArrayStream rows_of(struct sql_fixture *f, const char *query)
{
    struct ArrowArrayStream stream;

    assert_int_equal(f->sql.api->query(f->sql.session, query, &stream), FW_OK);
    return stream;
}

static void writes_and_reads_a_single_file(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream = rows_of(f, "SELECT i, 'x' || i AS s FROM range(300000) r(i)");
    char path[128];
    const char *paths[] = {path};
    uint64_t rows = 0;

    assert_int_equal(write_part(f, "t.parquet", 0, &stream, &rows), FW_OK);
    assert_int_equal(rows, 300000);
    assert_null(stream.release);
    snprintf(path, sizeof path, "%s/t.parquet", f->dir);
    assert_int_equal(read_paths(f, paths, 1, NULL, 0, &stream), FW_OK);
    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    assert_string_equal(
        sql_cell(f, "SELECT count(*) || ' ' || count(*) FILTER (s = 'x' || i) FROM t"),
        "300000 300000");
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(DISTINCT compression, '') FROM "
                                 "parquet_metadata('%s')",
                                 path),
                        "ZSTD");
}

static void writes_parts_into_a_folder(void **state)
{
    struct sql_fixture *f = *state;

    for (uint32_t part = 0; part < 3; part++) {
        struct ArrowArrayStream stream = rows_of(f, "SELECT 7 AS a FROM range(10)");
        assert_int_equal(write_part(f, "parts", part, &stream, NULL), FW_OK);
    }
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(parse_filename(file), ' ' ORDER BY file) FROM "
                                 "glob('%s/parts/*')",
                                 f->dir),
                        "part-00000.parquet part-00001.parquet part-00002.parquet");
}

/* The same rows in batches of other sizes: one straight, one filtered down to them. */
static void bytes_depend_on_the_rows_alone(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream = rows_of(f, "SELECT i * 3 AS i FROM range(200000) r(i)");
    char command[256];

    assert_int_equal(write_part(f, "a.parquet", 0, &stream, NULL), FW_OK);
    stream = rows_of(f, "SELECT i FROM range(600000) r(i) WHERE i % 3 = 0");
    assert_int_equal(write_part(f, "b.parquet", 0, &stream, NULL), FW_OK);
    snprintf(command, sizeof command, "cmp '%s/a.parquet' '%s/b.parquet'", f->dir, f->dir);
    assert_int_equal(system(command), 0);
}

static void cuts_wide_tables_into_small_row_groups(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT i");
    for (int i = 0; i < 40; i++) {
        fw_text_appendf(&query, ", i + %d AS c%d", i, i);
    }
    fw_text_append(&query, " FROM range(50000) r(i)");
    struct ArrowArrayStream stream = rows_of(f, fw_text_get(&query));
    fw_text_finish(&query);
    assert_int_equal(write_part(f, "wide.parquet", 0, &stream, NULL), FW_OK);
    assert_string_equal(sql_cell(f,
                                 "SELECT max(row_group_num_rows) FROM "
                                 "parquet_metadata('%s/wide.parquet')",
                                 f->dir),
                        "16384");
}

static void refuses_names_and_parts_that_do_not_fit(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream = rows_of(f, "SELECT 1 AS a");

    assert_int_equal(write_part(f, "t.csv", 0, &stream, NULL), FW_E_UNSUPPORTED);
    assert_null(stream.release);
    assert_non_null(strstr(fake_task_take_fault(f->task), ".parquet"));
    stream = rows_of(f, "SELECT 1 AS a");
    assert_int_equal(write_part(f, "t.parquet", 1, &stream, NULL), FW_E_ARG);
    fake_task_take_fault(f->task);
    stream = rows_of(f, "SELECT 1 AS a");
    assert_int_equal(write_part(f, "nosuch/t.parquet", 0, &stream, NULL), FW_E_IO);
    assert_null(stream.release);
}

static void reads_chosen_columns_of_any_format(void **state)
{
    struct sql_fixture *f = *state;
    char a[128], b[128];
    const char *paths[] = {a, b}, *columns[] = {"s", "i"};
    struct ArrowArrayStream stream;

    snprintf(a, sizeof a, "%s/a.tsv", f->dir);
    snprintf(b, sizeof b, "%s/b.tsv.gz", f->dir);
    sql_must(f, "COPY (SELECT 1 AS i, true AS q, 'one' AS s) TO '%s' (DELIMITER '\t')", a);
    sql_must(f, "COPY (SELECT 2 AS i, 'two' AS s) TO '%s' (DELIMITER '\t', COMPRESSION gzip)", b);
    assert_int_equal(read_paths(f, paths, 2, columns, 2, &stream), FW_OK);
    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    assert_string_equal(sql_cell(f, "SELECT string_agg(t::VARCHAR, ' ') FROM t"),
                        "{'s': one, 'i': 1} {'s': two, 'i': 2}");
}

static void names_a_column_that_is_not_there(void **state)
{
    struct sql_fixture *f = *state;
    char path[128];
    const char *paths[] = {path}, *columns[] = {"i", "nosuch"};
    struct ArrowArrayStream stream;

    snprintf(path, sizeof path, "%s/t.parquet", f->dir);
    sql_must(f, "COPY (SELECT 1 AS i) TO '%s'", path);
    assert_int_equal(read_paths(f, paths, 1, columns, 2, &stream), FW_E_MISSING);
    const char *fault = fake_task_take_fault(f->task);
    assert_non_null(strstr(fault, "nosuch"));
    assert_non_null(strstr(fault, path));
}

/* Two streams and two sessions at once: every one has its own hook, folder and limits. */
static void streams_are_independent_of_each_other(void **state)
{
    struct sql_fixture *f = *state;
    char path[128];
    const char *paths[] = {path};
    struct ArrowArrayStream one, two;
    struct ArrowArray batch;

    snprintf(path, sizeof path, "%s/t.parquet", f->dir);
    sql_must(f, "COPY (FROM range(10000)) TO '%s'", path);
    assert_int_equal(read_paths(f, paths, 1, NULL, 0, &one), FW_OK);
    assert_int_equal(read_paths(f, paths, 1, NULL, 0, &two), FW_OK);
    assert_int_equal(one.get_next(&one, &batch), 0);
    batch.release(&batch);
    one.release(&one);
    assert_int_equal(two.get_next(&two, &batch), 0);
    assert_int_equal(batch.length, 2048);
    two.release(&two);
    batch.release(&batch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(writes_and_reads_a_single_file),          TEST(writes_parts_into_a_folder),
        TEST(bytes_depend_on_the_rows_alone),          TEST(cuts_wide_tables_into_small_row_groups),
        TEST(refuses_names_and_parts_that_do_not_fit), TEST(reads_chosen_columns_of_any_format),
        TEST(names_a_column_that_is_not_there),        TEST(streams_are_independent_of_each_other),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb table", tests, sql_fixture_load, sql_fixture_unload);
}
