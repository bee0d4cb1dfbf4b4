/* SPDX-License-Identifier: MIT */
/* Gate A: which rows of the features are made again, and what differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "columns_fixture.h"

static void the_hand_made_store_passes(void **state)
{
    struct fake_task *t = columns_task(*state);
    cJSON *report = columns_run(t, FW_GATE_TRUE);

    assert_int_equal(columns_recomputed(report, "total_compared"), 17);
    assert_int_equal(columns_recomputed(report, "rows_compared"), 6);
    assert_int_equal(columns_recomputed(report, "filings_read"), 4);
    assert_string_equal(fake_task_gate_reason(t, "columns"),
                        "all columns of the contract are there, 17 recomputed values agree");
    assert_string_equal(cJSON_GetObjectItem(report, "must_keep_missing")->child ? "some" : "none",
                        "none");
    assert_string_equal(cJSON_GetObjectItem(report, "should_add")->child->valuestring,
                        "price_share_usd");
    assert_non_null(strstr(fake_task_read(t, fake_task_path(t, "column_manifest.md")),
                           "| edgar_recompute.total_compared | 17 |"));
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void a_wrong_value_fails_and_a_rounded_one_does_not(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET last_sold = last_sold + 1e-6 WHERE crawled_date_day = "
                "'2024-03-02'");
    columns_expect(f, FW_GATE_TRUE, 0, "17 recomputed values agree");
    sql_must(f, "UPDATE store SET last_sold = last_sold + 1e-3 WHERE crawled_date_day = "
                "'2024-03-02'");
    columns_expect(f, FW_GATE_FALSE, 1, "1 of 17 values differ");
}

/* The reference compares the first 15 columns alone: no average of the kind that forgets. */
static void the_last_kind_of_column_is_compared_too(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET ema_offer = 1400 WHERE crawled_date_day = '2024-03-02'");
    columns_expect(f, FW_GATE_FALSE, 1, "1 of 17 values differ");
}

static void null_against_a_value_differs(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET last_offer = 1000 WHERE crawled_date_day = '2024-02-20'");
    columns_expect(f, FW_GATE_FALSE, 1, "1 of 18 values differ");
}

static void a_mask_without_a_filing_must_be_null(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET last_sold_is_missing = false WHERE cik = '0003'");
    columns_expect(f, FW_GATE_FALSE, 0, "1 flags differ");
}

static void a_filing_that_nobody_made_is_found(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET edgar_has_filing = true WHERE cik = '0003'");
    columns_expect(f, FW_GATE_FALSE, 0, "flags differ");
}

/* The reference takes its keys from the store itself, so it cannot see what is not there. */
static void a_row_that_is_missing_is_noticed(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "DELETE FROM store WHERE cik = '0003'");
    columns_expect(f, FW_GATE_FALSE, 0, "1 pairs of cik and day of the index are not in the store");
}

static void a_row_too_many_is_noticed(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "INSERT INTO store(cik, crawled_date_day, edgar_has_filing) VALUES ('0004', "
                "'2024-01-06', false)");
    columns_expect(f, FW_GATE_FALSE, 0, "1 pairs of cik and day of the store are not in the index");
}

static void leading_zeros_of_a_cik_count(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET cik = '3' WHERE cik = '0003'");
    columns_expect(f, FW_GATE_FALSE, 0, "pairs of cik and day");
}

static void a_filing_of_the_afternoon_shows_a_day_later(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE filings SET filed_date = '2024-01-10 15:00:00' WHERE accession_number = "
                "'a1'");
    columns_expect(f, FW_GATE_FALSE, 6,
                   "6 of 17 values differ"); /* the store shows it on the day itself */
}

