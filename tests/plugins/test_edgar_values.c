/* SPDX-License-Identifier: MIT */
/* What a figure of a filing is: paths into payloads, the number rule, averages over gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "filings_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *filings)
{
    const char *path = stage_table(f, "filings", "%s", filings);
    return filings_features(f, run, path,
                            stage_table(f, "index",
                                        "SELECT DISTINCT cik, '2024-12-31' AS crawled_date_day "
                                        "FROM '%s' WHERE cik IS NOT NULL",
                                        path));
}

/* One figure `x` of one filing for each value, by cik. */
static const char *figures(struct sql_fixture *f, const char *run, const char *filings,
                           const char *path)
{
    struct fake_task *t = task(f, run, filings);
    char entry[80];
    assert_in_range(strlen(path), 1, 70);
    strcpy(entry, "x=");
    strcat(entry, path);
    fake_task_texts(t, "features", entry, NULL);
    fake_task_text(t, "payload", "");
    stage_must(t);
    return stage_list(f, stage_path(f, "%s/features", run) + strlen(f->dir) + 1, "last_x");
}

#define OF_TEXTS(values)                                                                           \
    "SELECT printf('%03d', i) AS cik, '2024-01-01' AS filed_date, v FROM (SELECT unnest([" values  \
    "]) AS v, unnest(range(50)) AS i) WHERE i < len([" values "])"

static void reads_numbers_as_python_does(void **state)
{
    struct sql_fixture *f = *state;
    assert_string_equal(figures(f, "a",
                                OF_TEXTS("'1,000', ' 250 ', '1e3', '1_000', '+5.', '-.5', "
                                         "E'\\t7\\n', '12,34,5.6', ',', '', '   ', '$5', '0x10', "
                                         "'True', 'Indefinite', 'nan', 'NaN', '1 2', '5e', '--1'"),
                                "v"),
                        "1000.0 250.0 1000.0 1000.0 5.0 -0.5 7.0 12345.6 - - - - - - - - - - - -");
}

static void takes_infinite_values_for_missing_and_counts_them(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", OF_TEXTS("'inf', '-Infinity', '1e999', 'abc', '5', NULL"));
    fake_task_texts(t, "features", "v", NULL);
    fake_task_text(t, "payload", "");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "values_not_finite"), "3");
    assert_string_equal(fake_task_field(t, "values_not_numbers"), "1");
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/features", "last_v"), "- - - - 5.0 -");
    t = task(f, "b", OF_TEXTS("'inf', '-Infinity', 'abc', '5'"));
    fake_task_texts(t, "features", "v", NULL);
    fake_task_text(t, "payload", "");
    fake_task_int(t, "compat", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "b/features", "last_v"), "inf -inf - 5.0");
    assert_string_equal(stage_list(f, "b/features", "mean_v"), "inf -inf - 5.0");
}

