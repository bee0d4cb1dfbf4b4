/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reconstruction_outcome.h"
#include "sql/fault.h"

bool recon_has_metrics(const struct recon_outcome *outcome, size_t arm)
{
    return outcome->metrics != NULL && !outcome->view.arms[arm].is_rejected;
}

const char *recon_output_path(const struct recon *recon, const char *port)
{
    const struct fw_output *output = fw_task_output(recon->task, port);
    return output == NULL ? NULL : output->path;
}

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
        .trim = (size_t)fw_task_value(recon->task, "offset")->integer / 2,
        .fixed_canvas = fw_task_value(recon->task, "fixed_canvas")->integer != 0,
        .about_middles = fw_task_value(recon->task, "legacy_center_crop")->integer != 0};
}

static struct recon_measures measures_of(const struct recon *recon)
{
    return (struct recon_measures){
        .host = recon->host,
        .by_mean = strcmp(fw_task_value(recon->task, "phase_align")->text, "mean") == 0,
        .frc_sigma = fw_task_value(recon->task, "frc_sigma")->real,
        .ms_ssim_sigma = fw_task_value(recon->task, "ms_ssim_sigma")->real,
        .n_threads = recon->plan.n_threads};
}

static fw_status measure_all(struct recon_outcome *outcome)
{
    const struct recon *recon = outcome->recon;
    const struct recon_measures how = measures_of(recon);
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
    return status == FW_OK ? recon_debug_write(outcome, &how) : status;
}

static fw_status write_tables(struct recon_outcome *outcome)
{
    const bool is_known = outcome->recon->scan.object != NULL;
    fw_status status = measure_all(outcome);
    if (status == FW_OK && is_known) {
        status = recon_tables_write(outcome);
    }
    if (status == FW_OK && is_known) {
        status = recon_arrays_write_aligned(outcome);
    }
    const char *panels = recon_output_path(outcome->recon, "panels");
    return status == FW_OK && panels != NULL
               ? recon_panels_write(outcome->recon, &outcome->view, panels)
               : status;
}

static fw_status write_note(const struct recon *recon)
{
    const char *path = recon_output_path(recon, "blocked");
    return path == NULL ? FW_OK : compare_trip_note(&recon->trip, recon->host, path);
}

fw_status recon_write(struct recon *recon)
{
    struct recon_outcome outcome = {.recon = recon};
    fw_status status = FW_OK;
    if (recon->trip.reason != NULL) {
        status = write_note(recon);
    } else {
        status = recon_arrays_write_raw(&outcome);
        if (status == FW_OK) {
            status = write_tables(&outcome);
        }
    }
    if (status == FW_OK) {
        status = recon_dump_write(recon);
    }
    if (status == FW_OK) {
        status = recon_selection_write(recon);
    }
    if (status == FW_OK) {
        status = recon_result_write(&outcome);
    }
    for (size_t i = 0; outcome.metrics != NULL && i < recon->named.n; i++) {
        recon_metrics_finish(&outcome.metrics[i]);
    }
    free(outcome.metrics);
    recon_view_finish(&outcome.view);
    return status;
}
