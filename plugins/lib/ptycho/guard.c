/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <math.h>

static void add_magnitude(struct fw_output_stats *stats, double magnitude)
{
    double next = magnitude - stats->lost, sum = stats->sum + next;

    stats->lost = (sum - stats->sum) - next;
    stats->sum = sum;
    stats->max = magnitude > stats->max ? magnitude : stats->max;
}

void fw_output_stats_add(struct fw_output_stats *stats, const float complex *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double re = crealf(values[i]), im = cimagf(values[i]);
        if (stats->n++ == 0) {
            stats->first = values[i];
        }
        if (!isfinite(re) || !isfinite(im)) {
            stats->n_not_finite++;
            stats->differs = true;
            continue;
        }
        stats->n_nonzero += re != 0 || im != 0 ? 1 : 0;
        stats->differs = stats->differs || values[i] != stats->first;
        add_magnitude(stats, sqrt(re * re + im * im));
    }
}

double fw_output_stats_mean(const struct fw_output_stats *stats)
{
    return stats->n == 0 ? 0 : stats->sum / (double)stats->n;
}

enum fw_output_verdict fw_output_judge(const struct fw_output_stats *stats, double min_nonzero)
{
    if (stats->n == 0) {
        return FW_OUTPUT_EMPTY;
    }
    if (stats->n_not_finite > 0) {
        return FW_OUTPUT_NOT_FINITE;
    }
    if (stats->n_nonzero == 0) {
        return FW_OUTPUT_ALL_ZERO;
    }
    if (!stats->differs && stats->n > 1) {
        return FW_OUTPUT_CONSTANT;
    }
    return (double)stats->n_nonzero < min_nonzero * (double)stats->n ? FW_OUTPUT_SPARSE
                                                                     : FW_OUTPUT_GOOD;
}

const char *fw_output_verdict_name(enum fw_output_verdict verdict)
{
    static const char *const names[] = {
        [FW_OUTPUT_GOOD] = "good",
        [FW_OUTPUT_EMPTY] = "empty",
        [FW_OUTPUT_NOT_FINITE] = "non_finite",
        [FW_OUTPUT_ALL_ZERO] = "all_zero",
        [FW_OUTPUT_CONSTANT] = "constant",
        [FW_OUTPUT_SPARSE] = "sparse",
    };

    return names[verdict];
}
