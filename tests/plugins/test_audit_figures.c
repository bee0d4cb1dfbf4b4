/* SPDX-License-Identifier: MIT */
/* Gate A: what its own path makes of a filing's figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "columns_fixture.h"

static void features_are_refused_by_name(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = columns_task(f);

    fake_task_texts(t, "features", "=offer", NULL);
    assert_non_null(strstr(fake_task_run(t)->fault, "'=offer' is not of the form name=path"));
    fake_task_destroy(t);
    t = columns_task(f);
    fake_task_text(t, "payload", "");
    fake_task_texts(t, "features", "offer=nothing.x", NULL);
    assert_non_null(strstr(fake_task_run(t)->fault, "feature offer: there is no column nothing"));
    fake_task_destroy(t);
}

/* What counts as a number, in a payload that is stored as text. */
static void the_number_rule(void **state)
{
    static const char *const cases[][2] = {
        {"\"1,000\"", "1000"},
        {"\" 250 \"", "250"},
        {"\"1e3\"", "1000"},
        {"\"1_000\"", "1000"},
        {"7.5", "7.5"},
        {"[8, 9]", "8"},
        {"{\"amount\": 6}", "6"},
        {"{\"value\": \"5\", \"amount\": 6}", "5"},
        {"\"Indefinite\"", "NULL"},
        {"\"$5\"", "NULL"},
        {"\"0x10\"", "NULL"},
        {"\"nan\"", "NULL"},
        {"\"inf\"", "NULL"},
        {"true", "NULL"},
        {"\"True\"", "NULL"},
        {"[]", "NULL"},
        {"\"\"", "NULL"},
        {"{\"dollarAmount\": null, \"value\": 5}", "NULL"},
        {"\"1_\"", "NULL"},
        {"{}", "NULL"},
    };
    struct sql_fixture *f = *state;

    sql_must(f,
             "CREATE OR REPLACE TABLE filings(cik VARCHAR, filed_date VARCHAR, payload VARCHAR)");
    sql_must(f, "DELETE FROM idx");
    sql_must(f, "DELETE FROM store");
    for (size_t i = 0; i < FW_COUNT(cases); i++) {
        sql_must(f,
                 "INSERT INTO filings VALUES ('c%zu', '2024-01-01T02:00:00+02:00', "
                 "'{\"offering_data\": {\"x\": %s}}')",
                 i, cases[i][0]);
        sql_must(f, "INSERT INTO idx VALUES ('c%zu', '2024-01-01')", i);
        sql_must(f,
                 "INSERT INTO store SELECT 'c%zu', DATE '2024-01-01', true, v, v, v, v IS NULL, "
                 "v, v, v, v IS NULL FROM (SELECT CAST(%s AS DOUBLE) AS v)",
                 i, cases[i][1]);
    }
    struct fake_task *t = columns_task(f);
    fake_task_text(t, "payload", "payload.offeringData|offering_data");
    fake_task_texts(t, "features", "offer=x", "sold=x", NULL);
    fake_task_int(t, "edgar_min_compared", 8 * 6);
    cJSON *report = columns_run(t, FW_GATE_TRUE);
    assert_int_equal(columns_recomputed(report, "total_compared"), 8 * 6);
    cJSON_Delete(report);
    fake_task_destroy(t);
}

/* Figures 10, none, 20, none, none, 30 and what the reference makes of them; at the
   end an infinite one, which it keeps. */
static void make_compat_case(struct sql_fixture *f)
{
    static const char *const offers[] = {"10", "", "20", "", "", "30"};

    for (int i = 0; i < 6; i++) {
        sql_must(f,
                 "INSERT INTO filings VALUES ('0005', DATE '2024-01-01' + %d, 'b%d', "
                 "{'offeringData': {'offer': '%s', 'sold': '%s'}})",
                 i, i, offers[i], i == 5 ? "inf" : "");
    }
    sql_must(f, "INSERT INTO idx VALUES ('0005', '2024-01-03'), ('0005', '2024-06-30')");
    sql_must(f, "INSERT INTO store VALUES "
                "('0005', '2024-01-03', true, 20, 15, 12.380952, false, NULL, NULL, NULL, true),"
                "('0005', '2024-06-30', true, 30, 20, 17.330123, false, 'inf', 'inf', 'inf', "
                "false)");
    /* Of two filings of one instant the last one in the table counts, not that with the greater
       accession number: 9, then 0.64 of 1000 and 0.2 of 9 over 0.84. */
    sql_must(f, "UPDATE store SET last_offer = 9, mean_offer = 504.5, ema_offer = 764.047619, "
                "last_sold = NULL, mean_sold = 175, ema_sold = 130, last_sold_is_missing = true "
                "WHERE crawled_date_day = '2024-03-02'");
}

static void agrees_with_the_reference_where_it_is_asked_to(void **state)
{
    struct sql_fixture *f = *state;

    make_compat_case(f);
    struct fake_task *t = columns_task(f);
    fake_task_int(t, "compat", 1);
    cJSON *report = columns_run(t, FW_GATE_TRUE);
    assert_int_equal(columns_recomputed(report, "total_compared"), 16 + 9);
    cJSON_Delete(report);
    fake_task_destroy(t);
    /* Six of the day with two filings, three infinite ones. */
    columns_expect(f, FW_GATE_FALSE, 9, "values differ");
}

/* The reference takes a payload that is text for none. */
static void leaves_out_json_text_as_the_reference_does(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "CREATE OR REPLACE TABLE filings AS SELECT '0001' AS cik, DATE '2024-01-10' AS "
                "filed_date, '{\"offeringData\": {\"offer\": 1, \"sold\": 2}}' AS payload");
    sql_must(f, "DELETE FROM idx; DELETE FROM store");
    sql_must(f, "INSERT INTO idx VALUES ('0001', '2024-01-10')");
    sql_must(f,
             "INSERT INTO store VALUES ('0001', '2024-01-10', true, NULL, NULL, NULL, true, NULL, "
             "NULL, NULL, true)");
    for (int compat = 0; compat < 2; compat++) {
        struct fake_task *t = columns_task(f);
        fake_task_text(t, "payload", "payload.offeringData");
        fake_task_int(t, "compat", compat);
        cJSON *report = columns_run(t, FW_GATE_FALSE); /* too few values can be compared */
        assert_int_equal(columns_recomputed(report, "diff_count"), compat ? 0 : 6);
        assert_int_equal(columns_recomputed(report, "flag_diff_count"), compat ? 0 : 2);
        cJSON_Delete(report);
        fake_task_destroy(t);
    }
}

static void ciks_of_both_tables_can_be_made_equal(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE filings SET cik = ' 1 ' WHERE cik = '0001'");
    sql_must(f, "UPDATE store SET cik = lpad(cik, 10, '0')");
    columns_expect(f, FW_GATE_FALSE, 17, "pairs of cik and day");
    struct fake_task *t = columns_task(f);
    fake_task_int(t, "normalize_cik", 1);
    cJSON *report = columns_run(t, FW_GATE_TRUE);
    assert_int_equal(columns_recomputed(report, "total_compared"), 17);
    cJSON_Delete(report);
    fake_task_destroy(t);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, columns_setup, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CLAIM(features_are_refused_by_name),
        CLAIM(the_number_rule),
        CLAIM(agrees_with_the_reference_where_it_is_asked_to),
        CLAIM(leaves_out_json_text_as_the_reference_does),
        CLAIM(ciks_of_both_tables_can_be_made_equal),
    };

    return cmocka_run_group_tests_name("audit_figures", tests, columns_load, columns_unload);
}
