/* SPDX-License-Identifier: MIT */
/* The index of snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

#define COLUMNS "d(entity_id, platform_name, offer_id, cik, snapshot_ts)"

/* T6. */
#define SEVEN_ROWS                                                                                 \
    "('e1', 'p', '1', '0001', '2024-01-01 00:00:00+00:00'), "                                      \
    "('e2', 'p', '2', '0001', '2024-01-01 00:00:00+00:00'), "                                      \
    "('e1', 'p', '1', '0001', '2024-01-02 00:00:00+00:00'), "                                      \
    "('e3', 'p', '3', NULL, '2024-01-01 00:00:00+00:00'), "                                        \
    "('e4', 'p', '4', '', '2024-01-01 00:00:00+00:00'), "                                          \
    "('e5', 'p', '5', 'nan', '2024-01-01 00:00:00+00:00'), "                                       \
    "('e6', 'p', '6', '0002', 'soon')"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *daily)
{
    struct fake_task *t = stage_task("snapshots_index");
    stage_folder(f, run);
    if (daily != NULL) {
        fake_task_input(t, "daily", daily, NULL);
    }
    fake_task_output(t, "offer_day", stage_path(f, "%s/offer_day.parquet", run));
    fake_task_output(t, "cik_day", stage_path(f, "%s/cik_day.parquet", run));
    return t;
}

static void keeps_days_with_a_cik_and_counts_the_others(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily = stage_table(f, "daily", "SELECT * FROM (VALUES " SEVEN_ROWS ") " COLUMNS);
    struct fake_task *t = task(f, "a", daily);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "dropped_cik"), "3");
    assert_string_equal(fake_task_field(t, "dropped_ts"), "1");
    assert_string_equal(fake_task_field(t, "unique_cik"), "1");
    assert_string_equal(fake_task_field(t, "rows_scanned"), "7");
    assert_int_equal(fake_task_rows(t, "offer_day"), 3);
    assert_int_equal(fake_task_rows(t, "cik_day"), 2);
    fake_task_destroy(t);
    assert_string_equal(
        stage_list(f, "a/offer_day.parquet", "concat_ws('/', entity_id, cik, crawled_date_day)"),
        "e1/0001/2024-01-01 e1/0001/2024-01-02 e2/0001/2024-01-01");
    assert_string_equal(stage_list(f, "a/cik_day.parquet", "concat_ws('/', cik, crawled_date_day)"),
                        "0001/2024-01-01 0001/2024-01-02");
}

static void writes_the_columns_of_the_specification(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(
        task(f, "a", stage_table(f, "daily", "SELECT * FROM (VALUES " SEVEN_ROWS ") " COLUMNS)));
    assert_string_equal(stage_columns(f, "a/offer_day.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, cik VARCHAR, "
                        "snapshot_day DATE, snapshot_ts TIMESTAMP, crawled_date_day VARCHAR");
    assert_string_equal(stage_columns(f, "a/cik_day.parquet"),
                        "cik VARCHAR, snapshot_ts TIMESTAMP, crawled_date_day VARCHAR");
}

static void takes_the_day_in_utc(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    stage_table(f, "daily",
                                "SELECT * FROM (VALUES ('e', 'p', '1', '7', "
                                "'2024-01-01 23:30:00-02:00')) " COLUMNS)));
    assert_string_equal(stage_list(f, "a/offer_day.parquet", "snapshot_day"), "2024-01-02");
    assert_string_equal(stage_list(f, "a/cik_day.parquet", "crawled_date_day"), "2024-01-02");
}

static void drops_every_way_of_saying_that_there_is_no_cik(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily =
        stage_table(f, "daily",
                    "SELECT 'e' || i AS entity_id, 'p' AS platform_name, i::VARCHAR AS offer_id, "
                    "['None', 'NaN', '<NA>', '  ', chr(9), ' 7'][i] AS cik, TIMESTAMP "
                    "'2024-01-01' AS snapshot_ts FROM range(1, 7) r(i)");
    stage_must(task(f, "fixed", daily));
    struct fake_task *t = task(f, "compat", daily);
    fake_task_int(t, "compat", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "fixed/cik_day.parquet", "'[' || cik || ']'"), "[ 7]");
    assert_string_equal(stage_list(f, "compat/cik_day.parquet", "replace(cik, chr(9), 't')"),
                        "t     7 <NA>");
}

