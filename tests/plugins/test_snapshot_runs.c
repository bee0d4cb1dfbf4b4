/* SPDX-License-Identifier: MIT */
/* The same bytes however the run went: threads, memory, chunks, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_fixture.h"

/* 12,000 raw rows of 60 offers over 40 days, five crawls a day, in three files; extras for some. */
static const char *crawl(struct sql_fixture *f)
{
    assert_int_equal(mkdir(stage_path(f, "raw"), 0777), 0);
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT 'plat' AS platform_name, concat('offer', mod(i, 60)) AS offer_id, "
                 "(DATE '2024-01-01' + (i // 300)::INT)::VARCHAR AS crawled_date_day, "
                 "CASE WHEN mod(i, 7) > 0 THEN TIMESTAMP '2024-01-01' + to_minutes(i) END "
                 "AS processed_datetime, i AS v, concat('text ', mod(i, 60)) AS note, "
                 "CASE WHEN mod(i, 5) = 0 THEN [i, NULL] END AS tags "
                 "FROM range(%d, %d) r(i)) TO '%s/raw/%d.parquet' (ROW_GROUP_SIZE 2048)",
                 i * 4000, (i + 1) * 4000, f->dir, i);
    }
    return stage_path(f, "raw");
}

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    struct fake_task *t = snapshot_task(f, run, stage_path(f, "raw"));
    fake_task_int(t, "part_rows", 100); /* of 24, about */
    return t;
}

static void gives_the_same_bytes_for_any_threads_and_memory(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    stage_must(task(f, "two"));
    struct fake_task *t = task(f, "one");
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    t = task(f, "small");
    fake_task_limits(t)->engine_bytes = 100 << 20;
    fake_task_limits(t)->partition_factor = 4;
    fake_task_int(t, "chunk_rows", 700);
    stage_must(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "small");
    assert_string_equal(snapshot_cell(f, "two/core", "count(*)", ""), "2400");
}

static void writes_in_the_order_of_entity_and_instant(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    stage_must(task(f, "a"));
    assert_string_equal(
        snapshot_cell(f, "a/core",
                      "count(*) FROM (SELECT entity_id, snapshot_ts, lag(entity_id) OVER () AS e, "
                      "lag(snapshot_ts) OVER () AS t",
                      ") WHERE e > entity_id OR (e = entity_id AND t >= snapshot_ts)"),
        "0");
}

static void survives_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    stage_must(task(f, "straight"));
    struct fake_task *t = task(f, "restarted");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_in_range(result->restarts, 15, 1000);
    fake_task_destroy(t);
    stage_same(f, "straight", "restarted");
}

static void leaves_nothing_beside_its_outputs(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    stage_must(task(f, "a"));
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM glob('%s/a/*')", f->dir), "1");
}

static void joins_the_parts_when_a_single_file_is_wanted(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    stage_must(task(f, "parts"));
    struct fake_task *t = snapshot_task_to(f, "file", stage_path(f, "raw"), ".parquet");
    fake_task_int(t, "part_rows", 100);
    stage_must(t);
    static const char *const tables[] = {"core", "extras"};
    for (int i = 0; i < 2; i++) {
        assert_string_equal(
            sql_cell(f,
                     "SELECT count(*) FROM (SELECT *, row_number() OVER () FROM "
                     "'%s/parts/%s/*.parquet' EXCEPT SELECT *, row_number() OVER () FROM "
                     "'%s/file/%s.parquet')",
                     f->dir, tables[i], f->dir, tables[i]),
            "0");
    }
    assert_string_equal(snapshot_cell(f, "file/core.parquet", "count(*)", ""), "2400");
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM glob('%s/file/*')", f->dir), "3");
}

static void stops_when_it_is_cancelled(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    struct fake_task *t = task(f, "a");
    fake_task_cancel_before_step(t, 5);
    assert_int_equal(fake_task_run(t)->status, FW_E_CANCELLED);
    fake_task_destroy(t);
}

static void has_at_least_eight_steps_for_a_small_table(void **state)
{
    struct sql_fixture *f = *state;
    crawl(f);
    struct fake_task *t = snapshot_task(f, "a", stage_path(f, "raw"));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_in_range(result->steps, 8, 1000);
    assert_int_equal(result->done, result->total);
    assert_int_equal(result->items, 12000);
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_same_bytes_for_any_threads_and_memory),
        TEST(writes_in_the_order_of_entity_and_instant),
        TEST(survives_a_restart_after_each_step),
        TEST(leaves_nothing_beside_its_outputs),
        TEST(joins_the_parts_when_a_single_file_is_wanted),
        TEST(stops_when_it_is_cancelled),
        TEST(has_at_least_eight_steps_for_a_small_table),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
