/* SPDX-License-Identifier: MIT */
/* Jobs put together: means, differences, and what must not be averaged over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/testkit.h"

#define HEADER "model,metric,amplitude,phase,value\n"
#define FIRST                                                                                      \
    HEADER "PtychoPINN,mae,0.025000,0.035000,\nPtychoPINN,ms_ssim,0.950000,0.920000,\n"            \
           "Baseline,mae,0.030000,0.035025,\nBaseline,ms_ssim,0.940000,0.905000,\n"                \
           "Baseline,registration_offset_dy,,,1.500000\n"
#define SECOND                                                                                     \
    HEADER "PtychoPINN,mae,0.027000,0.037000,\nPtychoPINN,ms_ssim,0.945000,0.915000,\n"            \
           "Baseline,mae,0.030000,0.035025,\nBaseline,ms_ssim,0.940000,0.905000,\n"

static struct fake_kit *kit;

static int open_kit(void **state)
{
    (void)state;
    kit = fake_kit_open(STAGE_SO, NULL);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static struct fake_task *make_task(const char *first, const char *second)
{
    static const char *const outputs[][2] = {{"summary", "metrics_summary.json"},
                                             {"markdown", "metrics_summary.md"},
                                             {"deltas", "metrics_delta_summary.json"},
                                             {"highlights", "metrics_delta_highlights.txt"},
                                             {"preview", "metrics_delta_highlights_preview.txt"},
                                             {"aggregate", "aggregate_report.md"},
                                             {"digest", "metrics_digest.md"},
                                             {"grid", "ssim_grid_summary.md"}};
    struct fake_task *t = fake_task_create(kit, "compare_report");
    if (second != NULL) {
        fake_task_input(t, "metrics", fake_task_write(t, "a.csv", first),
                        fake_task_write(t, "b.csv", second), NULL);
        fake_task_texts(t, "jobs", "dose_1000/dense/train", "dose_1000/dense/test", NULL);
    } else {
        fake_task_input(t, "metrics", fake_task_write(t, "a.csv", first), NULL);
        fake_task_texts(t, "jobs", "dose_1000/dense/train", NULL);
    }
    fake_task_text(t, "reference", "PtychoPINN");
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    return t;
}

static void assert_text(struct fake_task *t, const char *file, const char *part)
{
    const char *text = fake_task_read(t, fake_task_path(t, file));
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in %s", part, text);
    }
}

static void must(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s", result->fault);
    }
}

static void must_fail(struct fake_task *t, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status >= 0 || strstr(result->fault, text) == NULL) {
        fail_msg("no \"%s\" in: %s", text, result->fault);
    }
    fake_task_destroy(t);
}

static void averages_over_jobs(void **state)
{
    struct fake_task *t = make_task(FIRST, SECOND);
    (void)state;
    must(t);
    assert_text(t, "metrics_summary.md",
                "| PtychoPINN | 0.948 | 0.917 | 0.950 | 0.920 | 0.026000 | 0.036000 |");
    assert_text(t, "metrics_summary.json", "\"n_jobs\": 2");
    assert_text(t, "metrics_summary.json", "\"best_amplitude\": 0.95,");
    assert_text(t, "metrics_summary.json", "\"mean_amplitude\": 0.9475");
    assert_text(t, "metrics_summary.json", "dose_1000/dense/train");
    fake_task_destroy(t);
}

static void subtracts_the_others_from_the_reference(void **state)
{
    struct fake_task *t = make_task(FIRST, NULL);
    (void)state;
    must(t);
    assert_string_equal(
        fake_task_read(t, fake_task_path(t, "metrics_delta_highlights.txt")),
        "MS-SSIM Δ (PtychoPINN - Baseline)  : amplitude +0.010  phase +0.015\n"
        "MAE Δ (PtychoPINN - Baseline)      : amplitude -0.005000  phase -0.000025\n");
    assert_text(t, "metrics_delta_summary.json", "\"vs_Baseline\"");
    fake_task_destroy(t);
}

static void refuses_what_cannot_be_averaged(void **state)
{
    (void)state;
    must_fail(make_task(FIRST, HEADER "PtychoPINN,mae,0.1,0.1,\nPtychoPINN,ms_ssim,0.9,0.9,\n"),
              "job dose_1000/dense/test has no ms_ssim of Baseline");
    must_fail(make_task(HEADER "PtychoPINN,mae,0.1,0.1,\nPtychoPINN,ms_ssim,,0.9,\n", NULL),
              "a cell is empty");
    must_fail(make_task(HEADER "Other,mae,0.1,0.1,\nOther,ms_ssim,0.8,0.9,\n", NULL), "PtychoPINN");
    must_fail(make_task(HEADER, NULL), "measured nothing");
    must_fail(make_task("model,metric\n", NULL), "line 1");
    must_fail(make_task(HEADER "PtychoPINN,mae,0.1x,0.1,\n", NULL), "line 2");
    must_fail(make_task(HEADER "PtychoPINN,mae,0.1\n", NULL), "line 2");
    struct fake_task *t = make_task(FIRST, SECOND);
    assert_int_equal(unlink(fake_task_path(t, "b.csv")), 0);
    must_fail(t, "b.csv");
}

static void refuses_jobs_that_do_not_fit_the_files(void **state)
{
    struct fake_task *t = make_task(FIRST, SECOND);
    (void)state;
    fake_task_texts(t, "jobs", "one", NULL);
    must_fail(t, "1 jobs and 2 files");
    t = make_task(FIRST, SECOND);
    fake_task_texts(t, "jobs", NULL);
    must_fail(t, "0 jobs and 2 files");
    t = make_task(FIRST, SECOND);
    fake_task_texts(t, "jobs", "one", "one", NULL);
    must_fail(t, "two jobs are called one");
}

/* --- pages --- */

