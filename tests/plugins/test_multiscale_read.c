/* SPDX-License-Identifier: MIT */
/* Inputs that plugins/lib/parquet reads: the bytes are those that come of the engine's reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "filings_fixture.h"

/*
 * In order, with rows that lack a part of their key, an entity of one row, one that is two offers,
 * two rows of one instant, NaN, infinity, a text with a NUL, and weeks across years.
 */
#define DAILY                                                                                      \
    "SELECT * FROM (VALUES ('a' || chr(0) || 'b', 'p', 'one', TIMESTAMP '2024-12-30', "            \
    "1.0::DOUBLE, "                                                                                \
    "NULL::DOUBLE), ('b', 'p', 'x', TIMESTAMP '2024-12-31', 'nan'::DOUBLE, 1), ('b', 'p', 'x', "   \
    "TIMESTAMP '2025-01-01', 'inf'::DOUBLE, 2), ('b', 'p', 'x', TIMESTAMP '2025-01-06 12:00:00', " \
    "5, NULL), ('b', 'p', 'y', TIMESTAMP '2025-01-06 12:00:00', 5, 4), ('b', 'p', 'x', TIMESTAMP " \
    "'2025-01-06 12:00:00', 6, 4), ('c', NULL, 'c', TIMESTAMP '2025-01-01', 1, 1), ('d', 'p', "    \
    "NULL, TIMESTAMP '2025-01-01', 1, 1), ('e', 'p', 'e', NULL, 1, 1), ('f', 'p', 'f', TIMESTAMP " \
    "'1969-12-31 23:59:59', NULL, NULL), ('f', 'p', 'f', TIMESTAMP '1970-01-01', -1, 0)) "         \
    "t(entity_id, platform_name, offer_id, snapshot_ts, funding_raised_usd, investors_count)"

/* By day; a cik without a day, a day without a cik, two rows of one day, values that are missing.
 */
#define STORE                                                                                      \
    "SELECT * FROM (VALUES ('02', DATE '2024-12-30', 1.5::DOUBLE, true, TIMESTAMP '2024-01-01', "  \
    "7::BIGINT), (NULL, DATE '2024-12-30', 1, true, NULL, 1), ('01', DATE '2024-12-31', 'nan', "   \
    "NULL, NULL, NULL), ('01', NULL, 3, true, NULL, 3), ('02', DATE '2025-01-01', NULL, false, "   \
    "NULL, 8), ('02', DATE '2025-01-05', 2, true, TIMESTAMP '2024-06-01 01:02:03.456', -9), "      \
    "('01', DATE '2025-01-31', 4, false, NULL, 1), ('01', DATE '2025-02-01', 4, false, NULL, 1), " \
    "('01', DATE '2025-02-01', 5, true, NULL, 2)) t(cik, crawled_date_day, last_x, flag, filed, "  \
    "n)"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *daily,
                              const char *edgar)
{
    char name[40];

    snprintf(name, sizeof name, "%s_daily", run);
    const char *path = stage_table(f, name, "%s", daily);
    snprintf(name, sizeof name, "%s_edgar", run);
    return filings_multiscale(f, run, path, stage_table(f, name, "%s", edgar));
}

#define IN_ORDER " ORDER BY entity_id, snapshot_ts"
#define BY_DAY   " ORDER BY crawled_date_day, cik"

/* Tables of these types go to the engine: an instant with a zone, a day as text. */
#define ZONED "SELECT * REPLACE (timezone('UTC', snapshot_ts) AS snapshot_ts) FROM (" DAILY ")"
#define TEXT  "SELECT * REPLACE (crawled_date_day::VARCHAR AS crawled_date_day) FROM (" STORE ")"

static void gives_the_bytes_of_the_engines_reading(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "read", DAILY IN_ORDER, STORE BY_DAY));
    stage_must(task(f, "engine", ZONED IN_ORDER, TEXT BY_DAY));
    stage_same(f, "engine", "read");
    assert_string_equal(stage_list(f, "read/offers_weekly.parquet",
                                   "concat_ws(',', replace(entity_id, chr(0), '0'), offer_id, "
                                   "snapshot_ts::DATE, coalesce(funding_raised_usd::VARCHAR, "
                                   "'-'), coalesce(investors_count::VARCHAR, '-'))"),
                        "a0b,one,2024-12-30,1.0,- b,x,2024-12-30,inf,2.0 b,x,2025-01-06,6.0,4.0 "
                        "b,y,2025-01-06,5.0,4.0 f,f,1969-12-29,-1.0,0.0");
    assert_string_equal(stage_list(f, "read/edgar_monthly.parquet",
                                   "concat_ws(',', cik, period_start::DATE, snapshot_ts::DATE, "
                                   "coalesce(last_x::VARCHAR, '-'), coalesce(flag::VARCHAR, '-'), "
                                   "coalesce(filed::VARCHAR, '-'), coalesce(n::VARCHAR, '-'))"),
                        "01,2024-12-01,2024-12-31,-,-,-,- 01,2025-01-01,2025-01-31,4.0,false,-,1 "
                        "01,2025-02-01,2025-02-01,5.0,true,-,2 02,2024-12-01,2024-12-30,1.5,true,"
                        "2024-01-01 00:00:00,7 02,2025-01-01,2025-01-05,2.0,true,2024-06-01 "
                        "01:02:03.456,-9");
}

static void makes_empty_tables_of_empty_ones(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "store", DAILY IN_ORDER, STORE " WHERE false"));
    assert_string_equal(stage_columns(f, "store/edgar_weekly.parquet"),
                        "cik VARCHAR, period_start TIMESTAMP, snapshot_ts TIMESTAMP, last_x "
                        "DOUBLE, flag BOOLEAN, filed TIMESTAMP, n BIGINT");
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/store/edgar_weekly.parquet'", f->dir),
                        "0");
    struct fake_task *t = task(f, "daily", DAILY " WHERE false", STORE BY_DAY);
    fake_task_run(t); /* which is told that there were no items */
    fake_task_destroy(t);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/daily/stage_table.parquet'", f->dir),
                        "0");
}

static void damage(const char *path)
{
    FILE *file = fopen(path, "r+");

    assert_non_null(file);
    fseek(file, 4, SEEK_SET); /* the first page, header and all, lies behind the magic */
    for (int i = 0; i < 100; i++) {
        fputc(0xff, file);
    }
    fclose(file);
}

static void names_a_file_that_cannot_be_read(void **state)
{
    struct sql_fixture *f = *state;
    const char *daily = stage_table(f, "daily", "%s", DAILY IN_ORDER);
    const char *store = stage_table(f, "broken_store", "%s", STORE BY_DAY);
    damage(store);
    stage_must_fail(filings_multiscale(f, "a", daily, store), FW_E_DATA, "broken_store");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_bytes_of_the_engines_reading),
        TEST(makes_empty_tables_of_empty_ones),
        TEST(names_a_file_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
