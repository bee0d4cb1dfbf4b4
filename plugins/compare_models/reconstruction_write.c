/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "reconstruction.h"
#include "report/report.h"
#include "sql/fault.h"
#include "sql/text.h"

/* What came of it; `metrics` has one for each arm, of a rejected one all zero. */
struct outcome {
    struct recon *recon;
    struct recon_view view;
    struct recon_metrics *metrics;
};

static bool has_metrics(const struct outcome *outcome, size_t arm)
{
    return outcome->metrics != NULL && !outcome->view.arms[arm].is_rejected;
}

static const char *output_path(const struct recon *recon, const char *port)
{
    const struct fw_output *output = fw_task_output(recon->task, port);
    return output == NULL ? NULL : output->path;
}

/* --- tables --- */

#define METRICS(each)                                                                              \
    each(mae) each(mse) each(psnr) each(ssim) each(ms_ssim) each(frc50) each(frc1over7)
#define MORE_METRICS(each) each(psnr_range) each(ms_ssim_std) each(frc50_px)

static void cell(struct fw_text *text, double value)
{
    if (isfinite(value)) {
        fw_text_appendf(text, "%.6f", value);
    }
}

static void append_metrics(struct fw_text *text, const char *name,
                           const struct recon_metrics *metrics)
{
#define ROW(metric_)                                                                               \
    fw_text_appendf(text, "%s," #metric_ ",", name);                                               \
    cell(text, metrics->amplitude.metric_);                                                        \
    fw_text_append(text, ",");                                                                     \
    cell(text, metrics->phase.metric_);                                                            \
    fw_text_append(text, ",\n");
    METRICS(ROW)
#undef ROW
}

static void append_metrics_table(const struct outcome *outcome, struct fw_text *text)
{
    const struct compare_arms *named = &outcome->recon->named;
    fw_text_append(text, "model,metric,amplitude,phase,value\n");
    for (size_t i = 0; i < named->n; i++) {
        if (has_metrics(outcome, i)) {
            append_metrics(text, named->items[i].name, &outcome->metrics[i]);
        }
    }
    for (size_t i = 0; i < named->n; i++) {
        const double *shift = outcome->view.arms[i].shift;
        if (!isnan(shift[0])) {
            fw_text_appendf(text,
                            "%s,registration_offset_dy,,,%.6f\n%s,registration_offset_dx,,,%.6f\n",
                            named->items[i].name, shift[0], named->items[i].name, shift[1]);
        }
    }
    for (size_t i = 0; i < named->n; i++) {
        if (!isnan(outcome->recon->arms[i].seconds)) {
            fw_text_appendf(text, "%s,computation_time_s,,,%.6f\n", named->items[i].name,
                            outcome->recon->arms[i].seconds);
        }
    }
}

static void append_curves_table(const struct outcome *outcome, struct fw_text *text)
{
    fw_text_append(text, "model,frequency_bin,amplitude_frc,phase_frc\n");
    for (size_t i = 0; i < outcome->recon->named.n; i++) {
        const struct recon_metrics *metrics = &outcome->metrics[i];
        for (size_t k = 0; has_metrics(outcome, i) && k < metrics->amplitude.n_rings; k++) {
            fw_text_appendf(text, "%s,%zu,", outcome->recon->named.items[i].name, k);
            cell(text, metrics->amplitude.curve[k]);
            fw_text_append(text, ",");
            cell(text, metrics->phase.curve[k]);
            fw_text_append(text, "\n");
        }
    }
}

static fw_status write_table(const struct outcome *outcome, const char *port,
                             void (*append)(const struct outcome *, struct fw_text *))
{
    const char *path = output_path(outcome->recon, port);
    struct fw_text text = {0};
    if (path == NULL) {
        return FW_OK;
    }
    append(outcome, &text);
    fw_status status = text.failed
                           ? fw_fault_nomem(outcome->recon->host)
                           : fw_file_write(outcome->recon->host, path, text.data, text.size);
    fw_text_finish(&text);
    return status;
}

/* --- arrays --- */

/* NAME_complex, NAME_amplitude and NAME_phase. */
static fw_status put_object(struct fw_npz_writer *writer, const struct fw_host *host,
                            const char *name, const double complex *pixels, const uint64_t shape[2])
{
    const size_t n = shape[0] * shape[1];
    static const char *const kinds[] = {"complex", "amplitude", "phase"};
    float *values = malloc(2 * n * sizeof *values);
    fw_status status = values == NULL ? fw_fault_nomem(host) : FW_OK;
    for (int kind = 0; status == FW_OK && kind < 3; kind++) {
        const size_t width = kind == 0 ? 2 : 1;
        char member[128];
        for (size_t i = 0; i < n; i++) {
            values[i * width] = (float)(kind == 0   ? creal(pixels[i])
                                        : kind == 1 ? cabs(pixels[i])
                                                    : carg(pixels[i]));
            values[i * width + width - 1] =
                kind == 0 ? (float)cimag(pixels[i]) : values[i * width + width - 1];
        }
        snprintf(member, sizeof member, "%s_%s", name, kinds[kind]);
        status = fw_npz_writer_begin(writer, member, kind == 0 ? FW_NPY_C8 : FW_NPY_F4, shape, 2);
        if (status == FW_OK) {
            status = fw_npz_writer_append(writer, values, n * width * sizeof *values);
        }
    }
    free(values);
    return status;
}

static fw_status put_stitched(struct fw_npz_writer *writer, const struct fw_host *host,
                              const char *name, const struct fw_stitch *stitch)
{
    const size_t side = stitch->canvas.side;
    const uint64_t shape[] = {side, side};
    float complex *single = malloc(side * side * sizeof *single);
    double complex *pixels = malloc(side * side * sizeof *pixels);
    fw_status status = single == NULL || pixels == NULL ? fw_fault_nomem(host) : FW_OK;
    if (status == FW_OK) {
        fw_stitch_result(stitch, single, NULL);
        for (size_t i = 0; i < side * side; i++) {
            pixels[i] = single[i];
        }
        status = put_object(writer, host, name, pixels, shape);
    }
    free(single);
    free(pixels);
    return status;
}

static fw_status put_raw(const struct outcome *outcome, struct fw_npz_writer *writer)
{
    const struct recon *recon = outcome->recon;
    const uint64_t truth[] = {recon->scan.height, recon->scan.width};
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < recon->named.n; i++) {
        const struct recon_arm *arm = &recon->arms[i];
        const uint64_t shape[] = {arm->height, arm->width};
        status =
            arm->is_given
                ? put_object(writer, recon->host, recon->named.items[i].name, arm->object, shape)
                : put_stitched(writer, recon->host, recon->named.items[i].name, &arm->stitch);
    }
    return status == FW_OK && recon->scan.object != NULL
               ? put_object(writer, recon->host, "ground_truth", recon->scan.object, truth)
               : status;
}

