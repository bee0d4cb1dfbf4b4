/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "golden.h"
#include "sql_fixture.h"

static void check_sql(const char *input, const char *expected, void *arg)
{
    assert_string_equal(sql_cell(arg, "SELECT fw_canonical_json(%s)", input), expected);
}

static void writes_every_type_as_python_does(void **state)
{
    assert_true(golden_each("sql", check_sql, *state) > 40);
}

/* Known answers. */
static void hashes_as_the_specification_says(void **state)
{
    static const char *const cases[][3] = {
        {"['x', 'y']", "11a1cdb370cdacc878eb669888d1c3ca34f41f3a", "2.0"},
        {"[]", "97d170e1550eee4afc0af065b78cda302a97674c", "0.0"},
        {"[{'b': 1, 'a': 'é'}, NULL]", "ad49ca48e43b8ffd5b46ab5724b05556d0ce914e", "2.0"},
    };

    for (size_t i = 0; i < FW_COUNT(cases); i++) {
        assert_string_equal(sql_cell(*state, "SELECT sha1(fw_canonical_json(%s))", cases[i][0]),
                            cases[i][1]);
        assert_string_equal(sql_cell(*state, "SELECT fw_json_length(%s)", cases[i][0]),
                            cases[i][2]);
    }
}

static void measures_lengths(void **state)
{
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length([NULL, NULL, 1])"), "3.0");
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length([1, 2]::INT[2])"), "2.0");
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length(MAP {'a': 1, 'b': 2})"), "2.0");
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length({'a': NULL, 'b': 2, 'c': 3})"),
                        "3.0");
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length('abc')"), "1.0");
    assert_string_equal(sql_cell(*state, "SELECT fw_json_length(NULL::INT[])"), "NULL");
    assert_string_equal(sql_cell(*state, "SELECT typeof(fw_json_length([1]))"), "DOUBLE");
}

static void keeps_null_null(void **state)
{
    assert_string_equal(sql_cell(*state, "SELECT fw_canonical_json(NULL)"), "NULL");
    assert_string_equal(sql_cell(*state, "SELECT fw_canonical_json(NULL::STRUCT(a INT))"), "NULL");
    assert_string_equal(sql_cell(*state, "SELECT fw_canonical_json({'a': NULL::STRUCT(b INT)})"),
                        "{\"a\":null}");
}

static void refuses_types_without_a_form(void **state)
{
    struct sql_fixture *f = *state;

    assert_int_equal(fw_sql_exec(&f->sql, "SELECT fw_canonical_json(['101'::BIT])"), FW_E_CONFIG);
    assert_non_null(strstr(fake_task_take_fault(f->task), "cast it to VARCHAR"));
}

/*
 * Filters, joins, slices and Parquet dictionaries leave vectors that are views of other vectors.
 * For plain ASCII with sorted fields DuckDB's own to_json gives the same text.
 */
static void sees_through_dictionaries_and_slices(void **state)
{
    static const char *const values[] = {
        "{'a': s, 'b': l, 'c': st}",
        "[s, s]",
        "list_sort(l)",
        "list_reverse(l)",
        "l[2:3]",
        "[st, st]",
        "list_filter(l, x -> x > 'v2')",
        "list_transform(l, x -> {'q': x, 'r': s})",
        "list_select(l, [3, 1])",
        "flatten([l, l, NULL])",
        "array_value(s, s)",
        "map_entries(m)",
        "CASE WHEN i % 2 = 0 THEN st END",
    };
    struct sql_fixture *f = *state;

    sql_must(f,
             "COPY (SELECT i, CASE WHEN i %% 7 = 0 THEN NULL ELSE 'name' || (i %% 50) END AS s, "
             "['v' || (i %% 5), NULL, 'w' || (i %% 3)] AS l, "
             "{'a': 'k' || (i %% 11), 'b': [i %% 3]} AS st, "
             "MAP {'m' || (i %% 4): i %% 2, 'n': NULL} AS m "
             "FROM range(20000) r(i)) TO '%s/t.parquet' (ROW_GROUP_SIZE 4096)",
             f->dir);
    for (size_t i = 0; i < FW_COUNT(values); i++) {
        assert_string_equal(sql_cell(f,
                                     "SELECT count(*) FILTER (fw_canonical_json(%s) IS DISTINCT "
                                     "FROM to_json(%s)::VARCHAR) || ' of ' || count(*) "
                                     "FROM '%s/t.parquet' WHERE i %% 3 = 1",
                                     values[i], values[i], f->dir),
                            "0 of 6667");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(writes_every_type_as_python_does),
        TEST(hashes_as_the_specification_says),
        TEST(measures_lengths),
        TEST(keeps_null_null),
        TEST(refuses_types_without_a_form),
        TEST(sees_through_dictionaries_and_slices),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb json", tests, sql_fixture_load, sql_fixture_unload);
}
