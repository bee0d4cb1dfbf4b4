/* SPDX-License-Identifier: MIT */
/* Rows that plugins/lib/parquet reads are those that the engine reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parquet_fixture.h"

/* Numbers, texts and times in every type that the engine writes and the reader knows; `i` is the
   row's number, NULL where `n` is. */
#define TYPES                                                                                      \
    "i::TINYINT AS a, i::SMALLINT AS b, i::INTEGER AS c, i::BIGINT * 1000000007 AS d, "            \
    "i::UTINYINT AS e, i::USMALLINT AS f, i::UINTEGER AS g, i::UBIGINT * 1000000007 AS h, "        \
    "i / 3.0::FLOAT AS j, (i / 7.0)::DOUBLE AS k, i % 3 = 0 AS l, "                                \
    "i::DECIMAL(4,1) AS m, (i * 1.25)::DECIMAL(9,2) AS n, (-i * 1.25)::DECIMAL(18,4) AS o, "       \
    "(-i * 123456789.25)::DECIMAL(38,6) AS p, DATE '2020-01-01' + i::INTEGER AS q, "               \
    "TIME '00:00:01' + to_milliseconds(i) AS r, TIMESTAMP '1969-12-31' + to_microseconds(i) AS "   \
    "s, (TIMESTAMP '2020-01-01' + to_milliseconds(i))::TIMESTAMP_MS AS t, "                        \
    "(TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMP_S AS u, "                                 \
    "(TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMP_NS AS v, "                                \
    "(TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMPTZ AS w, 'text ' || i AS x, "              \
    "repeat('\xc3\xa9', (i % 20)::INTEGER) || i % 4 AS y, ('blob' || i % 5)::BLOB AS z, "          \
    "(['low', 'mid', 'high'])[i % 3 + 1]::ENUM('low', 'mid', 'high') AS zz"

#define NESTED                                                                                     \
    "CASE WHEN i % 5 > 0 THEN [i, NULL, i + 1][1:(i % 4)] END AS a, "                              \
    "CASE WHEN i % 3 > 0 THEN {'x': CASE WHEN i % 2 = 0 THEN i END, 'y': 'text' || i % 10} END "   \
    "AS b, CASE WHEN i % 7 > 0 THEN [{'p': i, 'q': CASE WHEN i % 3 > 0 THEN ['a' || i, NULL] "     \
    "END}, NULL, {'p': NULL, 'q': []}][1:(i % 5)] END AS c, "                                      \
    "CASE WHEN i % 6 > 0 THEN [[i, i], [], NULL, [NULL]][1:(i % 6)] END AS d, "                    \
    "CASE WHEN i % 4 > 0 THEN map(['k' || coalesce(i, 0), 'l', 'm'][1:(i % 4)], [i, NULL, "        \
    "3][1:(i % 4)]) END "                                                                          \
    "AS e, {'u': {'v': {'w': i}}} AS f, CASE WHEN i % 2 = 0 THEN {'u': CASE WHEN i % 4 = 0 THEN "  \
    "{'v': [{'w': i}]} END} END AS g, map([coalesce(i, 0)], [[{'a': i, 'b': map(['z'], [i])}]]) "  \
    "AS h"

static const char *write(struct sql_fixture *f, const char *select, const char *options)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/a.parquet", f->dir);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet %s)", select, path, options);
    return path;
}

/* Without NULLs, with a few, with few values. */
static const char *const patterns[] = {
    "FROM (SELECT range % 100 AS i FROM range(2000))",
    "FROM (SELECT CASE WHEN range % 11 > 0 THEN range % 100 END AS i FROM range(2000))",
    "FROM (SELECT CASE WHEN range % 100 = 3 THEN range % 90 END AS i FROM range(2000))",
    "FROM (SELECT CASE WHEN range BETWEEN 300 AND 1200 THEN range % 77 END AS i FROM range(2000))",
    "FROM (SELECT range AS i FROM range(1))",
    "FROM (SELECT NULL::BIGINT AS i FROM range(17))",
    "FROM (SELECT range AS i FROM range(0))",
};

static void equal_in_every_pattern(struct sql_fixture *f, const char *columns, const char *options)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char query[4096];
        snprintf(query, sizeof query, "SELECT %s %s", columns, patterns[i]);
        parquet_must_equal(f, write(f, query, options));
    }
}

static void every_type_is_the_engines(void **state)
{
    equal_in_every_pattern(*state, TYPES, "");
}

static void types_without_dictionaries_are_the_engines(void **state)
{
    equal_in_every_pattern(*state, TYPES, ", DICTIONARY_SIZE_LIMIT 1");
}

