/* SPDX-License-Identifier: MIT */
/* Gate C: the raw table's offer-days against the core's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <fw/service/gate.h>

#include "stage_fixture.h"

/* Two offers over five days, three crawls a day. */
#define RAW                                                                                        \
    "SELECT 'p' AS platform_name, (1 + i %% 2)::VARCHAR AS offer_id, (DATE '2023-12-30' + (i // "  \
    "6)::INT)::VARCHAR AS crawled_date_day FROM range(30) r(i)"
#define CORE                                                                                       \
    "SELECT DISTINCT platform_name, offer_id, crawled_date_day::DATE AS crawled_date_day FROM "    \
    "(" RAW ")"

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    struct fake_task *t = stage_task("audit_offer_day");
    stage_folder(f, run);
    fake_task_input(t, "raw", stage_path(f, "raw.parquet"), NULL);
    fake_task_input(t, "core", stage_path(f, "core.parquet"), NULL);
    fake_task_output(t, "report", stage_path(f, "%s/report.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/report.md", run));
    return t;
}

static const char *said(struct sql_fixture *f, const char *run, const char *path)
{
    return sql_cell(f, "SELECT json ->> '%s' FROM read_json_objects('%s/%s/report.json')", path,
                    f->dir, run);
}

static void must_decide(struct fake_task *t, int32_t verdict, const char *reason)
{
    stage_run(t);
    assert_int_equal(fake_task_gate(t, "offer_day"), verdict);
    if (strstr(fake_task_gate_reason(t, "offer_day"), reason) == NULL) {
        fail_msg("no \"%s\" in: %s", reason, fake_task_gate_reason(t, "offer_day"));
    }
    fake_task_destroy(t);
}

static void passes_when_both_have_the_same(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw", RAW);
    stage_table(f, "core", CORE);
    must_decide(task(f, "a"), FW_GATE_TRUE, "10 offer-days in the raw table, 10 in the core");
    assert_string_equal(said(f, "a", "$.coverage_rate"), "1");
    assert_string_equal(said(f, "a", "$.gate_passed"), "true");
    assert_string_equal(said(f, "a", "$.samples"), "[]");
}

/* T10 (b). */
static void fails_and_lists_the_pair_that_is_missing(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw", RAW);
    stage_table(f, "core", CORE " ORDER BY ALL LIMIT 9");
    must_decide(task(f, "a"), FW_GATE_FALSE, "coverage_rate is 0.9, outside 0.9999 to 1.0001");
    assert_string_equal(said(f, "a", "$.coverage_rate"), "0.9");
    assert_string_equal(said(f, "a", "$.only_in_raw"), "1");
    assert_string_equal(said(f, "a", "$.samples"),
                        "[{\"crawled_date_day\":\"2024-01-03\",\"offer_id\":\"2\",\"only_in\":"
                        "\"raw\",\"platform_name\":\"p\"}]");
}

/* As many pairs on either side, and yet not the same ones: the rate alone would not tell. */
static void lists_differences_both_ways(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw", RAW);
    stage_table(f, "core",
                "(" CORE " ORDER BY ALL LIMIT 9) UNION ALL SELECT 'q', '1', DATE '2024-01-01'");
    must_decide(task(f, "a"), FW_GATE_FALSE,
                "of 10 offer-days of the raw table the core lacks 1, and has 1 others");
    assert_string_equal(said(f, "a", "$.samples[0].platform_name"), "q");
    assert_string_equal(said(f, "a", "$.samples[1].only_in"), "raw");
}

static void fails_when_the_core_has_an_offer_day_twice(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw", RAW);
    stage_table(f, "core", CORE " UNION ALL (" CORE " ORDER BY ALL LIMIT 1)");
    must_decide(task(f, "a"), FW_GATE_FALSE, "the core has 11 rows, but 10 distinct offer-days");
}

static void does_not_take_two_offers_for_one(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw",
                "SELECT * FROM (VALUES ('a|b', 'c', '2024-01-01'), ('a', 'b|c', '2024-01-01')) "
                "r(platform_name, offer_id, crawled_date_day)");
    stage_table(f, "core", "SELECT * FROM '%s/raw.parquet' LIMIT 1", f->dir);
    must_decide(task(f, "a"), FW_GATE_FALSE, "coverage_rate is 0.5");
}

static void leaves_out_rows_that_the_snapshot_drops(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw",
                RAW " UNION ALL SELECT NULL, '1', '2024-01-01' UNION ALL SELECT 'p', NULL, "
                    "'2024-01-01' UNION ALL SELECT 'p', '1', '' UNION ALL SELECT 'p', '1', "
                    "'2024-01-01 22:00:00-05:00'");
    stage_table(f, "core", CORE);
    must_decide(task(f, "a"), FW_GATE_TRUE, "10 offer-days");
    assert_string_equal(said(f, "a", "$.raw_rows_without_key"), "2");
    assert_string_equal(said(f, "a", "$.raw_rows_without_day"), "1");
}

static void gives_the_same_report_for_any_threads_and_chunks(void **state)
{
    struct sql_fixture *f = *state;
    stage_table(f, "raw", RAW);
    stage_table(f, "core", CORE " ORDER BY ALL LIMIT 8");
    must_decide(task(f, "two"), FW_GATE_FALSE, "0.8");
    struct fake_task *t = task(f, "one");
    fake_task_limits(t)->threads = 1;
    fake_task_restart_after(t, FAKE_EACH_STEP);
    must_decide(t, FW_GATE_FALSE, "0.8");
    stage_same(f, "two", "one");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(passes_when_both_have_the_same),
        TEST(fails_and_lists_the_pair_that_is_missing),
        TEST(lists_differences_both_ways),
        TEST(fails_when_the_core_has_an_offer_day_twice),
        TEST(does_not_take_two_offers_for_one),
        TEST(leaves_out_rows_that_the_snapshot_drops),
        TEST(gives_the_same_report_for_any_threads_and_chunks),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
