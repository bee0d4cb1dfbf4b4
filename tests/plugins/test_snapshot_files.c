/* SPDX-License-Identifier: MIT */
/* Files that plugins/lib/parquet reads, beside those that the engine reads, and damage in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "delta_fixture.h"
#include "snapshot_fixture.h"

/*
 * 3,000 rows of 50 offers over 12 days, five crawls a day: each type that a file may have, and
 * nested values that are there in some rows, of older crawls, too.
 */
#define KEYS                                                                                       \
    "concat('p', mod(i, 3)) AS platform_name, concat('o', mod(i, 50)) AS offer_id, "               \
    "(DATE '2024-01-01' + (i // 250)::INT)::VARCHAR AS crawled_date_day, "                         \
    "CASE WHEN mod(i, 7) > 0 THEN TIMESTAMP '2024-01-01' + to_minutes(i) END AS "                  \
    "processed_datetime, "
#define TIMES                                                                                      \
    "TIMESTAMPTZ '2024-01-01 12:00:00+02' + to_seconds(i) AS seen_at, "                            \
    "TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS noted_at, DATE '2024-01-01' + i::INT AS "     \
    "due, TIME '10:11:12' AS opens, "
#define NUMBERS                                                                                    \
    "mod(i, 100)::TINYINT AS tiny, i::SMALLINT AS small, i::UINTEGER AS unsigned, "                \
    "CASE WHEN mod(i, 4) > 0 THEN i * 0.25::FLOAT END AS single, mod(i, 2) = 0 AS flag, "          \
    "(i / 100)::DECIMAL(9, 2) AS price, (i * 1000000007)::DECIMAL(30, 4) AS big, "
#define TEXTS                                                                                      \
    "CASE WHEN mod(i, 5) > 0 THEN concat('note \\u00e9 ', mod(i, 60)) END AS note, "               \
    "concat('\\xAA', i)::BLOB AS raw, "
#define NESTED                                                                                     \
    "CASE WHEN mod(i, 5) = 0 THEN [i, NULL] WHEN mod(i, 5) = 1 THEN [] END AS tags, "              \
    "CASE WHEN mod(i, 11) = 3 THEN MAP {'k': i, 'l': NULL} END AS funds, "                         \
    "CASE WHEN mod(i, 13) = 4 THEN {'city': concat('c', i), 'at': {'x': i * 0.5}} END AS place, "  \
    "CASE WHEN mod(i, 17) = 2 THEN [{'who': 'w', 'what': ['a', NULL, concat('b', i)]}, NULL] END " \
    "AS talk"
#define CRAWL "SELECT " KEYS TIMES NUMBERS TEXTS "i AS amount, " NESTED
#define FROM  " FROM r"

/* The files of a table; `how` is what the engine is told when it writes one. */
static const struct file {
    const char *select, *how;
} files[] = {
    {CRAWL FROM, "COMPRESSION snappy"},
    {CRAWL FROM, "COMPRESSION zstd, PARQUET_VERSION V2"},
    {CRAWL FROM, "COMPRESSION gzip, ROW_GROUP_SIZE 2048"},
    {CRAWL FROM, "COMPRESSION brotli"},
    {CRAWL FROM, "COMPRESSION uncompressed"},
    {"SELECT " KEYS TEXTS "i::INTEGER AS amount" FROM, "COMPRESSION lz4_raw"},
    {"SELECT " KEYS "i AS amount, mod(i, 60) AS note, " NESTED FROM, "COMPRESSION snappy"},
    {"SELECT * EXCLUDE (funds, flag), 'x' AS late FROM (" CRAWL FROM ")", "COMPRESSION snappy"},
    {CRAWL FROM, "COMPRESSION zstd"},
};
enum { FILES = sizeof files / sizeof *files, FILE_ROWS = 600 };

/* Each file is written as it says, or all of them so that the engine has to read them. */
static const char *crawl(struct sql_fixture *f, const char *name, bool by_engine)
{
    const char *folder = stage_folder(f, name);

    for (int i = 0; i < FILES; i++) {
        sql_must(f, "CREATE OR REPLACE TEMP VIEW r AS SELECT range AS i FROM range(%d, %d)",
                 i * FILE_ROWS / 2, i * FILE_ROWS / 2 + FILE_ROWS);
        sql_must(f, "COPY (%s) TO '%s/%d.parquet' (%s)", files[i].select, folder, i,
                 by_engine ? "COMPRESSION brotli" : files[i].how);
    }
    return folder;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)) != NULL; text++) {
        n++;
    }
    return n;
}

static void makes_the_same_of_files_however_they_are_read(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = snapshot_task(f, "mixed", crawl(f, "files", false));
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK) {
        fail_msg("%s", result->fault);
    }
    /* Said once of the choice and once of the winners, for each reason. */
    assert_int_equal(count(result->log, "3.parquet is read by duckdb"), 2);
    assert_int_equal(count(result->log, "Brotli"), 2);
    assert_int_equal(count(result->log, "0.parquet is read by"), 0);
    fake_task_destroy(t);
    snapshot_run(f, "engine", crawl(f, "brotli", true));
    stage_same(f, "mixed", "engine");
    assert_string_equal(snapshot_cell(f, "mixed/core", "count(*)", ""), "1800");
}

static void makes_the_same_in_chunks(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = crawl(f, "files", false);
    snapshot_run(f, "whole", raw);
    struct fake_task *t = snapshot_task(f, "chunks", raw);
    fake_task_int(t, "chunk_rows", 130);
    stage_must(t);
    stage_same(f, "whole", "chunks");
}

