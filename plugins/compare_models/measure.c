/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <math.h>
#include <stdlib.h>

#include "inference/areas.h"

fw_status compare_measure_init(const struct compare_scores *scores, struct compare_measure *measure)
{
    fw_status status = FW_OK;
    measure->scores = scores;
    if (scores->n_p < 2) {
        return FW_OK;
    }
    measure->areas = calloc(scores->n_arms, sizeof *measure->areas);
    if (measure->areas == NULL) {
        return FW_E_NOMEM;
    }
    for (size_t arm = 0; status == FW_OK && arm < scores->n_arms; arm++) {
        status = fw_areas_create(compare_p(scores, arm, 0), scores->classes, (uint32_t)scores->n,
                                 (uint32_t)scores->n_p, &measure->areas[arm]);
    }
    return status;
}

void compare_measure_finish(struct compare_measure *measure)
{
    for (size_t arm = 0; measure->areas != NULL && arm < measure->scores->n_arms; arm++) {
        fw_areas_destroy(measure->areas[arm]);
    }
    free(measure->areas);
    *measure = (struct compare_measure){0};
}

static double column_mean(const struct compare_scores *scores, size_t arm, size_t column,
                          const uint32_t *counts)
{
    const double *values = compare_column(scores, arm, column);
    double sum = 0;
    for (uint64_t i = 0; i < scores->n; i++) {
        sum += counts[i] * values[i];
    }
    return sum / (double)scores->n;
}

/* The mean square of one of the target's numbers about its own mean. */
static double variance_of(const struct compare_scores *scores, uint64_t t, const uint32_t *counts)
{
    const double *values = scores->target + t;
    double sum = 0, squares = 0;
    for (uint64_t i = 0; i < scores->n; i++) {
        sum += counts[i] * values[i * scores->n_target];
    }
    const double mean = sum / (double)scores->n;
    for (uint64_t i = 0; i < scores->n; i++) {
        const double off = values[i * scores->n_target] - mean;
        squares += counts[i] * (off * off);
    }
    return squares / (double)scores->n;
}

/* `mean_square` is the misses', over all numbers of the target. */
static double r2(const struct compare_scores *scores, double mean_square, const uint32_t *counts)
{
    double variance = 0;
    for (uint64_t t = 0; t < scores->n_target; t++) {
        variance += variance_of(scores, t, counts);
    }
    return variance > 0 ? 1 - mean_square * (double)scores->n_target / variance : NAN;
}

fw_status compare_measure_arm(const struct compare_measure *measure, size_t arm,
                              const uint32_t *counts, double *ret_metrics)
{
    const struct compare_scores *scores = measure->scores;
    struct fw_area_means areas = {NAN, NAN, NAN};
    double means[COMPARE_MAX_METRICS];
    fw_status status =
        measure->areas != NULL ? fw_areas_measure(measure->areas[arm], counts, &areas) : FW_OK;
    for (size_t i = 0; i < scores->n_columns; i++) {
        means[i] = column_mean(scores, arm, i, counts);
    }
    for (size_t i = 0; status == FW_OK && i < scores->n_metrics; i++) {
        switch (scores->metrics[i].how) {
        case COMPARE_MEAN:
            ret_metrics[i] = means[i];
            break;
        case COMPARE_ROOT:
            ret_metrics[i] = sqrt(means[i]);
            break;
        case COMPARE_R2: /* the squares are the column before */
            ret_metrics[i] = r2(scores, means[i - 1], counts);
            break;
        case COMPARE_AREA:
            ret_metrics[i] = areas.rest;
            break;
        case COMPARE_AREA_WEIGHTED:
            ret_metrics[i] = areas.weighted;
            break;
        case COMPARE_AREA_PAIRS:
            ret_metrics[i] = areas.pairs;
            break;
        }
    }
    return status;
}
