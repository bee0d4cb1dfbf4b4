/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_EWMA_H
#define FW_LIB_ANALYSIS_EWMA_H

#include <stdint.h>

#include "outcome.h"

/**
 * Mean and variance whose samples weigh less the older they are. The variance is of deviations from
 * the mean before the sample: of independent samples with variance s it comes to 2 s / (2 - a).
 */
struct fw_ewma {
    double a; /**< weight of the newest sample */
    double mean, variance;
    uint64_t n, skipped; /**< samples that counted, and those that were not finite */
};

/** 0 < a <= 1; a bad one leaves the state alone. */
enum fw_outcome fw_ewma_init(struct fw_ewma *ewma, double a);

/** The first sample is the mean. One that is not finite changes nothing but `skipped`. */
enum fw_outcome fw_ewma_update(struct fw_ewma *ewma, double sample);

/** Of independent samples: variance (2 - a) / 2. */
double fw_ewma_unbiased_variance(const struct fw_ewma *ewma);

/** One update of a mean and a variance that the caller keeps. */
enum fw_outcome fw_ewma_step(double sample, double a, double *mean, double *variance);

#endif
