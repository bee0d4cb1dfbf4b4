/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_REPORT_SUMMARY_H
#define COMPARE_REPORT_SUMMARY_H

#include "jobs.h"

/* What a model has over all jobs. */
struct report_mean {
    const char *model;
    double ms_ssim[2], best_ms_ssim[2], mae[2]; /* amplitude, phase */
};

/* All zero is valid. */
struct report_summary {
    struct report_mean *items;
    size_t n;
};

/*
 * Arithmetic means over jobs, in the order in which models come up in the first. FW_E_DATA where a
 * job lacks a model, or has an empty cell of it: nothing is averaged over what is not there.
 */
fw_status report_summary_make(const struct fw_host *host, const struct report_job *jobs,
                              size_t n_jobs, struct report_summary *ret_summary);
void report_summary_finish(struct report_summary *summary);

/* Amplitude and phase of one less those of another. */
void report_differ(const double a[2], const double b[2], double ret[2]);

#endif
