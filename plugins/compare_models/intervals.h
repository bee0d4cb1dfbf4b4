/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_INTERVALS_H
#define COMPARE_INTERVALS_H

#include <fw/task.h>

#include "inference/bootstrap.h"
#include "inference/delong.h"
#include "measure.h"

/*
 * How sure the metrics and their differences are: a paired bootstrap, which draws the samples of a
 * replicate once for all arms and metrics. All zero is valid.
 */
struct compare_intervals {
    const struct compare_scores *scores;
    struct compare_measure measure; /* from the first step on */
    struct fw_resample resample;
    uint64_t key[2];
    uint64_t n_replicates, n_done;
    double alpha;
    double *values;     /* [arm][metric]: of all samples, from the first step on */
    double *replicates; /* [arm][metric][replicate] */
    uint32_t *counts;   /* of a replicate's samples */
};

fw_status compare_intervals_init(const struct fw_host *host, const struct fw_task *task,
                                 const struct compare_scores *scores,
                                 struct compare_intervals *intervals);
void compare_intervals_finish(struct compare_intervals *intervals);

/* A bounded number of replicates. FW_OK when all are done, else FW_MORE; FW_E_NOMEM at worst,
 * without a fault. */
fw_status compare_intervals_step(struct compare_intervals *intervals);

/* The metric of an arm over all samples. */
static inline double compare_value(const struct compare_intervals *intervals, size_t arm,
                                   size_t metric)
{
    return intervals->values[arm * intervals->scores->n_metrics + metric];
}

/* Arms `a` and `b` by one metric; FW_E_NOMEM at worst. */
fw_status compare_intervals_pair(const struct compare_intervals *intervals, size_t a, size_t b,
                                 size_t metric, struct fw_bootstrap_summary *ret);

#endif