/* Differences, lengths, split streams and runs of booleans. */
static void newer_encodings_are_the_engines(void **state)
{
    equal_in_every_pattern(*state, TYPES, ", PARQUET_VERSION v2");
    equal_in_every_pattern(*state, TYPES, ", PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1");
}

static void lists_structs_and_maps_are_the_engines(void **state)
{
    equal_in_every_pattern(*state, NESTED, "");
    equal_in_every_pattern(*state, NESTED, ", PARQUET_VERSION v2");
}

static void every_codec_unpacks(void **state)
{
    static const char *const codecs[] = {", CODEC uncompressed", ", CODEC snappy", ", CODEC gzip",
                                         ", CODEC zstd", ", CODEC lz4_raw"};

    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        parquet_must_equal(*state, write(*state,
                                         "SELECT range AS a, 'text ' || range % 9 AS b, [range, "
                                         "range] AS c FROM range(3000)",
                                         codecs[i]));
    }
}

static void rows_of_many_groups_follow_each_other(void **state)
{
    parquet_must_equal(*state, write(*state,
                                     "SELECT range AS a, 'text ' || range % 9 AS b, [range, "
                                     "range] AS c FROM range(20000)",
                                     ", ROW_GROUP_SIZE 2048"));
}

/* Opens what `select` gives as a file. */
static struct fw_parquet_reader *open_rows(struct sql_fixture *f, const char *select)
{
    struct fw_parquet_reader *reader = NULL;