static fw_status put_number(struct fw_npz_writer *writer, const char *arm, const char *what,
                            double value)
{
    char member[128];
    snprintf(member, sizeof member, "%s_%s", arm, what);
    fw_status status = fw_npz_writer_begin(writer, member, FW_NPY_F8, NULL, 0);
    return status == FW_OK ? fw_npz_writer_append(writer, &value, sizeof value) : status;
}

static fw_status put_aligned(const struct outcome *outcome, struct fw_npz_writer *writer)
{
    const struct recon *recon = outcome->recon;
    const struct recon_view *view = &outcome->view;
    const uint64_t shape[] = {view->height, view->width};
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < view->n; i++) {
        const char *name = recon->named.items[i].name;
        status = put_object(writer, recon->host, name, view->arms[i].pixels, shape);
        if (status == FW_OK) {
            status = put_number(writer, name, "offset_dy", view->arms[i].shift[0]);
        }
        if (status == FW_OK) {
            status = put_number(writer, name, "offset_dx", view->arms[i].shift[1]);
        }
    }
    return status == FW_OK ? put_object(writer, recon->host, "ground_truth", view->truth, shape)
                           : status;
}

static fw_status write_arrays(const struct outcome *outcome, const char *port,
                              fw_status (*put)(const struct outcome *, struct fw_npz_writer *))
{
    const char *path = output_path(outcome->recon, port);
    struct fw_npz_writer *writer = NULL;
    if (path == NULL) {
        return FW_OK;
    }
    fw_status status = fw_npz_writer_create(outcome->recon->host, path, &writer);
    if (status != FW_OK) {
        return status;
    }
    status = put(outcome, writer);
    if (status == FW_OK) {
        return fw_npz_writer_finish(writer);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

/* --- result.json --- */

static cJSON *values_of(const struct recon_values *values)
{
    cJSON *item = cJSON_CreateObject();
#define ADD(metric_)                                                                               \
    if (isfinite(values->metric_)) {                                                               \
        cJSON_AddNumberToObject(item, #metric_, values->metric_);                                  \
    } else {                                                                                       \
        cJSON_AddNullToObject(item, #metric_);                                                     \
    }
    METRICS(ADD)
    MORE_METRICS(ADD)
#undef ADD
    cJSON_AddNumberToObject(item, "ms_ssim_levels", values->ms_ssim_levels);
    return item;
}

static void add_aligned(const struct outcome *outcome, size_t i, cJSON *item)
{
    const struct recon_aligned *arm = &outcome->view.arms[i];
    cJSON_AddStringToObject(item, "status", arm->is_rejected ? "registration_rejected" : "ok");
    cJSON_AddNumberToObject(item, "coverage", arm->coverage);
    if (!isnan(arm->shift[0])) {
        cJSON_AddNumberToObject(item, "registration_offset_dy", arm->shift[0]);
        cJSON_AddNumberToObject(item, "registration_offset_dx", arm->shift[1]);
    }
    if (has_metrics(outcome, i)) {
        cJSON_AddNumberToObject(item, "gauge", outcome->metrics[i].gauge);
        cJSON_AddItemToObject(item, "amplitude", values_of(&outcome->metrics[i].amplitude));
        cJSON_AddItemToObject(item, "phase", values_of(&outcome->metrics[i].phase));
    }
}

static void add_arms(const struct outcome *outcome, struct fw_report *report)
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
            cJSON_AddNumberToObject(item, "output_mean", fw_output_stats_mean(&arm->stats));
            cJSON_AddNumberToObject(item, "output_max", arm->stats.max);
            cJSON_AddNumberToObject(item, "output_nonzero",
                                    (double)arm->stats.n_nonzero / (double)arm->stats.n);
        }
        if (outcome->view.arms != NULL) {
            add_aligned(outcome, i, item);
        }
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "arms", list);
}

static void add_reasons(const struct outcome *outcome, struct fw_report *report)
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

static fw_status write_result(const struct outcome *outcome)
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
    add_arms(outcome, &report);
    add_reasons(outcome, &report);
    snprintf(figures, sizeof figures, "%zu arms answered for %u images", recon->named.n,
             recon->scan.n);
    fw_status status = fw_report_write(&report, recon->host, output_path(recon, "result"), NULL);
    if (status == FW_OK) {
        status = fw_report_verdict(&report, recon->host, "answers", figures);
    }
    fw_report_finish(&report);
    return status;
}

