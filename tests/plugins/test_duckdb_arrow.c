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

#include "sql_fixture.h"

/* A hand-made producer: batches of BATCH rows (n BIGINT, s VARCHAR), cut out of longer arrays. */
enum { BATCH = 5000, SKIPPED = 3 };

struct producer {
    int64_t n_batches;
    int64_t made;
    int fail_code; /* after the batches; 0: a proper end */
    int n_released;
    int64_t numbers[SKIPPED + BATCH];
    int32_t offsets[SKIPPED + BATCH + 1];
    uint8_t validity[(SKIPPED + BATCH) / 8 + 1];
    char text[(SKIPPED + BATCH) * 4];
    struct ArrowArray columns[2], *children[2];
    struct ArrowSchema fields[2], *field_pointers[2];
    const void *buffers[2][3], *no_buffer;
};

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    struct producer *p = stream->private_data;
    static const char *const formats[] = {"l", "u"}, *const names[] = {"n", "s"};

    for (int i = 0; i < 2; i++) {
        p->fields[i] = (struct ArrowSchema){.format = formats[i],
                                            .name = names[i],
                                            .flags = ARROW_FLAG_NULLABLE,
                                            .release = release_schema};
        p->field_pointers[i] = &p->fields[i];
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = 2,
                                .children = p->field_pointers,
                                .release = release_schema};
    return 0;
}

/* Row i of the stream is (i, text of i % 1000), every seventh text NULL. */
static void fill(struct producer *p)
{
    char *at = p->text;

    memset(p->validity, 0, sizeof p->validity);
    for (int64_t i = 0; i < SKIPPED + BATCH; i++) {
        int64_t row = p->made * BATCH + i - SKIPPED;
        p->numbers[i] = row;
        p->offsets[i] = (int32_t)(at - p->text);
        if (row % 7 != 0) {
            at += sprintf(at, "%lld", (long long)(row < 0 ? 0 : row % 1000));
            p->validity[i / 8] |= (uint8_t)(1 << i % 8);
        }
    }
    p->offsets[SKIPPED + BATCH] = (int32_t)(at - p->text);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct producer *p = stream->private_data;

    if (p->made == p->n_batches) {
        *ret = (struct ArrowArray){0};
        return p->fail_code;
    }
    fill(p);
    p->made++;
    p->buffers[0][1] = p->numbers;
    p->buffers[1][0] = p->validity;
    p->buffers[1][1] = p->offsets;
    p->buffers[1][2] = p->text;
    for (int i = 0; i < 2; i++) {
        p->columns[i] = (struct ArrowArray){.length = SKIPPED + BATCH,
                                            .null_count = i == 0 ? 0 : -1,
                                            .n_buffers = i == 0 ? 2 : 3,
                                            .buffers = p->buffers[i],
                                            .release = release_array};
        p->children[i] = &p->columns[i];
    }
    *ret = (struct ArrowArray){.length = BATCH,
                               .offset = SKIPPED,
                               .n_buffers = 1,
                               .buffers = &p->no_buffer,
                               .n_children = 2,
                               .children = p->children,
                               .release = release_array};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the producer has had enough";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    struct producer *p = stream->private_data;

    p->n_released++;
    stream->release = NULL;
}

static struct producer *produce(struct ArrowArrayStream *ret, int64_t n_batches, int fail_code)
{
    struct producer *p = calloc(1, sizeof *p);

    p->n_batches = n_batches;
    p->fail_code = fail_code;
    *ret = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release_stream,
                                     .private_data = p};
    return p;
}

static void reads_batches_of_any_size_and_offset(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct producer *p = produce(&stream, 3, 0);

    assert_int_equal(f->sql.api->attach(f->sql.session, "in put", &stream), FW_OK);
    sql_must(f, "CREATE TABLE t AS FROM \"in put\"");
    assert_int_equal(fw_sql_rows_changed(&f->sql), 15000);
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FILTER (s IS DISTINCT FROM CASE WHEN n %% 7 <> 0 THEN "
                    "(n %% 1000)::VARCHAR END OR n <> rowid) FROM t"),
        "0");
    assert_int_equal(f->sql.api->detach(f->sql.session, "in put"), FW_OK);
    assert_int_equal(p->n_released, 1);
    free(p);
}

static void reads_a_stream_once(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct producer *p = produce(&stream, 1, 0);

    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM t"), "5000");
    assert_int_equal(fw_sql_exec(&f->sql, "FROM t"), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "only once"));
    fw_sql_handle_close(&f->sql);
    assert_int_equal(p->n_released, 1);
    free(p);
}

static void reads_an_empty_stream(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct producer *p = produce(&stream, 0, 0);

    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    assert_string_equal(sql_cell(f, "SELECT count(*) || typeof(first(s)) FROM t"), "0VARCHAR");
    fw_sql_handle_close(&f->sql);
    free(p);
}

