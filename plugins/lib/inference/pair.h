/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_PAIR_H
#define FW_LIB_INFERENCE_PAIR_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/status.h>

/** What a model is measured by. */
enum fw_metric {
    FW_METRIC_AUC,               /**< area under the ROC curve, ties count half */
    FW_METRIC_AVERAGE_PRECISION, /**< precision summed over the steps of recall, ties as one step */
    FW_METRIC_BRIER,             /**< mean squared error of the probability: lower is better */
    FW_METRIC_LOG_LOSS /**< mean of -ln of the class's probability, which counts as no less
                            than 1e-15: lower is better */
};

bool fw_metric_higher_is_better(enum fw_metric metric);

enum { FW_PAIR_ROWS_MAX = 1 << 30 };

/**
 * Two models' scores of the same rows, sorted once, so that a metric of any replicate of the rows
 * takes one pass over them. Read-only once made.
 */
struct fw_pair;

/**
 * `a` and `b` are the models' probabilities, in [0, 1]; `y` the
 * classes, 0 or 1; `n` rows, 1 to FW_PAIR_ROWS_MAX. Copies what it needs. FW_OK or FW_E_NOMEM.
 */
fw_status fw_pair_create(enum fw_metric metric, const double *a, const double *b, const uint8_t *y,
                         uint32_t n, struct fw_pair **ret);

/** Accepts NULL. */
void fw_pair_destroy(struct fw_pair *pair);

uint32_t fw_pair_rows(const struct fw_pair *pair);

/** How often each row is there, all 0, and room behind it to measure in; the caller frees, NULL is
    out of memory. One for each thread. */
uint32_t *fw_pair_counts(const struct fw_pair *pair);

/**
 * The metric of both models where row i is there counts[i] times, below 2^32 in all. `counts` are
 * from fw_pair_counts. NaN for both where it cannot be told: no row of class 1 for the average
 * precision, none of one of the classes for the AUC. [any thread]
 */
void fw_pair_measure(const struct fw_pair *pair, uint32_t *counts, double ret[2]);

/** The same of the rows as they are. FW_OK or FW_E_NOMEM. */
fw_status fw_pair_measure_all(const struct fw_pair *pair, double ret[2]);

#endif
