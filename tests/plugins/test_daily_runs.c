/* SPDX-License-Identifier: MIT */
/* The same bytes however the run went: threads, memory, chunks, files, orders, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daily_fixture.h"

/* 6,000 rows of 60 offers over 40 days, two or three a day at instants of their own. */
#define ROWS                                                                                       \
    "SELECT concat('p|', mod(i, 60)) AS entity_id, (DATE '2024-01-01' + (i // "                    \
    "150)::INT)::VARCHAR "                                                                         \
    "AS crawled_date_day, TIMESTAMP '2024-01-01' + to_days((i // 150)::INT) + to_minutes(mod(i, "  \
    "150)) AS snapshot_ts, CASE WHEN mod(i, 7) > 0 THEN mod(i * 7919, 1000) / 8.0::DOUBLE END AS " \
    "funding_raised_usd, CASE WHEN mod(i, 5) > 0 THEN concat('text ', mod(i, 60)) END AS title, "  \
    "i AS v FROM range(6000) r(i)"
#define EXTRAS                                                                                     \
    "SELECT entity_id, crawled_date_day, snapshot_ts, concat('[', v, ']') AS tags_json FROM "      \
    "(" ROWS ") WHERE mod(v, 3) = 0"

/* Writes the rows in that order as three files of FOLDER/NAME, in this order of their names. */
static const char *files(struct sql_fixture *f, const char *name, const char *order,
                         const char *const *names)
{
    assert_int_equal(mkdir(stage_path(f, "%s", name), 0777), 0);
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT * FROM (" ROWS ") ORDER BY %s LIMIT 2000 OFFSET %d) TO "
                 "'%s/%s/%s.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 order, i * 2000, f->dir, name, names[i]);
    }
    return stage_path(f, "%s", name);
}

static const char *const plain_names[] = {"0", "1", "2"};
static const char *const other_names[] = {"z", "m", "a"};

#define IN_ORDER   "entity_id, snapshot_ts"
#define AS_CRAWLED "v"
#define SHUFFLED   "hash(v)"

/* Many parts, so that gathered rows are sorted. */
static struct fake_task *task(struct sql_fixture *f, const char *run, const char *core)
{
    const char *extras = stage_path(f, "extras.parquet");
    sql_must(f, "COPY (" EXTRAS ") TO '%s' (FORMAT parquet)", extras);
    struct fake_task *t = daily_task_with_extras(f, run, core, extras);
    fake_task_int(t, "part_rows", 300);
    return t;
}

