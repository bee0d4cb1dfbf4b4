/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/testkit.h"
#include "sql_fixture.h"

/* Gate A on the filings of the acceptance tests T7 and T8 (freeze §17), made by hand. */

static struct fake_kit *kit;

static const char contract[] = "stamp: '20260203_225620'\n"
                               "offers_core_daily:\n"
                               "  must_keep: [entity_id, cik, market_tags, url]\n"
                               "  derived_structured: []\n"
                               "  nested_columns: [market_tags]\n"
                               "  derived_nested: [market_tags__json]\n"
                               "offers_text:\n"
                               "  must_keep: [entity_id, headline]\n";

static int load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, AUDIT_COLUMNS_SO, NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static void make_filings(struct sql_fixture *f)
{
    sql_must(f, "CREATE TABLE filings(cik VARCHAR, filed_date TIMESTAMP, accession_number VARCHAR, "
                "submission_offering_data STRUCT(\"offeringData\" STRUCT(offer VARCHAR, sold "
                "VARCHAR)))");
    sql_must(f, "INSERT INTO filings VALUES "
                "('0001', '2024-01-10', 'a1', {'offeringData': {'offer': '1,000', 'sold': '100'}}),"
                "('0001', '2024-03-01', 'a9', {'offeringData': {'offer': '3000', 'sold': '400'}}),"
                "('0001', '2024-03-01', 'a3', {'offeringData': {'offer': '9', 'sold': NULL}}),"
                "('0001', '2024-02-10', 'a2', {'offeringData': {'offer': 'Indefinite', 'sold': "
                "' 250 '}}),"
                "('0002', '2024-01-05', 'a5', NULL)");
    sql_must(f, "CREATE TABLE idx AS SELECT * FROM (VALUES ('0001', '2024-01-09'), ('0001', "
                "'2024-01-10'), ('0001', '2024-02-20'), ('0001', '2024-03-02'), ('0002', "
                "'2024-01-06'), ('0003', '2024-01-06'), ('nan', '2024-03-02')) t(cik, "
                "crawled_date_day)");
}

static void make_store(struct sql_fixture *f)
{
    sql_must(f, "CREATE TABLE store(cik VARCHAR, crawled_date_day DATE, edgar_has_filing BOOLEAN, "
                "last_offer DOUBLE, mean_offer DOUBLE, ema_offer DOUBLE, last_offer_is_missing "
                "BOOLEAN, last_sold DOUBLE, mean_sold DOUBLE, ema_sold DOUBLE, "
                "last_sold_is_missing BOOLEAN)");
    sql_must(f, "INSERT INTO store(cik, crawled_date_day, edgar_has_filing) VALUES "
                "('0001', '2024-01-09', false), ('0003', '2024-01-06', false)");
    sql_must(f, "INSERT INTO store VALUES "
                "('0001', '2024-01-10', true, 1000, 1000, 1000, false, 100, 100, 100, false),"
                "('0001', '2024-02-20', true, NULL, 1000, 1000, true, 250, 175, 130, false),"
                "('0001', '2024-03-02', true, 3000, 2000, 1476.190476190476, false, 400, 250, 184, "
                "false),"
                "('0002', '2024-01-06', true, NULL, NULL, NULL, true, NULL, NULL, NULL, true)");
}

static int setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);

    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-audit-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    make_filings(f);
    make_store(f);
    sql_must(f, "CREATE TABLE core AS SELECT 'p|1' AS entity_id, '0001' AS cik, 'u' AS url");
    sql_must(f, "CREATE TABLE extras AS SELECT 'p|1' AS entity_id, '[]' AS market_tags__json");
    sql_must(f, "CREATE TABLE txt AS SELECT 'p|1' AS entity_id, 'h' AS headline");
    sql_must(f, "CREATE TABLE raw AS SELECT 'p' AS platform_name, 'h' AS headline, 1.5 AS "
                "price_share_usd, ['x'] AS market_tags");
    return 0;
}

static const char *table(struct sql_fixture *f, struct fake_task *t, const char *name)
{
    const char *path = fake_task_path(t, name);

    sql_must(f, "COPY %s TO '%s' (FORMAT parquet)", name, path);
    return path;
}

/* A task over the tables of the session as they are now. */
static struct fake_task *task(struct sql_fixture *f)
{
    struct fake_task *t = fake_task_create(kit, "audit_columns");

