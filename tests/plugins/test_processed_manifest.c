/* SPDX-License-Identifier: MIT */
/* The manifest of processed data sets: it only grows, and its gate finds what changed (market T16).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/gate.h>

#include "stage_fixture.h"

static const char *data(struct sql_fixture *f, const char *name, int n)
{
    return stage_table(f, name,
                       "SELECT DATE '2024-01-01' + i::INTEGER AS \"Date\", i AS a FROM range(%d) "
                       "r(i)",
                       n);
}

/* The host of the tests gives each output its final place at once, which must be free until then.
 */
static void put_manifest_at_its_place(struct sql_fixture *f, struct fake_task *t)
{
    const char *place = stage_path(f, "manifest.json"), *aside = stage_path(f, "aside");
    bool was_there = rename(place, aside) == 0;

    fake_task_output(t, "manifest", place);
    assert_true(!was_there || rename(aside, place) == 0);
}

static struct fake_task *task(struct sql_fixture *f, const char *path, const char *dataset)
{
    struct fake_task *t = stage_task("processed_manifest");

    fake_task_input(t, "data", path, NULL);
    fake_task_texts(t, "datasets", dataset, NULL);
    put_manifest_at_its_place(f, t);
    return t;
}

/* The gate's verdict. */
static int32_t verdict(struct sql_fixture *f, const char *says)
{
    struct fake_task *t = stage_task("verify_processed_manifest");

    fake_task_input(t, "manifest", stage_path(f, "manifest.json"), NULL);
    fake_task_output(t, "report", fake_task_path(t, "report.json"));
    fake_task_output(t, "markdown", fake_task_path(t, "report.md"));
    stage_run(t);
    int32_t result = fake_task_gate(t, "processed_manifest");
    const char *reason = fake_task_gate_reason(t, "processed_manifest");
    if (strstr(reason, says) == NULL) {
        fail_msg("no \"%s\" in: %s", says, reason);
    }
    fake_task_destroy(t);
    return result;
}

static const char *entries(struct sql_fixture *f, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(%s, ' ') FROM (SELECT unnest(entries) AS e FROM "
                    "read_json('%s'))",
                    expression, stage_path(f, "manifest.json"));
}

/* Changes a byte of the file. */
static void alter(const char *path)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void grows_by_an_entry_for_each_change(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(task(f, data(f, "a", 5), "SPY.dataset.a20"));
    stage_must(task(f, data(f, "a", 7), "SPY.dataset.a20"));
    assert_string_equal(
        entries(f, "concat_ws('/', e.dataset, e.version, e.path, e.rows, e.cols, e.last_date)"),
        "SPY.dataset.a20/1/a.parquet/5/2/2024-01-05 SPY.dataset.a20/1/a.parquet/7/2/2024-01-07");
    assert_int_equal(verdict(f, "1 files are what the manifest says"), FW_GATE_TRUE);
    struct fake_task *t = task(f, data(f, "a", 7), "SPY.dataset.a20");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "entries"), "2");
    assert_string_equal(fake_task_field(t, "entries_added"), "0");
    fake_task_destroy(t);
}

static void finds_a_changed_byte_and_a_missing_file(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = data(f, "a", 5);

    stage_must(task(f, path, "A"));
    alter(path);
    assert_int_equal(verdict(f, "a.parquet: checksum mismatch"), FW_GATE_FALSE);
    alter(path);
    assert_int_equal(verdict(f, "1 files"), FW_GATE_TRUE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(verdict(f, "a.parquet: missing file"), FW_GATE_FALSE);
}

static void says_the_digests_that_md5sum_says(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t;

    sql_must(f, "COPY (SELECT 'abc' AS a) TO '%s' (HEADER false)", stage_path(f, "raw.csv"));
    t = task(f, data(f, "a", 5), "A");
    fake_task_input(t, "sources", stage_path(f, "raw.csv"), NULL);
    fake_task_texts(t, "tiers", "a20", NULL);
    stage_must(t);
    /* of "abc\n" */
    assert_string_equal(entries(f, "concat_ws('/', e.tier, e.source_raw_md5s[1])"),
                        "a20/0bee89b07a248e27c83fc3d5951213c1");
    assert_string_equal(entries(f, "concat_ws('/', e.sources[1].path, e.sources[1].sha256)"),
                        "raw.csv/"
                        "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb");
}

static void leaves_the_manifest_alone_when_it_fails(void **state)
{
    struct sql_fixture *f = *state;
    char before[2048];
    struct fake_task *t;

    stage_must(task(f, data(f, "a", 5), "A"));
    snprintf(before, sizeof before, "%s", entries(f, "e::VARCHAR"));
    sql_must(f, "COPY (SELECT 'no table' AS a) TO '%s' (HEADER false)",
             stage_path(f, "b.parquet.csv"));
    assert_int_equal(rename(stage_path(f, "b.parquet.csv"), stage_path(f, "b.parquet")), 0);
    t = stage_task("processed_manifest");
    fake_task_input(t, "data", data(f, "c", 9), stage_path(f, "b.parquet"), NULL);
    fake_task_texts(t, "datasets", "C", "B", NULL);
    put_manifest_at_its_place(f, t);
    stage_must_fail(t, FW_E_UNSUPPORTED, "b.parquet");
    assert_string_equal(entries(f, "e::VARCHAR"), before);
}

static void refuses_what_is_no_manifest(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "COPY (SELECT 1 AS entries) TO '%s' (FORMAT json)", stage_path(f, "manifest.json"));
    stage_must_fail(task(f, data(f, "a", 5), "A"), FW_E_DATA, "this is no manifest");
    struct fake_task *t = task(f, data(f, "a", 5), "A");
    fake_task_texts(t, "datasets", "A", "B", NULL);
    stage_must_fail(t, FW_E_CONFIG, "1 files have 2 names and 0 tiers");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(grows_by_an_entry_for_each_change), TEST(finds_a_changed_byte_and_a_missing_file),
        TEST(says_the_digests_that_md5sum_says), TEST(leaves_the_manifest_alone_when_it_fails),
        TEST(refuses_what_is_no_manifest),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