static void keeps_leading_zeros_and_fills_them_up_when_asked(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily = stage_table(
        f, "daily",
        "SELECT * FROM (VALUES ('e1', 'p', '1', '0001877762', DATE '2024-01-01'), "
        "('e2', 'p', '2', ' 1877762 ', DATE '2024-01-01'), ('e3', 'p', '3', 'x7', "
        "DATE '2024-01-01'), ('e4', 'p', '4', '12345678901', DATE '2024-01-01')) " COLUMNS);
    stage_must(task(f, "asis", daily));
    struct fake_task *t = task(f, "normal", daily);
    fake_task_int(t, "normalize_cik", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "asis/cik_day.parquet", "'[' || cik || ']'"),
                        "[ 1877762 ] [0001877762] [12345678901] [x7]");
    assert_string_equal(stage_list(f, "normal/cik_day.parquet", "'[' || cik || ']'"),
                        "[0001877762] [12345678901] [x7]");
}

static void refuses_a_cik_that_is_no_text(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily = stage_table(f, "daily",
                                    "SELECT 'e' AS entity_id, 'p' AS platform_name, '1' AS "
                                    "offer_id, 1877762.0::DOUBLE AS cik, DATE '2024-01-01' AS "
                                    "snapshot_ts");
    stage_must_fail(task(f, "a", daily), FW_E_DATA, "is a DOUBLE: leading zeros are lost");
}

static void names_a_column_that_is_not_there(void **state)
{
    struct sql_fixture *f = *state;
    stage_must_fail(task(f, "a", stage_table(f, "daily", "SELECT 'e' AS entity_id")), FW_E_MISSING,
                    "platform_name");
}

/* 30,000 rows of 100 offers in three files, in small row groups; some without CIK or time. */
static const char *large(struct sql_fixture *f, const char *name, const char *const *names)
{
    const char *folder = stage_folder(f, name);
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT 'p|' || (i %% 100) AS entity_id, 'p' AS platform_name, (i %% "
                 "100)::VARCHAR AS offer_id, CASE WHEN i %% 7 > 0 THEN lpad((i %% 40)::VARCHAR, "
                 "10, '0') END AS cik, CASE WHEN i %% 11 > 0 THEN TIMESTAMP '2024-01-01' + "
                 "to_days((i // 100)::INT) END AS snapshot_ts FROM range(%d, %d) r(i)) TO "
                 "'%s/%s.parquet' (ROW_GROUP_SIZE 2048)",
                 i * 10000, (i + 1) * 10000, folder, names[i]);
    }
    return folder;
}

static void gives_the_same_bytes_for_any_threads_chunks_and_file_order(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const forward[] = {"a", "b", "c"}, *const backward[] = {"c", "b", "a"};
    const char *daily = large(f, "forward", forward);
    stage_must(task(f, "two", daily));
    struct fake_task *t = task(f, "one", large(f, "backward", backward));
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    t = task(f, "chunks", daily);
    fake_task_int(t, "chunk_rows", 3000);
    stage_must(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "chunks");
    /* All but those with i a multiple of 7, 4,286 of them, or of 11, 2,728; 390 are both. */
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/two/offer_day.parquet'", f->dir),
                        "23376");
}

static void survives_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a", "b", "c"};
    const char *daily = large(f, "daily", names);
    stage_must(task(f, "straight", daily));
    struct fake_task *t = task(f, "restarted", daily);
    fake_task_int(t, "chunk_rows", 3000);
    fake_task_restart_after(t, FAKE_EACH_STEP);
    assert_in_range(stage_run(t)->restarts, 10, 100);
    assert_string_equal(fake_task_field(t, "rows_scanned"), "30000");
    fake_task_destroy(t);
    stage_same(f, "straight", "restarted");
}

static void names_a_file_that_is_damaged(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"a", "b", "c"};
    char command[200];
    snprintf(command, sizeof command,
             "printf 'damaged here' | dd of='%s/b.parquet' bs=1 seek=60 conv=notrunc 2>/dev/null",
             large(f, "daily", names));
    assert_int_equal(system(command), 0);
    struct fake_task *t = task(f, "a", stage_path(f, "daily"));
    fake_task_int(t, "chunk_rows", 3000);
    const struct fake_result *result = fake_task_run(t);
    assert_true(result->status < FW_OK);
    assert_non_null(strstr(result->fault, "b.parquet"));
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_days_with_a_cik_and_counts_the_others),
        TEST(writes_the_columns_of_the_specification),
        TEST(takes_the_day_in_utc),
        TEST(drops_every_way_of_saying_that_there_is_no_cik),
        TEST(keeps_leading_zeros_and_fills_them_up_when_asked),
        TEST(refuses_a_cik_that_is_no_text),
        TEST(names_a_column_that_is_not_there),
        TEST(gives_the_same_bytes_for_any_threads_chunks_and_file_order),
        TEST(survives_a_restart_after_each_step),
        TEST(names_a_file_that_is_damaged),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
