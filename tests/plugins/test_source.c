/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/source.h"
#include "sql_fixture.h"
#include "test_files.h"

/* Opens FOLDER/a, FOLDER/b, ...; the list ends with NULL. */
static fw_status try_open(struct sql_fixture *f, const struct fw_source_options *options,
                          struct fw_source **ret_source, ...)
{
    char *paths[8];
    size_t n = 0;
    va_list names;
    va_start(names, ret_source);
    for (const char *name; (name = va_arg(names, const char *)) != NULL;) {
        paths[n++] = test_path(f->dir, "%s", name);
    }
    va_end(names);
    fw_status status = fw_source_open(&f->sql, (const char *const *)paths, n, options, ret_source);
    while (n > 0) {
        free(paths[--n]);
    }
    return status;
}

static struct fw_source *must_open(struct sql_fixture *f, const struct fw_source_options *options,
                                   const char *name)
{
    struct fw_source *source = NULL;
    if (try_open(f, options, &source, name, NULL) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return source;
}

static void expect_refusal(struct sql_fixture *f, const char *name, fw_status status,
                           const char *words)
{
    struct fw_source *source = NULL;
    fw_status got = try_open(f, NULL, &source, name, NULL);
    const char *fault = fake_task_take_fault(f->task);
    if (got != status || strstr(fault, words) == NULL) {
        fail_msg("%d instead of %d, '%s' without '%s'", got, status, fault, words);
    }
}

/* `what` over the slice, as text. */
static const char *ask(struct sql_fixture *f, const struct fw_source *source,
                       const struct fw_source_slice *slice, const char *what)
{
    struct fw_text query = {0};
    fw_text_appendf(&query, "SELECT %s FROM ", what);
    fw_source_scan(source, slice, &query);
    const char *cell = sql_cell(f, "%s", fw_text_get(&query));
    fw_text_finish(&query);
    return cell;
}

/* All rows, cells joined by commas and rows by blanks. */
static const char *rows_of(struct sql_fixture *f, const struct fw_source *source,
                           const struct fw_source_slice *slice)
{
    return ask(f, source, slice,
               "string_agg(concat_ws(',', *COLUMNS(c -> c NOT LIKE 'fw_%')), ' ' ORDER BY fw_file, "
               "fw_row)");
}

static void expect_types(const struct fw_source *source, const char *expected)
{
    char joined[1024] = "";
    for (size_t i = 0; i < source->n_columns; i++) {
        size_t n = strlen(joined);
        snprintf(joined + n, sizeof joined - n, "%s%s %s", i > 0 ? ", " : "",
                 source->columns[i].name, source->columns[i].sql_type);
    }
    assert_string_equal(joined, expected);
}

static void a_folder_of_parts_is_one_table(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "t/b=2/sub/readme", "no data");
    test_file_write(f->dir, "t/_hidden/x.parquet", "no data");
    test_file_write(f->dir, "t/.hidden.parquet", "no data");
    sql_must(f, "COPY (SELECT 2 AS a) TO '%s/t/b=2/sub/x.parquet'", f->dir);
    sql_must(f, "COPY (SELECT 1 AS a) TO '%s/t/Part.PARQUET' (FORMAT parquet)", f->dir);
    struct fw_source *source = must_open(f, NULL, "t");
    assert_int_equal(source->kind, FW_SOURCE_PARQUET);
    assert_int_equal(source->version, -1);
    expect_types(source, "a INTEGER");
    assert_int_equal(source->n_files, 2);
    assert_string_equal(source->files[0].name, "Part.PARQUET");
    assert_string_equal(source->files[1].name, "b=2/sub/x.parquet");
    assert_string_equal(rows_of(f, source, NULL), "1 2");
    fw_source_close(source);
}

