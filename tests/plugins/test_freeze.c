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
#include <sys/stat.h>
#include <unistd.h>

#include "fw/testkit.h"
#include "stage_fixture.h"
#include "test_files.h"

/* The pointer and the gate of its readers, over a small freeze that is made by hand. */

#define STAMP "20260203_225620"

static const char daily_digest[] =
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
static const char snapshot_digest[] =
    "5555555555555555555555555555555555555555555555555555555555555555";
static const char index_digest[] =
    "1111111111111111111111111111111111111111111111111111111111111111";
static const char edgar_digest[] =
    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

static const char *const dirs[] = {
    "runs/offers_core_full_snapshot_wide_" STAMP,
    "runs/offers_core_full_daily_wide_" STAMP,
    "runs/offers_core_full_daily_wide_" STAMP "/snapshots_index",
    "runs/edgar_feature_store_full_daily_wide_" STAMP,
    "runs/multiscale_full_wide_" STAMP,
    "runs/offers_text_v1",
};

static const char a_report[] = "analysis/wide_" STAMP "/column_manifest.json";
static const char b_report[] = "analysis/wide_" STAMP "/raw_cardinality_coverage.json";
static const char c_report[] = "analysis/wide_" STAMP "/offer_day_coverage_exact.json";

static void write_manifest(struct sql_fixture *f, const char *dir, const char *json)
{
    char name[200];

    snprintf(name, sizeof name, "%s/MANIFEST.json", dir);
    test_file_write(f->dir, name, json);
}

static void write_manifests(struct sql_fixture *f)
{
    char json[500];

    write_manifest(f, dirs[0],
                   "{\"rows_scanned\": 99, \"rows_emitted\": 3, \"delta_version\": 7, "
                   "\"built_at\": \"2026-02-04\", \"active_files\": 2, \"outputs\": [{\"path\": "
                   "\"/elsewhere/t.parquet\", \"files\": []}]}");
    snprintf(json, sizeof json,
             "{\"rows_scanned\": 99, \"rows_emitted\": 3, \"delta_version\": 7, \"built_at\": "
             "\"2026-02-04\", \"inputs\": [{\"sha256\": \"%s\"}]}",
             snapshot_digest);
    write_manifest(f, dirs[1], json);
    snprintf(json, sizeof json, "{\"inputs\": [{\"sha256\": \"%s\"}]}", daily_digest);
    write_manifest(f, dirs[2], json);
    snprintf(json, sizeof json, "{\"output_rows\": 5, \"inputs\": [{\"sha256\": \"%s\"}]}",
             index_digest);
    write_manifest(f, dirs[3], json);
    snprintf(json, sizeof json, "{\"inputs\": [{\"sha256\": \"%s\"}, {\"sha256\": \"%s\"}]}",
             daily_digest, edgar_digest);
    write_manifest(f, dirs[4], json);
    write_manifest(f, dirs[5], "{\"raw_offers_version\": 7, \"rows_emitted\": 3}");
}

static void write_reports(struct sql_fixture *f)
{
    test_file_write(f->dir, a_report,
                    "{\"gate_passed\": true, \"fail_reasons\": [], \"must_keep_missing\": [], "
                    "\"edgar_recompute\": {\"diff_count\": 0, \"total_compared\": 200}}");
    test_file_write(f->dir, b_report,
                    "{\"gate_passed\": true, \"fail_reasons\": [], \"raw_offers\": "
                    "{\"row_count_total\": 100}, \"snapshots_to_edgar_coverage\": "
                    "{\"snapshots_to_edgar_coverage\": 1}}");
    test_file_write(f->dir, c_report,
                    "{\"gate_passed\": true, \"fail_reasons\": [], \"coverage_rate\": 1}");
}

