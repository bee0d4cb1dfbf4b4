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

/* The stage beside a session that makes its inputs and looks at its outputs. */
struct stage_fixture {
    struct sql_fixture *f;
    struct fake_task *task;
};

static int open_stage(void **state)
{
    struct stage_fixture *s = calloc(1, sizeof *s);
    void *fixture;

    int rc = sql_fixture_open(&fixture);
    s->f = fixture;
    s->task = fake_task_create(sql_fixture_kit(), "sql");
    *state = s;
    return rc;
}

static int close_stage(void **state)
{
    struct stage_fixture *s = *state;
    void *fixture = s->f;

    fake_task_destroy(s->task);
    free(s);
    return sql_fixture_close(&fixture);
}

static const char *in_dir(const struct stage_fixture *s, const char *name)
{
    static char paths[4][160];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", s->f->dir, name);
    return path;
}

static void write_file(const struct stage_fixture *s, const char *name, const char *text)
{
    FILE *file = fopen(in_dir(s, name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const struct fake_result *run_to(struct stage_fixture *s, const char *output)
{
    fake_task_output(s->task, "table", in_dir(s, output));
    const struct fake_result *result = fake_task_run(s->task);
    assert_null(result->defect);
    return result;
}

static void run_ok(struct stage_fixture *s, const char *output)
{
    const struct fake_result *result = run_to(s, output);

    if (result->status != FW_OK) {
        fail_msg("%s", result->fault);
    }
}

static void joins_tables_of_several_formats(void **state)
{
    struct stage_fixture *s = *state;

    write_file(s, "names.csv", "id,name\n1,one\n2,\"two, or so\"\n3,\n");
    sql_must(s->f, "COPY (SELECT i AS id, i * 1.5 AS x FROM range(1, 4) r(i)) TO '%s'",
             in_dir(s, "numbers.parquet"));
    fake_task_input(s->task, "names", in_dir(s, "names.csv"), NULL);
    fake_task_input(s->task, "numbers", in_dir(s, "numbers.parquet"), NULL);
    fake_task_text(s->task, "query",
                   "SELECT id, name, x FROM names JOIN numbers USING (id) ORDER BY id DESC;\n");
    run_ok(s, "table.parquet");
    assert_int_equal(fake_task_rows(s->task, "table"), 3);
    assert_string_equal(sql_cell(s->f, "SELECT string_agg(t::VARCHAR, ' ') FROM '%s' t",
                                 in_dir(s, "table.parquet")),
                        "{'id': 3, 'name': NULL, 'x': 4.5} {'id': 2, 'name': 'two, or so', 'x': "
                        "3.0} {'id': 1, 'name': one, 'x': 1.5}");
}

static void reads_texts_as_they_are_and_says_their_file(void **state)
{
    struct stage_fixture *s = *state;

    write_file(s, "b.tsv", "a\tb\n\"x\t007\n");
    write_file(s, "a.tsv", "a\tc\nit's\t1\n");
    fake_task_input(s->task, "t", in_dir(s, "b.tsv"), in_dir(s, "a.tsv"), NULL);
    fake_task_text(s->task, "query", "SELECT * FROM t");
    fake_task_text(s->task, "csv_quote", "");
    fake_task_int(s->task, "csv_all_text", 1);
    fake_task_int(s->task, "filename", 1);
    run_ok(s, "out.csv");
    assert_string_equal(sql_cell(s->f, "SELECT content FROM read_text('%s')", in_dir(s, "out.csv")),
                        "a,c,b,filename\nit's,1,,a.tsv\n\"\"\"x\",,007,b.tsv\n");
}

static void writes_a_folder_of_parts(void **state)
{
    struct stage_fixture *s = *state;

    fake_task_text(s->task, "setup", "CREATE MACRO twice(x) AS 2 * x");
    fake_task_text(s->task, "query", "SELECT twice(i) AS i FROM range(10) r(i)");
    run_ok(s, "table");
    assert_string_equal(
        sql_cell(s->f, "SELECT sum(i) FROM '%s/part-00000.parquet'", in_dir(s, "table")), "90");
}

static void wants_one_query(void **state)
{
    struct stage_fixture *s = *state;
    const struct fake_result *result = run_to(s, "t.parquet");

    assert_int_equal(result->status, FW_E_CONFIG);
    assert_non_null(strstr(result->fault, "query_file"));
}

static void refuses_two_queries(void **state)
{
    struct stage_fixture *s = *state;

    write_file(s, "q.sql", "SELECT 1");
    fake_task_text(s->task, "query", "SELECT 1");
    fake_task_text(s->task, "query_file", in_dir(s, "q.sql"));
    assert_int_equal(run_to(s, "t.parquet")->status, FW_E_CONFIG);
}

static void refuses_an_unknown_format(void **state)
{
    struct stage_fixture *s = *state;

    fake_task_text(s->task, "query", "SELECT 1 AS a");
    const struct fake_result *result = run_to(s, "t.xlsx");
    assert_int_equal(result->status, FW_E_CONFIG);
    assert_non_null(strstr(result->fault, ".parquet"));
}

static void expect_line(struct stage_fixture *s, const char *query, fw_status status,
                        const char *where)
{
    write_file(s, "q.sql", query);
    fake_task_text(s->task, "query_file", in_dir(s, "q.sql"));
    const struct fake_result *result = run_to(s, "t.parquet");
    assert_int_equal(result->status, status);
    if (strstr(result->fault, in_dir(s, where)) == NULL) {
        fail_msg("no %s in: %s", where, result->fault);
    }
    assert_int_equal(result->steps, 0);
}

static void says_the_line_of_a_syntax_error(void **state)
{
    expect_line(*state, "-- a comment\nSELECT\n    1 AS a,\nFORM nothing;\n", FW_E_CONFIG,
                "q.sql:4");
}

static void says_the_line_of_an_unknown_column(void **state)
{
    expect_line(*state, "WITH t AS (SELECT 1 AS a)\nSELECT a,\n  nosuch\nFROM t", FW_E_CONFIG,
                "q.sql:3");
}

static void says_the_line_of_a_value_that_cannot_be(void **state)
{
    struct stage_fixture *s = *state;

    write_file(s, "q.sql", "SELECT\n  (i || 'x')::INT AS a\nFROM range(5) r(i)");
    fake_task_text(s->task, "query_file", in_dir(s, "q.sql"));
    const struct fake_result *result = run_to(s, "t.parquet");
    assert_int_equal(result->status, FW_E_DATA);
    assert_non_null(strstr(result->fault, "Could not convert string '0x' to INT32"));
    assert_non_null(strstr(result->fault, in_dir(s, "q.sql:2")));
}

static void bytes_do_not_depend_on_threads(void **state)
{
    struct stage_fixture *s = *state;
    char command[256];

    sql_must(s->f, "COPY (SELECT i, hash(i) AS h FROM range(300000) r(i)) TO '%s'",
             in_dir(s, "in.parquet"));
    for (uint32_t threads = 1; threads <= 4; threads++) {
        char name[32];
        fake_task_destroy(s->task);
        s->task = fake_task_create(sql_fixture_kit(), "sql");
        fake_task_limits(s->task)->threads = threads;
        fake_task_input(s->task, "t", in_dir(s, "in.parquet"), NULL);
        fake_task_text(s->task, "query", "FROM t WHERE h % 3 = 0");
        snprintf(name, sizeof name, "%u.parquet", threads);
        run_ok(s, name);
        snprintf(command, sizeof command, "cmp '%s' '%s'", in_dir(s, "1.parquet"), in_dir(s, name));
        assert_int_equal(system(command), 0);
    }
}

static void goes_in_steps_and_can_be_cancelled(void **state)
{
    struct stage_fixture *s = *state;

    fake_task_text(s->task, "query",
                   "SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE "
                   "hash(a.range, b.range) % 3 = 1");
    fake_task_cancel_before_step(s->task, 3);
    const struct fake_result *result = run_to(s, "t.parquet");
    assert_int_equal(result->status, FW_E_CANCELLED);
    assert_int_equal(result->steps, 3);
}

static void passes_on_that_memory_ran_out(void **state)
{
    struct stage_fixture *s = *state;

    fake_task_limits(s->task)->engine_bytes = 20000000;
    fake_task_text(s->task, "query",
                   "SELECT string_agg(repeat('x', 1000), '') AS s FROM range(200000)");
    assert_int_equal(run_to(s, "t.parquet")->status, FW_E_NOMEM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        TEST(joins_tables_of_several_formats),
        TEST(reads_texts_as_they_are_and_says_their_file),
        TEST(writes_a_folder_of_parts),
        TEST(wants_one_query),
        TEST(refuses_two_queries),
        TEST(refuses_an_unknown_format),
        TEST(says_the_line_of_a_syntax_error),
        TEST(says_the_line_of_an_unknown_column),
        TEST(says_the_line_of_a_value_that_cannot_be),
        TEST(bytes_do_not_depend_on_threads),
        TEST(goes_in_steps_and_can_be_cancelled),
        TEST(passes_on_that_memory_ran_out),
    };
#undef TEST

    return cmocka_run_group_tests_name("sql", tests, sql_fixture_load, sql_fixture_unload);
}