static void passes_on_why_a_stream_failed(void **state)
{
    struct sql_fixture *f = *state;
    static const struct {
        int code;
        fw_status status;
    } cases[] = {{ENOMEM, FW_E_NOMEM}, {ECANCELED, FW_E_CANCELLED}, {EINVAL, FW_E_DATA}};

    for (size_t i = 0; i < FW_COUNT(cases); i++) {
        struct ArrowArrayStream stream;
        struct producer *p = produce(&stream, 2, cases[i].code);
        assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
        assert_int_equal(fw_sql_exec(&f->sql, "CREATE TABLE x AS FROM t"), cases[i].status);
        assert_non_null(strstr(fake_task_take_fault(f->task), "has had enough"));
        assert_int_equal(f->sql.api->detach(f->sql.session, "t"), FW_OK);
        free(p);
    }
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT nothing"), FW_E_CONFIG);
}

static void takes_the_stream_also_on_failure(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct producer *p = produce(&stream, 1, 0);

    sql_must(f, "CREATE TABLE t (a INT)");
    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_E_CONFIG);
    assert_int_equal(p->n_released, 1);
    assert_null(stream.release);
    assert_int_equal(f->sql.api->detach(f->sql.session, "t"), FW_E_ARG);
    free(p);
}

/* Out of one session, into another, with every type that Parquet files may bring. */
static void carries_every_type_from_session_to_session(void **state)
{
    static const char query[] =
        "SELECT i, i % 2 = 0 AS b, i::TINYINT AS i1, i::UBIGINT AS u8, -i::HUGEINT AS i16, "
        "i / 3::FLOAT AS f4, i / 7 AS f8, (i / 4)::DECIMAL(4, 2) AS d4, (i / 4)::DECIMAL(38, 9) "
        "AS d38, CASE WHEN i % 3 > 0 THEN repeat('é', i::INT % 20) END AS s, "
        "('\\xAA' || i)::BLOB AS bl, DATE '1969-12-30' + i::INT AS dt, TIME '00:00:00' + "
        "to_seconds(i) AS tm, TIMESTAMP '1969-12-31' + to_hours(i) AS ts, "
        "(TIMESTAMP '1969-12-31' + to_hours(i))::TIMESTAMP_S AS ts_s, "
        "(TIMESTAMP '1969-12-31' + to_hours(i))::TIMESTAMP_NS AS ts_ns, "
        "(TIMESTAMP '1969-12-31' + to_hours(i))::TIMESTAMPTZ AS tz, "
        "CASE WHEN i % 4 > 0 THEN [i, NULL] END AS l, "
        "CASE WHEN i % 5 > 0 THEN {'a': i, 'b': ['x' || i]} END AS st, "
        "MAP {'k' || i: [i]} AS m, [i, i + 1]::BIGINT[2] AS ar, "
        "(CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END)::ENUM ('odd', 'even') AS e, "
        "[{'d': DATE '2000-01-01' + i::INT}] AS ld FROM range(100) r(i)";
    struct sql_fixture *f = *state;
    struct fw_sql_handle other;
    struct ArrowArrayStream stream;

    assert_int_equal(fw_sql_handle_open(&other, fake_task_host(f->task)), FW_OK);
    assert_int_equal(other.api->query(other.session, query, &stream), FW_OK);
    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    sql_must(f, "CREATE TABLE carried AS FROM t");
    sql_must(f, "CREATE TABLE made AS %s", query);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM carried JOIN made USING (i) WHERE "
                                    "carried::VARCHAR = made::VARCHAR"),
                        "100");
    assert_string_equal(
        sql_cell(f, "SELECT string_agg(column_name || ' ' || b.column_type || ' ' || "
                    "a.column_type, ', ') FROM (DESCRIBE carried) a JOIN (DESCRIBE made) b USING "
                    "(column_name) WHERE a.column_type <> b.column_type"),
        "i16 HUGEINT DECIMAL(38,0), e ENUM('odd', 'even') VARCHAR");
    assert_int_equal(f->sql.api->detach(f->sql.session, "t"), FW_OK);
    fw_sql_handle_close(&other);
}

static void keeps_the_order_on_its_way_to_parquet(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct producer *p = produce(&stream, 40, 0);

    assert_int_equal(f->sql.api->attach(f->sql.session, "t", &stream), FW_OK);
    sql_must(f, "COPY t TO '%s/t.parquet' (ROW_GROUP_SIZE 4096)", f->dir);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) || ' ' || count(*) FILTER (n <> "
                                 "file_row_number) FROM read_parquet('%s/t.parquet', "
                                 "file_row_number = true)",
                                 f->dir),
                        "200000 0");
    fw_sql_handle_close(&f->sql);
    free(p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(reads_batches_of_any_size_and_offset),
        TEST(reads_a_stream_once),
        TEST(reads_an_empty_stream),
        TEST(passes_on_why_a_stream_failed),
        TEST(takes_the_stream_also_on_failure),
        TEST(carries_every_type_from_session_to_session),
        TEST(keeps_the_order_on_its_way_to_parquet),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb arrow", tests, sql_fixture_load, sql_fixture_unload);
}
