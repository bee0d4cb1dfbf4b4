/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PTYCHO_GUARD_H
#define FW_LIB_PTYCHO_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include <complex.h>
#include <stdbool.h>

/** What is asked of a predictor's output. */
struct fw_output_limits {
    double min_nonzero; /**< part of the values, and of those of a patch, that must not be 0 */
    double max_empty;   /**< part of the patches that may have fewer, or none */
};

/** What it looks like, so far; zero-initialise it. */
struct fw_output_stats {
    uint64_t n, n_nonzero, n_not_finite;
    uint64_t n_patches, n_empty;
    double sum, lost; /**< Kahan's sum of magnitudes that are finite */
    double max;
    bool differs; /**< some value is not the first one */
    float complex first;
};

/** Adds a patch of n values. */
void fw_output_stats_add(struct fw_output_stats *stats, const float complex *patch, size_t n,
                         const struct fw_output_limits *limits);

/** Adds what was seen elsewhere: of a patch, or of several. */
void fw_output_stats_merge(struct fw_output_stats *stats, const struct fw_output_stats *more);
double fw_output_stats_mean(const struct fw_output_stats *stats);

/**
 * Whether it is time for a verdict before the end: at once after a number that is not finite, after
 * 32 patches, and whenever there are twice as many as the last time. What the verdict is does not
 * depend on how patches come, in chunks and batches, as long as each is added alone and it is asked
 * after each.
 */
bool fw_output_stats_is_due(const struct fw_output_stats *stats);

/** Verdicts, the gravest first. */
enum fw_output_verdict {
    FW_OUTPUT_GOOD,
    FW_OUTPUT_EMPTY, /**< no value at all */
    FW_OUTPUT_NOT_FINITE,
    FW_OUTPUT_ALL_ZERO,
    FW_OUTPUT_CONSTANT,
    FW_OUTPUT_SPARSE,       /**< fewer than `min_nonzero` of the values are not 0 */
    FW_OUTPUT_EMPTY_PATCHES /**< that is so in more than `max_empty` of the patches */
};

enum fw_output_verdict fw_output_judge(const struct fw_output_stats *stats,
                                       const struct fw_output_limits *limits);

/** "all_zero" and so on, as it stands in reports and in the names of notes. */
const char *fw_output_verdict_name(enum fw_output_verdict verdict);

#endif
