/* SPDX-License-Identifier: MIT */
/* The table of texts: which row of an entity-day, and what its manifest says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

#define COLUMNS "r(platform_name, offer_id, crawled_date_day, processed_datetime, title, headline)"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *raw)
{
    struct fake_task *t = stage_task("offers_text");
    stage_folder(f, run);
    if (raw != NULL) {
        fake_task_input(t, "raw", raw, NULL);
    }
    fake_task_output(t, "text", stage_path(f, "%s/text.parquet", run));
    return t;
}

static const char *raw(struct sql_fixture *f, const char *values)
{
    return stage_table(f, "raw", "SELECT * FROM (VALUES %s) " COLUMNS, values);
}

static void keeps_the_newest_row_that_has_a_text(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    raw(f, "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 05:00', 'old', NULL), "
                           "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 09:00', 'new', NULL), "
                           "('p', '1', '2024-01-01', NULL, 'unknown', NULL), "
                           "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 09:00', 'tie', 'h'), "
                           "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 23:00', NULL, NULL)")));
    assert_string_equal(stage_list(f, "a/text.parquet", "concat_ws('/', title, headline)"),
                        "tie/h");
    assert_string_equal(stage_columns(f, "a/text.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, "
                        "crawled_date_day DATE, headline VARCHAR, title VARCHAR");
}

static void counts_what_takes_no_part(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a",
             raw(f, "('p', '1', '2024-01-01', NULL, 'x', NULL), ('p', '1', '2024-01-01', NULL, "
                    "NULL, NULL), ('p', '1', '2024-01-02', NULL, NULL, NULL), ('p', NULL, "
                    "'2024-01-01', NULL, 'x', NULL), (NULL, '2', 'xx', NULL, 'x', NULL), ('p', "
                    "'1', 'xx', NULL, NULL, NULL), ('p', '3', '2024-01-05', NULL, NULL, 'h'), "
                    "('p', '4', '2024-01-05', NULL, NULL, NULL)"));
    const struct fake_result *result = stage_run(t);
    assert_string_equal(fake_task_field(t, "limit_rows"), "null");
    assert_string_equal(fake_task_field(t, "raw_offers_version"), "null");
    assert_string_equal(fake_task_field(t, "raw_active_files"), "1");
    assert_string_equal(fake_task_field(t, "raw_rows_scanned"), "8");
    assert_string_equal(fake_task_field(t, "rows_emitted"), "2");
    assert_string_equal(fake_task_field(t, "rows_all_text_null_dropped"), "3");
    assert_string_equal(fake_task_field(t, "n_unique_entity_id"), "2");
    assert_string_equal(fake_task_field(t, "n_unique_entity_day"), "2");
    assert_string_equal(fake_task_field(t, "rows_dropped_null_key"), "2");
    assert_string_equal(fake_task_field(t, "rows_dropped_bad_ts"), "1");
    assert_string_equal(fake_task_field(t, "missing_columns"),
                        "[\"description_text\",\"company_description\"]");
    assert_non_null(strstr(result->log, "no text column \"description_text\""));
    assert_int_equal(fake_task_rows(t, "text"), 2);
    fake_task_destroy(t);
}

static void takes_the_day_in_utc_and_keeps_text_as_it_is(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a",
        stage_table(f, "raw",
                    "SELECT 'p' AS platform_name, '007' AS offer_id, '2024-01-01 23:30:00-02:00' "
                    "AS crawled_date_day, ' x\n' AS title, ['b', NULL] AS tags"));
    fake_task_texts(t, "text_columns", "title", "tags", NULL);
    stage_must(t);
    assert_string_equal(
        stage_list(f, "a/text.parquet",
                   "concat(entity_id, '/', crawled_date_day, '[', title, ']', tags)"),
        "p|007/2024-01-02[ x\n][\"b\",null]");
}

static void says_the_limit_and_reads_no_further(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a",
                               raw(f, "('p', '1', '2024-01-01', NULL, 'x', NULL), ('p', '2', "
                                      "'2024-01-01', NULL, 'y', NULL)"));
    fake_task_int(t, "limit_rows", 1);
    fake_task_int(t, "compat", 1);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "limit_rows"), "1");
    assert_string_equal(fake_task_field(t, "raw_rows_scanned"), "1");
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/text.parquet", "title"), "x");
    assert_string_equal(stage_list(f, "a/text.parquet", "typeof(crawled_date_day)"), "VARCHAR");
}

static void needs_a_text_column(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", raw(f, "('p', '1', '2024-01-01', NULL, 'x', NULL)"));
    fake_task_texts(t, "text_columns", "story", NULL);
    stage_must_fail(t, FW_E_MISSING, "none of the text columns");
    t = task(f, "b", stage_path(f, "raw.parquet"));
    fake_task_text(t, "offer_column", "offer");
    stage_must_fail(t, FW_E_MISSING, "\"offer\" (parameter offer_column)");
}

/* 12,000 rows of 60 offers over 40 days, five crawls a day, in three files. */
static const char *crawl(struct sql_fixture *f, const char *name, const char *names)
{
    const char *folder = stage_folder(f, name);
    for (int i = 0; i < 3; i++) {
        sql_must(
            f,
            "COPY (SELECT 'p' AS platform_name, (i %% 60)::VARCHAR AS offer_id, "
            "(DATE '2024-01-01' + (i // 300)::INT)::VARCHAR AS crawled_date_day, CASE WHEN i "
            "%% 7 > 0 THEN TIMESTAMP '2024-01-01' + to_minutes((i * 7919) %% 1000) END AS "
            "processed_datetime, CASE WHEN (i // 60) %% 3 > 0 THEN 'text ' || i END AS title FROM "
            "range(%d, %d) r(i)) TO '%s/%c.parquet' (ROW_GROUP_SIZE 2048)",
            i * 4000, (i + 1) * 4000, folder, names[i]);
    }
    return folder;
}