    fake_task_input(t, "contract", fake_task_write(t, "contract.yaml", contract), NULL);
    fake_task_input(t, "raw", table(f, t, "raw"), NULL);
    fake_task_input(t, "core", table(f, t, "core"), NULL);
    fake_task_input(t, "static", table(f, t, "core"), NULL);
    fake_task_input(t, "extras", table(f, t, "extras"), NULL);
    fake_task_input(t, "text", table(f, t, "txt"), NULL);
    fake_task_input(t, "filings", table(f, t, "filings"), NULL);
    fake_task_input(t, "index", table(f, t, "idx"), NULL);
    fake_task_input(t, "edgar", table(f, t, "store"), NULL);
    fake_task_output(t, "report", fake_task_path(t, "column_manifest.json"));
    fake_task_output(t, "markdown", fake_task_path(t, "column_manifest.md"));
    fake_task_texts(t, "features", "offer", "sold", NULL);
    fake_task_int(t, "edgar_min_compared", 17);
    return t;
}

static cJSON *run(struct fake_task *t, int32_t verdict)
{
    const struct fake_result *r = fake_task_run(t);

    assert_string_equal(r->fault, "");
    assert_null(r->defect);
    cJSON *report = cJSON_Parse(fake_task_read(t, fake_task_path(t, "column_manifest.json")));
    assert_non_null(report);
    if (fake_task_gate(t, "columns") != verdict) {
        fail_msg("verdict %d: %s", fake_task_gate(t, "columns"),
                 fake_task_gate_reason(t, "columns"));
    }
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(report, "gate_passed")),
                     verdict == FW_GATE_TRUE);
    return report;
}

static int recomputed(const cJSON *report, const char *name)
{
    const cJSON *result = cJSON_GetObjectItem(report, "edgar_recompute");

    return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(result, name));
}

/* Runs the gate, expects its verdict, and that its reason holds the text. */
static void expect(struct sql_fixture *f, int32_t verdict, int n_different, const char *reason)
{
    struct fake_task *t = task(f);
    cJSON *report = run(t, verdict);

    assert_int_equal(recomputed(report, "diff_count"), n_different);
    if (strstr(fake_task_gate_reason(t, "columns"), reason) == NULL) {
        fail_msg("'%s' does not say '%s'", fake_task_gate_reason(t, "columns"), reason);
    }
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void the_hand_made_store_passes(void **state)
{
    struct fake_task *t = task(*state);
    cJSON *report = run(t, FW_GATE_TRUE);

    assert_int_equal(recomputed(report, "total_compared"), 17);
    assert_int_equal(recomputed(report, "rows_compared"), 6);
    assert_int_equal(recomputed(report, "filings_read"), 4);
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
    expect(f, FW_GATE_TRUE, 0, "17 recomputed values agree");
    sql_must(f, "UPDATE store SET last_sold = last_sold + 1e-3 WHERE crawled_date_day = "
                "'2024-03-02'");
    expect(f, FW_GATE_FALSE, 1, "1 of 17 values differ");
}

/* The reference compares the first 15 columns alone: no average of the kind that forgets. */
static void the_last_kind_of_column_is_compared_too(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET ema_offer = 1400 WHERE crawled_date_day = '2024-03-02'");
    expect(f, FW_GATE_FALSE, 1, "1 of 17 values differ");
}

static void null_against_a_value_differs(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET last_offer = 1000 WHERE crawled_date_day = '2024-02-20'");
    expect(f, FW_GATE_FALSE, 1, "1 of 18 values differ");
}

static void a_mask_without_a_filing_must_be_null(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET last_sold_is_missing = false WHERE cik = '0003'");
    expect(f, FW_GATE_FALSE, 0, "1 flags differ");
}

static void a_filing_that_nobody_made_is_found(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET edgar_has_filing = true WHERE cik = '0003'");
    expect(f, FW_GATE_FALSE, 0, "flags differ");
}

/* The reference takes its keys from the store itself, so it cannot see what is not there. */
static void a_row_that_is_missing_is_noticed(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "DELETE FROM store WHERE cik = '0003'");
    expect(f, FW_GATE_FALSE, 0, "1 pairs of cik and day of the index are not in the store");
}

