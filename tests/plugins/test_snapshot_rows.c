/* SPDX-License-Identifier: MIT */
/* Which raw row becomes the snapshot's row, and which rows are dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "snapshot_fixture.h"

/* T1, in scan order: b and d tie, the later row wins; c has no time and loses. */
#define FOUR_ROWS                                                                                  \
    "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 05:00:00', 1), "                               \
    "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 09:00:00', 2), "                               \
    "('p', '1', '2024-01-01', NULL, 3), "                                                          \
    "('p', '1', '2024-01-01', TIMESTAMP '2024-01-01 09:00:00', 4)"
#define COLUMNS "raw(platform_name, offer_id, crawled_date_day, processed_datetime, v)"

static const char *four_rows(struct sql_fixture *f)
{
    return stage_table(f, "raw", "SELECT * FROM (VALUES " FOUR_ROWS ") " COLUMNS);
}

static void keeps_the_newest_row_and_the_later_of_equals(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a", four_rows(f));
    assert_string_equal(snapshot_cell(f, "a/core", "count(*)", ""), "1");
    assert_string_equal(snapshot_cell(f, "a/core", "v::INT", ""), "4");
    assert_string_equal(snapshot_cell(f, "a/core", "entity_id", ""), "p|1");
}

static void does_not_depend_on_the_chunks(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = four_rows(f);
    snapshot_run(f, "auto", raw);
    for (int rows = 1; rows <= 4; rows++) {
        char run[16];
        snprintf(run, sizeof run, "chunk-%d", rows);
        struct fake_task *t = snapshot_task(f, run, raw);
        fake_task_int(t, "chunk_rows", rows);
        stage_must(t);
        stage_same(f, "auto", run);
    }
}

static void counts_what_it_drops(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw =
        stage_table(f, "raw",
                    "SELECT * FROM (VALUES " FOUR_ROWS ", ('p', NULL, '2024-01-01', NULL, 5), "
                    "('p', '1', 'xx', NULL, 6), (NULL, '1', 'xx', NULL, 7), ('p', '1', NULL, "
                    "NULL, 8)) " COLUMNS);
    struct fake_task *t = snapshot_task(f, "a", raw);
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(fake_task_field(t, "rows_scanned"), "8");
    assert_string_equal(fake_task_field(t, "rows_emitted"), "1");
    assert_string_equal(fake_task_field(t, "rows_dropped_null_key"), "2");
    assert_string_equal(fake_task_field(t, "rows_dropped_bad_ts"), "2");
    assert_int_equal(fake_task_rows(t, "core"), 1);
    assert_non_null(strstr(result->log, "warning: of 8 raw rows"));
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_the_newest_row_and_the_later_of_equals),
        TEST(does_not_depend_on_the_chunks),
        TEST(counts_what_it_drops),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