/* Column a counts from 1, without any ORDER BY. */
static void expect_scan_order(struct sql_fixture *f, const struct fw_source *source)
{
    struct fw_text query = {0};
    struct fw_sql_grid rows;
    fw_text_append(&query, "SELECT a FROM ");
    fw_source_scan(source, NULL, &query);
    assert_int_equal(fw_sql_grid(&f->sql, &rows, fw_text_get(&query)), FW_OK);
    for (size_t i = 0; i < rows.n_rows; i++) {
        assert_int_equal(strtoul(fw_sql_cell(&rows, i, 0), NULL, 10), i + 1);
    }
    fw_sql_grid_finish(&rows);
    fw_text_finish(&query);
}

static void the_order_of_the_paths_does_not_matter(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "x/readme", "");
    test_file_write(f->dir, "y/readme", "");
    sql_must(f, "COPY (SELECT unnest([3, 4]) AS a) TO '%s/y/p.parquet'", f->dir);
    sql_must(f, "COPY (SELECT unnest([1, 2]) AS a) TO '%s/x/p.parquet'", f->dir);
    for (int i = 0; i < 2; i++) {
        struct fw_source *source = NULL;
        assert_int_equal(i == 0 ? try_open(f, NULL, &source, "x/p.parquet", "y/p.parquet", NULL)
                                : try_open(f, NULL, &source, "y/p.parquet", "x", NULL),
                         FW_OK);
        assert_string_equal(source->files[0].name, "x/p.parquet");
        assert_string_equal(rows_of(f, source, NULL), "1 2 3 4");
        expect_scan_order(f, source);
        fw_source_close(source);
    }
}

static void parts_with_other_columns_are_united(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "t/readme", "");
    sql_must(f, "COPY (SELECT 1::SMALLINT AS a, {x: 1, y: 'q'} AS s) TO '%s/t/1.parquet'", f->dir);
    sql_must(
        f, "COPY (SELECT 'w' AS b, {y: 'r', z: 2.5::DOUBLE} AS s, 70000 AS a) TO '%s/t/2.parquet'",
        f->dir);
    sql_must(f, "COPY (SELECT 3::SMALLINT AS a, {x: 3, y: 's'} AS s) TO '%s/t/3.parquet'", f->dir);
    struct fw_source *source = must_open(f, NULL, "t");
    expect_types(source, "a INTEGER, s STRUCT(x INTEGER, y VARCHAR, z DOUBLE), b VARCHAR");
    assert_string_equal(ask(f, source, NULL,
                            "string_agg(concat_ws(' ', a, coalesce(b, '-'), s), '; ' ORDER BY "
                            "fw_file)"),
                        "1 - {'x': 1, 'y': q, 'z': NULL}; 70000 w {'x': NULL, 'y': r, 'z': 2.5}; "
                        "3 - {'x': 3, 'y': s, 'z': NULL}");
    fw_source_close(source);
}

static void a_slice_is_files_columns_or_rows(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const columns[] = {"b", "a"};
    test_file_write(f->dir, "t/readme", "");
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT %d * 5000 + range AS a, 'x' AS b FROM range(5000)) TO "
                 "'%s/t/%d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 i, f->dir, i);
    }
    struct fw_source *source = must_open(f, NULL, "t");
    const struct fw_source_slice some_files = {.first_file = 1, .n_files = 2};
    const struct fw_source_slice last = {.first_file = 2};
    const struct fw_source_slice rows = {.first_file = 1, .first_row = 2048, .n_rows = 2048};
    const struct fw_source_slice picked = {.columns = columns, .n_columns = 2};
    assert_string_equal(ask(f, source, &some_files, "concat_ws(' ', min(a), max(a), min(fw_file))"),
                        "5000 14999 1");
    assert_string_equal(ask(f, source, &last, "concat_ws(' ', min(a), count(*))"), "10000 5000");
    assert_string_equal(
        ask(f, source, &rows, "concat_ws(' ', min(a), max(a), min(fw_row), any_value(fw_file))"),
        "7048 9095 2048 1");
    struct fw_text query = {0};
    fw_text_append(&query, "FROM (DESCRIBE FROM ");
    fw_source_scan(source, &picked, &query);
    fw_text_append(&query, ") SELECT string_agg(column_name || ' ' || column_type, ', ')");
    assert_string_equal(sql_cell(f, "%s", fw_text_get(&query)),
                        "b VARCHAR, a BIGINT, fw_file INTEGER, fw_row BIGINT");
    fw_text_finish(&query);

    int64_t *groups = NULL, n_rows = 0;
    size_t n = 0;
    assert_int_equal(fw_source_row_groups(source, 1, &groups, &n), FW_OK);
    assert_int_equal(n, 3);
    assert_int_equal(groups[0], 2048);
    assert_int_equal(groups[2], 904);
    free(groups);
    assert_int_equal(fw_source_count(source, &n_rows), FW_OK);
    assert_int_equal(n_rows, 15000);
    assert_int_equal(fw_source_row_groups(source, 3, &groups, &n), FW_E_ARG);
    fw_source_close(source);
}

