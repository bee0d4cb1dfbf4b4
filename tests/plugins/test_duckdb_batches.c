/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scatter/scatter.h"
#include "sql_fixture.h"

/* Rows out of the engine, through files, and back into it: query_parallel and attach_table. */

struct rows {
    struct sql_fixture *f;
    struct ArrowSchema schema;
    struct fw_scatter *scatter;
    struct fw_scatter_part *part;
    unsigned n_ends, n_batches; /* atomic */
    unsigned fail_at;           /* the batch that is refused; 0: none */
};

static fw_status take(void *arg, uint64_t query, struct ArrowArray *batch)
{
    struct rows *rows = arg;

    if (batch == NULL) {
        __atomic_add_fetch(&rows->n_ends, 1, __ATOMIC_SEQ_CST);
        return fw_scatter_flush(rows->scatter, query);
    }
    if (__atomic_add_fetch(&rows->n_batches, 1, __ATOMIC_SEQ_CST) == rows->fail_at) {
        batch->release(batch);
        return fw_faultf(rows->f->sql.host, FW_E_NOSPACE, NULL, NULL, "there is no room");
    }
    return fw_scatter_add(rows->scatter, query, batch);
}

static fw_status query(struct rows *rows, const char *const *queries, uint64_t n)
{
    static const char *const starts[] = {""};
    const struct fw_sql_handle *sql = &rows->f->sql;
    const struct fw_scatter_plan plan = {.folder = rows->f->dir,
                                         .starts = starts,
                                         .n_parts = 1,
                                         .entity = "e",
                                         .row = "i",
                                         .n_slots = n,
                                         .slot_bytes = 1 << 22,
                                         .part_bytes = 1 << 30};
    struct ArrowArrayStream stream;

    if (sql->api->query(sql->session, queries[0], &stream) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(rows->f->task));
    }
    assert_int_equal(stream.get_schema(&stream, &rows->schema), 0);
    stream.release(&stream);
    assert_int_equal(fw_scatter_open(sql->host, &plan, &rows->schema, &rows->scatter), FW_OK);
    return sql->api->query_parallel(sql->session, queries, n, &rows->schema, take, rows);
}

static void attach(struct rows *rows, const char *name)
{
    struct ArrowSchema schema;

    assert_int_equal(fw_scatter_part_open(rows->scatter, 0, &rows->part), FW_OK);
    assert_int_equal(fw_scatter_schema(rows->scatter, &schema), 0);
    fw_status status = rows->f->sql.api->attach_table(rows->f->sql.session, name, &schema,
                                                      fw_scatter_part_read, rows->part);
    if (status != FW_OK) {
        fail_msg("%s", fake_task_take_fault(rows->f->task));
    }
}

static void finish(struct rows *rows)
{
    fw_scatter_part_close(rows->part);
    fw_scatter_close(rows->scatter);
    rows->schema.release(&rows->schema);
}

#define ROWS                                                                                       \
    "SELECT i, (i %% 3)::VARCHAR AS e, i %% 2 = 0 AS b, (i %% 100)::TINYINT AS i1, i::UBIGINT AS " \
    "u8, "                                                                                         \
    "-i::HUGEINT AS i16, i / 3::FLOAT AS f4, (i %% 90 / 4)::DECIMAL(4, 2) AS d4, (i / "            \
    "4)::DECIMAL(38, 9) AS d38, CASE WHEN i %% 3 > 0 THEN repeat('é', i::INT %% 20) END AS s, "   \
    "('\\xAA' || i)::BLOB AS bl, DATE '1969-12-30' + i::INT AS dt, TIME '00:00:00' + "             \
    "to_seconds(i) AS tm, TIMESTAMP '1969-12-31' + to_hours(i) AS ts, (TIMESTAMP '1969-12-31' + "  \
    "to_hours(i))::TIMESTAMP_NS AS ns, (TIMESTAMP '1969-12-31' + to_hours(i))::TIMESTAMPTZ AS "    \
    "tz, to_days(i::INT) AS iv, CASE WHEN i %% 5 > 0 THEN md5(i::VARCHAR)::UUID END AS id, "       \
    "('{\"a\": ' || i || '}')::JSON AS js, CASE WHEN i %% 4 > 0 THEN range(i %% 6) END AS l, "     \
    "[repeat('x', i::INT %% 30), NULL, 'y'] AS ls, {'a': i, 'h': -i::HUGEINT, 'u': "               \
    "md5(i::VARCHAR)::UUID, 'j': '[1]'::JSON, 'tt': [i %% 2 = 0, NULL], 'b': [repeat('z', i::INT " \
    "%% 16)], "                                                                                    \
    "'c': {'d': i %% 7 = 0}} AS st, CASE WHEN i %% 9 > 0 THEN MAP {i: repeat('m', i::INT %% 15)} " \
    "END AS m, [i, NULL, 3]::BIGINT[3] AS ar FROM range(%d, %d) r(i)"

