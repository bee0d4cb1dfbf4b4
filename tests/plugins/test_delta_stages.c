/* SPDX-License-Identifier: MIT */
/* The stages that cut their input into rows, on a Delta table with deleted rows in every file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daily_fixture.h"
#include "delta_fixture.h"
#include "snapshot_fixture.h"

enum { FILE_ROWS = 4000, FILES = 3 };

/* 12,000 rows of 60 offers over 40 days, five a day, some of them of the same instant. */
#define ROWS                                                                                       \
    "SELECT 'p' AS platform_name, concat('o', mod(i, 60)) AS offer_id, concat('p|o', mod(i, 60)) " \
    "AS entity_id, (DATE '2024-01-01' + (i // 300)::INT)::VARCHAR AS crawled_date_day, "           \
    "TIMESTAMP '2024-01-01' + to_days((i // 300)::INT) AS snapshot_ts, i AS v, "                   \
    "concat('text ', mod(i, 61)) AS title FROM range(12000) r(i)"
#define PROTOCOL_3                                                                                 \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["            \
    "\"deletionVectors\"],\"writerFeatures\":[\"deletionVectors\"]}}\n"
#define KEYS  FIELD("platform_name", "string") "," FIELD("offer_id", "string")
#define TIMES FIELD("crawled_date_day", "string") "," FIELD("snapshot_ts", "timestamp_ntz")
#define OTHER FIELD("entity_id", "string") "," FIELD("v", "long") "," FIELD("title", "string")
#define TABLE PROTOCOL_3 METADATA(KEYS "," TIMES "," OTHER, "")

/* Deleted is every third row, and the last 800 of each file. */
static bool is_deleted(uint32_t row)
{
    return row % 3 == 1 || row >= FILE_ROWS - 800;
}

/*
 * The rows in that order: FOLDER/NAME is a Delta table in whose files some are deleted,
 * FOLDER/NAME-purged has files without these.
 */
