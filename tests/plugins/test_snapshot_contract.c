/* SPDX-License-Identifier: MIT */
/* Which columns a contract keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "snapshot_fixture.h"

#define RAW                                                                                        \
    "SELECT 'p' AS platform_name, 'o' AS offer_id, '2024-01-01' AS crawled_date_day, 1 AS a, 2 "   \
    "AS b, 'c' AS cik, 'l' AS link, ['x'] AS tags, ['y'] AS team"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *contract)
{
    struct fake_task *t = snapshot_task(f, run, stage_table(f, "raw", RAW));
    fake_task_input(t, "contract", fake_task_write(t, "contract.yaml", contract), NULL);
    return t;
}

static const char *columns(struct sql_fixture *f, const char *table)
{
    return sql_cell(f,
                    "SELECT string_agg(column_name, ' ') FROM (DESCRIBE SELECT * FROM "
                    "'%s/%s/*.parquet')",
                    f->dir, table);
}

static void keeps_what_the_contract_names_and_the_base_list(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a",
                               "offers_core_snapshot:\n  must_keep: [b, offer_id, gone]\n"
                               "  nested_columns: [team]\n  can_drop: [link]\n");
    assert_int_equal(fake_task_run(t)->status, FW_OK);
    assert_string_equal(fake_task_field(t, "contract_sha256"),
                        "\"6362367c4a8055bd9046ae22cfae9eae7d37a8a9e6fceedbaee0ccc7e7e1aacd\"");
    assert_non_null(strstr(fake_task_field(t, "dropped_columns"),
                           "{\"column\":\"gone\",\"reason\":\"missing_in_raw\"}"));
    fake_task_destroy(t);
    assert_string_equal(columns(f, "a/core"),
                        "entity_id platform_name offer_id snapshot_ts crawled_date_day cik link b");
    assert_string_equal(columns(f, "a/extras"),
                        "entity_id platform_name offer_id snapshot_ts crawled_date_day team__json "
                        "team__len team__hash");
}

static void has_no_sha_without_a_contract(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = snapshot_task(f, "a", stage_table(f, "raw", RAW));
    assert_int_equal(fake_task_run(t)->status, FW_OK);
    assert_string_equal(fake_task_field(t, "contract_sha256"), "null");
    fake_task_destroy(t);
    assert_string_equal(
        columns(f, "a/core"),
        "entity_id platform_name offer_id snapshot_ts crawled_date_day cik link a b");
}

static void refuses_a_contract_that_names_no_columns(void **state)
{
    struct sql_fixture *f = *state;
    stage_must_fail(task(f, "a", "offers_text:\n  must_keep: [b]\n"), FW_E_DATA,
                    "there is no offers_core_snapshot.must_keep");
    stage_must_fail(task(f, "b", "offers_core_snapshot:\n  must_keep:\n  - b\n  - 7\n"), FW_E_DATA,
                    "contract.yaml");
    stage_must_fail(task(f, "c", "offers_core_snapshot:\n  must_keep: b\n"), FW_E_DATA,
                    "is no list of columns");
}

static void refuses_columns_that_are_given_twice(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", "offers_core_snapshot:\n  must_keep: [b]\n");
    fake_task_texts(t, "columns", "a", NULL);
    stage_must_fail(t, FW_E_CONFIG, "columns are given twice");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_what_the_contract_names_and_the_base_list),
        TEST(has_no_sha_without_a_contract),
        TEST(refuses_a_contract_that_names_no_columns),
        TEST(refuses_columns_that_are_given_twice),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
