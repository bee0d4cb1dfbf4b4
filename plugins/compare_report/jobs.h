/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_REPORT_JOBS_H
#define COMPARE_REPORT_JOBS_H

#include <stddef.h>

#include <stdbool.h>

#include <fw/host.h>

/* A row of a job's metrics. NaN: an empty cell. */
struct report_row {
    char *model, *metric;
    double amplitude, phase, value;
};

/* One comparison: its name, and its rows in the file's order. */
struct report_job {
    const char *name;
    const char *path;
    /* of a name as dose_D/VIEW/SPLIT; NULL: it is another */
    unsigned long dose;
    char *view;
    const char *split; /* of the same memory as the view */
    struct report_row *rows;
    size_t n;
};

/* Reads names, and where all are as dose_D/VIEW/SPLIT puts the jobs in order: by dose, by view, the
 * training before the test. False: out of memory. */
bool report_jobs_sort(struct report_job *jobs, size_t n);

/* Reads a comparison_metrics.csv. FW_E_DATA names the line that cannot be. Finish in any case. */
fw_status report_job_read(const struct fw_host *host, struct report_job *job);
void report_job_finish(struct report_job *job);

/* NULL: the model has no such row. */
const struct report_row *report_job_find(const struct report_job *job, const char *model,
                                         const char *metric);

#endif
