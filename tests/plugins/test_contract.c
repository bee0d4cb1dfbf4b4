/* SPDX-License-Identifier: MIT */
/* The column contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "stage_fixture.h"

#define RAW                                                                                        \
    "SELECT 'p' AS platform_name, 'o' AS offer_id, '2024-01-01' AS crawled_date_day, 0.0 AS "      \
    "funding_goal_usd, 1 AS rare, 'x' AS story, 'y' AS category, 0 AS constant, ['a'] AS tags, "   \
    "'t' AS title"

/* Of each column: rate, distinct values, mean length. */
#define INVENTORY                                                                                  \
    "SELECT * FROM (VALUES ('platform_name', 1.0, 3, 5.0), ('offer_id', 1.0, 300000, 150.0), "     \
    "('crawled_date_day', 1.0, 9, 10.0), ('funding_goal_usd', 0.0001, NULL, NULL), ('rare', "      \
    "0.0009, NULL, NULL), ('story', 0.5, 200001, 120.0), ('category', 0.5, 200001, 12.0), "        \
    "('constant', 1.0, NULL, NULL), ('tags', NULL, NULL, NULL), ('title', 0.001, 200000, 500.0)) " \
    "t(\"column\", non_null_rate, approx_distinct, avg_str_len)"

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    struct fake_task *t = stage_task("contract");
    stage_folder(f, run);
    fake_task_input(t, "raw", stage_table(f, "raw", RAW), NULL);
    fake_task_input(t, "inventory", stage_table(f, "inventory", INVENTORY), NULL);
    fake_task_output(t, "contract", stage_path(f, "%s/contract.yaml", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/contract.md", run));
    fake_task_text(t, "stamp", "20260203_225620");
    return t;
}

static const char *text_of(struct sql_fixture *f, const char *file)
{
    return sql_cell(f, "SELECT content FROM read_text('%s/%s')", f->dir, file);
}

#define KEPT                                                                                       \
    "  must_keep:\n  - platform_name\n  - offer_id\n  - crawled_date_day\n  - "                    \
    "funding_goal_usd\n  - category\n  - constant\n  - title\n  - snapshot_ts\n  - "               \
    "entity_id\n  high_value: []\n"
#define NESTED_AND_DROPPED                                                                         \
    "  nested_columns:\n  - tags\n  derived_nested:\n  - tags__json\n  - tags__len\n  - "          \
    "tags__hash\n  can_drop:\n  - hash_id\n  - link\n"

static void applies_the_thresholds(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a"));
    assert_string_equal(
        text_of(f, "a/contract.yaml"),
        "stamp: '20260203_225620'\nnon_null_min: 0.001\ncategorical_distinct_max: 200000\n"
        "offers_core_snapshot:\n" KEPT "  derived_only:\n  - tags\n" NESTED_AND_DROPPED
        "offers_core_daily:\n" KEPT "  derived_structured: []\n" NESTED_AND_DROPPED
        "offers_text:\n  must_keep:\n  - entity_id\n  - platform_name\n  - offer_id\n"
        "  - crawled_date_day\n  - title\n"
        "edgar_store:\n  must_keep: []\n  high_value: []\n");
}

static void says_what_it_removed_and_why(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    stage_run(t);
    assert_string_equal(
        fake_task_field(t, "removed"),
        "[{\"table\":\"offers\",\"column\":\"rare\",\"reason\":\"non_null_rate 0.0009 is below "
        "0.001\"},{\"table\":\"offers\",\"column\":\"story\",\"reason\":\"200001 distinct values "
        "of "
        "120.0 characters: free text\"}]");
    fake_task_destroy(t);
    assert_non_null(strstr(text_of(f, "a/contract.md"), "non_null_rate 0.0009 is below 0.001"));
}

static void keeps_everything_in_compat(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    fake_task_int(t, "compat", 1);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "removed"), "[]");
    assert_string_equal(fake_task_field(t, "offers_kept"), "10");
    fake_task_destroy(t);
    assert_non_null(strstr(text_of(f, "a/contract.yaml"),
                           "  - constant\n  - tags\n  - title\n  - snapshot_ts\n  - entity_id\n"));
}

static void protects_what_it_is_told_to(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    fake_task_texts(t, "protected", "story", NULL);
    stage_must(t);
    assert_non_null(strstr(text_of(f, "a/contract.yaml"), "  - story\n"));
    assert_null(strstr(text_of(f, "a/contract.yaml"), "  - rare\n"));
}

/* The trap: no stage made such a column, and gate A asked for it. */
static void refuses_a_derived_column_that_no_stage_makes(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    fake_task_texts(t, "derived_structured", "text_len", "num_urls", NULL);
    fake_task_texts(t, "provides", "text_len", NULL);
    stage_must_fail(t, FW_E_CONFIG, "no stage makes the column \"num_urls\"");
    t = task(f, "b");
    fake_task_texts(t, "derived_structured", "text_len", NULL);
    fake_task_texts(t, "provides", "text_len", NULL);
    stage_must(t);
    assert_non_null(strstr(text_of(f, "b/contract.yaml"), "derived_structured:\n  - text_len\n"));
}

static void refuses_the_inventory_of_another_table(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    stage_table(f, "inventory", INVENTORY " WHERE \"column\" <> 'constant'");
    stage_must_fail(t, FW_E_DATA, "the inventory has no column \"constant\"");
    t = task(f, "b");
    stage_table(f, "inventory", "SELECT 1 AS id");
    stage_must_fail(t, FW_E_MISSING, "give the output `inventory` of a stage raw_profile");
}

static void keeps_what_an_earlier_contract_must_keep(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    fake_task_input(t, "filings",
                    stage_table(f, "filings", "SELECT '1' AS cik, 1 AS amount, 2 AS empty"), NULL);
    fake_task_input(t, "filings_inventory",
                    stage_table(f, "filings_inventory",
                                "SELECT * FROM (VALUES ('cik', 0.0), ('amount', 0.5), ('empty', "
                                "0.0)) t(\"column\", non_null_rate), (SELECT NULL::BIGINT AS "
                                "approx_distinct, NULL::DOUBLE AS avg_str_len)"),
                    NULL);
    fake_task_input(
        t, "base",
        fake_task_write(t, "base.yaml", "offers_core_daily:\n  must_keep: [older, title]\n"), NULL);
    stage_must(t);
    const char *yaml = text_of(f, "a/contract.yaml");
    assert_non_null(strstr(yaml, "  - title\n  - older\n  - snapshot_ts\n"));
    assert_non_null(strstr(yaml, "edgar_store:\n  must_keep:\n  - cik\n  - amount\n  high_value"));
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(applies_the_thresholds),
        TEST(says_what_it_removed_and_why),
        TEST(keeps_everything_in_compat),
        TEST(protects_what_it_is_told_to),
        TEST(refuses_a_derived_column_that_no_stage_makes),
        TEST(refuses_the_inventory_of_another_table),
        TEST(keeps_what_an_earlier_contract_must_keep),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