static void a_row_too_many_is_noticed(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "INSERT INTO store(cik, crawled_date_day, edgar_has_filing) VALUES ('0004', "
                "'2024-01-06', false)");
    expect(f, FW_GATE_FALSE, 0, "1 pairs of cik and day of the store are not in the index");
}

static void leading_zeros_of_a_cik_count(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE store SET cik = '3' WHERE cik = '0003'");
    expect(f, FW_GATE_FALSE, 0, "pairs of cik and day");
}

static void a_filing_of_the_afternoon_shows_a_day_later(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE filings SET filed_date = '2024-01-10 15:00:00' WHERE accession_number = "
                "'a1'");
    expect(f, FW_GATE_FALSE, 6, "6 of 17 values differ"); /* the store shows it on the day itself */
}

static void the_lag_hides_the_filings_of_the_last_days(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f);

    fake_task_int(t, "edgar_lag_days", 1);
    cJSON *report = run(t, FW_GATE_FALSE);
    assert_int_equal(recomputed(report, "diff_count"), 6); /* 01-10 no longer sees 01-10 */
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void expect_cut(struct sql_fixture *f, int32_t verdict, int n_compared, int n_different)
{
    struct fake_task *t = task(f);
    fake_task_text(t, "cutoff_col", "seen");
    cJSON *report = run(t, verdict);
    assert_int_equal(recomputed(report, "total_compared"), n_compared);
    assert_int_equal(recomputed(report, "diff_count"), n_different);
    assert_int_equal(recomputed(report, "pairs_missing_in_store"), verdict != FW_GATE_TRUE);
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
    struct fake_task *t = task(f);
    cJSON *report = run(t, FW_GATE_TRUE);
    const cJSON *result = cJSON_GetObjectItem(report, "edgar_recompute");
    assert_string_equal(cJSON_GetObjectItem(result, "granularity")->valuestring, "offer-day");
    assert_int_equal(recomputed(report, "rows_compared"), 12);
    cJSON_Delete(report);
    fake_task_destroy(t);
    sql_must(f, "DELETE FROM store WHERE cik = '0003' AND offer_id = '2'");
    expect(f, FW_GATE_FALSE, 0, "1 pairs of offer and day of the index are not in the store");
}

static void too_few_compared_values_do_not_pass(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f);

    fake_task_int(t, "edgar_min_compared", 18);
    cJSON_Delete(run(t, FW_GATE_FALSE));
    assert_non_null(strstr(fake_task_gate_reason(t, "columns"),
                           "only 17 values could be compared, 18 are wanted"));
    fake_task_destroy(t);
}

static void a_column_of_the_contract_that_is_nowhere_is_named(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE core DROP url");
    expect(f, FW_GATE_FALSE, 0, "column url of the contract is in no table");
    sql_must(f, "ALTER TABLE core ADD COLUMN url VARCHAR");
    sql_must(f, "ALTER TABLE extras DROP market_tags__json");
    sql_must(f, "ALTER TABLE extras ADD COLUMN z INTEGER");
    expect(f, FW_GATE_FALSE, 0, "column market_tags__json of the contract is in no table");
}

static void a_column_that_no_store_has_fails_without_a_comparison(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE store DROP ema_sold");
    expect(f, FW_GATE_FALSE, 0, "the feature store has no column ema_sold");
}

static void the_texts_are_wanted_unless_they_are_not(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE txt RENAME headline TO title");
    expect(f, FW_GATE_FALSE, 0, "column headline of the contract is not in offers_text");
    struct fake_task *t = task(f);
    fake_task_int(t, "text_required", 0);
    cJSON_Delete(run(t, FW_GATE_TRUE));
    fake_task_destroy(t);
}

static void assert_refused(struct sql_fixture *f, const char *yaml, const char *where,
                           const char *what)
{
    struct fake_task *t = task(f);

    fake_task_write(t, "contract.yaml", yaml);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_DATA);
    if (strstr(r->fault, where) == NULL || strstr(r->fault, what) == NULL) {
        fail_msg("'%s' does not say '%s' and '%s'", r->fault, where, what);
    }
    fake_task_destroy(t);
}

static void a_contract_that_is_none_is_refused_with_its_line(void **state)
{
    assert_refused(*state, "offers_core_daily:\n  must_keep: all\n", "contract.yaml:2",
                   "offers_core_daily.must_keep is no list");
    assert_refused(*state, "offers_core_daily:\n  must_keep: [a, 1]\n", "contract.yaml:2",
                   "no column name");
    assert_refused(*state, "- a\n", "contract.yaml:1", "a map of sections");
    assert_refused(*state, "stamp: '1'\n", "contract.yaml", "passes anything");
}

