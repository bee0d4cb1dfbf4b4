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
    fake_task_output(t, "out", fake_task_path(t, "out.parquet"));
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

/* Runs it over `csv` and gives the table that it wrote. */
static const char *run(const char *csv)
{
    fake_task_input(t, "in", fake_task_write(t, "in.csv", csv), NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_int_equal(r->status, FW_OK);
    assert_null(r->defect);
    char query[512];
    snprintf(query, sizeof query, "FROM '%s'", fake_task_path(t, "out.parquet"));
    return fake_task_query(t, query);
}

static void counts_each_value(void **state)
{
    (void)state;
    assert_string_equal(run("name,price\npear,1\napple,2\npear,3\n"),
                        "name,n_rows\napple,1\npear,2\n");
    assert_int_equal(fake_task_rows(t, "out"), 2);
}

static void a_name_with_quotes_is_a_name(void **state)
{
    (void)state;
    fake_task_text(t, "column", "the \"name\"");
    assert_string_equal(run("\"the \"\"name\"\"\"\npear\n"),
                        "\"the \"\"name\"\"\",n_rows\npear,1\n");
}

static void names_the_column_that_is_not_there(void **state)
{
    (void)state;
    fake_task_text(t, "column", "nome");
    fake_task_input(t, "in", fake_task_write(t, "in.csv", "name\npear\n"), NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_MISSING);
    assert_non_null(strstr(r->fault, "nome"));
}

static void stops_when_it_is_cancelled(void **state)
{
    (void)state;
    fake_task_input(t, "in", fake_task_write(t, "in.csv", "name\npear\n"), NULL);
    fake_task_cancel_before_step(t, 1);
    assert_int_equal(fake_task_run(t)->status, FW_E_CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_task, drop_task)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_each_value),
        TEST(a_name_with_quotes_is_a_name),
        TEST(names_the_column_that_is_not_there),
        TEST(stops_when_it_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