static void gives_the_same_bytes_for_any_threads(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {IN_ORDER, AS_CRAWLED};
    for (int i = 0; i < 2; i++) {
        char in[8], one[8], two[8];
        snprintf(in, sizeof in, "in%d", i);
        snprintf(one, sizeof one, "one%d", i);
        snprintf(two, sizeof two, "two%d", i);
        const char *core = files(f, in, orders[i], plain_names);
        struct fake_task *t = task(f, one, core);
        fake_task_limits(t)->threads = 1;
        stage_must(t);
        stage_must(task(f, two, core));
        stage_same(f, one, two);
    }
    stage_same(f, "one0", "one1");
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/one0/core/*.parquet'", f->dir),
                        "2400");
}

/* The rungs of the ladder for a stage that ran out of memory. */
static void gives_the_same_bytes_on_every_rung(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = files(f, "in", AS_CRAWLED, plain_names);
    stage_must(task(f, "first", core));
    struct fake_task *t = task(f, "low", core);
    fake_task_limits(t)->threads = 1;
    fake_task_limits(t)->small_row_groups = 1;
    stage_must(t);
    stage_same(f, "first", "low");
    t = task(f, "lowest", core);
    fake_task_limits(t)->threads = 1;
    fake_task_limits(t)->small_row_groups = 1;
    fake_task_limits(t)->partition_factor = 4;
    fake_task_limits(t)->engine_bytes = 64 << 20;
    stage_must(t);
    stage_same(f, "first", "lowest");
}

static void gives_the_same_bytes_for_any_chunks(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = files(f, "in", SHUFFLED, plain_names);
    static const int chunk_rows[] = {701, 2000, 5999};
    stage_must(task(f, "auto", core));
    for (int i = 0; i < 3; i++) {
        char run[16];
        snprintf(run, sizeof run, "chunk-%d", i);
        struct fake_task *t = task(f, run, core);
        fake_task_int(t, "chunk_rows", chunk_rows[i]);
        stage_must(t);
        stage_same(f, "auto", run);
    }
}

static void gives_the_same_bytes_for_any_names_and_order_of_files(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {IN_ORDER, SHUFFLED};
    stage_must(task(f, "plain", files(f, "in", AS_CRAWLED, plain_names)));
    for (int i = 0; i < 2; i++) {
        char in[8], whole[16], single[16];
        snprintf(in, sizeof in, "in%d", i);
        snprintf(whole, sizeof whole, "whole%d", i);
        snprintf(single, sizeof single, "single%d", i);
        stage_must(task(f, whole, files(f, in, orders[i], other_names)));
        stage_same(f, "plain", whole);
        struct fake_task *t = task(f, single, NULL);
        fake_task_input(t, "core", stage_path(f, "%s/m.parquet", in),
                        stage_path(f, "%s/z.parquet", in), stage_path(f, "%s/a.parquet", in), NULL);
        stage_must(t);
        stage_same(f, "plain", single);
    }
}

/* Files whose entities do not overlap are streamed in the order of their entities. */
static void streams_files_in_entity_order_whatever_their_names(void **state)
{
    struct sql_fixture *f = *state;
    const char *const *names[] = {plain_names, other_names};
    for (int i = 0; i < 2; i++) {
        struct fake_task *t =
            task(f, i == 0 ? "a" : "b", files(f, i == 0 ? "in0" : "in1", IN_ORDER, names[i]));
        const struct fake_result *result = fake_task_run(t);
        assert_int_equal(result->status, FW_OK);
        assert_string_equal(fake_task_field(t, "input_in_entity_order"), "true");
        fake_task_destroy(t);
    }
    stage_same(f, "a", "b");
}

/*
 * The engine numbers the row groups of each file from 0 and, left to itself, writes a part's rows
 * by these numbers: the end of one file behind the beginning of the next.
 */
static void keeps_a_part_in_order_that_is_of_two_files(void **state)
{
    struct sql_fixture *f = *state;
    assert_int_equal(mkdir(stage_path(f, "in"), 0777), 0);
    for (int i = 0; i < 2; i++) {
        sql_must(f,
                 "COPY (SELECT concat('p|', lpad((i // 500)::VARCHAR, 3, '0')) AS entity_id, 'p' "
                 "AS platform_name, (i // 500)::VARCHAR AS offer_id, DATE '2024-01-01' + mod(i, "
                 "500)::INT AS crawled_date_day, i AS funding_raised_usd FROM range(%d, %d) r(i)) "
                 "TO '%s/in/%d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 i * 150000, (i + 1) * 150000, f->dir, i);
    }
    struct fake_task *t = daily_task(f, "run", stage_path(f, "in"));
    fake_task_int(t, "part_rows", 140000);
    stage_must(t);
    assert_string_equal(sql_cell(f,
                                 "SELECT concat(count(*), ' ', count(*) FILTER (v < before)) FROM "
                                 "(SELECT funding_raised_usd AS v, lag(v) OVER (ORDER BY filename, "
                                 "file_row_number) AS before FROM read_parquet('%s/run/core/"
                                 "*.parquet', filename = true, file_row_number = true))",
                                 f->dir),
                        "300000 0");
}

/*
 * A part of several row groups and blocks, wide enough for small ones: rows that are streamed and
 * rows that are sorted are cut alike.
 */
static void cuts_row_groups_alike_for_rows_in_any_order(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {"e, d", "hash(e, d)"};
    struct fw_text columns = {0};
    for (int i = 0; i < 160; i++) {
        fw_text_appendf(&columns,
                        ", CASE WHEN hash(e, d, %d) %% 8 > 0 THEN (d + %d)::UTINYINT END "
                        "AS c%d",
                        i, i, i);
    }
    for (int i = 0; i < 2; i++) {
        const char *core = stage_table(f, i == 0 ? "in0" : "in1",
                                       "SELECT concat('e', e) AS entity_id, DATE '2024-01-01' + "
                                       "d::INT AS crawled_date_day%s FROM range(1501) a(e), "
                                       "range(12) b(d) ORDER BY %s",
                                       fw_text_get(&columns), orders[i]);
        stage_must(daily_task(f, i == 0 ? "a" : "b", core));
    }
    fw_text_finish(&columns);
    stage_same(f, "a", "b");
    const char *groups = sql_cell(f,
                                  "SELECT count(DISTINCT row_group_id) FROM "
                                  "parquet_metadata('%s/a/core/part-00000.parquet')",
                                  f->dir);
    assert_in_range(atoi(groups), 2, 8);
}

static void survives_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {IN_ORDER, AS_CRAWLED};
    for (int i = 0; i < 2; i++) {
        char in[8], straight[16], restarted[16];
        snprintf(in, sizeof in, "in%d", i);
        snprintf(straight, sizeof straight, "straight%d", i);
        snprintf(restarted, sizeof restarted, "restarted%d", i);
        const char *core = files(f, in, orders[i], plain_names);
        stage_must(task(f, straight, core));
        struct fake_task *t = task(f, restarted, core);
        fake_task_restart_after(t, FAKE_EACH_STEP);
        const struct fake_result *result = fake_task_run(t);
        if (result->status != FW_OK || result->defect != NULL) {
            fail_msg("%s %s", result->fault, result->defect != NULL ? result->defect : "");
        }
        assert_in_range(result->restarts, 10, 1000);
        assert_string_equal(fake_task_field(t, "rows_emitted"), "2400");
        assert_string_equal(fake_task_field(t, "rows_of_shared_days"), "6000");
        fake_task_destroy(t);
        stage_same(f, straight, restarted);
    }
}

static void survives_a_restart_before_single_files_are_joined(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = files(f, "in", AS_CRAWLED, plain_names);
    for (int i = 0; i < 2; i++) {
        struct fake_task *t = daily_task_to_files(f, i == 0 ? "a" : "b", core, NULL);
        fake_task_int(t, "part_rows", 300);
        if (i > 0) {
            fake_task_restart_after(t, FAKE_EACH_STEP);
        }
        stage_must(t);
    }
    stage_same(f, "a", "b");
}

static void joins_the_parts_when_a_single_file_is_wanted(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const tables[] = {"core", "extras"};
    const char *core = files(f, "in", AS_CRAWLED, plain_names);
    stage_must(task(f, "parts", core));
    struct fake_task *t = daily_task_to_files(f, "file", core, stage_path(f, "extras.parquet"));
    fake_task_int(t, "part_rows", 300);
    stage_must(t);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(
            sql_cell(f,
                     "SELECT count(*) FROM ((SELECT *, row_number() OVER () FROM "
                     "'%s/parts/%s/*.parquet' EXCEPT ALL SELECT *, row_number() OVER () FROM "
                     "'%s/file/%s.parquet') UNION ALL (SELECT *, row_number() OVER () FROM "
                     "'%s/file/%s.parquet' EXCEPT ALL SELECT *, row_number() OVER () FROM "
                     "'%s/parts/%s/*.parquet'))",
                     f->dir, tables[i], f->dir, tables[i], f->dir, tables[i], f->dir, tables[i]),
            "0");
    }
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/file/core.parquet'", f->dir), "2400");
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM glob('%s/file/*')", f->dir), "3");
}

