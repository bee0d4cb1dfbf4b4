/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fw/testkit.h"

/* The stage as a host drives it; the build says in PLUGIN and DUCKDB where the plugins are. */

static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    kit = fake_kit_open(PLUGIN, DUCKDB, NULL);
    t = fake_task_create(kit, "plugin_name");
    fake_task_output(t, "out", fake_task_path(t, "out"));
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

/* Runs it over `csv` and gives what the query says of the table `out`. */
static const char *run(const char *csv, const char *query)
{
    fake_task_input(t, "in", fake_task_write(t, "in.csv", csv), NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_int_equal(r->status, FW_OK);
    assert_null(r->defect);
    char whole[512];
    snprintf(whole, sizeof whole, "WITH result AS (FROM '%s/*.parquet') %s",
             fake_task_path(t, "out"), query);
    return fake_task_query(t, whole);
}

static void averages_the_last_values(void **state)
{
    (void)state;
    assert_string_equal(run("day,value\n1,3\n2,6\n3,9\n4,12\n", "FROM result"),
                        "day,value,plugin_name\n1,3,3.0\n2,6,4.5\n3,9,6.0\n4,12,9.0\n");
    assert_int_equal(fake_task_rows(t, "out"), 4);
}

static void passes_over_what_is_missing(void **state)
{
    (void)state;
    fake_task_int(t, "window", 2);
    fake_task_text(t, "column", "price");
    assert_string_equal(run("price\n\"\"\n1.5\n\"\"\n2.5\n4.5\n", "SELECT plugin_name FROM result"),
                        "plugin_name\n\n1.5\n1.5\n2.0\n3.5\n");
}

/* As after a kill: the state moves into a fresh instance after each step. */
static void goes_on_from_a_saved_state(void **state)
{
    (void)state;
    enum { ROWS = 140000, ROW = 7 };
    char *csv = test_malloc(ROWS * ROW + 16);
    char *at = csv + sprintf(csv, "value\n");
    for (int i = 0; i < ROWS; i++) {
        at += sprintf(at, "%d\n", i);
    }
    fake_task_restart_after(t, FAKE_EACH_STEP);
    assert_string_equal(run(csv, "SELECT count(*), max(abs(plugin_name - value)) FROM result "
                                 "WHERE value > 1"),
                        "count_star(),\"max(abs((plugin_name - \"\"value\"\")))\"\n139998,1.0\n");
    test_free(csv);
}

static void names_the_column_that_is_not_there(void **state)
{
    (void)state;
    fake_task_text(t, "column", "velue");
    fake_task_input(t, "in", fake_task_write(t, "in.csv", "value\n1\n"), NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_MISSING);
    assert_non_null(strstr(r->fault, "velue"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_task, drop_task)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(averages_the_last_values),
        TEST(passes_over_what_is_missing),
        TEST(goes_on_from_a_saved_state),
        TEST(names_the_column_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