static const char *delta_table(struct sql_fixture *f, const char *name, const char *order)
{
    struct fw_text lines = {0};
    struct sql_fixture table = *f;
    uint32_t rows[FILE_ROWS];
    size_t n = 0, size = 0;
    for (uint32_t row = 0; row < FILE_ROWS; row++) {
        rows[n] = row;
        n += is_deleted(row);
    }
    unsigned char *bitmap = delta_bitmap(rows, n, AS_RUNS, &size);
    char *text = delta_z85(bitmap, size);
    fw_text_append(&lines, TABLE);
    assert_int_equal(mkdir(stage_path(f, "%s", name), 0777), 0);
    assert_int_equal(mkdir(stage_path(f, "%s-purged", name), 0777), 0);
    sql_must(f,
             "CREATE OR REPLACE TEMP TABLE t AS SELECT *, row_number() OVER (ORDER BY %s) - 1 AS "
             "place FROM (" ROWS ")",
             order);
    for (int i = 0; i < FILES; i++) {
        fw_text_appendf(&lines,
                        "{\"add\":{\"path\":\"%d.parquet\",\"size\":1,\"stats\":"
                        "\"{\\\"numRecords\\\":%d}\",\"deletionVector\":{\"storageType\":\"i\","
                        "\"pathOrInlineDv\":\"%s\",\"sizeInBytes\":%zu,\"cardinality\":%zu}}}\n",
                        i, FILE_ROWS, text, size, n);
        sql_must(f,
                 "COPY (SELECT * EXCLUDE place FROM t WHERE place // %d = %d ORDER BY place) TO "
                 "'%s/%s/%d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 FILE_ROWS, i, f->dir, name, i);
        sql_must(f,
                 "COPY (SELECT platform_name, offer_id, crawled_date_day, snapshot_ts, entity_id, "
                 "v, title FROM t WHERE place // %d = %d AND mod(place, %d) %% 3 <> 1 AND "
                 "mod(place, %d) < %d ORDER BY place) TO '%s/%s-purged/%d.parquet'",
                 FILE_ROWS, i, FILE_ROWS, FILE_ROWS, FILE_ROWS - 800, f->dir, name, i);
    }
    int length = snprintf(table.dir, sizeof table.dir, "%s/%s", f->dir, name);
    assert_in_range(length, 1, sizeof table.dir - 1);
    delta_commit(&table, 0, fw_text_get(&lines));
    fw_text_finish(&lines);
    free(text);
    free(bitmap);
    return stage_path(f, "%s", name);
}

static struct fake_task *daily(struct sql_fixture *f, const char *run, const char *core, int chunk)
{
    struct fake_task *t = daily_task(f, run, core);
    fake_task_int(t, "part_rows", 1000);
    if (chunk > 0) {
        fake_task_int(t, "chunk_rows", chunk);
    }
    return t;
}

static void daily_skips_deleted_rows(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {"entity_id, v", "v", "hash(v)"};
    for (int i = 0; i < 3; i++) {
        char name[16], deleted[16], purged[16];
        snprintf(name, sizeof name, "in%d", i);
        snprintf(deleted, sizeof deleted, "deleted%d", i);
        snprintf(purged, sizeof purged, "purged%d", i);
        const char *core = delta_table(f, name, orders[i]);
        stage_must(daily(f, deleted, core, i == 1 ? 2701 : 0));
        stage_must(daily(f, purged, stage_path(f, "%s-purged", name), 0));
        stage_same(f, deleted, purged);
    }
}

static void daily_streams_a_table_in_order_past_deleted_rows(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily(f, "run", delta_table(f, "in", "entity_id, v"), 0);
    assert_int_equal(fake_task_run(t)->status, FW_OK);
    assert_string_equal(fake_task_field(t, "input_in_entity_order"), "true");
    fake_task_destroy(t);
}

static void daily_goes_on_in_the_middle_of_them(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = delta_table(f, "in", "hash(v)");
    struct fake_task *t = daily(f, "restarted", core, 2701);
    fake_task_restart_after(t, FAKE_EACH_STEP);
    stage_must(t);
    stage_must(daily(f, "straight", stage_path(f, "in-purged"), 0));
    stage_same(f, "restarted", "straight");
}

static struct fake_task *snapshot(struct sql_fixture *f, const char *run, const char *raw,
                                  int chunk, int limit)
{
    struct fake_task *t = snapshot_task_without_extras(f, run, raw);
    fake_task_int(t, "part_rows", 500);
    if (chunk > 0) {
        fake_task_int(t, "chunk_rows", chunk);
    }
    if (limit > 0) {
        fake_task_int(t, "limit_rows", limit);
    }
    return t;
}

static void snapshot_skips_deleted_rows(void **state)
{
    struct sql_fixture *f = *state;
    static const int chunks[] = {0, 1700};
    const char *raw = delta_table(f, "in", "v");
    stage_must(snapshot(f, "purged", stage_path(f, "in-purged"), 0, 0));
    for (int i = 0; i < 2; i++) {
        char run[16];
        snprintf(run, sizeof run, "deleted%d", i);
        stage_must(snapshot(f, run, raw, chunks[i], 0));
        stage_same(f, run, "purged");
    }
}

/* The first 3,000 rows that are left, which end in the second file. */
static void snapshots_limit_counts_rows_that_are_left(void **state)
{
    struct sql_fixture *f = *state;
    static const int chunks[] = {0, 700};
    const char *raw = delta_table(f, "in", "v");
    stage_must(snapshot(f, "purged", stage_path(f, "in-purged"), 0, 3000));
    for (int i = 0; i < 2; i++) {
        struct fake_task *t = snapshot(f, i == 0 ? "a" : "b", raw, chunks[i], 3000);
        assert_int_equal(fake_task_run(t)->status, FW_OK);
        assert_string_equal(fake_task_field(t, "rows_scanned"), "3000");
        fake_task_destroy(t);
        stage_same(f, i == 0 ? "a" : "b", "purged");
    }
}

#define DAILY(name)    cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
#define SNAPSHOT(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest of_daily[] = {
        DAILY(daily_skips_deleted_rows),
        DAILY(daily_streams_a_table_in_order_past_deleted_rows),
        DAILY(daily_goes_on_in_the_middle_of_them),
    };
    const struct CMUnitTest of_snapshot[] = {
        SNAPSHOT(snapshot_skips_deleted_rows),
        SNAPSHOT(snapshots_limit_counts_rows_that_are_left),
    };
    int failed = cmocka_run_group_tests_name("daily", of_daily, daily_load, stage_unload);
    return failed +
           cmocka_run_group_tests_name("snapshot", of_snapshot, snapshot_load, stage_unload);
}