static void brings_rows_of_every_type_back(void **state)
{
    struct rows rows = {.f = *state};
    static char one[3400], other[3400];
    const char *const queries[] = {one, other};

    sql_must(rows.f, "SET arrow_lossless_conversion = true");
    snprintf(one, sizeof one, ROWS, 0, 7000);
    snprintf(other, sizeof other, ROWS, 7000, 12000);
    if (query(&rows, queries, 2) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(rows.f->task));
    }
    assert_int_equal(rows.n_ends, 2);
    attach(&rows, "in put");
    sql_must(rows.f, "CREATE TABLE kept AS FROM \"in put\"");
    sql_must(rows.f, "CREATE VIEW given AS %s UNION ALL %s", one, other);
    assert_string_equal(sql_cell(rows.f, "SELECT count(*) FROM kept"), "12000");
    assert_string_equal(sql_cell(rows.f, "SELECT count(*) FROM (FROM kept EXCEPT FROM given)"),
                        "0");
    assert_string_equal(sql_cell(rows.f, "SELECT count(*) FROM (SELECT name, type FROM "
                                         "pragma_table_info('kept') EXCEPT SELECT name, type FROM "
                                         "pragma_table_info('given'))"),
                        "0");
    assert_string_equal(
        sql_cell(rows.f,
                 "SELECT count(*) FROM (SELECT e, i, lag(e) OVER () AS e0, "
                 "lag(i) OVER () AS i0 FROM kept) WHERE e0 IS NOT NULL AND (e, i) < (e0, i0)"),
        "0");
    finish(&rows);
}

static const char small[] = "SELECT i, 'x' AS e, 'text of ' || i AS s FROM range(9000) r(i)";

static void reads_a_table_as_often_as_wanted(void **state)
{
    struct rows rows = {.f = *state};
    const char *const queries[] = {small};
    const char *const statements[] = {"CREATE TABLE a AS SELECT max(s) AS s FROM t WHERE i > 8990",
                                      "CREATE TABLE b AS SELECT s, i FROM t WHERE i = 8999"};

    assert_int_equal(query(&rows, queries, 1), FW_OK);
    attach(&rows, "t");
    assert_string_equal(sql_cell(rows.f, "SELECT count(*) FROM t"), "9000");
    assert_string_equal(sql_cell(rows.f, "SELECT sum(i)::BIGINT FROM t"), "40495500");
    assert_string_equal(sql_cell(rows.f, "SELECT count(*) FROM t JOIN (SELECT i AS k, s AS z FROM "
                                         "t) ON i = k AND s = z"),
                        "9000");
    assert_int_equal(rows.f->sql.api->exec_parallel(rows.f->sql.session, statements, 2, NULL),
                     FW_OK);
    assert_string_equal(sql_cell(rows.f, "SELECT a.s || b.s FROM a, b"),
                        "text of 8999text of 8999");
    assert_int_equal(rows.f->sql.api->detach(rows.f->sql.session, "t"), FW_OK);
    assert_int_equal(fw_sql_exec(&rows.f->sql, "FROM t"), FW_E_CONFIG);
    finish(&rows);
}

static void passes_on_why_a_batch_was_refused(void **state)
{
    struct rows rows = {.f = *state, .fail_at = 2};
    const char *const queries[] = {small, small};

    assert_int_equal(query(&rows, queries, 2), FW_E_NOSPACE);
    assert_string_equal(fake_task_take_fault(rows.f->task), "there is no room");
    assert_string_equal(sql_cell(rows.f, "SELECT 1"), "1");
    finish(&rows);
}

static void passes_on_why_a_query_failed(void **state)
{
    struct rows rows = {.f = *state};
    const char *const queries[] = {
        small, "SELECT i, e, CASE WHEN i = 8999 THEN error('too far') END::VARCHAR AS s FROM (FROM "
               "range(9000) r(i), (SELECT 'x' AS e))"};

    assert_int_equal(query(&rows, queries, 2), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(rows.f->task), "too far"));
    assert_true(rows.n_ends < 2);
    finish(&rows);
}

static void refuses_queries_of_other_columns(void **state)
{
    struct rows rows = {.f = *state};
    const char *const queries[] = {small, "SELECT i, 'x' AS e, [i] AS s FROM range(9) r(i)"};

    assert_int_equal(query(&rows, queries, 2), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(rows.f->task), "not those that are expected"));
    finish(&rows);
}

static int refuse(void *arg, const uint64_t *columns, uint64_t n_columns,
                  struct ArrowArrayStream *ret_stream)
{
    (void)arg;
    (void)columns;
    (void)n_columns;
    (void)ret_stream;
    return ENOMEM;
}

static void passes_on_why_a_table_cannot_be_read(void **state)
{
    struct rows rows = {.f = *state};
    const char *const queries[] = {small};
    struct ArrowSchema schema;

    assert_int_equal(query(&rows, queries, 1), FW_OK);
    assert_int_equal(fw_scatter_schema(rows.scatter, &schema), 0);
    assert_int_equal(rows.f->sql.api->attach_table(rows.f->sql.session, "t", &schema, refuse, NULL),
                     FW_OK);
    assert_null(schema.release);
    assert_int_equal(fw_sql_exec(&rows.f->sql, "CREATE TABLE x AS FROM t"), FW_E_NOMEM);
    assert_int_equal(fw_scatter_schema(rows.scatter, &schema), 0);
    assert_int_equal(rows.f->sql.api->attach_table(rows.f->sql.session, "t", &schema, refuse, NULL),
                     FW_E_CONFIG);
    assert_null(schema.release);
    finish(&rows);
}

static void is_for_query_parallel_alone(void **state)
{
    struct sql_fixture *f = *state;

    assert_int_not_equal(fw_sql_exec(&f->sql, "SELECT fw_taken(1, 2::BIGINT)"), FW_OK);
    assert_non_null(strstr(fake_task_take_fault(f->task), "query_parallel alone"));
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(brings_rows_of_every_type_back),    TEST(reads_a_table_as_often_as_wanted),
        TEST(passes_on_why_a_batch_was_refused), TEST(passes_on_why_a_query_failed),
        TEST(refuses_queries_of_other_columns),  TEST(passes_on_why_a_table_cannot_be_read),
        TEST(is_for_query_parallel_alone),
    };
    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}
