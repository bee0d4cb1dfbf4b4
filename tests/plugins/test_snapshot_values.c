/* SPDX-License-Identifier: MIT */
/* What values and types the snapshot's columns take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "snapshot_fixture.h"

#define KEYS "'p' AS platform_name, '1' AS offer_id, '2022-04-18' AS crawled_date_day, "

/* Where the core of a run of its own lies, made from one raw row with these columns. */
static const char *run(struct sql_fixture *f, bool compat, const char *columns)
{
    static int n;
    static char core[32];
    snprintf(core, sizeof core, "run-%d", ++n);
    const char *raw = stage_table(f, core, "SELECT " KEYS "%s", columns);
    struct fake_task *t = snapshot_task(f, core, raw);
    fake_task_int(t, "compat", compat);
    stage_must(t);
    strcat(core, "/core");
    return core;
}

/* One native value as text, with its type. */
static void expect(struct sql_fixture *f, const char *raw, const char *name, const char *expected)
{
    char column[200], select[200];
    snprintf(column, sizeof column, "%s AS \"%s\"", raw, name);
    snprintf(select, sizeof select, "concat(typeof(%s), ' ', COALESCE(%s::VARCHAR, 'NULL'))", name,
             name);
    assert_string_equal(snapshot_cell(f, run(f, false, column), select, ""), expected);
}

static void coerces_by_type(void **state)
{
    struct sql_fixture *f = *state;
    expect(f, "true", "is_funded", "DOUBLE 1.0");
    expect(f, "false", "is_funded", "DOUBLE 0.0");
    expect(f, "NULL::BOOLEAN", "is_funded", "DOUBLE NULL");
    expect(f, "12.50::DECIMAL(10,2)", "price", "DOUBLE 12.5");
    expect(f, "'nan'::DOUBLE", "x", "DOUBLE NULL");
    expect(f, "'nan'::FLOAT", "x", "DOUBLE NULL");
    expect(f, "'inf'::DOUBLE", "x", "DOUBLE inf");
    expect(f, "7::BIGINT", "x", "DOUBLE 7.0");
    expect(f, "7::TINYINT", "x", "DOUBLE 7.0");
    expect(f, "' x '", "url", "VARCHAR  x ");
    expect(f, "''", "url", "VARCHAR ");
    expect(f, "'0001877762'", "cik", "VARCHAR 0001877762");
}

static void prints_times(void **state)
{
    struct sql_fixture *f = *state;
    expect(f, "TIMESTAMPTZ '2022-04-18 10:11:12.5+00'", "crawled_date",
           "VARCHAR 2022-04-18 10:11:12.500000+00:00");
    expect(f, "TIMESTAMPTZ '2022-04-18 10:11:12+02'", "crawled_date",
           "VARCHAR 2022-04-18 08:11:12+00:00");
    expect(f, "TIMESTAMP '2022-04-18 10:11:12'", "seen", "VARCHAR 2022-04-18 10:11:12");
    expect(f, "TIMESTAMP_NS '2022-04-18 10:11:12.000000789'", "seen",
           "VARCHAR 2022-04-18 10:11:12.000000789");
    expect(f, "DATE '2022-12-31'", "fiscal_year_end_date", "VARCHAR 2022-12-31");
    expect(f, "DATE '2022-12-31'", "due", "VARCHAR 2022-12-31");
    expect(f, "NULL::TIMESTAMP", "seen", "VARCHAR NULL");
    expect(f, "TIMESTAMPTZ '2022-04-18 10:11:12+00'", "processed_datetime",
           "VARCHAR 2022-04-18 10:11:12+00:00");
}

static void goes_by_the_name_first(void **state)
{
    struct sql_fixture *f = *state;
    expect(f, "3::INT", "updates_count", "VARCHAR 3"); /* it contains "date" */
    expect(f, "'nan'::DOUBLE", "update_rate", "VARCHAR NULL");
    expect(f, "'2.5'", "team__len", "DOUBLE 2.5");
    expect(f, "'x'", "team__len", "DOUBLE NULL");
    expect(f, "3::INT", "team__hash", "VARCHAR 3");
    expect(f, "3::INT", "team__json", "VARCHAR 3");
}

