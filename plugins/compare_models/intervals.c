/* SPDX-License-Identifier: MIT */
#include "intervals.h"

#include <stdlib.h>

#include <fw/service/rng.h>

#include "sql/fault.h"

/* Products of a step: some tenths of a second. */
#define STEP_WORK 100000000U

static double *column_of(const struct compare_intervals *intervals, size_t arm, size_t metric)
{
    return intervals->replicates +
           (arm * intervals->scores->n_metrics + metric) * intervals->n_replicates;
}

fw_status compare_intervals_init(const struct fw_host *host, const struct fw_task *task,
                                 const struct compare_scores *scores,
                                 struct compare_intervals *intervals)
{
    const struct fw_rng *rng = host->service(host, FW_RNG_ID);
    const uint64_t block = (uint64_t)fw_task_integer(task, "block_rows");
    const uint32_t n = (uint32_t)scores->n;
    intervals->scores = scores;
    intervals->key[0] = rng->seed(host, 0);
    intervals->key[1] = fw_philox_name("compare_models");
    intervals->n_replicates = (uint64_t)fw_task_integer(task, "n_bootstrap");
    intervals->alpha = fw_task_real(task, "alpha");
    intervals->counts = calloc(scores->n, sizeof *intervals->counts);
    intervals->replicates =
        calloc(scores->n_arms * scores->n_metrics * intervals->n_replicates, sizeof(double));
    return intervals->counts != NULL && intervals->replicates != NULL &&
                   fw_resample_init(&intervals->resample,
                                    block > 1 ? FW_RESAMPLE_BLOCK : FW_RESAMPLE_IID, NULL, n,
                                    (uint32_t)(block < n ? block : n))
               ? FW_OK
               : fw_fault_nomem(host);
}

void compare_intervals_finish(struct compare_intervals *intervals)
{
    fw_resample_finish(&intervals->resample);
    compare_measure_finish(&intervals->measure);
    free(intervals->values);
    free(intervals->counts);
    free(intervals->replicates);
    *intervals = (struct compare_intervals){0};
}

/* What is there once all arms have answered: whoever was restored makes it again. */
static fw_status begin(struct compare_intervals *intervals)
{
    const struct compare_scores *scores = intervals->scores;
    fw_status status = compare_measure_init(scores, &intervals->measure);
    intervals->values = calloc(scores->n_arms * scores->n_metrics, sizeof *intervals->values);
    if (status != FW_OK || intervals->values == NULL) {
        return FW_E_NOMEM;
    }
    for (uint64_t i = 0; i < scores->n; i++) {
        intervals->counts[i] = 1;
    }
    for (size_t arm = 0; status == FW_OK && arm < scores->n_arms; arm++) {
        status = compare_measure_arm(&intervals->measure, arm, intervals->counts,
                                     intervals->values + arm * scores->n_metrics);
    }
    return status;
}

static fw_status replicate(struct compare_intervals *intervals)
{
    const struct compare_scores *scores = intervals->scores;
    double metrics[COMPARE_MAX_METRICS];
    fw_status status = FW_OK;
    fw_resample_draw(&intervals->resample, intervals->key, intervals->n_done, intervals->counts);
    for (size_t arm = 0; status == FW_OK && arm < scores->n_arms; arm++) {
        status = compare_measure_arm(&intervals->measure, arm, intervals->counts, metrics);
        for (size_t metric = 0; status == FW_OK && metric < scores->n_metrics; metric++) {
            column_of(intervals, arm, metric)[intervals->n_done] = metrics[metric];
        }
    }
    intervals->n_done += status == FW_OK;
    return status;
}

fw_status compare_intervals_step(struct compare_intervals *intervals)
{
    const struct compare_scores *scores = intervals->scores;
    /* An area takes a walk over all samples for each class, of a dozen products' time a sample. */
    const uint64_t areas = scores->n_p > 1 ? 12 * scores->n_p : 0;
    const uint64_t each =
        scores->n * scores->n_arms * (scores->n_columns + scores->n_target + areas);
    uint64_t now = STEP_WORK / each + 1;
    fw_status status = intervals->values == NULL ? begin(intervals) : FW_OK;
    for (; status == FW_OK && now > 0 && intervals->n_done < intervals->n_replicates; now--) {
        status = replicate(intervals);
    }
    return status != FW_OK ? status : intervals->n_done < intervals->n_replicates ? FW_MORE : FW_OK;
}

fw_status compare_intervals_pair(const struct compare_intervals *intervals, size_t a, size_t b,
                                 size_t metric, struct fw_bootstrap_summary *ret)
{
    const size_t n = intervals->n_replicates;
    struct fw_replicate *replicates = malloc((n + 1) * sizeof *replicates);
    if (replicates == NULL) {
        return FW_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        replicates[i] = (struct fw_replicate){column_of(intervals, a, metric)[i],
                                              column_of(intervals, b, metric)[i]};
    }
    fw_status status = fw_bootstrap_summarise(replicates, n, intervals->alpha, ret);
    free(replicates);
    return status;
}
