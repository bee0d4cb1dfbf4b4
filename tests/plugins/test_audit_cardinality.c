/* SPDX-License-Identifier: MIT */
/* Gate B: what it counts, and when it does not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/gate.h>

#include "stage_fixture.h"

/* Two offers over five days, three crawls a day. */
#define RAW                                                                                        \
    "SELECT 'p' AS platform_name, (1 + mod(i, 2))::VARCHAR AS offer_id, (DATE '2023-12-30' + (i "  \
    "// "                                                                                          \
    "6)::INT)::VARCHAR AS crawled_date_day, i AS amount, 'text ' || i AS title FROM range(30) "    \
    "r(i)"
#define ROWS "SELECT *, amount AS i FROM (" RAW ")"
#define CORE                                                                                       \
    "SELECT DISTINCT 'p|' || offer_id AS entity_id, crawled_date_day, offer_id FROM (" RAW ")"
#define INDEX "SELECT '000' || offer_id AS cik, crawled_date_day FROM (" CORE ") ORDER BY ALL"
#define EDGAR                                                                                      \
    "SELECT cik, crawled_date_day::TIMESTAMP AS crawled_date_day, cik = '0001' AS edgar_valid "    \
    "FROM (" INDEX ")"

static void manifest(struct sql_fixture *f, const char *folder, const char *json)
{
    FILE *file = fopen(stage_path(f, "%s/MANIFEST.json", folder), "w");
    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define TEXT_MANIFEST                                                                              \
    "{\"limit_rows\":null,\"raw_offers_version\":null,\"raw_rows_scanned\":30,\"rows_emitted\":"   \
    "10}"

/* All that passes; a test then replaces one thing. */
static void freeze(struct sql_fixture *f)
{
    static const char *const folders[] = {"core", "text", "index", "edgar"};
    stage_folder(f, "raw");
    for (size_t i = 0; i < 4; i++) {
        stage_folder(f, folders[i]);
        manifest(f, folders[i], "{\"delta_version\":null,\"output_rows\":10}");
    }
    manifest(f, "text", TEXT_MANIFEST);
    stage_table(f, "raw/raw", RAW);
    stage_table(f, "core/core", CORE);
    stage_table(f, "text/text", CORE);
    stage_table(f, "index/index", INDEX);
    stage_table(f, "edgar/edgar", EDGAR);
}

/* The raw table in three files, each a chunk where one row is enough for it. */
static void in_files(struct sql_fixture *f, const char *rows)
{
    static const char *const names[] = {"raw/raw", "raw/more", "raw/last"};

    for (int i = 0; i < 3; i++) {
        stage_table(f, names[i], "SELECT * EXCLUDE (i) FROM (%s) WHERE mod(i, 3) = %d", rows, i);
    }
}

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    static const char *const ports[] = {"core", "text", "index", "edgar"};
    struct fake_task *t = stage_task("audit_cardinality");
    stage_folder(f, run);
    fake_task_input(t, "raw", stage_path(f, "raw"), NULL);
    for (size_t i = 0; i < 4; i++) {
        fake_task_input(t, ports[i], stage_path(f, "%s/%s.parquet", ports[i], ports[i]), NULL);
    }
    fake_task_output(t, "report", stage_path(f, "%s/report.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/report.md", run));
    fake_task_output(t, "missing_pairs", stage_path(f, "%s/missing.csv", run));
    return t;
}

/* A value of the report, by its JSON path. */
static const char *said(struct sql_fixture *f, const char *run, const char *path)
{
    return sql_cell(f, "SELECT json ->> '%s' FROM read_json_objects('%s/%s/report.json')", path,
                    f->dir, run);
}

static void must_say(struct sql_fixture *f, const char *run, const char *path, const char *value)
{
    const char *is = said(f, run, path);
    if (strcmp(is, value) != 0) {
        fail_msg("%s is %s, not %s", path, is, value);
    }
}

static void must_pass(struct fake_task *t)
{
    stage_run(t);
    if (fake_task_gate(t, "cardinality") != FW_GATE_TRUE) {
        fail_msg("%s", fake_task_gate_reason(t, "cardinality"));
    }
    fake_task_destroy(t);
}

static void must_not_pass(struct fake_task *t, const char *reason)
{
    stage_run(t);
    assert_int_equal(fake_task_gate(t, "cardinality"), FW_GATE_FALSE);
    if (strstr(fake_task_gate_reason(t, "cardinality"), reason) == NULL) {
        fail_msg("no \"%s\" in: %s", reason, fake_task_gate_reason(t, "cardinality"));
    }
    fake_task_destroy(t);
}

