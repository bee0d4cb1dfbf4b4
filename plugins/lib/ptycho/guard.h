/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PTYCHO_GUARD_H
#define FW_LIB_PTYCHO_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include <complex.h>
#include <stdbool.h>

/** What a predictor's output looks like, so far; zero-initialise it. */
struct fw_output_stats {
    uint64_t n, n_nonzero, n_not_finite;
    double sum, lost; /**< Kahan's sum of magnitudes that are finite */
    double max;
    bool differs; /**< some value is not the first one */
    float complex first;
};

void fw_output_stats_add(struct fw_output_stats *stats, const float complex *values, size_t n);
double fw_output_stats_mean(const struct fw_output_stats *stats);

/** Verdicts, the gravest first. */
enum fw_output_verdict {
    FW_OUTPUT_GOOD,
    FW_OUTPUT_EMPTY, /**< no value at all */
    FW_OUTPUT_NOT_FINITE,
    FW_OUTPUT_ALL_ZERO,
    FW_OUTPUT_CONSTANT,
    FW_OUTPUT_SPARSE /**< fewer than `min_nonzero` of the values are not 0 */
};

enum fw_output_verdict fw_output_judge(const struct fw_output_stats *stats, double min_nonzero);

/** "all_zero" and so on, as it stands in reports and in the names of notes. */
const char *fw_output_verdict_name(enum fw_output_verdict verdict);

#endif