/* Each file has a few winners, all of one chunk. */
static void reads_more_files_than_a_process_may_have_open(void **state)
{
    struct sql_fixture *f = *state;
    const char *folder = stage_folder(f, "many");
    struct rlimit before, few;

    sql_must(f,
             "COPY (" CRAWL ", i // 10 AS part FROM range(3000) r(i)) TO '%s' (FORMAT parquet, "
             "PARTITION_BY (part), OVERWRITE_OR_IGNORE true)",
             folder);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    snapshot_run(f, "few", folder);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(snapshot_cell(f, "few/core", "count(*)", ""), "1800");
}

/* Overwrites the column's first data page in a row group. */
static void damage(struct sql_fixture *f, const char *path, const char *column, int group)
{
    long at = strtol(sql_cell(f,
                              "SELECT data_page_offset FROM parquet_metadata('%s') WHERE "
                              "row_group_id = %d AND path_in_schema = '%s'",
                              path, group, column),
                     NULL, 10);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    for (int i = 0; i < 60; i++) {
        fputc(0xff, file);
    }
    assert_int_equal(fclose(file), 0);
}

static const char *table(struct sql_fixture *f, const char *name)
{
    const char *folder = stage_folder(f, name);

    for (int i = 0; i < 2; i++) {
        sql_must(f,
                 "COPY (SELECT * FROM (" CRAWL " FROM range(%d, %d) r(i))) TO '%s/%d.parquet' "
                 "(ROW_GROUP_SIZE 2048)",
                 i * 5000, i * 5000 + 5000, folder, i);
    }
    return folder;
}

static void names_file_row_group_and_column_of_a_damaged_page(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const columns[][2] = {{"note", "column 'note'"},
                                             {"talk, list, element, who", "column 'talk'"}};

    for (size_t i = 0; i < 2; i++) {
        const char *raw = table(f, columns[i][0]);
        const char *path = stage_path(f, "%s/1.parquet", columns[i][0]);
        damage(f, path, columns[i][0], 1);
        struct fake_task *t = snapshot_task(f, i == 0 ? "a" : "b", raw);
        const struct fake_result *result = fake_task_run(t);
        assert_int_equal(result->status, FW_E_DATA);
        assert_null(result->defect);
        if (strstr(result->fault, path) == NULL || strstr(result->fault, "row group 1") == NULL ||
            strstr(result->fault, columns[i][1]) == NULL) {
            fail_msg("the fault does not say where: %s", result->fault);
        }
        fake_task_destroy(t);
    }
}

#define MAPPED(name, type, id, physical)                                                           \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":" type ",\\\"nullable\\\":true,"                  \
    "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":" id                                         \
    ",\\\"delta.columnMapping.physicalName\\\":\\\"" physical "\\\"}}"
#define WORD(type) "\\\"" type "\\\""
#define LOG(mode)                                                                                  \
    "{\"protocol\":{\"minReaderVersion\":2,\"minWriterVersion\":5}}\n"                             \
    "{\"metaData\":{\"id\":\"t\",\"format\":{\"provider\":\"parquet\"},\"schemaString\":"          \
    "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" MAPPED(                                      \
        "platform_name", WORD("string"), "1",                                                      \
        "a") "," MAPPED("offer_id", WORD("string"), "2",                                           \
                        "b") "," MAPPED("crawled_date_day", WORD("string"), "3",                   \
                                        "c") "," MAPPED("v", WORD("long"), "4",                    \
                                                        "d") "," MAPPED("place", STRUCT, "5",      \
                                                                        "v") "]}\","               \
                                                                             "\"partitionColumns"  \
                                                                             "\":[\"platform_"     \
                                                                             "name\"],"            \
                                                                             "\"configuration\":{" \
                                                                             "\"delta."            \
                                                                             "columnMapping."      \
                                                                             "mode\":"             \
                                                                             "\"" mode             \
                                                                             "\"}}}\n" ADD_VALUES( \
                                                                                 "f1.parquet",     \
                                                                                 "\"a\":\"p\"")
#define STRUCT                                                                                     \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" MAPPED("city", WORD("string"), "6", "e") "]}"

/* A file calls a column as the table calls another one: `v` is the place. */
static void finds_columns_by_their_names_in_the_files_or_by_id(void **state)
{
    struct sql_fixture *f = *state;
    const char *folder = stage_folder(f, "delta");
    struct sql_fixture delta = *f;

    assert_true((size_t)snprintf(delta.dir, sizeof delta.dir, "%s", folder) < sizeof delta.dir);
    sql_must(f,
             "COPY (SELECT concat('o', i) AS b, '2024-01-01' AS c, i AS d, {'e': concat('c', i)} "
             "AS v FROM range(9) r(i)) TO '%s/f1.parquet' (FIELD_IDS {b: 2, c: 3, d: 4, "
             "v: {__duckdb_field_id: 5, e: 6}})",
             folder);
    snapshot_run(f, "plain",
                 stage_table(f, "raw",
                             "SELECT 'p' AS platform_name, concat('o', i) AS offer_id, '2024-01-01'"
                             " AS crawled_date_day, i AS v, {'city': concat('c', i)} AS place "
                             "FROM range(9) r(i)"));
    delta_commit(&delta, 0, LOG("name"));
    snapshot_run(f, "name", folder);
    delta_commit(&delta, 0, LOG("id"));
    snapshot_run(f, "id", folder);
    stage_same(f, "plain", "name");
    stage_same(f, "plain", "id");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(makes_the_same_of_files_however_they_are_read),
        TEST(makes_the_same_in_chunks),
        TEST(reads_more_files_than_a_process_may_have_open),
        TEST(finds_columns_by_their_names_in_the_files_or_by_id),
        TEST(names_file_row_group_and_column_of_a_damaged_page),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