    if (fw_parquet_reader_open(fake_task_host(f->task), write(f, select, ""), &reader) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return reader;
}

static void says_in_which_rows_there_is_something(void **state)
{
    static const char *const wanted[] = {"1011", "1011", "1101", "1100", "1111"};
    struct fw_parquet_reader *reader = open_rows(
        *state, "SELECT * FROM (VALUES ([1, NULL], 1, {'x': NULL, 'y': [1]}, map(['a'], [1]), 1), "
                "([], NULL, {'x': [2], 'y': [2]}, map([], []), 2), ([NULL], 2, NULL, NULL, 3), "
                "([1], 3, {'x': NULL, 'y': NULL}, NULL, 4)) t(a, b, c, d, e)");

    for (size_t i = 0; i < 5; i++) {
        uint8_t present[5] = {0};
        char text[5] = {0};
        assert_int_equal(fw_parquet_reader_present(reader, i, 0, present), FW_OK);
        for (size_t row = 0; row < 4; row++) {
            text[row] = (char)('0' + present[row]);
        }
        assert_string_equal(text, wanted[i]);
    }
    fw_parquet_reader_close(reader);
}

static struct fw_parquet_batch *batch_of(struct sql_fixture *f,
                                         const struct fw_parquet_reader *reader,
                                         const char *const *names, size_t n)
{
    struct fw_parquet_batch *batch = NULL;
    struct ArrowSchema schema;

    assert_int_equal(fw_parquet_reader_schema(reader, names, n, &schema), FW_OK);
    assert_int_equal(fw_parquet_batch_create(fake_task_host(f->task), &schema, &batch), FW_OK);
    schema.release(&schema);
    return batch;
}

static void a_column_of_another_type_does_not_fit(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a", "b"};
    const int64_t row = 0;
    struct fw_text why = {0};
    struct fw_parquet_reader *reader = open_rows(f, "SELECT 1::BIGINT AS a, [1.5::DOUBLE] AS b");
    struct fw_parquet_batch *batch = batch_of(f, reader, names, 2);

    assert_true(fw_parquet_batch_fits(batch, reader, &why));
    fw_parquet_reader_close(reader);
    reader = open_rows(f, "SELECT 1::BIGINT AS A, ['x'] AS b");
    assert_false(fw_parquet_batch_fits(batch, reader, &why));
    assert_string_equal(fw_text_get(&why), "column 'b': of type +L(U), which is not +L(g)");
    assert_int_equal(fw_parquet_batch_add(batch, reader, &row, 1), FW_E_UNSUPPORTED);
    assert_non_null(strstr(fake_task_take_fault(f->task), fw_text_get(&why)));
    fw_parquet_reader_close(reader);
    fw_parquet_batch_destroy(batch);
    fw_text_finish(&why);
}

/* The second file has no b, a in another case, and another order; so tables change. */
static void files_of_one_table_are_one_batch(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a", "b", "c"};
    static const int64_t rows[] = {0, 2};
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    struct fw_parquet_reader *reader = open_rows(
        f,
        "SELECT range::DECIMAL(9,2) AS a, [{'x': range}] AS b, range % 2 = 0 AS c FROM range(3)");
    struct fw_parquet_batch *batch = batch_of(f, reader, names, 3);

    assert_int_equal(fw_parquet_batch_add(batch, reader, rows, 2), FW_OK);
    fw_parquet_reader_close(reader);
    reader =
        open_rows(f, "SELECT NULL::BOOLEAN AS c, (range + 7)::DECIMAL(9,2) AS A FROM range(3)");
    assert_int_equal(fw_parquet_batch_add(batch, reader, rows, 2), FW_OK);
    assert_int_equal(fw_parquet_batch_schema(batch, &schema), FW_OK);
    assert_int_equal(fw_parquet_batch_take(batch, &array), FW_OK);
    fw_parquet_reader_close(reader);
    fw_parquet_batch_destroy(batch);
    parquet_stream(&schema, &array, &stream);
    assert_int_equal(f->sql.api->attach(f->sql.session, "got", &stream), FW_OK);
    assert_string_equal(
        sql_cell(f, "SELECT string_agg(concat_ws(' ', a, coalesce(b::VARCHAR, '-'), c), '; ') FROM "
                    "got"),
        "0.00 [{'x': 0}] true; 2.00 [{'x': 2}] true; 7.00 -; 9.00 -");
}

/* Delta tables are widened so: older files stay as they are. */
static void narrower_numbers_are_widened(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    static const int64_t rows[] = {0, 1};
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    struct fw_parquet_reader *reader =
        open_rows(f, "SELECT 1::BIGINT AS a, 2::INTEGER AS b, 3::UBIGINT AS c, 4::DOUBLE AS d, "
                     "[{'x': 5::BIGINT}] AS e FROM range(2)");
    struct fw_parquet_batch *batch = batch_of(f, reader, names, 5);

    fw_parquet_reader_close(reader);
    reader = open_rows(f, "SELECT -7::INTEGER AS a, -8::TINYINT AS b, 4000000000::UINTEGER AS c, "
                          "-1.5::FLOAT AS d, [{'x': -9::SMALLINT}] AS e UNION ALL SELECT NULL, "
                          "NULL, NULL, NULL, NULL");
    assert_int_equal(fw_parquet_batch_add(batch, reader, rows, 2), FW_OK);
    assert_int_equal(fw_parquet_batch_schema(batch, &schema), FW_OK);
    assert_int_equal(fw_parquet_batch_take(batch, &array), FW_OK);
    fw_parquet_reader_close(reader);
    fw_parquet_batch_destroy(batch);
    parquet_stream(&schema, &array, &stream);
    assert_int_equal(f->sql.api->attach(f->sql.session, "got", &stream), FW_OK);
    assert_string_equal(sql_cell(f, "SELECT string_agg(got::VARCHAR, '; ') || typeof(first(got)) "
                                    "FROM got"),
                        "{'a': -7, 'b': -8, 'c': 4000000000, 'd': -1.5, 'e': [{'x': -9}]}; {'a': "
                        "NULL, 'b': NULL, 'c': NULL, 'd': NULL, 'e': NULL}STRUCT(a BIGINT, b "
                        "INTEGER, c UBIGINT, d DOUBLE, e STRUCT(x BIGINT)[])");
}

static void rows_out_of_order_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a"};
    static const int64_t bad[][2] = {{2, 1}, {1, 1}, {-1, 0}, {0, 3}};
    struct fw_parquet_reader *reader = open_rows(f, "SELECT range AS a FROM range(3)");
    struct fw_parquet_batch *batch = batch_of(f, reader, names, 1);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(fw_parquet_batch_add(batch, reader, bad[i], 2), FW_E_ARG);
        assert_non_null(strstr(fake_task_take_fault(f->task), "a.parquet"));
    }
    fw_parquet_batch_destroy(batch);
    fw_parquet_reader_close(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_the_engines),
        TEST(types_without_dictionaries_are_the_engines),
        TEST(newer_encodings_are_the_engines),
        TEST(lists_structs_and_maps_are_the_engines),
        TEST(every_codec_unpacks),
        TEST(rows_of_many_groups_follow_each_other),
        TEST(says_in_which_rows_there_is_something),
        TEST(a_column_of_another_type_does_not_fit),
        TEST(files_of_one_table_are_one_batch),
        TEST(narrower_numbers_are_widened),
        TEST(rows_out_of_order_are_refused),
    };
    return cmocka_run_group_tests_name("parquet_read", tests, sql_fixture_load, sql_fixture_unload);
}