static void tells_phases_alone_in_preview_and_grid(void **state)
{
    struct fake_task *t = make_task(FIRST, NULL);
    (void)state;
    must(t);
    assert_string_equal(
        fake_task_read(t, fake_task_path(t, "metrics_delta_highlights_preview.txt")),
        "MS-SSIM Δ (PtychoPINN - Baseline): +0.015\nMAE Δ (PtychoPINN - Baseline): -0.000025\n");
    assert_text(t, "ssim_grid_summary.md", "| Baseline | MS-SSIM | +0.015 |\n");
    assert_text(t, "ssim_grid_summary.md", "| Baseline | MAE | -0.000025 |\n");
    assert_text(t, "ssim_grid_summary.md",
                "**Preview validated:** `metrics_delta_highlights_preview.txt` (phase-only)");
    assert_text(t, "metrics_delta_highlights.txt", "phase +0.015\n");
    assert_text(t, "metrics_delta_highlights.txt", "phase -0.000025\n");
    assert_null(strstr(fake_task_read(t, fake_task_path(t, "ssim_grid_summary.md")), "amplitude"));
    fake_task_destroy(t);
}

static void calls_means_low_that_are_below_the_threshold(void **state)
{
    static const char *const ways[][2] = {{"0.8", "| Baseline | 0.940 | 0.905 | OK |"},
                                          {"0.91", "| Baseline | 0.940 | 0.905 | LOW (phase) |"},
                                          {"0.945", "| Baseline | 0.940 | 0.905 | LOW (amplitude, "
                                                    "phase) |"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_task *t = make_task(FIRST, SECOND);
        fake_task_real(t, "ms_ssim_threshold", strtod(ways[i][0], NULL));
        must(t);
        assert_text(t, "aggregate_report.md", "## MS-SSIM Sanity Check");
        assert_text(t, "aggregate_report.md", ways[i][1]);
        assert_text(t, "metrics_digest.md", ways[i][1]);
        fake_task_destroy(t);
    }
}

static void puts_the_report_and_the_digest_together(void **state)
{
    struct fake_task *t = make_task(FIRST, NULL);
    (void)state;
    must(t);
    assert_text(t, "aggregate_report.md", "| Baseline | +0.010 | +0.015 | -0.005 | -0.000 |");
    assert_text(t, "aggregate_report.md", "## MAE\n\n| model | amplitude | phase |");
    fake_task_destroy(t);
    t = make_task(FIRST, SECOND);
    must(t);
    assert_text(t, "metrics_digest.md", "## Pipeline Summary\n\n2 jobs, all of them complete:");
    assert_text(t, "metrics_digest.md", "## Highlights");
    assert_text(t, "metrics_digest.md", "## Key Deltas\n\n```\nMS-SSIM Δ (PtychoPINN - Baseline)");
    fake_task_destroy(t);
}

static void jobs_stand_by_dose_view_and_split(void **state)
{
    static const char *const orders[][2] = {{"dose_1000/dense/test", "dose_1000/dense/train"},
                                            {"dose_1000/dense/train", "dose_500/sparse/test"},
                                            {"dose_500/sparse/train", "dose_500/dense/test"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_task *t = make_task(FIRST, SECOND);
        fake_task_texts(t, "jobs", orders[i][0], orders[i][1], NULL);
        must(t);
        const char *digest = fake_task_read(t, fake_task_path(t, "metrics_digest.md"));
        assert_true(strstr(digest, orders[i][1]) < strstr(digest, orders[i][0]));
        assert_text(t, "metrics_summary.json", "\"view\": \"dense\"");
        assert_text(t, "metrics_summary.json", "\"split\": \"test\"");
        assert_text(t, "metrics_summary.json", i == 0 ? "\"dose\": 1000" : "\"dose\": 500");
        fake_task_destroy(t);
    }
    struct fake_task *t = make_task(FIRST, SECOND); /* other names keep their order */
    fake_task_texts(t, "jobs", "zebra", "dose_7", NULL);
    must(t);
    assert_text(t, "metrics_digest.md", "- zebra\n- dose_7\n");
    fake_task_destroy(t);
}

static void refuses_where_a_model_is_missing(void **state)
{
    struct fake_task *t = make_task(FIRST, NULL);
    (void)state;
    fake_task_texts(t, "models", "Baseline", "PtyChi", NULL);
    must_fail(t, "no job has this model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_over_jobs),
        cmocka_unit_test(subtracts_the_others_from_the_reference),
        cmocka_unit_test(refuses_what_cannot_be_averaged),
        cmocka_unit_test(refuses_jobs_that_do_not_fit_the_files),
        cmocka_unit_test(tells_phases_alone_in_preview_and_grid),
        cmocka_unit_test(calls_means_low_that_are_below_the_threshold),
        cmocka_unit_test(puts_the_report_and_the_digest_together),
        cmocka_unit_test(jobs_stand_by_dose_view_and_split),
        cmocka_unit_test(refuses_where_a_model_is_missing),
    };
    return cmocka_run_group_tests_name("compare_report", tests, open_kit, close_kit);
}