static void gives_typed_keys_or_the_references_text(void **state)
{
    struct sql_fixture *f = *state;
    static const char keys[] = "concat_ws(', ', typeof(snapshot_ts), snapshot_ts::VARCHAR, "
                               "typeof(crawled_date_day), crawled_date_day::VARCHAR, typeof(n), n)";
    assert_string_equal(snapshot_cell(f, run(f, false, "7::BIGINT AS n"), keys, ""),
                        "TIMESTAMP, 2022-04-18 00:00:00, DATE, 2022-04-18, DOUBLE, 7.0");
    assert_string_equal(snapshot_cell(f, run(f, true, "7::BIGINT AS n"), keys, ""),
                        "VARCHAR, 2022-04-18 00:00:00+00:00, VARCHAR, 2022-04-18, VARCHAR, 7");
}

static void types_the_static_table_alike(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw", "SELECT " KEYS "7 AS n");
    static const char typed[] = "concat(typeof(static_snapshot_ts), ' ', static_snapshot_ts)";
    snapshot_run(f, "native", raw);
    assert_string_equal(snapshot_cell(f, "native/static.parquet", typed, ""),
                        "TIMESTAMP 2022-04-18 00:00:00");
    struct fake_task *t = snapshot_task(f, "compat", raw);
    fake_task_int(t, "compat", true);
    stage_must(t);
    assert_string_equal(snapshot_cell(f, "compat/static.parquet", typed, ""),
                        "VARCHAR 2022-04-18 00:00:00+00:00");
}

static void orders_columns_by_base_list_then_contract(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw",
                                  "SELECT 1 AS zeta, 'c' AS cik, 2 AS alpha, [1] AS team, " KEYS
                                  "3.0 AS funding_raised_usd, 'h' AS hash_id");
    struct fake_task *t = snapshot_task(f, "all", raw);
    stage_must(t);
    static const char names[] = "string_agg(column_name, ' ') FROM (DESCRIBE SELECT *";
    assert_string_equal(
        snapshot_cell(f, "all/core", names, ")"),
        "entity_id platform_name offer_id snapshot_ts crawled_date_day funding_raised_usd cik "
        "hash_id zeta alpha");
    assert_string_equal(snapshot_cell(f, "all/extras", names, ")"),
                        "entity_id platform_name offer_id snapshot_ts crawled_date_day "
                        "team__json team__len team__hash");
    assert_string_equal(snapshot_cell(f, "all/static.parquet", names, ")"),
                        "entity_id platform_name offer_id cik hash_id static_snapshot_ts");
}

static void follows_the_contract(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(
        f, "raw",
        "SELECT " KEYS "1 AS a, 2 AS b, 3 AS c, [1] AS team, [2] AS perks, 'h' AS hash_id");
    struct fake_task *t = snapshot_task(f, "some", raw);
    fake_task_texts(t, "columns", "c", "entity_id", "gone", "b", "a", "perks", NULL);
    fake_task_texts(t, "can_drop", "b", "hash_id", NULL);
    assert_int_equal(fake_task_run(t)->status, FW_OK);
    assert_string_equal(
        fake_task_field(t, "output_columns"),
        "[\"entity_id\",\"platform_name\",\"offer_id\",\"snapshot_ts\",\"crawled_date_day\","
        "\"hash_id\",\"c\",\"a\"]");
    assert_string_equal(fake_task_field(t, "nested_columns"), "[\"perks\"]");
    assert_string_equal(fake_task_field(t, "derived_nested_columns"),
                        "[\"perks__json\",\"perks__len\",\"perks__hash\"]");
    assert_string_equal(fake_task_field(t, "dropped_columns"),
                        "[{\"column\":\"gone\",\"reason\":\"missing_in_raw\"},"
                        "{\"column\":\"perks\",\"reason\":\"nested_routed_to_extras\"}]");
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(coerces_by_type),
        TEST(prints_times),
        TEST(goes_by_the_name_first),
        TEST(gives_typed_keys_or_the_references_text),
        TEST(types_the_static_table_alike),
        TEST(orders_columns_by_base_list_then_contract),
        TEST(follows_the_contract),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