static void types_come_in_deltas_words_too(void **state)
{
    static const struct {
        const char *name, *type;
        bool nested;
    } expected[] = {
        {"a", "long", false},
        {"b", "decimal(10,2)", false},
        {"c", "timestamp", false},
        {"d", "timestamp_ntz", false},
        {"e", "array<array<string>>", true},
        {"f", "map<string,double>", true},
        {"g", "struct<x y:date,q\"r:array<struct<k:byte>>,s:boolean>", true},
        {"h", "string", false},
        {"i", "binary", false},
        {"j", "long", false},
        {"k", "float", false},
    };
    struct sql_fixture *f = *state;
    sql_must(
        f,
        "COPY (SELECT 1::BIGINT AS a, 1::DECIMAL(10,2) AS b, now() AS c, now()::TIMESTAMP AS d, "
        "[['x']] AS e, MAP {'k': 1::DOUBLE} AS f, {'x y': DATE '2020-01-01', 'q\"r': [{k: "
        "1::TINYINT}], s: true} AS g, uuid() AS h, 'x'::BLOB AS i, 1::UINTEGER AS j, 1::FLOAT "
        "AS k) TO '%s/t.parquet'",
        f->dir);
    struct fw_source *source = must_open(f, NULL, "t.parquet");
    assert_int_equal(source->n_columns, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < source->n_columns; i++) {
        const struct fw_source_column *column = fw_source_column(source, expected[i].name);
        assert_non_null(column);
        assert_string_equal(column->type, expected[i].type);
        assert_int_equal(column->nested, expected[i].nested);
    }
    assert_null(fw_source_column(source, "A"));
    assert_string_equal(ask(f, source, NULL, "g.\"x y\""), "2020-01-01");
    fw_source_close(source);
}

#define FIELD(name, type)                                                                          \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type                                        \
    "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define TABLE(fields, partitions)                                                                  \
    "{\"protocol\":{\"minReaderVersion\":1}}\n"                                                    \
    "{\"metaData\":{\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" fields       \
    "]}\",\"partitionColumns\":[" partitions "]}}\n"
#define COMMIT "t/_delta_log/00000000000000000000.json"

static const char every_partition_type[] = TABLE(
    FIELD("i", "integer") "," FIELD("a", "long") "," FIELD("d", "date") ","              //
    FIELD("t", "timestamp") "," FIELD("n", "decimal(8,2)") "," FIELD("b", "boolean") "," //
    FIELD("x", "double") "," FIELD("z", "binary") "," FIELD("it's", "string"),
    "\"d\",\"i\",\"t\",\"n\",\"b\",\"x\",\"z\",\"it's\"") "{\"add\":{\"path\":\"1.parquet\","
                                                          "\"size\":1,\"partitionValues\":{\"i\":"
                                                          "\"7\","
                                                          "\"d\":\"2020-02-29\",\"t\":\"2021-01-01 "
                                                          "01:02:03.5\",\"n\":\"-1.50\",\"b\":"
                                                          "\"true\","
                                                          "\"x\":\"NaN\",\"z\":\"\\\\x41\",\"it'"
                                                          "s\":\"o'clock\"}}}\n"
                                                          "{\"add\":{\"path\":\"2.parquet\","
                                                          "\"size\":1,\"partitionValues\":{\"i\":"
                                                          "null,\"d\":\"\"}}}\n";

static void partition_values_have_the_columns_type(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, COMMIT, every_partition_type);
    sql_must(f, "COPY (SELECT unnest([10, 11]) AS a) TO '%s/t/1.parquet'", f->dir);
    sql_must(f, "COPY (SELECT 20::BIGINT AS a) TO '%s/t/2.parquet'", f->dir);
    struct fw_source *source = must_open(f, NULL, "t");
    static const char *const alone[] = {"i", "it's"};
    const struct fw_source_slice only_partitions = {.columns = alone, .n_columns = 2};
    const struct fw_source_slice first = {.n_files = 1};
    assert_string_equal(
        ask(f, source, NULL,
            "string_agg(concat_ws('|', a, d, i, t, n, b, x, z, \"it's\"), ' ; ' "
            "ORDER BY a)"),
        "10|2020-02-29|7|2021-01-01 01:02:03.5+00|-1.50|true|nan|\\x5Cx41|o'clock ; "
        "11|2020-02-29|7|2021-01-01 01:02:03.5+00|-1.50|true|nan|\\x5Cx41|o'clock ; "
        "20");
    assert_string_equal(ask(f, source, &only_partitions, "string_agg(i, ' ') || count(*)"), "7 73");
    assert_string_equal(ask(f, source, &first, "sum(i)"), "14");
    fw_source_close(source);
}

