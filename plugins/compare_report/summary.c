/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

static const char ms_ssim[] = "ms_ssim", mae[] = "mae";

static fw_status find(const struct fw_host *host, const struct report_job *job, const char *model,
                      const char *metric, double ret_values[2])
{
    const struct report_row *row = report_job_find(job, model, metric);
    if (row == NULL || isnan(row->amplitude) || isnan(row->phase)) {
        return fw_faultf(host, FW_E_DATA, job->path,
                         "see that job's result for why the model was not measured",
                         "job %s has no %s of %s%s", job->name, metric, model,
                         row == NULL ? "" : ": a cell is empty");
    }
    ret_values[0] = row->amplitude;
    ret_values[1] = row->phase;
    return FW_OK;
}

static fw_status add(const struct fw_host *host, const struct report_job *jobs, size_t n_jobs,
                     struct report_mean *mean)
{
    double values[2];
    for (size_t i = 0; i < n_jobs; i++) {
        fw_status status = find(host, &jobs[i], mean->model, ms_ssim, values);
        for (int k = 0; status == FW_OK && k < 2; k++) {
            mean->ms_ssim[k] += values[k] / (double)n_jobs;
            mean->best_ms_ssim[k] = i == 0 ? values[k] : fmax(mean->best_ms_ssim[k], values[k]);
        }
        if (status == FW_OK) {
            status = find(host, &jobs[i], mean->model, mae, values);
        }
        for (int k = 0; status == FW_OK && k < 2; k++) {
            mean->mae[k] += values[k] / (double)n_jobs;
        }
        if (status != FW_OK) {
            return status;
        }
    }
    return FW_OK;
}

static bool is_known(const struct report_summary *summary, const char *model)
{
    for (size_t i = 0; i < summary->n; i++) {
        if (strcmp(summary->items[i].model, model) == 0) {
            return true;
        }
    }
    return false;
}

/* Models that are measured: rows of registration and time come without them. */
static void collect(const struct report_job *job, struct report_summary *summary)
{
    for (size_t i = 0; i < job->n; i++) {
        if (strcmp(job->rows[i].metric, ms_ssim) == 0 && !is_known(summary, job->rows[i].model)) {
            summary->items[summary->n++].model = job->rows[i].model;
        }
    }
}

fw_status report_summary_make(const struct fw_host *host, const struct report_job *jobs,
                              size_t n_jobs, struct report_summary *ret_summary)
{
    struct report_summary summary = {0};
    size_t n_rows = 0;
    for (size_t i = 0; i < n_jobs; i++) {
        n_rows += jobs[i].n;
    }
    summary.items = calloc(n_rows + 1, sizeof *summary.items);
    fw_status status = summary.items == NULL ? fw_fault_nomem(host) : FW_OK;
    for (size_t i = 0; status == FW_OK && i < n_jobs; i++) {
        collect(&jobs[i], &summary);
    }
    for (size_t i = 0; status == FW_OK && i < summary.n; i++) {
        status = add(host, jobs, n_jobs, &summary.items[i]);
    }
    if (status != FW_OK) {
        report_summary_finish(&summary);
        return status;
    }
    *ret_summary = summary;
    return FW_OK;
}

void report_summary_finish(struct report_summary *summary)
{
    free(summary->items);
    *summary = (struct report_summary){0};
}

void report_differ(const double a[2], const double b[2], double ret[2])
{
    ret[0] = a[0] - b[0];
    ret[1] = a[1] - b[1];
}