static void passes_and_reports_what_it_counted(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    must_pass(task(f, "a"));
    must_say(f, "a", "$.raw_offers_total_rows", "30");
    must_say(f, "a", "$.raw_entity_day_total", "10");
    must_say(f, "a", "$.raw_structured_signal_entity_day_count", "10");
    must_say(f, "a", "$.raw_offers.row_count_by_year", "{\"2023\":12,\"2024\":18}");
    must_say(f, "a", "$.raw_vs_core_coverage.core_coverage_rate", "1");
    must_say(f, "a", "$.text_coverage.text_coverage_rate", "1");
    must_say(f, "a", "$.snapshots_to_edgar_coverage.snapshots_pairs_matched", "10");
    must_say(f, "a", "$.snapshots_to_edgar_coverage.pairs_with_valid_filing", "5");
    must_say(f, "a", "$.snapshots_to_edgar_coverage.edgar_unique_cik", "2");
    must_say(f, "a", "$.data_morphology.crawls_per_entity_day", "3");
    must_say(f, "a", "$.gate_passed", "true");
    must_say(f, "a", "$.fail_reasons", "[]");
    assert_string_equal(sql_cell(f,
                                 "SELECT content LIKE '# Gate B%%raw_entity_day_total | 10%%' "
                                 "FROM read_text('%s/a/report.md')",
                                 f->dir),
                        "true");
}

/* T10 (b). */
static void fails_when_the_core_lacks_an_entity_day(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "core/core", CORE " ORDER BY ALL LIMIT 9");
    must_not_pass(task(f, "a"), "core_coverage_rate is 0.9, below 0.9999");
    must_say(f, "a", "$.raw_vs_core_coverage.core_coverage_rate", "0.9");
    must_say(f, "a", "$.gate_passed", "false");
    struct fake_task *t = task(f, "compat");
    fake_task_int(t, "compat", 1);
    must_pass(t);
    t = task(f, "lenient");
    fake_task_real(t, "min_core_coverage", 0.9);
    must_pass(t);
}

static void fails_when_the_core_has_an_entity_day_twice(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "core/core",
                "(" CORE " ORDER BY ALL LIMIT 9) UNION ALL (" CORE " ORDER BY ALL LIMIT 1)");
    must_not_pass(task(f, "a"), "the core has 10 rows, but 9 distinct entity-days");
}

static void fails_when_there_are_fewer_raw_rows_than_there_must_be(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    struct fake_task *t = task(f, "a");
    fake_task_int(t, "min_raw_rows", 31);
    must_not_pass(t, "the raw table has 30 rows, fewer than 31 (min_raw_rows)");
}

/* T10 (d). */
static void fails_when_the_texts_may_be_of_limited_rows(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    manifest(f, "text", "{\"raw_rows_scanned\":30,\"rows_emitted\":10}");
    must_not_pass(task(f, "a"), "does not say limit_rows");
    manifest(f, "text", "{\"limit_rows\":20,\"raw_rows_scanned\":20,\"rows_emitted\":10}");
    must_not_pass(task(f, "b"), "limit_rows is 20");
    manifest(f, "text", "{\"limit_rows\":null}");
    must_not_pass(task(f, "c"), "does not say raw_rows_scanned");
    assert_int_equal(remove(stage_path(f, "text/MANIFEST.json")), 0);
    must_not_pass(task(f, "d"), "no MANIFEST.json beside it");
}

static void fails_when_a_table_is_of_another_version(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    manifest(f, "core", "{\"delta_version\":7}");
    must_not_pass(task(f, "a"), "the daily table is of version 7");
    assert_int_equal(remove(stage_path(f, "edgar/MANIFEST.json")), 0);
    must_not_pass(task(f, "b"), "the features have no MANIFEST.json");
}

