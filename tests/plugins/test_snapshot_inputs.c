/* SPDX-License-Identifier: MIT */
/* Where the raw rows come from: formats, files, renamed and missing columns, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_fixture.h"
#include "test_files.h"

/* A crawl of 20 offers over 5 days, four times a day, in scan order of time. */
#define CRAWL                                                                                      \
    "SELECT concat('plat', mod(i, 3)) AS platform_name, concat('offer', mod(i, 20)) AS offer_id, " \
    "(DATE '2024-01-01' + (i // 80)::INT)::VARCHAR AS crawled_date_day, "                          \
    "TIMESTAMP '2024-01-01' + to_hours((i // 20)::INT) AS processed_datetime, "                    \
    "i * 0.5 AS amount, concat('note ', i) AS note, mod(i, 2) = 0 AS is_funded "                   \
    "FROM range(400) r(i)"

static void make_folder(struct sql_fixture *f, const char *name)
{
    assert_int_equal(mkdir(stage_path(f, "%s", name), 0777), 0);
}

static void reads_csv_and_compressed_tsv_like_parquet(void **state)
{
    struct sql_fixture *f = *state;
    const char *parquet = stage_table(f, "raw", CRAWL);
    snapshot_run(f, "parquet", parquet);
    const char *csv = stage_path(f, "raw.csv");
    const char *tsv = stage_path(f, "raw.tsv.gz");
    sql_must(f, "COPY (" CRAWL ") TO '%s' (FORMAT csv)", csv);
    sql_must(f, "COPY (" CRAWL ") TO '%s' (FORMAT csv, DELIMITER '\t', COMPRESSION gzip)", tsv);
    snapshot_run(f, "csv", csv);
    snapshot_run(f, "tsv", tsv);
    stage_same(f, "parquet", "csv");
    stage_same(f, "parquet", "tsv");
}

static void reads_csv_in_chunks(void **state)
{
    struct sql_fixture *f = *state;
    const char *csv = stage_path(f, "raw.csv");
    sql_must(f, "COPY (" CRAWL ") TO '%s' (FORMAT csv)", csv);
    snapshot_run(f, "whole", csv);
    struct fake_task *t = snapshot_task(f, "chunks", csv);
    fake_task_int(t, "chunk_rows", 150);
    stage_must(t);
    stage_same(f, "whole", "chunks");
}

/* The same table written in two orders of time, and moved to another folder. */
static void does_not_depend_on_where_the_table_lies(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const folders[] = {"one", "two"};
    for (int i = 0; i < 2; i++) {
        make_folder(f, folders[i]);
        for (int part = 0; part < 4; part++) {
            int at = i == 0 ? part : 3 - part;
            sql_must(f,
                     "COPY (SELECT * FROM (" CRAWL ") OFFSET %d LIMIT 100) TO '%s/%s/%d.parquet'",
                     at * 100, f->dir, folders[i], at);
        }
        snapshot_run(f, i == 0 ? "a" : "b", stage_path(f, "%s", folders[i]));
    }
    stage_same(f, "a", "b");
}

/* Equal in all times: the file with the greater name wins, whichever was written or given first. */
static void breaks_ties_by_the_file_name(void **state)
{
    struct sql_fixture *f = *state;
    make_folder(f, "raw");
    for (int i = 3; i >= 1; i--) {
        sql_must(f,
                 "COPY (SELECT 'p' AS platform_name, '1' AS offer_id, '2024-01-01' AS "
                 "crawled_date_day, %d AS v) TO '%s/raw/part-%d.parquet'",
                 i, f->dir, i);
    }
    snapshot_run(f, "folder", stage_path(f, "raw"));
    struct fake_task *t = snapshot_task(f, "list", NULL);
    fake_task_input(t, "raw", stage_path(f, "raw/part-3.parquet"),
                    stage_path(f, "raw/part-1.parquet"), stage_path(f, "raw/part-2.parquet"), NULL);
    stage_must(t);
    assert_string_equal(snapshot_cell(f, "folder/core", "v::INT", ""), "3");
    stage_same(f, "folder", "list");
}

static void reads_the_first_rows_only(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw", CRAWL);
    struct fake_task *t = snapshot_task(f, "a", raw);
    fake_task_int(t, "limit_rows", 170);
    assert_int_equal(fake_task_run(t)->status, FW_OK);
    assert_string_equal(fake_task_field(t, "rows_scanned"), "170");
    assert_string_equal(fake_task_field(t, "date_max"), "\"2024-01-03\"");
    fake_task_destroy(t);
}