static int setup(void **state)
{
    if (stage_setup(state) != 0) {
        return -1;
    }
    struct sql_fixture *f = *state;
    write_manifests(f);
    write_reports(f);
    for (size_t i = 0; i < FW_COUNT(dirs); i++) {
        sql_must(f, "COPY (FROM range(3)) TO '%s/%s/t.parquet' (FORMAT parquet)", f->dir, dirs[i]);
    }
    test_file_write(f->dir, "configs/here", "");
    return 0;
}

static void input(struct sql_fixture *f, struct fake_task *t, const char *port, const char *dir,
                  const char *name)
{
    fake_task_input(t, port, stage_path(f, "%s/%s", dir, name), NULL);
}

static struct fake_task *freeze_task_over(struct sql_fixture *f, const char *multiscale)
{
    struct fake_task *t = stage_task("freeze");

    input(f, t, "snapshot", dirs[0], "t.parquet");
    input(f, t, "daily", dirs[1], "t.parquet");
    input(f, t, "offer_day_index", dirs[2], "t.parquet");
    input(f, t, "cik_day", dirs[2], "t.parquet");
    input(f, t, "edgar", dirs[3], "t.parquet");
    input(f, t, "multiscale", multiscale, "t.parquet");
    input(f, t, "text", dirs[5], "t.parquet");
    fake_task_input_digest(t, "snapshot", snapshot_digest);
    fake_task_input_digest(t, "daily", daily_digest);
    fake_task_input_digest(t, "cik_day", index_digest);
    fake_task_input_digest(t, "edgar", edgar_digest);
    input(f, t, "column_manifest", "analysis/wide_" STAMP, strrchr(a_report, '/') + 1);
    input(f, t, "cardinality", "analysis/wide_" STAMP, strrchr(b_report, '/') + 1);
    input(f, t, "offer_day", "analysis/wide_" STAMP, strrchr(c_report, '/') + 1);
    fake_task_output(t, "pointer", stage_path(f, "configs/FULL_SCALE_POINTER.yaml"));
    fake_task_output(t, "candidates",
                     stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
    fake_task_output(t, "candidates_markdown", fake_task_path(t, "freeze_candidates.md"));
    fake_task_output(t, "status", fake_task_path(t, "freeze_pointer_status.json"));
    fake_task_output(t, "status_markdown", fake_task_path(t, "freeze_pointer_status.md"));
    fake_task_text(t, "stamp", STAMP);
    fake_task_text(t, "base", "..");
    return t;
}

static struct fake_task *freeze_task(struct sql_fixture *f)
{
    return freeze_task_over(f, dirs[4]);
}

static void refuses(struct sql_fixture *f, const char *reason)
{
    stage_must_fail(freeze_task(f), FW_E_DATA, reason);
    assert_int_equal(access(stage_path(f, "configs/FULL_SCALE_POINTER.yaml"), F_OK), -1);
}

static cJSON *json_of(const char *path)
{
    char *text = test_file_read(path, NULL);
    cJSON *tree = cJSON_Parse(text);

    free(text);
    assert_non_null(tree);
    return tree;
}

static void the_pointer_names_what_was_given(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(freeze_task(f));
    char *pointer = test_file_read(stage_path(f, "configs/FULL_SCALE_POINTER.yaml"), NULL);
    static const char begin[] =
        "analysis:\n  column_manifest: analysis/wide_20260203_225620/column_manifest.json\n"
        "  dir: analysis/wide_20260203_225620\n";
    assert_memory_equal(pointer, begin, strlen(begin));
    assert_non_null(strstr(pointer, "\nstamp: '20260203_225620'\nvariant: TRAIN_WIDE_FINAL\n"));
    assert_non_null(strstr(pointer, "\noffers_core_daily:\n  dir: "
                                    "runs/offers_core_full_daily_wide_20260203_225620\n  "
                                    "manifest_sha256: "));
    assert_null(strstr(pointer, f->dir)); /* no path of this machine */
    free(pointer);
}

static void all_offers_are_of_full_scale_from_99_of_100_rows_on(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(freeze_task(f));
    cJSON *report = json_of(stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
    const cJSON *full = cJSON_GetObjectItem(report, "is_full_scale"), *item;
    int n = 0;
    cJSON_ArrayForEach(item, full)
    {
        n += cJSON_IsTrue(item);
    }
    assert_int_equal(n, 4);
    cJSON_Delete(report);
}

/* T11: 110,880,000 of 112,000,000 rows are full scale, one row less is not. */
static void one_row_less_is_not_full_scale(void **state)
{
    struct sql_fixture *f = *state;

    for (int less = 0; less < 2; less++) {
        char json[300];
        snprintf(json, sizeof json,
                 "{\"rows_scanned\": %d, \"rows_emitted\": 3, \"delta_version\": 7}",
                 110880000 - less);
        write_manifest(f, dirs[0], json);
        unlink(stage_path(f, "configs/FULL_SCALE_POINTER.yaml"));
        unlink(stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
        struct fake_task *t = freeze_task(f);
        fake_task_int(t, "target_rows", 112000000);
        stage_must(t);
        cJSON *report = json_of(stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
        assert_int_equal(
            cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(report, "is_full_scale"),
                                             "offers_core_full_snapshot")),
            less == 0);
        cJSON_Delete(report);
    }
}

/* T11: another freeze is nearer to the rows wanted and newer; the stamp decides. */
static void candidates_of_other_stamps_are_listed_and_not_selected(void **state)
{
    struct sql_fixture *f = *state;

    write_manifest(f, "runs/offers_core_full_snapshot_wide_20260101_000000",
                   "{\"rows_scanned\": 100, \"built_at\": \"2026-03-01\"}");
    stage_must(freeze_task(f));
    cJSON *report = json_of(stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
    const cJSON *list =
        cJSON_GetObjectItem(cJSON_GetObjectItem(report, "candidates"), "offers_core_full_snapshot");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_string_equal(cJSON_GetObjectItem(list->child, "built_at")->valuestring, "2026-03-01");
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(report, "selected"), "offers_core_full_snapshot")
            ->valuestring,
        dirs[0]);
    cJSON_Delete(report);
}

/* T11: of 112,608,525 rows and 112,000,001 the latter are nearer to 112 million, if older. */
static void without_a_stamp_the_nearest_candidate_is_selected(void **state)
{
    struct sql_fixture *f = *state;
    static const char other[] = "runs/offers_core_full_snapshot_wide_20260201_000000";

    write_manifest(f, dirs[0],
                   "{\"rows_scanned\": 112608525, \"rows_emitted\": 3, \"delta_version\": 7, "
                   "\"built_at\": \"2026-02-04\"}");
    write_manifest(f, other, "{\"rows_scanned\": 112000001, \"built_at\": \"2026-02-01\"}");
    struct fake_task *t = freeze_task(f);
    fake_task_int(t, "target_rows", 112000000);
    fake_task_text(t, "candidates_of", "any");
    char reason[300];
    snprintf(reason, sizeof reason, "offers_core_full_snapshot select %s, and not %s", other,
             dirs[0]);
    stage_must_fail(t, FW_E_DATA, reason);
    t = freeze_task(f);
    fake_task_int(t, "target_rows", 112000000);
    stage_must(t);
    cJSON *report = json_of(stage_path(f, "analysis/wide_" STAMP "/freeze_candidates.json"));
    const cJSON *selected = cJSON_GetObjectItem(report, "selected");
    assert_string_equal(cJSON_GetObjectItem(selected, "offers_core_full_snapshot")->valuestring,
                        dirs[0]);
    assert_string_equal(cJSON_GetObjectItem(report, "stamp_filter")->valuestring, STAMP);
    cJSON_Delete(report);
}

static void a_gate_that_did_not_pass_writes_no_pointer(void **state)
{
    struct sql_fixture *f = *state;

    test_file_write(f->dir, c_report, "{\"gate_passed\": false}");
    refuses(f, "the report offer_day does not say that its gate passed");
}

static void a_product_without_a_manifest_writes_no_pointer(void **state)
{
    struct sql_fixture *f = *state;

    unlink(stage_path(f, "%s/MANIFEST.json", dirs[4]));
    refuses(f, "multiscale_full has no MANIFEST.json");
    write_manifest(f, dirs[4], "{\"inputs\": [");
    refuses(f, "multiscale_full has no MANIFEST.json");
}

static void stamps_are_not_mixed(void **state)
{
    struct sql_fixture *f = *state;
    static const char other[] = "runs/multiscale_full_wide_20260101_000000";

    write_manifest(f, other, "{}");
    sql_must(f, "COPY (FROM range(3)) TO '%s/%s/t.parquet' (FORMAT parquet)", f->dir, other);
    stage_must_fail(freeze_task_over(f, other), FW_E_DATA,
                    "multiscale_full is not of the stamp 20260203_225620");
}

static void products_of_other_parents_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = freeze_task(f);

