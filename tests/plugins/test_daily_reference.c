/* SPDX-License-Identifier: MIT */
/* The stage against tests/reference/daily_reference.py, which knows nothing of this project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "daily_fixture.h"

#define TEXTS                                                                                      \
    "entity_id, platform_name, offer_id::VARCHAR, cik, crawled_date_day::VARCHAR, snapshot_ts, "   \
    "processed_datetime, investors::VARCHAR, title, v::VARCHAR, count_snapshots_per_day::VARCHAR"

static const char *reference(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

/* Both with the place of each row: the order counts. */
static void read_back(struct sql_fixture *f, const char *run)
{
    sql_must(f,
             "CREATE OR REPLACE TABLE golden AS SELECT *, row_number() OVER () AS place FROM "
             "read_csv('%s', all_varchar = true)",
             reference("daily_golden.csv"));
    sql_must(f,
             "CREATE OR REPLACE TABLE core AS SELECT *, row_number() OVER () AS place FROM "
             "'%s/%s/core/*.parquet'",
             f->dir, run);
}

static void compare(struct sql_fixture *f, const char *run)
{
    static const char *const amounts[] = {"funding_raised_usd", "delta_funding_raised",
                                          "pct_change"};
    read_back(f, run);
    assert_string_equal(
        sql_cell(f, "SELECT (SELECT count(*) FROM core) - (SELECT count(*) FROM golden)"), "0");
    assert_string_equal(sql_cell(f, "SELECT any_value(x::VARCHAR) FROM (SELECT place, " TEXTS
                                    " FROM golden EXCEPT SELECT place, " TEXTS " FROM core) x"),
                        "NULL");
    for (int i = 0; i < 3; i++) {
        const char *name = amounts[i];
        assert_string_equal(
            sql_cell(f,
                     "SELECT any_value(concat_ws(' ', place, core.%s, golden.%s)) FROM core JOIN "
                     "golden USING (place) WHERE core.%s IS NULL <> (golden.%s IS NULL) OR "
                     "abs(core.%s - golden.%s::DOUBLE) > 1e-12 * greatest(1, "
                     "abs(golden.%s::DOUBLE))",
                     name, name, name, name, name, name, name),
            "NULL");
    }
}

static void agrees_on_comma_separated_values(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a", reference("daily_snapshot.csv")));
    compare(f, "a");
}

static void agrees_on_parquet_in_many_parts(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT * REPLACE (funding_raised_usd::DOUBLE AS funding_raised_usd) FROM "
                    "read_csv('%s', all_varchar = true)",
                    reference("daily_snapshot.csv")));
    fake_task_int(t, "part_rows", 40);
    stage_must(t);
    compare(f, "a");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(agrees_on_comma_separated_values),
        TEST(agrees_on_parquet_in_many_parts),
    };
    return cmocka_run_group_tests(tests, daily_load, stage_unload);
}