static void a_table_without_files_has_no_rows(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, COMMIT, TABLE(FIELD("a", "long"), ""));
    struct fw_source *source = must_open(f, NULL, "t");
    int64_t rows = -1;
    assert_int_equal(fw_source_count(source, &rows), FW_OK);
    assert_int_equal(rows, 0);
    assert_string_equal(ask(f, source, NULL, "count(*) || coalesce(typeof(any_value(a)), '')"),
                        "0BIGINT");
    fw_source_close(source);
}

static void csv_columns_are_typed_by_all_their_values(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "t.csv",
                    "cik,n,x,b,d,t,e,big,mixed,offset\r\n"
                    "0001,1,1.5,true,2020-01-01,2020-01-01 10:00:00,,9223372036854775808,1,2020-01-"
                    "01 10:00:00+02\r\n"
                    "12,-2,1e3,FALSE,2020-02-29,2020-01-01T11:00,\"\",1,\"a,\"\"b\",\r\n");
    struct fw_source *source = must_open(f, NULL, "t.csv");
    assert_int_equal(source->kind, FW_SOURCE_CSV);
    expect_types(source, "cik VARCHAR, n BIGINT, x DOUBLE, b BOOLEAN, d DATE, t TIMESTAMP, "
                         "e VARCHAR, big DOUBLE, mixed VARCHAR, offset VARCHAR");
    assert_string_equal(ask(f, source, NULL, "string_agg(cik, ' ' ORDER BY fw_row)"), "0001 12");
    assert_string_equal(ask(f, source, NULL, "sum(n) || ' ' || sum(x) || ' ' || count(e)"),
                        "-1 1001.5 0");
    assert_string_equal(ask(f, source, NULL, "max(mixed) || max(t) || max(fw_row)"),
                        "a,\"b2020-01-01 11:00:001");
    const struct fw_source_options texts = {.all_varchar = true};
    fw_source_close(source);
    source = must_open(f, &texts, "t.csv");
    assert_string_equal(source->columns[1].sql_type, "VARCHAR");
    fw_source_close(source);
}

static void csv_files_are_united_by_their_headers(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "2.tsv", "a\tb\n3\tx\n4\t\"y\n");
    test_file_write(f->dir, "1.tsv", "b\tc\n\"q\t1.0\n");
    struct fw_source *source = NULL;
    const struct fw_source_options unquoted = {.quote = ""};
    assert_int_equal(try_open(f, &unquoted, &source, "2.tsv", "1.tsv", NULL), FW_OK);
    expect_types(source, "b VARCHAR, c DOUBLE, a BIGINT");
    assert_string_equal(rows_of(f, source, NULL), "\"q,1.0 x,3 \"y,4");
    const struct fw_source_slice second = {.first_file = 1, .first_row = 1, .n_rows = 5};
    assert_string_equal(rows_of(f, source, &second), "\"y,4");
    int64_t rows = 0;
    assert_int_equal(fw_source_count(source, &rows), FW_OK);
    assert_int_equal(rows, 3);
    fw_source_close(source);
}