static void features_are_refused_by_name(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f);

    fake_task_texts(t, "features", "=offer", NULL);
    assert_non_null(strstr(fake_task_run(t)->fault, "'=offer' is not of the form name=path"));
    fake_task_destroy(t);
    t = task(f);
    fake_task_text(t, "payload", "");
    fake_task_texts(t, "features", "offer=nothing.x", NULL);
    assert_non_null(strstr(fake_task_run(t)->fault, "feature offer: there is no column nothing"));
    fake_task_destroy(t);
}

/* freeze §6.1: what counts as a number, in a payload that is stored as text. */
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
    struct fake_task *t = task(f);
    fake_task_text(t, "payload", "payload.offeringData|offering_data");
    fake_task_texts(t, "features", "offer=x", "sold=x", NULL);
    fake_task_int(t, "edgar_min_compared", 8 * 6);
    cJSON *report = run(t, FW_GATE_TRUE);
    assert_int_equal(recomputed(report, "total_compared"), 8 * 6);
    cJSON_Delete(report);
    fake_task_destroy(t);
}

/* Figures 10, none, 20, none, none, 30 and what the reference makes of them (freeze §6.3); at the
   end an infinite one, which it keeps (§6.1). */
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
       accession number (§6.2): 9, then 0.64 of 1000 and 0.2 of 9 over 0.84. */
    sql_must(f, "UPDATE store SET last_offer = 9, mean_offer = 504.5, ema_offer = 764.047619, "
                "last_sold = NULL, mean_sold = 175, ema_sold = 130, last_sold_is_missing = true "
                "WHERE crawled_date_day = '2024-03-02'");
}

static void agrees_with_the_reference_where_it_is_asked_to(void **state)
{
    struct sql_fixture *f = *state;

    make_compat_case(f);
    struct fake_task *t = task(f);
    fake_task_int(t, "compat", 1);
    cJSON *report = run(t, FW_GATE_TRUE);
    assert_int_equal(recomputed(report, "total_compared"), 16 + 9);
    cJSON_Delete(report);
    fake_task_destroy(t);
    /* Six of the day with two filings, three infinite ones. */
    expect(f, FW_GATE_FALSE, 9, "values differ");
}

/* The reference takes a payload that is text for none (freeze §6.1). */
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
        struct fake_task *t = task(f);
        fake_task_text(t, "payload", "payload.offeringData");
        fake_task_int(t, "compat", compat);
        cJSON *report = run(t, FW_GATE_FALSE); /* too few values can be compared */
        assert_int_equal(recomputed(report, "diff_count"), compat ? 0 : 6);
        assert_int_equal(recomputed(report, "flag_diff_count"), compat ? 0 : 2);
        cJSON_Delete(report);
        fake_task_destroy(t);
    }
}

static void ciks_of_both_tables_can_be_made_equal(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "UPDATE filings SET cik = ' 1 ' WHERE cik = '0001'");
    sql_must(f, "UPDATE store SET cik = lpad(cik, 10, '0')");
    expect(f, FW_GATE_FALSE, 17, "pairs of cik and day");
    struct fake_task *t = task(f);
    fake_task_int(t, "normalize_cik", 1);
    cJSON *report = run(t, FW_GATE_TRUE);
    assert_int_equal(recomputed(report, "total_compared"), 17);
    cJSON_Delete(report);
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
        tasks[i] = task(f);
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
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, sql_fixture_close)
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
        CLAIM(a_column_of_the_contract_that_is_nowhere_is_named),
        CLAIM(a_column_that_no_store_has_fails_without_a_comparison),
        CLAIM(the_texts_are_wanted_unless_they_are_not),
        CLAIM(a_contract_that_is_none_is_refused_with_its_line),
        CLAIM(features_are_refused_by_name),
        CLAIM(the_number_rule),
        CLAIM(agrees_with_the_reference_where_it_is_asked_to),
        CLAIM(leaves_out_json_text_as_the_reference_does),
        CLAIM(ciks_of_both_tables_can_be_made_equal),
        CLAIM(the_sample_depends_on_the_seed_alone),
    };

    return cmocka_run_group_tests_name("audit_columns", tests, load, unload);
}
