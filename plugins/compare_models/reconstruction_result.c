/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "reconstruction_outcome.h"
#include "report/report.h"

static cJSON *values_of(const struct recon_values *values)
{
    cJSON *item = cJSON_CreateObject();
#define ADD(metric_)                                                                               \
    if (isfinite(values->metric_)) {                                                               \
        cJSON_AddNumberToObject(item, #metric_, values->metric_);                                  \
    } else {                                                                                       \
        cJSON_AddNullToObject(item, #metric_);                                                     \
    }
    RECON_METRICS(ADD)
    RECON_MORE_METRICS(ADD)
#undef ADD
    cJSON_AddNumberToObject(item, "ms_ssim_levels", values->ms_ssim_levels);
    return item;
}

static void add_aligned(const struct recon_outcome *outcome, size_t i, cJSON *item)
{
    const struct recon_aligned *arm = &outcome->view.arms[i];
    cJSON_AddStringToObject(item, "status", arm->is_rejected ? "registration_rejected" : "ok");
    cJSON_AddNumberToObject(item, "coverage", arm->coverage);
    if (!isnan(arm->shift[0])) {
        cJSON_AddNumberToObject(item, "registration_offset_dy", arm->shift[0]);
        cJSON_AddNumberToObject(item, "registration_offset_dx", arm->shift[1]);
    }
    if (recon_has_metrics(outcome, i)) {
        cJSON_AddNumberToObject(item, "gauge", outcome->metrics[i].gauge);
        cJSON_AddItemToObject(item, "amplitude", values_of(&outcome->metrics[i].amplitude));
        cJSON_AddItemToObject(item, "phase", values_of(&outcome->metrics[i].phase));
    }
}

static void add_arms(const struct recon_outcome *outcome, struct fw_report *report)
{
    const struct recon *recon = outcome->recon;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < recon->named.n; i++) {
        const struct recon_arm *arm = &recon->arms[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", recon->named.items[i].name);
        cJSON_AddStringToObject(item, "kind", recon->named.items[i].kind);
        if (!arm->is_given && arm->stats.n > 0) {
            cJSON_AddNumberToObject(item, "samples", (double)arm->n_samples);
            if (arm->debug_limit > 0) {
                cJSON_AddNumberToObject(item, "debug_limit", (double)arm->debug_limit);
            }
            cJSON_AddNumberToObject(item, "output_mean", fw_output_stats_mean(&arm->stats));
            cJSON_AddNumberToObject(item, "output_max", arm->stats.max);
            cJSON_AddNumberToObject(item, "output_nonzero",
                                    (double)arm->stats.n_nonzero / (double)arm->stats.n);
            cJSON_AddNumberToObject(item, "output_empty_patches", (double)arm->stats.n_empty);
        }
        if (outcome->view.arms != NULL) {
            add_aligned(outcome, i, item);
        }
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "arms", list);
}

static void add_reasons(const struct recon_outcome *outcome, struct fw_report *report)
{
    const struct recon *recon = outcome->recon;
    if (recon->trip.reason != NULL) {
        fw_report_fail(report, "%s: %s", recon->trip.reason, recon->trip.text);
    }
    for (size_t i = 0; i < outcome->view.n; i++) {
        const struct recon_aligned *arm = &outcome->view.arms[i];
        if (arm->is_rejected) {
            fw_report_fail(report, "arm %s lies %.2f rows and %.2f columns off, which is too far",
                           recon->named.items[i].name, arm->shift[0], arm->shift[1]);
        }
    }
}

static void add_frames(const struct recon_scan *scan, struct fw_report *report)
{
    const struct recon_frames *frames = &scan->frames;
    char text[160];
    snprintf(text, sizeof text, "%s of %u by %u pixels, binned by %u, the middle %u by %u",
             frames->are_counts ? "counts" : "amplitudes", frames->rows, frames->columns,
             frames->bin, frames->side, frames->side);
    fw_report_text(report, "frames", text);
    fw_report_int(report, "masked_pixels", frames->n_bad);
    fw_report_bool(report, "has_truth", scan->object != NULL);
}

fw_status recon_result_write(const struct recon_outcome *outcome)
{
    const struct recon *recon = outcome->recon;
    struct fw_report report = {.title = "Reconstructions compared"};
    char figures[128];
    fw_report_text(&report, "source", fw_task_value(recon->task, "source")->text);
    fw_report_int(&report, "images", recon->scan.n);
    add_frames(&recon->scan, &report);
    fw_report_int(&report, "groups", recon->scan.groups.n);
    fw_report_int(&report, "group_size", recon->scan.groups.per_group);
    fw_report_real(&report, "input_scale", recon->scan.scale);
    fw_report_int(&report, "height", (int64_t)outcome->view.height);
    fw_report_int(&report, "width", (int64_t)outcome->view.width);
    if (outcome->view.truth != NULL) {
        const struct fw_box *window = &outcome->view.window;
        fw_report_int(&report, "compared_pixels", (int64_t)outcome->view.n_covered);
        fw_report_int(&report, "window_height", (int64_t)(window->bottom - window->top));
        fw_report_int(&report, "window_width", (int64_t)(window->right - window->left));
    }
    add_arms(outcome, &report);
    add_reasons(outcome, &report);
    snprintf(figures, sizeof figures, "%zu arms answered for %u images", recon->named.n,
             recon->scan.n);
    fw_status status =
        fw_report_write(&report, recon->host, recon_output_path(recon, "result"), NULL);
    if (status == FW_OK) {
        status = fw_report_verdict(&report, recon->host, "answers", figures);
    }
    fw_report_finish(&report);
    return status;
}