static void lists_the_pairs_that_the_features_lack(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "edgar/edgar",
                "SELECT * FROM (" EDGAR ") WHERE cik = '0001' AND crawled_date_day <> TIMESTAMP "
                "'2024-01-01'");
    must_not_pass(task(f, "a"), "snapshots_to_edgar_coverage is 0.4, below 0.9999");
    must_say(f, "a", "$.snapshots_to_edgar_coverage.gap_reason_counts",
             "{\"cik_not_in_edgar_store\":5,\"date_mismatch\":1}");
    must_say(f, "a", "$.snapshots_to_edgar_coverage.gap_reasons_top_k[0].reason",
             "cik_not_in_edgar_store");
    assert_string_equal(
        sql_cell(f,
                 "SELECT string_agg(concat_ws('/', cik, crawled_date_day, reason), ' ') FROM "
                 "(SELECT * FROM read_csv('%s/a/missing.csv', all_varchar = true) LIMIT 2)",
                 f->dir),
        "0001/2024-01-01/date_mismatch 0002/2023-12-30/cik_not_in_edgar_store");
}

static void counts_null_keys_and_days_as_the_snapshot_does(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "raw/raw",
                RAW " UNION ALL SELECT 'p', NULL, '2024-01-01', 1, 't' UNION ALL SELECT NULL, "
                    "'1', '2024-01-01', 1, 't' UNION ALL SELECT 'p', '1', 'soon', 1, 't' UNION "
                    "ALL SELECT 'p', '2', '2024-01-01 23:00:00-03:00', 1, 't'");
    must_pass(task(f, "a"));
    must_say(f, "a", "$.raw_entity_day_total", "10");
    must_say(f, "a", "$.raw_offers.rows_without_key", "2");
    must_say(f, "a", "$.raw_offers.rows_without_day", "1");
    must_say(f, "a", "$.raw_offers.row_count_total", "34");
    struct fake_task *t = task(f, "compat");
    fake_task_int(t, "compat", 1);
    must_pass(t);
    must_say(f, "compat", "$.raw_entity_day_total", "12");
}

/* 600 rows of a crawl with all its faults, and the rows that pandas makes its snapshot of. */
static void counts_the_entity_days_that_pandas_counts(void **state)
{
    struct sql_fixture *f = *state;
    const char *root = getenv("FWRUN_SOURCE_ROOT");
    freeze(f);
    stage_table(f, "raw/raw",
                "SELECT * FROM read_csv('%s/tests/reference/snapshot_crawl/*.csv', all_varchar = "
                "true)",
                root);
    stage_table(f, "core/core",
                "SELECT entity_id, crawled_date_day FROM "
                "read_csv('%s/tests/reference/snapshot_golden.csv', all_varchar = true)",
                root);
    must_pass(task(f, "a"));
    must_say(f, "a", "$.raw_entity_day_total", "110");
    must_say(f, "a", "$.raw_offers.rows_without_key", "41");
    must_say(f, "a", "$.raw_offers.rows_without_day", "30");
    must_say(f, "a", "$.raw_vs_core_coverage.core_coverage_rate", "1");
}

static void takes_neither_nan_nor_texts_for_a_signal(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "raw/raw",
                "SELECT * REPLACE (CASE WHEN offer_id = '1' THEN amount::DOUBLE ELSE "
                "'nan'::DOUBLE END AS amount), [1] AS tags FROM (" RAW ")");
    must_pass(task(f, "a"));
    must_say(f, "a", "$.raw_structured_signal_entity_day_count", "5");
    must_say(f, "a", "$.raw_entity_day_total", "10");
}

/*
 * The best filled column decides for an offer, others for another, none for a third: with one chunk
 * or with many, where a column is filled in one crawl of a day alone.
 */
static void looks_at_all_columns_where_the_best_filled_decides_nothing(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    in_files(f,
             "SELECT platform_name, offer_id, crawled_date_day, i, CASE WHEN offer_id <> '2' AND "
             "i < 25 THEN amount END AS best, CASE WHEN offer_id = '2' AND mod(i, 3) = 0 AND i < "
             "20 THEN 1 END AS other, CASE WHEN i = 27 THEN 'nan'::DOUBLE END AS third, CASE "
             "WHEN i = 23 THEN 'x' END AS fourth, title FROM (" ROWS ")");
    must_pass(task(f, "a"));
    must_say(f, "a", "$.raw_structured_signal_entity_day_count", "9");
    must_say(f, "a", "$.raw_offers_total_rows", "30");
    struct fake_task *t = task(f, "chunks");
    fake_task_int(t, "chunk_rows", 1);
    must_pass(t);
    t = task(f, "restarted");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    must_pass(t);
    stage_same(f, "a", "chunks");
    stage_same(f, "a", "restarted");
}