static void packed_csv_and_its_options_are_read(void **state)
{
    struct sql_fixture *f = *state;
    sql_must(f,
             "COPY (SELECT unnest(['n/a', '7']) AS a, 'x' AS b) TO '%s/t.csv.gz' (HEADER false, "
             "DELIM ';')",
             f->dir);
    const struct fw_source_options options = {.delim = ";", .nullstr = "n/a", .no_header = true};
    struct fw_source *source = must_open(f, &options, "t.csv.gz");
    expect_types(source, "column0 BIGINT, column1 VARCHAR");
    assert_string_equal(ask(f, source, NULL, "count(*) || ' ' || sum(column0)"), "2 7");
    fw_source_close(source);
}

static void many_csv_files_do_not_nest_too_deep(void **state)
{
    struct sql_fixture *f = *state;
    enum { N = 1200 };
    char *paths[N];
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "%04d.csv", i);
        test_file_write(f->dir, name, "a\n1\n");
        paths[i] = test_path(f->dir, "%s", name);
    }
    struct fw_source *source = NULL;
    const struct fw_source_options texts = {.all_varchar = true};
    assert_int_equal(fw_source_open(&f->sql, (const char *const *)paths, N, &texts, &source),
                     FW_OK);
    assert_string_equal(ask(f, source, NULL, "count(DISTINCT fw_file)"), "1200");
    fw_source_close(source);
    for (int i = 0; i < N; i++) {
        free(paths[i]);
    }
}

static void what_cannot_be_read_is_named(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "empty/readme", "");
    test_file_write(f->dir, "loop/readme", "");
    test_file_write(f->dir, "cut/a.parquet", "PAR1 and then nothing");
    test_file_write(f->dir, "short.parquet", "PAR1");
    test_file_write(f->dir, "notes.md", "text");
    test_file_write(f->dir, "empty.csv", "");
    test_file_write(f->dir, "ragged.csv", "a,b\n1,2\n1,2,3\n");
    char *loop = test_path(f->dir, "loop/again");
    assert_int_equal(symlink("..", loop), 0);
    free(loop);
    sql_must(f, "COPY (SELECT 1 AS file_row_number) TO '%s/taken.parquet'", f->dir);
    expect_refusal(f, "nowhere", FW_E_MISSING, "/nowhere");
    expect_refusal(f, "empty", FW_E_MISSING, "holds no *.parquet");
    expect_refusal(f, "loop", FW_E_IO, "leads back");
    expect_refusal(f, "cut", FW_E_DATA, "cut/a.parquet");
    expect_refusal(f, "short.parquet", FW_E_DATA, "cut short");
    expect_refusal(f, "notes.md", FW_E_UNSUPPORTED, "notes.md");
    expect_refusal(f, "empty.csv", FW_E_DATA, "is empty");
    expect_refusal(f, "ragged.csv", FW_E_DATA, "ragged.csv");
    expect_refusal(f, "taken.parquet", FW_E_UNSUPPORTED, "file_row_number");
}

static void inputs_that_do_not_go_together_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_source *source = NULL;
    test_file_write(f->dir, "a.csv", "a\n1\n");
    test_file_write(f->dir, "d/_delta_log/00000000000000000000.json", "");
    sql_must(f, "COPY (SELECT 1 AS a) TO '%s/a.parquet'", f->dir);
    assert_int_equal(try_open(f, NULL, &source, "a.csv", "a.parquet", NULL), FW_E_CONFIG);
    assert_int_equal(try_open(f, NULL, &source, "a.csv", "a.csv", NULL), FW_E_CONFIG);
    assert_int_equal(try_open(f, NULL, &source, "a.parquet", "d", NULL), FW_E_UNSUPPORTED);
    assert_int_equal(try_open(f, NULL, &source, NULL), FW_E_ARG);
    assert_null(source);
}

