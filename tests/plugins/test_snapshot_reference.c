/* SPDX-License-Identifier: MIT */
/* The stage against tests/reference/snapshot_reference.py, which knows nothing of this project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "snapshot_fixture.h"

/* Every column of the golden as the text that the reference wrote. */
#define AS_TEXT                                                                                    \
    "SELECT entity_id, snapshot_ts::VARCHAR, crawled_date_day::VARCHAR, is_funded::VARCHAR, "      \
    "crawled_date, processed_datetime, amount::DOUBLE, note, row_number() OVER () FROM "

static const char *reference(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

static void run(struct sql_fixture *f)
{
    struct fake_task *t = snapshot_task(f, "a", NULL);
    fake_task_input(t, "raw", reference("snapshot_crawl/b.csv"), reference("snapshot_crawl/c.csv"),
                    reference("snapshot_crawl/a.csv"), NULL);
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK) {
        fail_msg("%s", result->fault);
    }
    assert_string_equal(fake_task_field(t, "rows_emitted"), "110");
    assert_string_equal(fake_task_field(t, "rows_dropped_null_key"), "41");
    assert_string_equal(fake_task_field(t, "rows_dropped_bad_ts"), "30");
    fake_task_destroy(t);
}

static const char *differences(struct sql_fixture *f, const char *one, const char *other)
{
    return sql_cell(f, "SELECT string_agg(x::VARCHAR, chr(10)) FROM (%s EXCEPT ALL %s) x", one,
                    other);
}

static void chooses_the_rows_that_the_reference_chooses(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text golden = {0}, core = {0};
    run(f);
    fw_text_appendf(&golden, AS_TEXT "read_csv('%s', all_varchar = true)",
                    reference("snapshot_golden.csv"));
    fw_text_appendf(&core, AS_TEXT "'%s/a/core/*.parquet'", f->dir);
    assert_string_equal(differences(f, fw_text_get(&golden), fw_text_get(&core)), "NULL");
    assert_string_equal(differences(f, fw_text_get(&core), fw_text_get(&golden)), "NULL");
    fw_text_finish(&golden);
    fw_text_finish(&core);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(chooses_the_rows_that_the_reference_chooses),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