    fake_task_input_digest(t, "cik_day", daily_digest);
    stage_must_fail(t, FW_E_DATA, "edgar_store_full_daily was made of another cik_day");
    t = freeze_task(f);
    fake_task_input_digest(t, "snapshot", daily_digest);
    stage_must_fail(t, FW_E_DATA, "offers_core_daily was made of another snapshot");
}

static void versions_of_the_raw_table_must_agree(void **state)
{
    struct sql_fixture *f = *state;

    write_manifest(f, dirs[5], "{\"raw_offers_version\": 8, \"rows_emitted\": 3}");
    refuses(f, "offers_text was made of version 8 of the raw table, the snapshot of version 7");
}

static void rows_of_the_files_must_be_those_of_the_manifest(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "COPY (FROM range(2)) TO '%s/%s/t.parquet' (FORMAT parquet)", f->dir, dirs[1]);
    refuses(f, "offers_core_daily holds 2 rows, its manifest says 3");
}

static void products_outside_the_root_are_refused(void **state)
{
    struct fake_task *t = freeze_task(*state);

    fake_task_text(t, "base", ".");
    stage_must_fail(t, FW_E_DATA, "lies outside the folder");
}

static void verify(struct sql_fixture *f, const char *stamp, const char *reason)
{
    struct fake_task *t = stage_task("verify_freeze");

    fake_task_input(t, "pointer", stage_path(f, "configs/FULL_SCALE_POINTER.yaml"), NULL);
    fake_task_output(t, "report", fake_task_path(t, "verify_report.json"));
    fake_task_output(t, "markdown", fake_task_path(t, "verify_report.md"));
    fake_task_text(t, "stamp", stamp);
    fake_task_text(t, "base", "..");
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_null(r->defect);
    const char *said = fake_task_gate_reason(t, "verify_freeze");
    int32_t wanted = reason == NULL ? FW_GATE_TRUE : FW_GATE_FALSE;
    if (fake_task_gate(t, "verify_freeze") != wanted ||
        (reason != NULL && strstr(said, reason) == NULL)) {
        fail_msg("'%s' is not '%s'", said, reason != NULL ? reason : "a pass");
    }
    cJSON *report = json_of(fake_task_path(t, "verify_report.json"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(report, "checks")), 12);
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(report, "all_gates_pass")), reason == NULL);
    cJSON_Delete(report);
    fake_task_destroy(t);
}