/* Bytes in the middle of the data: the footer is good, so opening is fine and scanning is not. */
static void a_corrupt_page_is_named_by_the_scan(void **state)
{
    struct sql_fixture *f = *state;
    sql_must(
        f, "COPY (SELECT range AS a, md5(range::VARCHAR) AS b FROM range(20000)) TO '%s/t.parquet'",
        f->dir);
    char *path = test_path(f->dir, "t.parquet");
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, 300000, SEEK_SET), 0);
    for (int i = 0; i < 4000; i++) {
        assert_int_equal(fputc(0xff, file), 0xff);
    }
    assert_int_equal(fclose(file), 0);
    struct fw_source *source = must_open(f, NULL, "t.parquet");
    struct fw_text query = {0};
    int64_t n = 0;
    fw_text_append(&query, "SELECT max(length(b)) FROM ");
    fw_source_scan(source, NULL, &query);
    assert_int_equal(fw_sql_int64(&f->sql, &n, fw_text_get(&query)), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), path));
    fw_text_finish(&query);
    fw_source_close(source);
    free(path);
}

/* Of many failures the engine itself does not say where they come from. */
static void a_failed_scan_says_of_which_file(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "t/readme", "");
    sql_must(f, "COPY (SELECT 1 AS a) TO '%s/t/1.parquet'", f->dir);
    sql_must(f, "COPY (SELECT 2 AS a) TO '%s/t/2.parquet'", f->dir);
    struct fw_source *source = must_open(f, NULL, "t");
    const struct fw_source_slice slices[] = {{.first_file = 1}, {0}};
    static const char *const words[] = {"t/2.parquet", "one of 2, from "};
    for (int i = 0; i < 2; i++) {
        struct fw_text query = {0};
        int64_t n = 0;
        fw_text_append(&query, "SELECT CASE WHEN a > 1 THEN error('spoilt') ELSE a END FROM ");
        fw_source_scan(source, &slices[i], &query);
        assert_int_equal(fw_sql_int64(&f->sql, &n, fw_text_get(&query)), FW_E_DATA);
        const char *fault = fake_task_take_fault(f->task);
        assert_non_null(strstr(fault, "spoilt"));
        assert_non_null(strstr(fault, words[i]));
        fw_text_finish(&query);
    }
    fw_source_close(source);
}

static void names_with_quotes_and_patterns_are_plain_names(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "it's [a]*?/readme", "");
    sql_must(f, "COPY (SELECT 1 AS \"q\"\"'x\") TO '%s/it''s [a]*?/p{1,2}.parquet'", f->dir);
    struct fw_source *source = must_open(f, NULL, "it's [a]*?");
    assert_string_equal(source->columns[0].name, "q\"'x");
    assert_string_equal(rows_of(f, source, NULL), "1");
    fw_source_close(source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_folder_of_parts_is_one_table),
        TEST(the_order_of_the_paths_does_not_matter),
        TEST(parts_with_other_columns_are_united),
        TEST(a_slice_is_files_columns_or_rows),
        TEST(types_come_in_deltas_words_too),
        TEST(partition_values_have_the_columns_type),
        TEST(a_table_without_files_has_no_rows),
        TEST(csv_columns_are_typed_by_all_their_values),
        TEST(csv_files_are_united_by_their_headers),
        TEST(packed_csv_and_its_options_are_read),
        TEST(many_csv_files_do_not_nest_too_deep),
        TEST(what_cannot_be_read_is_named),
        TEST(inputs_that_do_not_go_together_are_refused),
        TEST(a_corrupt_page_is_named_by_the_scan),
        TEST(a_failed_scan_says_of_which_file),
        TEST(names_with_quotes_and_patterns_are_plain_names),
    };
    return cmocka_run_group_tests_name("source", tests, sql_fixture_load, sql_fixture_unload);
}