static void reads_columns_of_every_type(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const cases[][2] = {
        {"5::INTEGER", "5.0"},
        {"5::HUGEINT", "5.0"},
        {"12.50::DECIMAL(9,2)", "12.5"},
        {"1.5::FLOAT", "1.5"},
        {"'nan'::DOUBLE", "-"},
        {"true", "-"},
        {"DATE '2024-01-01'", "-"},
        {"[4, 5]", "4.0"},
        {"[]::INTEGER[]", "-"},
        {"NULL::DOUBLE", "-"},
        {"{value: 3, dollarAmount: NULL::INTEGER}", "-"}, /* the first key that is there counts */
        {"{amount: '9'}", "9.0"},
        {"{other: 1}", "-"},
        {"[{dollarAmount: '1,5'}]", "15.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fw_text filings = {0};
        char run[8] = {(char)('a' + i), '\0'};
        fw_text_appendf(&filings, "SELECT '1' AS cik, '2024-01-01' AS filed_date, %s AS v",
                        cases[i][0]);
        assert_string_equal(figures(f, run, fw_text_get(&filings), "v"), cases[i][1]);
        fw_text_finish(&filings);
    }
}

#define OF_JSON(values)                                                                            \
    "SELECT printf('%03d', i) AS cik, '2024-01-01' AS filed_date, v AS p FROM (SELECT "            \
    "unnest([" values "]) AS v, unnest(range(50)) AS i) WHERE i < len([" values "])"

static void reads_payloads_that_are_json_text(void **state)
{
    struct sql_fixture *f = *state;
    static const char filings[] =
        OF_JSON("'{\"a\": {\"b\": 5}}', '{\"a\": {\"b\": \"1,000\"}}', '{\"a\": {\"b\": null}}', "
                "'{\"a\": {}}', '{\"a\": 7}', 'not json', NULL, '[]', '{\"a\": {\"b\": true}}', "
                "'{\"a\": {\"b\": [8, 9]}}', '{\"a\": {\"b\": []}}', "
                "'{\"a\": {\"b\": {\"amount\": \"6\", \"dollarAmount\": 4}}}', "
                "'{\"a\": {\"b\": {\"amount\": 4, \"value\": null}}}', "
                "'{\"a\": {\"c\": 2}}', '{\"a\": {\"b\": null, \"c\": 3}}', "
                "'{\"a\": {\"b\": 1e2}}', '{\"a\": {\"b\": 12345678901234567890123}}'");
    assert_string_equal(figures(f, "a", filings, "p.a.b|c"),
                        "5.0 1000.0 - - - - - - - 8.0 - 4.0 - 2.0 - 100.0 1.2345678901234568e+22");
    struct fake_task *t = task(f, "b", filings);
    fake_task_texts(t, "features", "x=p.a.b", NULL);
    fake_task_text(t, "payload", "");
    fake_task_int(t, "compat", 1);
    stage_must(t);
    assert_string_equal(
        sql_cell(f, "SELECT count(last_x) FROM '%s/b/features/*/*.parquet'", f->dir), "0");
}

static void takes_the_first_alternative_that_a_table_has(void **state)
{
    struct sql_fixture *f = *state;
    static const char filings[] =
        "SELECT '1' AS cik, '2024-01-01' AS filed_date, {new: {x: 1}, old: {x: 2}} AS offer";
    assert_string_equal(figures(f, "a", filings, "offering|offer.old|new.x"), "2.0");
    assert_string_equal(figures(f, "b", filings, "offering|offer.missing|new.x"), "1.0");
}

/* A level that the table does not have is missing everywhere, which is said. */
static void says_which_features_have_no_field(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a", "SELECT '1' AS cik, '2024-01-01' AS filed_date, {b: 1} AS a");
    fake_task_texts(t, "features", "good=a.b", "bad=a.c", "worse=a.b.d", NULL);
    fake_task_text(t, "payload", "");
    const struct fake_result *result = stage_run(t);
    assert_non_null(strstr(result->log, "2 features have no field in the table of filings: bad "
                                        "worse"));
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/features", "concat_ws(',', last_good, last_bad)"), "1.0");
    t = task(f, "b", "SELECT '1' AS cik, '2024-01-01' AS filed_date, {b: 1} AS a");
    fake_task_texts(t, "features", "x=c.b", NULL);
    fake_task_text(t, "payload", "");
    stage_must_fail(t, FW_E_MISSING, "no column c");
}

static void refuses_features_that_cannot_be_columns(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const bad[][2] = {
        {"a b=v", "without a good name"},
        {"=v", "without a good name"},
        {"x=", "without a good path"},
        {"v", "twice"},
    };
    for (size_t i = 0; i < 4; i++) {
        char run[8] = {(char)('a' + i), '\0'};
        struct fake_task *t = task(f, run, "SELECT '1' AS cik, '2024-01-01' AS filed_date, 1 AS v");
        fake_task_texts(t, "features", "V=v", bad[i][0], NULL);
        fake_task_text(t, "payload", "");
        stage_must_fail(t, FW_E_CONFIG, bad[i][1]);
    }
}

/* The weight keeps decaying over missing values. */
static void averages_over_gaps(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings =
        stage_table(f, "filings",
                    "SELECT '1' AS cik, DATE '2024-01-01' + i AS filed_date, v FROM (VALUES (0, "
                    "NULL), (1, 10), "
                    "(2, NULL), (3, 20), (4, NULL), (5, NULL), (6, 30), (7, 30)) t(i, v)");
    const char *index = stage_table(f, "index",
                                    "SELECT '1' AS cik, DATE '2024-01-01' + i::INT AS "
                                    "crawled_date_day FROM range(8) t(i)");
    struct fake_task *t = filings_features(f, "a", filings, index);
    fake_task_texts(t, "features", "v", NULL);
    fake_task_text(t, "payload", "");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/features", "round(ema_v, 6)"),
                        "- 10.0 10.0 12.380952 12.380952 12.380952 17.330123 19.864098");
    assert_string_equal(stage_list(f, "a/features", "mean_v"),
                        "- 10.0 10.0 15.0 15.0 15.0 20.0 22.5");
    assert_string_equal(stage_list(f, "a/features", "last_v_is_missing"),
                        "true false true false true true false false");
}

/* A plain sum would lose the small values beside the large one. */
static void sums_with_compensation(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings =
        stage_table(f, "filings",
                    "SELECT '1' AS cik, DATE '2024-01-01' + i::INT AS filed_date, CASE i WHEN 0 "
                    "THEN 1e16 WHEN 101 THEN -1e16 ELSE 1.0 END AS v FROM range(102) t(i)");
    const char *index = stage_table(f, "index",
                                    "SELECT '1' AS cik, '2025-01-01' AS "
                                    "crawled_date_day");
    struct fake_task *t = filings_features(f, "a", filings, index);
    fake_task_texts(t, "features", "v", NULL);
    fake_task_text(t, "payload", "");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/features", "abs(mean_v * 102 - 100) < 1e-9"), "true");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_numbers_as_python_does),
        TEST(takes_infinite_values_for_missing_and_counts_them),
        TEST(reads_columns_of_every_type),
        TEST(reads_payloads_that_are_json_text),
        TEST(takes_the_first_alternative_that_a_table_has),
        TEST(says_which_features_have_no_field),
        TEST(refuses_features_that_cannot_be_columns),
        TEST(averages_over_gaps),
        TEST(sums_with_compensation),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