static void readers_may_use_what_was_frozen(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(freeze_task(f));
    verify(f, STAMP, NULL);
}

static void readers_of_another_stamp_may_not(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(freeze_task(f));
    verify(f, "20260101_000000",
           "the pointer's stamp is 20260203_225620, expected 20260101_000000");
}

/* Each part of what was frozen, broken on its own. */
static void readers_may_not_use_what_changed_since(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(freeze_task(f));
    write_manifest(f, dirs[1], "{\"rows_emitted\": 4}");
    verify(f, STAMP, "offers_core_daily: its MANIFEST.json is not the one that was frozen");
    unlink(stage_path(f, "%s/MANIFEST.json", dirs[3]));
    verify(f, STAMP, "edgar_store_full_daily: it has no MANIFEST.json");
    unlink(stage_path(f, "%s/t.parquet", dirs[2]));
    verify(f, STAMP, "paths: snapshots_index.cik_day is not there");
    test_file_write(f->dir, c_report,
                    "{\"gate_passed\": true, \"fail_reasons\": [], \"coverage_rate\": 0.9}");
    verify(f, STAMP, "offer_day_coverage_exact: coverage_rate is 0.9, expected 0.9999");
    test_file_write(f->dir, b_report, "{\"gate_passed\": true, \"fail_reasons\": [\"x\"]}");
    verify(f, STAMP, "raw_cardinality_coverage: it does not say that there are no fail_reasons");
    test_file_write(f->dir, a_report, "{\"gate_passed\": true, \"fail_reasons\": []}");
    verify(f, STAMP, "column_manifest: it has no total_compared");
    unlink(stage_path(f, a_report));
    verify(f, STAMP, "column_manifest: the report is not there");
}

