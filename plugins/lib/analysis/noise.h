/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_NOISE_H
#define FW_LIB_ANALYSIS_NOISE_H

#include "outcome.h"

/**
 * The trace of the covariance of one sample's gradient, from the mean gradients of the two halves
 * of a batch of `n` samples: n |g1 - g2|^2 / 4, unbiased.
 */
double fw_noise_of_halves(double n, double squared_distance);

struct fw_noise {
    double squared_gradient; /**< |G|^2 of the true gradient, unbiased: may be below 0 */
    double trace;            /**< of the covariance */
    double scale;            /**< trace / |G|^2; NaN where that is not above 0 */
};

/** From squared norms of mean gradients of batches of two sizes, small < big. */
enum fw_outcome fw_noise_of_sizes(double squared_small, double small, double squared_big,
                                  double big, struct fw_noise *ret);

#endif
