/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_TRACE_H
#define FW_LIB_ANALYSIS_TRACE_H

#include <stdint.h>

#include "operator.h"
#include "outcome.h"

/**
 * Hutchinson's estimate of a trace: the mean of z'Hz over Rademacher vectors z, which are what
 * probe.h makes and are never normalised. Zero-initialise.
 */
struct fw_trace {
    uint64_t n, n_dropped; /**< probes that counted, and those whose value was not finite */
    double mean, squares;  /**< squares: of what is off the mean, summed */
};

/** z'Hz of one probe. */
void fw_trace_add(struct fw_trace *trace, double value);

/** NaN without a probe, and where more than half were dropped. */
double fw_trace_mean(const struct fw_trace *trace);
/** Sample standard deviation of a probe, divisor n - 1; NaN below two. */
double fw_trace_deviation(const struct fw_trace *trace);
/** Standard error of the mean: the deviation by the root of n. */
double fw_trace_error(const struct fw_trace *trace);

/** When to stop before all probes are used; 0 switches a rule off. */
struct fw_trace_rules {
    double tolerance;      /**< the mean changed by less, relative to what it was */
    double relative_error; /**< the standard error is at most that share of the mean */
};

/**
 * Probes the operator with the vectors of `seeds`, in their order. `room` has 2 n doubles. `rules`
 * may be NULL: none. NUMERIC where more than half of the values are dropped.
 */
enum fw_outcome fw_trace_estimate(const struct fw_operator *h, const uint64_t *seeds,
                                  size_t n_seeds, const struct fw_trace_rules *rules, double *room,
                                  struct fw_trace *ret);

#endif