/* --- together --- */

static struct recon_alignment alignment_of(const struct recon *recon)
{
    const char *which = fw_task_value(recon->task, "registration")->text;
    return (struct recon_alignment){
        .registration = strcmp(which, "all") == 0    ? RECON_ALL
                        : strcmp(which, "arms") == 0 ? RECON_GIVEN_ONLY
                                                     : RECON_NONE,
        .max_shift = fw_task_value(recon->task, "max_shift")->real,
        .upsample = (unsigned)fw_task_value(recon->task, "upsample")->integer,
        .n_threads = recon->plan.n_threads,
        .trim = (size_t)fw_task_value(recon->task, "offset")->integer / 2};
}

static fw_status measure_all(struct outcome *outcome)
{
    const struct recon *recon = outcome->recon;
    const struct recon_measures how = {
        .host = recon->host,
        .by_mean = strcmp(fw_task_value(recon->task, "phase_align")->text, "mean") == 0,
        .frc_sigma = fw_task_value(recon->task, "frc_sigma")->real,
        .ms_ssim_sigma = fw_task_value(recon->task, "ms_ssim_sigma")->real,
        .n_threads = recon->plan.n_threads};
    const struct recon_alignment alignment = alignment_of(recon);
    fw_status status =
        recon_align(&recon->plan, &alignment, recon->arms, recon->named.n, &outcome->view);
    if (status != FW_OK) {
        return status;
    }
    if (outcome->view.truth == NULL) {
        return FW_OK;
    }
    outcome->metrics = calloc(recon->named.n, sizeof *outcome->metrics);
    if (outcome->metrics == NULL) {
        return fw_fault_nomem(recon->host);
    }
    for (size_t i = 0; status == FW_OK && i < recon->named.n; i++) {
        status = outcome->view.arms[i].is_rejected
                     ? FW_OK
                     : recon_measure(&how, &outcome->view, outcome->view.arms[i].pixels,
                                     &outcome->metrics[i]);
    }
    return status;
}

static fw_status write_tables(struct outcome *outcome)
{
    const bool is_known = outcome->recon->scan.object != NULL;
    fw_status status = measure_all(outcome);
    if (status == FW_OK && is_known) {
        status = write_table(outcome, "metrics", append_metrics_table);
    }
    if (status == FW_OK && is_known) {
        status = write_table(outcome, "curves", append_curves_table);
    }
    if (status == FW_OK && is_known) {
        status = write_arrays(outcome, "aligned", put_aligned);
    }
    const char *panels = output_path(outcome->recon, "panels");
    return status == FW_OK && panels != NULL
               ? recon_panels_write(outcome->recon, &outcome->view, panels)
               : status;
}

static fw_status write_note(const struct recon *recon)
{
    const char *path = output_path(recon, "blocked");
    return path == NULL ? FW_OK : compare_trip_note(&recon->trip, recon->host, path);
}

fw_status recon_write(struct recon *recon)
{
    struct outcome outcome = {.recon = recon};
    fw_status status = FW_OK;
    if (recon->trip.reason != NULL) {
        status = write_note(recon);
    } else {
        status = write_arrays(&outcome, "reconstructions", put_raw);
        if (status == FW_OK) {
            status = write_tables(&outcome);
        }
    }
    if (status == FW_OK) {
        status = write_result(&outcome);
    }
    for (size_t i = 0; outcome.metrics != NULL && i < recon->named.n; i++) {
        recon_metrics_finish(&outcome.metrics[i]);
    }
    free(outcome.metrics);
    recon_view_finish(&outcome.view);
    return status;
}
