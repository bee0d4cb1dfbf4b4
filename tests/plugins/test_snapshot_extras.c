/* SPDX-License-Identifier: MIT */
/* Nested columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "snapshot_fixture.h"

#define KEYS        "'p' AS platform_name, '1' AS offer_id, '2022-04-18' AS crawled_date_day, "
#define TIMED(hour) KEYS "TIMESTAMP '2022-04-18 0" #hour ":00:00' AS processed_datetime, "

static const char *triple(struct sql_fixture *f, const char *name)
{
    struct fw_text select = {0};
    fw_text_appendf(&select, "concat_ws(' ', %s__json, %s__len, %s__hash)", name, name, name);
    const char *cell = snapshot_cell(f, "a/extras", fw_text_get(&select), "");
    fw_text_finish(&select);
    return cell;
}

static void writes_canonical_json_with_length_and_hash(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a",
                 stage_table(f, "raw",
                             "SELECT " KEYS "['x', 'y'] AS market_tags, NULL::VARCHAR[] AS team, "
                             "[]::VARCHAR[] AS perks, [{b: 1, a: 'é'}, NULL] AS updates, "
                             "MAP {'k': 1} AS social_media, {u: NULL::INT, t: 2} AS location"));
    assert_string_equal(triple(f, "market_tags"),
                        "[\"x\",\"y\"] 2.0 11a1cdb370cdacc878eb669888d1c3ca34f41f3a");
    assert_string_equal(triple(f, "perks"), "[] 0.0 97d170e1550eee4afc0af065b78cda302a97674c");
    assert_string_equal(triple(f, "team"), "");
    assert_string_equal(triple(f, "updates"), "[{\"a\":\"\\u00e9\",\"b\":1},null] 2.0 "
                                              "ad49ca48e43b8ffd5b46ab5724b05556d0ce914e");
    assert_string_equal(snapshot_cell(f, "a/extras", "social_media__json", ""), "[[\"k\",1]]");
    assert_string_equal(snapshot_cell(f, "a/extras", "location__json", ""), "{\"t\":2,\"u\":null}");
    assert_string_equal(snapshot_cell(f, "a/extras", "location__len", ""), "2.0");
}

static void leaves_out_rows_with_nothing_nested(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a",
                 stage_table(f, "raw",
                             "SELECT " KEYS "NULL::VARCHAR[] AS team, []::INT[] AS perks, "
                             "NULL::STRUCT(a INT) AS location"));
    assert_string_equal(snapshot_cell(f, "a/core", "count(*)", ""), "1");
    assert_string_equal(snapshot_cell(f, "a/extras", "count(*)", ""), "0");
}

static void types_the_empty_table(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a", stage_table(f, "raw", "SELECT " KEYS "NULL::VARCHAR[] AS team"));
    assert_string_equal(
        snapshot_cell(f, "a/extras", "string_agg(column_type, ' ') FROM (DESCRIBE SELECT *", ")"),
        "VARCHAR VARCHAR VARCHAR TIMESTAMP DATE VARCHAR DOUBLE VARCHAR");
}

static void counts_an_empty_map_as_present(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a",
                 stage_table(f, "raw", "SELECT " KEYS "MAP {}::MAP(VARCHAR, INT) AS perks"));
    assert_string_equal(snapshot_cell(f, "a/extras", "concat_ws(' ', perks__json, perks__len)", ""),
                        "[] 0.0");
}

/* The newest row has nothing nested, so the extras come from an older crawl of the same day. */
static void chooses_among_rows_with_nested_values_only(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw =
        stage_table(f, "raw",
                    "SELECT " TIMED(3) "3 AS v, ['late'] AS team UNION ALL "
                                       "SELECT " TIMED(2) "2, ['early'] UNION ALL "
                                                          "SELECT " TIMED(5) "5, NULL");
    snapshot_run(f, "a", raw);
    assert_string_equal(snapshot_cell(f, "a/core", "v::INT", ""), "5");
    assert_string_equal(snapshot_cell(f, "a/extras", "team__json", ""), "[\"late\"]");
}

static void can_do_without_extras(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = stage_table(f, "raw", "SELECT " KEYS "['x'] AS team, 1 AS v");
    snapshot_run(f, "with", raw);
    struct fake_task *t = snapshot_task_without_extras(f, "without", raw);
    stage_must(t);
    assert_string_equal(snapshot_cell(f, "without/core", "v::INT", ""), "1");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_canonical_json_with_length_and_hash),
        TEST(leaves_out_rows_with_nothing_nested),
        TEST(types_the_empty_table),
        TEST(counts_an_empty_map_as_present),
        TEST(chooses_among_rows_with_nested_values_only),
        TEST(can_do_without_extras),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