/* A stage that runs again records other times, and the pointer is good as it stands. */
static void readers_may_use_the_same_bytes_made_again(void **state)
{
    static const char form[] = "{\"rows_scanned\": 99, \"rows_emitted\": 3, \"delta_version\": 7, "
                               "\"built_at\": \"2026-02-0%d\", \"outputs\": [{\"port\": \"core\", "
                               "\"sha256\": \"ab%d\", \"path\": \"t.parquet\"}]}";
    struct sql_fixture *f = *state;
    char json[400];

    snprintf(json, sizeof json, form, 4, 1);
    write_manifest(f, dirs[0], json);
    stage_must(freeze_task(f));
    snprintf(json, sizeof json, form, 5, 1);
    write_manifest(f, dirs[0], json);
    verify(f, STAMP, NULL);
    snprintf(json, sizeof json, form, 5, 2);
    write_manifest(f, dirs[0], json);
    verify(f, STAMP, "offers_core_snapshot: its MANIFEST.json is not the one that was frozen");
}

static void files_must_have_the_recorded_size(void **state)
{
    struct sql_fixture *f = *state;

    write_manifest(
        f, dirs[0],
        "{\"rows_scanned\": 99, \"rows_emitted\": 3, \"delta_version\": 7, \"outputs\": "
        "[{\"path\": \"/elsewhere/t.parquet\", \"files\": [{\"path\": \"\", \"bytes\": "
        "17}]}, {\"path\": \"parts\", \"files\": [{\"path\": \"p-0\", \"bytes\": 1}]}]}");
    stage_must(freeze_task(f));
    verify(f, STAMP, "t.parquet has ");
    verify(f, STAMP, "parts/p-0 is not there");
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(the_pointer_names_what_was_given),
        CLAIM(all_offers_are_of_full_scale_from_99_of_100_rows_on),
        CLAIM(one_row_less_is_not_full_scale),
        CLAIM(candidates_of_other_stamps_are_listed_and_not_selected),
        CLAIM(without_a_stamp_the_nearest_candidate_is_selected),
        CLAIM(a_gate_that_did_not_pass_writes_no_pointer),
        CLAIM(a_product_without_a_manifest_writes_no_pointer),
        CLAIM(stamps_are_not_mixed),
        CLAIM(products_of_other_parents_are_refused),
        CLAIM(versions_of_the_raw_table_must_agree),
        CLAIM(rows_of_the_files_must_be_those_of_the_manifest),
        CLAIM(products_outside_the_root_are_refused),
        CLAIM(readers_may_use_what_was_frozen),
        CLAIM(readers_of_another_stamp_may_not),
        CLAIM(readers_may_not_use_what_changed_since),
        CLAIM(readers_may_use_the_same_bytes_made_again),
        CLAIM(files_must_have_the_recorded_size),
    };

    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests_name("freeze", tests, stage_load, stage_unload);
}
