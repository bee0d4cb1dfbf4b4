/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_EPOCHS_H
#define FW_LIB_ANALYSIS_EPOCHS_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

/** Points, quarters of epochs, below which a power law is not fitted to a run. */
enum { FW_SLOPE_FIT_LEAST = 8 };

/** The losses of an epoch's batches, as a sum. Zero-initialise; epoch e is element e of an array.
 */
struct fw_epoch {
    double sum;
    uint64_t n, n_bad; /**< losses, and those that were not finite and count for nothing */
};

void fw_epoch_add(struct fw_epoch *epoch, double loss);

/** NaN without a loss, and where more than a tenth were not finite. */
double fw_epoch_mean(const struct fw_epoch *epoch);

/**
 * The slope of the epochs' means over start <= epoch < end, by least squares on the epoch's number:
 * nats an epoch, below 0 while it learns. Epochs without a mean are passed over. INSUFFICIENT below
 * two.
 */
enum fw_outcome fw_epoch_slope(const struct fw_epoch *epochs, size_t n, size_t start, size_t end,
                               double *ret_slope);

/**
 * The first epoch whose mean, and that of the hold - 1 epochs after it, is at most the threshold;
 * -1 when there is none. `hold` is 1 or more.
 */
int64_t fw_epoch_knee(const struct fw_epoch *epochs, size_t n, double threshold, size_t hold);

#endif