static void takes_the_structured_columns_from_the_contract(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    stage_table(f, "raw/raw",
                "SELECT *, CASE WHEN offer_id = '2' THEN 1 END AS wanted FROM (" RAW ")");
    struct fake_task *t = task(f, "a");
    fake_task_input(t, "contract",
                    fake_task_write(t, "contract.yaml",
                                    "offers_core_daily:\n  must_keep: [wanted, title, note]\n"
                                    "offers_text:\n  must_keep: [note]\n"),
                    NULL);
    must_pass(t);
    must_say(f, "a", "$.raw_structured_signal_entity_day_count", "5");
    must_say(f, "a", "$.data_morphology.structured_columns", "1");
}

/* What was not read is not covered; the reference passes, and reads 2,000,000 rows by itself. */
static void does_not_pass_over_rows_that_were_not_read(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    in_files(f, ROWS);
    struct fake_task *t = task(f, "some");
    fake_task_int(t, "raw_scan_limit", 12);
    must_not_pass(t, "12 of 30 raw rows were read (raw_scan_limit)");
    must_say(f, "some", "$.raw_offers.row_count_total", "12");
    must_say(f, "some", "$.raw_offers.row_count_total_no_cap", "30");
    t = task(f, "compat");
    fake_task_int(t, "raw_scan_limit", 12);
    fake_task_int(t, "chunk_rows", 1);
    fake_task_int(t, "compat", 1);
    must_pass(t);
    must_say(f, "compat", "$.raw_offers_total_rows", "12");
    must_pass(task(f, "all"));
    t = task(f, "enough");
    fake_task_int(t, "raw_scan_limit", 30);
    must_pass(t);
    stage_same(f, "all", "enough");
}

static void compares_with_the_other_machine(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    must_pass(task(f, "a"));
    struct fake_task *t = task(f, "b");
    fake_task_input(t, "reference", stage_path(f, "a/report.json"), NULL);
    must_pass(t);
    t = task(f, "c");
    fake_task_input(t, "reference",
                    fake_task_write(t, "other.json", "{\"raw_offers\":{\"version\":3}}"), NULL);
    must_not_pass(t, "raw_offers.version is -1 here and 3 in the reference (-1: none); the "
                     "reference does not say raw_offers.active_files");
}

static void gives_the_same_report_for_any_threads_and_chunks(void **state)
{
    struct sql_fixture *f = *state;
    freeze(f);
    in_files(f, ROWS);
    must_pass(task(f, "two"));
    struct fake_task *t = task(f, "one");
    fake_task_limits(t)->threads = 1;
    fake_task_int(t, "chunk_rows", 1);
    must_pass(t);
    t = task(f, "restarted");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    must_pass(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "restarted");
}

static void names_a_raw_file_that_cannot_be_read(void **state)
{
    struct sql_fixture *f = *state;
    char command[200];
    freeze(f);
    snprintf(
        command, sizeof command,
        "printf 'damaged here' | dd of='%s/raw/raw.parquet' bs=1 seek=30 conv=notrunc 2>/dev/null",
        f->dir);
    assert_int_equal(system(command), 0);
    struct fake_task *t = task(f, "a");
    const struct fake_result *result = fake_task_run(t);
    assert_true(result->status < FW_OK);
    assert_non_null(strstr(result->fault, "raw.parquet"));
    assert_int_equal(fake_task_gate(t, "cardinality"), -1);
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(passes_and_reports_what_it_counted),
        TEST(fails_when_the_core_lacks_an_entity_day),
        TEST(fails_when_the_core_has_an_entity_day_twice),
        TEST(fails_when_there_are_fewer_raw_rows_than_there_must_be),
        TEST(fails_when_the_texts_may_be_of_limited_rows),
        TEST(fails_when_a_table_is_of_another_version),
        TEST(lists_the_pairs_that_the_features_lack),
        TEST(counts_null_keys_and_days_as_the_snapshot_does),
        TEST(counts_the_entity_days_that_pandas_counts),
        TEST(takes_neither_nan_nor_texts_for_a_signal),
        TEST(looks_at_all_columns_where_the_best_filled_decides_nothing),
        TEST(takes_the_structured_columns_from_the_contract),
        TEST(does_not_pass_over_rows_that_were_not_read),
        TEST(compares_with_the_other_machine),
        TEST(gives_the_same_report_for_any_threads_and_chunks),
        TEST(names_a_raw_file_that_cannot_be_read),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
