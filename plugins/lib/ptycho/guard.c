/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <math.h>

static void add_to_sum(struct fw_output_stats *stats, double magnitude)
{
    double next = magnitude - stats->lost, sum = stats->sum + next;

    stats->lost = (sum - stats->sum) - next;
    stats->sum = sum;
}

enum { FIRST_VERDICT = 32 };

static bool is_fewer(uint64_t n_nonzero, uint64_t n, double min_nonzero)
{
    return n_nonzero == 0 || (double)n_nonzero < min_nonzero * (double)n;
}

void fw_output_stats_add(struct fw_output_stats *stats, const float complex *patch, size_t n,
                         const struct fw_output_limits *limits)
{
    const uint64_t before = stats->n_nonzero + stats->n_not_finite;

    for (size_t i = 0; i < n; i++) {
        double re = crealf(patch[i]), im = cimagf(patch[i]);
        if (stats->n++ == 0) {
            stats->first = patch[i];
        }
        if (!isfinite(re) || !isfinite(im)) {
            stats->n_not_finite++;
            stats->differs = true;
            continue;
        }
        stats->n_nonzero += re != 0 || im != 0 ? 1 : 0;
        stats->differs = stats->differs || patch[i] != stats->first;
        const double magnitude = sqrt(re * re + im * im);
        stats->max = magnitude > stats->max ? magnitude : stats->max;
        add_to_sum(stats, magnitude);
    }
    const uint64_t of_patch = stats->n_nonzero + stats->n_not_finite - before;
    stats->n_patches++;
    stats->n_empty += is_fewer(of_patch, n, limits->min_nonzero) ? 1 : 0;
}

void fw_output_stats_merge(struct fw_output_stats *stats, const struct fw_output_stats *more)
{
    if (more->n == 0) {
        return;
    }
    if (stats->n == 0) {
        stats->first = more->first;
    }
    stats->differs = stats->differs || more->differs || more->first != stats->first;
    stats->n += more->n;
    stats->n_nonzero += more->n_nonzero;
    stats->n_not_finite += more->n_not_finite;
    stats->n_patches += more->n_patches;
    stats->n_empty += more->n_empty;
    stats->max = more->max > stats->max ? more->max : stats->max;
    add_to_sum(stats, more->sum);
}

bool fw_output_stats_is_due(const struct fw_output_stats *stats)
{
    const uint64_t n = stats->n_patches;

    return stats->n_not_finite > 0 || (n >= FIRST_VERDICT && (n & (n - 1)) == 0);
}

double fw_output_stats_mean(const struct fw_output_stats *stats)
{
    return stats->n == 0 ? 0 : stats->sum / (double)stats->n;
}

enum fw_output_verdict fw_output_judge(const struct fw_output_stats *stats,
                                       const struct fw_output_limits *limits)
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
    if (is_fewer(stats->n_nonzero, stats->n, limits->min_nonzero)) {
        return FW_OUTPUT_SPARSE;
    }
    return (double)stats->n_empty > limits->max_empty * (double)stats->n_patches
               ? FW_OUTPUT_EMPTY_PATCHES
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
        [FW_OUTPUT_EMPTY_PATCHES] = "empty_patches",
    };

    return names[verdict];
}