static void leaves_nothing_beside_its_outputs(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", files(f, "in", AS_CRAWLED, plain_names)));
    assert_string_equal(sql_cell(f,
                                 "SELECT string_agg(name, ' ' ORDER BY name) FROM (SELECT DISTINCT "
                                 "regexp_extract(file, '/a/([^/]*)', 1) AS name FROM "
                                 "glob('%s/a/**'))",
                                 f->dir),
                        "core extras static.parquet");
}

static void stops_when_it_is_cancelled(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = files(f, "in", AS_CRAWLED, plain_names);
    for (unsigned step = 1; step < 12; step += 5) {
        char run[16];
        snprintf(run, sizeof run, "a%u", step);
        struct fake_task *t = task(f, run, core);
        fake_task_cancel_before_step(t, step);
        const struct fake_result *result = fake_task_run(t);
        assert_int_equal(result->status, FW_E_CANCELLED);
        assert_null(result->defect);
        fake_task_destroy(t);
    }
}

static void goes_in_many_steps_and_counts_all_rows(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", files(f, "in", AS_CRAWLED, plain_names));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_in_range(result->steps, 8, 1000);
    assert_int_equal(result->done, result->total);
    assert_int_equal(result->items, 6000);
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_same_bytes_for_any_threads),
        TEST(gives_the_same_bytes_on_every_rung),
        TEST(gives_the_same_bytes_for_any_chunks),
        TEST(gives_the_same_bytes_for_any_names_and_order_of_files),
        TEST(streams_files_in_entity_order_whatever_their_names),
        TEST(keeps_a_part_in_order_that_is_of_two_files),
        TEST(cuts_row_groups_alike_for_rows_in_any_order),
        TEST(survives_a_restart_after_each_step),
        TEST(survives_a_restart_before_single_files_are_joined),
        TEST(joins_the_parts_when_a_single_file_is_wanted),
        TEST(leaves_nothing_beside_its_outputs),
        TEST(stops_when_it_is_cancelled),
        TEST(goes_in_many_steps_and_counts_all_rows),
    };
    return cmocka_run_group_tests(tests, daily_load, stage_unload);
}