/* T12: what the log removed is not read, and a partition value stands in for the column. */
static void reads_the_active_files_of_a_delta_table(void **state)
{
    struct sql_fixture *f = *state;
    static const char metadata[] =
        "{\"metaData\":{\"id\":\"x\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"
        "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":["
        "{\\\"name\\\":\\\"platform_name\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,"
        "\\\"metadata\\\":{}},"
        "{\\\"name\\\":\\\"offer_id\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,"
        "\\\"metadata\\\":{}},"
        "{\\\"name\\\":\\\"crawled_date_day\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,"
        "\\\"metadata\\\":{}},"
        "{\\\"name\\\":\\\"v\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"
        "\\\"metadata\\\":{}}]}\",\"partitionColumns\":[\"platform_name\"],"
        "\"configuration\":{},\"createdTime\":0}}\n";
    static const char add[] = "{\"add\":{\"path\":\"%s.parquet\",\"partitionValues\":{"
                              "\"platform_name\":\"%s\"},\"size\":1,\"modificationTime\":0,"
                              "\"dataChange\":true}}\n";
    struct fw_text log = {0};
    make_folder(f, "table");
    fw_text_append(&log, "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n");
    fw_text_append(&log, metadata);
    fw_text_appendf(&log, add, "f1", "p");
    fw_text_appendf(&log, add, "f2", "p");
    test_file_write(f->dir, "table/_delta_log/00000000000000000000.json", fw_text_get(&log));
    fw_text_clear(&log);
    fw_text_append(&log, "{\"remove\":{\"path\":\"f1.parquet\",\"dataChange\":true}}\n");
    fw_text_appendf(&log, add, "f3", "q%20r");
    test_file_write(f->dir, "table/_delta_log/00000000000000000001.json", fw_text_get(&log));
    fw_text_finish(&log);
    for (int i = 1; i <= 3; i++) {
        sql_must(
            f,
            "COPY (SELECT '%d' AS offer_id, '2024-01-01' AS crawled_date_day, %d::BIGINT AS v) "
            "TO '%s/table/f%d.parquet'",
            i, i, f->dir, i);
    }
    struct fake_task *t = snapshot_task(f, "a", stage_path(f, "table"));
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK) {
        fail_msg("%s", result->fault);
    }
    assert_string_equal(fake_task_field(t, "delta_version"), "1");
    assert_string_equal(fake_task_field(t, "active_files"), "2");
    fake_task_destroy(t);
    assert_string_equal(
        snapshot_cell(f, "a/core", "string_agg(concat_ws(' ', entity_id, v), ', ' ORDER BY v)", ""),
        "p|2 2.0, q%20r|3 3.0");
}

static void reads_keys_under_other_names(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw",
                                  "SELECT 'p' AS portal, 7 AS number, DATE '2024-01-01' "
                                  "AS filed, 1 AS version, 'x' AS note");
    struct fake_task *t = snapshot_task(f, "a", raw);
    fake_task_text(t, "platform_column", "portal");
    fake_task_text(t, "offer_column", "number");
    fake_task_text(t, "day_column", "filed");
    stage_must(t);
    assert_string_equal(
        snapshot_cell(f, "a/core", "string_agg(column_name, ' ') FROM (DESCRIBE SELECT *", ")"),
        "entity_id platform_name offer_id snapshot_ts crawled_date_day version note");
    assert_string_equal(snapshot_cell(f, "a/core", "entity_id", ""), "p|7");
}

static void names_the_missing_column_and_its_parameter(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw", "SELECT 'p' AS platform_name, 1 AS offer");
    stage_must_fail(snapshot_task(f, "a", raw), FW_E_MISSING,
                    "\"offer_id\" (parameter offer_column)");
    struct fake_task *t = snapshot_task(f, "b", raw);
    fake_task_text(t, "offer_column", "offer");
    stage_must_fail(t, FW_E_MISSING, "none of the columns that tell the day");
}

static void refuses_a_renamed_key_over_another_column(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw",
                                  "SELECT 'p' AS platform_name, 'q' AS portal, 1 AS "
                                  "offer_id, DATE '2024-01-01' AS crawled_date_day");
    struct fake_task *t = snapshot_task(f, "a", raw);
    fake_task_text(t, "platform_column", "portal");
    stage_must_fail(t, FW_E_CONFIG, "another column \"platform_name\"");
}

static void names_the_damaged_file(void **state)
{
    struct sql_fixture *f = *state;
    make_folder(f, "raw");
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT * FROM (" CRAWL ") OFFSET %d LIMIT 100) TO '%s/raw/part-%d.parquet'",
                 i * 100, f->dir, i);
    }
    FILE *file = fopen(stage_path(f, "raw/part-1.parquet"), "r+");
    assert_non_null(file);
    for (int i = 0; i < 200; i++) { /* past the magic, over the first column's page */
        fseek(file, 4 + i, SEEK_SET);
        fputc(0xff, file);
    }
    fclose(file);
    struct fake_task *t = snapshot_task(f, "a", stage_path(f, "raw"));
    const struct fake_result *result = fake_task_run(t);
    assert_true(result->status < 0);
    assert_null(result->defect);
    if (strstr(result->log, "cannot be read: ") == NULL ||
        strstr(result->log, "part-1.parquet") == NULL ||
        strstr(result->log, "part-0.parquet") != NULL) {
        fail_msg("the log does not name the file: %s\n%s", result->fault, result->log);
    }
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_csv_and_compressed_tsv_like_parquet),
        TEST(reads_csv_in_chunks),
        TEST(does_not_depend_on_where_the_table_lies),
        TEST(breaks_ties_by_the_file_name),
        TEST(reads_the_first_rows_only),
        TEST(reads_the_active_files_of_a_delta_table),
        TEST(reads_keys_under_other_names),
        TEST(names_the_missing_column_and_its_parameter),
        TEST(refuses_a_renamed_key_over_another_column),
        TEST(names_the_damaged_file),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