static void the_lag_hides_the_filings_of_the_last_days(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = columns_task(f);

    fake_task_int(t, "edgar_lag_days", 1);
    cJSON *report = columns_run(t, FW_GATE_FALSE);
    assert_int_equal(columns_recomputed(report, "diff_count"), 6); /* 01-10 no longer sees 01-10 */
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void expect_cut(struct sql_fixture *f, int32_t verdict, int n_compared, int n_different)
{
    struct fake_task *t = columns_task(f);
    fake_task_text(t, "cutoff_col", "seen");
    cJSON *report = columns_run(t, verdict);
    assert_int_equal(columns_recomputed(report, "total_compared"), n_compared);
    assert_int_equal(columns_recomputed(report, "diff_count"), n_different);
    assert_int_equal(columns_recomputed(report, "pairs_missing_in_store"), verdict != FW_GATE_TRUE);
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void rows_are_recomputed_up_to_their_cutoff(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "CREATE OR REPLACE TABLE idx AS SELECT *, crawled_date_day || ' 15:00' AS seen "
                "FROM idx UNION ALL VALUES ('0001', '2024-03-02', '2024-02-11 06:00')");
    sql_must(f, "CREATE OR REPLACE TABLE store AS SELECT *, crawled_date_day::TIMESTAMP AS "
                "cutoff_ts FROM store UNION ALL VALUES ('0001', '2024-03-02', true, NULL, 1000, "
                "1000, true, 250, 175, 130, false, TIMESTAMP '2024-02-11 06:00')");
    expect_cut(f, FW_GATE_TRUE, 22, 0);
    sql_must(f, "UPDATE store SET cutoff_ts = '2024-03-01 06:00' WHERE hour(cutoff_ts) = 6");
    expect_cut(f, FW_GATE_FALSE, 23, 6);
}

static void a_store_by_offer_is_compared_by_offer(void **state)
{
    static const char two[] = "CREATE OR REPLACE TABLE %s AS SELECT 'p' AS platform_name, o AS "
                              "offer_id, * EXCLUDE (o) FROM %s, (VALUES ('1'), ('2')) t(o)";
    struct sql_fixture *f = *state;
    sql_must(f, two, "store", "store");
    sql_must(f, two, "idx", "idx");
    struct fake_task *t = columns_task(f);
    cJSON *report = columns_run(t, FW_GATE_TRUE);
    const cJSON *result = cJSON_GetObjectItem(report, "edgar_recompute");
    assert_string_equal(cJSON_GetObjectItem(result, "granularity")->valuestring, "offer-day");
    assert_int_equal(columns_recomputed(report, "rows_compared"), 12);
    cJSON_Delete(report);
    fake_task_destroy(t);
    sql_must(f, "DELETE FROM store WHERE cik = '0003' AND offer_id = '2'");
    columns_expect(f, FW_GATE_FALSE, 0,
                   "1 pairs of offer and day of the index are not in the store");
}

static void too_few_compared_values_do_not_pass(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = columns_task(f);

    fake_task_int(t, "edgar_min_compared", 18);
    cJSON_Delete(columns_run(t, FW_GATE_FALSE));
    assert_non_null(strstr(fake_task_gate_reason(t, "columns"),
                           "only 17 values could be compared, 18 are wanted"));
    fake_task_destroy(t);
}

/* Which ciks are drawn depends on the seed, never on the order of rows or the threads. */
static void the_sample_depends_on_the_seed_alone(void **state)
{
    struct sql_fixture *f = *state;
    const char *first = NULL;

    sql_must(f, "INSERT INTO idx SELECT 'x' || i, '2024-01-01' FROM range(500) t(i)");
    sql_must(f, "INSERT INTO store(cik, crawled_date_day, edgar_has_filing) SELECT 'x' || i, "
                "DATE '2024-01-01', false FROM range(500) t(i)");
    struct fake_task *tasks[3];
    for (int i = 0; i < 3; i++) {
        tasks[i] = columns_task(f);
        fake_task_int(tasks[i], "edgar_min_compared", 1);
        fake_task_limits(tasks[i])->threads = i == 1 ? 1 : 2;
        fake_task_text(tasks[i], "sample_seed", i == 2 ? "43" : "42");
        const struct fake_result *r = fake_task_run(tasks[i]);
        assert_string_equal(r->fault, "");
        const char *report =
            fake_task_read(tasks[i], fake_task_path(tasks[i], "column_manifest.json"));
        if (i == 0) {
            first = report;
        } else if (i == 1) {
            assert_string_equal(report, first);
        } else {
            assert_string_not_equal(report, first);
        }
        sql_must(f, "CREATE OR REPLACE TABLE store AS SELECT * FROM store ORDER BY cik DESC");
    }
    for (int i = 0; i < 3; i++) {
        fake_task_destroy(tasks[i]);
    }
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, columns_setup, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CLAIM(the_hand_made_store_passes),
        CLAIM(a_wrong_value_fails_and_a_rounded_one_does_not),
        CLAIM(the_last_kind_of_column_is_compared_too),
        CLAIM(null_against_a_value_differs),
        CLAIM(a_mask_without_a_filing_must_be_null),
        CLAIM(a_filing_that_nobody_made_is_found),
        CLAIM(a_row_that_is_missing_is_noticed),
        CLAIM(a_row_too_many_is_noticed),
        CLAIM(leading_zeros_of_a_cik_count),
        CLAIM(a_filing_of_the_afternoon_shows_a_day_later),
        CLAIM(the_lag_hides_the_filings_of_the_last_days),
        CLAIM(rows_are_recomputed_up_to_their_cutoff),
        CLAIM(a_store_by_offer_is_compared_by_offer),
        CLAIM(too_few_compared_values_do_not_pass),
        CLAIM(the_sample_depends_on_the_seed_alone),
    };

    return cmocka_run_group_tests_name("audit_recompute", tests, columns_load, columns_unload);
}