static void gives_the_same_bytes_for_any_threads_memory_and_chunks(void **state)
{
    struct sql_fixture *f = *state;
    const char *folder = crawl(f, "raw", "abc");
    struct fake_task *t = task(f, "two", folder);
    fake_task_int(t, "part_rows", 500);
    stage_must(t);
    t = task(f, "one", folder);
    fake_task_int(t, "part_rows", 500);
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    t = task(f, "small", folder);
    fake_task_int(t, "part_rows", 500);
    fake_task_int(t, "chunk_rows", 700);
    fake_task_limits(t)->engine_bytes = 100 << 20;
    stage_must(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "small");
}

static void survives_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    const char *folder = crawl(f, "raw", "abc");
    stage_must(task(f, "straight", folder));
    struct fake_task *t = task(f, "restarted", folder);
    fake_task_restart_after(t, FAKE_EACH_STEP);
    assert_in_range(stage_run(t)->restarts, 3, 1000);
    assert_string_equal(fake_task_field(t, "raw_rows_scanned"), "12000");
    fake_task_destroy(t);
    stage_same(f, "straight", "restarted");
}

/* The rule once more as one window over all rows, which the stage must not need. */
static void agrees_with_one_window_over_all_rows(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", crawl(f, "raw", "cab")));
    sql_must(f,
             "CREATE TABLE expected AS SELECT 'p|' || offer_id AS entity_id, "
             "crawled_date_day::DATE AS crawled_date_day, title FROM (SELECT *, parse_filename("
             "filename) AS file FROM read_parquet('%s/raw/*.parquet', filename = true, "
             "file_row_number = true)) WHERE title IS NOT NULL QUALIFY row_number() OVER "
             "(PARTITION BY offer_id, crawled_date_day ORDER BY processed_datetime DESC NULLS "
             "LAST, file DESC, file_row_number DESC) = 1",
             f->dir);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM expected"), "2400");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM (SELECT * FROM expected EXCEPT SELECT entity_id, "
                 "crawled_date_day, title FROM '%s/a/text.parquet')",
                 f->dir),
        "0");
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/a/text.parquet'", f->dir), "2400");
}

static const char *reference(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

static void chooses_the_rows_that_pandas_chooses(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", NULL);
    fake_task_input(t, "raw", reference("snapshot_crawl/b.csv"), reference("snapshot_crawl/c.csv"),
                    reference("snapshot_crawl/a.csv"), NULL);
    fake_task_texts(t, "text_columns", "crawled_date", NULL);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "rows_dropped_null_key"), "41");
    assert_string_equal(fake_task_field(t, "rows_dropped_bad_ts"), "30");
    fake_task_destroy(t);
    sql_must(f,
             "CREATE VIEW golden AS SELECT *, row_number() OVER () AS place FROM "
             "read_csv('%s', all_varchar = true)",
             reference("offers_text_golden.csv"));
    assert_string_equal(
        sql_cell(f,
                 "SELECT string_agg(x::VARCHAR, chr(10)) FROM (SELECT * FROM golden EXCEPT ALL "
                 "SELECT entity_id, crawled_date_day::VARCHAR, crawled_date, row_number() OVER () "
                 "FROM '%s/a/text.parquet') x",
                 f->dir),
        "NULL");
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) - (SELECT count(*) FROM golden) FROM "
                                 "'%s/a/text.parquet'",
                                 f->dir),
                        "0");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_the_newest_row_that_has_a_text),
        TEST(counts_what_takes_no_part),
        TEST(takes_the_day_in_utc_and_keeps_text_as_it_is),
        TEST(says_the_limit_and_reads_no_further),
        TEST(needs_a_text_column),
        TEST(gives_the_same_bytes_for_any_threads_memory_and_chunks),
        TEST(survives_a_restart_after_each_step),
        TEST(agrees_with_one_window_over_all_rows),
        TEST(chooses_the_rows_that_pandas_chooses),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
