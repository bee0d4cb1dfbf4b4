/* SPDX-License-Identifier: MIT */
/* How the instant of a row is read from what the crawl wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "snapshot_fixture.h"

static const char *instants(struct sql_fixture *f, const char *run, const char *column,
                            const char *values)
{
    const char *raw = stage_table(f, run,
                                  "SELECT 'p' AS platform_name, row_number() OVER () AS offer_id, "
                                  "day AS %s FROM (VALUES %s) t(day)",
                                  column, values);
    char core[64];
    snapshot_run(f, run, raw);
    snprintf(core, sizeof core, "%s/core", run);
    return snapshot_cell(f, core,
                         "string_agg(concat_ws(' ', offer_id, snapshot_ts, crawled_date_day), "
                         "', ' ORDER BY offer_id)",
                         "");
}

static void honours_offsets(void **state)
{
    assert_string_equal(instants(*state, "a", "crawled_date_day",
                                 "('2022-04-18 02:00:00+02:00'), ('2022-04-18T01:00:00+02'), "
                                 "('2022-04-18 00:00:00Z'), ('2022-04-17 20:30:00.5-0330'), "
                                 "('2022-04-18 01:02:03 UTC'), (' 2022-04-18 ')"),
                        "1 2022-04-18 00:00:00 2022-04-18, 2 2022-04-17 23:00:00 2022-04-17, "
                        "3 2022-04-18 00:00:00 2022-04-18, 4 2022-04-18 00:00:00.5 2022-04-18, "
                        "5 2022-04-18 01:02:03 2022-04-18, 6 2022-04-18 00:00:00 2022-04-18");
}

/* The engine's own cast reads row 2 in the zone that row 1 names. */
static void refuses_what_is_no_plain_time(void **state)
{
    assert_string_equal(
        instants(*state, "a", "crawled_date_day",
                 "('2022-04-18 02:00:00 Europe/Paris'), ('2022-04-18 02:00'), ('epoch'), "
                 "('infinity'), ('20220418'), ('18/04/2022'), ('2022-02-30'), ('2022-04-19')"),
        "2 2022-04-18 02:00:00 2022-04-18, 8 2022-04-19 00:00:00 2022-04-19");
}

static void takes_typed_days(void **state)
{
    assert_string_equal(instants(*state, "date", "crawled_date_day", "(DATE '2022-04-18'), (NULL)"),
                        "1 2022-04-18 00:00:00 2022-04-18");
    assert_string_equal(
        instants(*state, "zoned", "crawled_date_day", "(TIMESTAMPTZ '2022-04-18 01:00:00+02')"),
        "1 2022-04-17 23:00:00 2022-04-17");
    assert_string_equal(
        instants(*state, "plain", "crawled_date_day", "(TIMESTAMP_NS '2022-04-18 01:00:00')"),
        "1 2022-04-18 01:00:00 2022-04-18");
}

static void takes_the_instant_from_the_first_column_there_is(void **state)
{
    struct sql_fixture *f = *state;
    assert_string_equal(instants(f, "time", "crawled_date", "(TIMESTAMP '2022-04-18 10:00:00')"),
                        "1 2022-04-18 10:00:00 2022-04-18");
    snapshot_run(f, "both",
                 stage_table(f, "both",
                             "SELECT 'p' AS platform_name, '1' AS offer_id, "
                             "'2022-04-17' AS crawled_date_day, TIMESTAMP '2022-04-18 10:00:00' "
                             "AS snapshot_ts"));
    assert_string_equal(
        snapshot_cell(f, "both/core", "concat_ws(' ', snapshot_ts, crawled_date_day)", ""),
        "2022-04-18 10:00:00 2022-04-17");
}

/* Equal processed times: the later crawl wins; without any, the later row. */
static void breaks_ties_by_the_crawl_time(void **state)
{
    struct sql_fixture *f = *state;
    static const char rows[] =
        "SELECT 'p' AS platform_name, '1' AS offer_id, '2022-04-18' AS "
        "crawled_date_day, crawled_date, v FROM (VALUES "
        "(TIMESTAMP '2022-04-18 03:00:00', 1), "
        "(TIMESTAMP '2022-04-18 05:00:00', 2), (NULL, 3)) t(crawled_date, v)";
    snapshot_run(f, "a", stage_table(f, "a", "%s", rows));
    assert_string_equal(snapshot_cell(f, "a/core", "v::INT", ""), "2");
    snapshot_run(f, "b", stage_table(f, "b", "SELECT * EXCLUDE crawled_date FROM (%s)", rows));
    assert_string_equal(snapshot_cell(f, "b/core", "v::INT", ""), "3");
}

/* As text 9 sorts after 10, and an offset changes the order. */
static void compares_processed_texts_as_times(void **state)
{
    struct sql_fixture *f = *state;
    snapshot_run(f, "a",
                 stage_table(f, "a",
                             "SELECT 'p' AS platform_name, '1' AS offer_id, '2022-04-18' AS "
                             "crawled_date_day, t.* FROM (VALUES ('2022-04-18 9:00:00', 1), "
                             "('2022-04-18 10:00:00+00:00', 2), ('2022-04-18 11:00:00+02:00', 3), "
                             "('soon', 4)) t(processed_datetime, v)"));
    assert_string_equal(
        snapshot_cell(f, "a/core", "concat_ws(' ', processed_datetime, v::INT)", ""),
        "2022-04-18 10:00:00+00:00 2");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(honours_offsets),
        TEST(refuses_what_is_no_plain_time),
        TEST(takes_typed_days),
        TEST(takes_the_instant_from_the_first_column_there_is),
        TEST(breaks_ties_by_the_crawl_time),
        TEST(compares_processed_texts_as_times),
    };
    return cmocka_run_group_tests(tests, snapshot_load, stage_unload);
}
