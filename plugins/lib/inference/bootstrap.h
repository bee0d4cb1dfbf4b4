/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_BOOTSTRAP_H
#define FW_LIB_INFERENCE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "pair.h"
#include "resample.h"

/** The paired bootstrap: each replicate draws rows once and measures both models on them. */
struct fw_paired_bootstrap {
    const struct fw_pair *pair;
    const struct fw_resample *resample; /**< of as many rows */
    uint64_t key[2];
    uint32_t n_threads; /**< at most so many, 1 or more */
};

/** Both models' metrics on one replicate. */
struct fw_replicate {
    double a, b;
};

/**
 * Fills ret[0..n) with the replicates first, first + 1, ...: the same whatever the threads are and
 * however the replicates are divided into calls. FW_OK or FW_E_NOMEM. [any one thread]
 */
fw_status fw_bootstrap_run(const struct fw_paired_bootstrap *plan, uint64_t first, size_t n,
                           struct fw_replicate *ret);

/** One replicate whose rows are given: an index matrix's line. */
fw_status fw_bootstrap_given(const struct fw_pair *pair, const uint32_t *rows, uint32_t n,
                             struct fw_replicate *ret);

/** What a set of values comes to. NaN where there is none. */
struct fw_spread {
    double mean, std;    /**< divisor: how many there are */
    double lower, upper; /**< quantiles alpha / 2 and 1 - alpha / 2, between order statistics */
};

struct fw_bootstrap_summary {
    size_t valid, skipped; /**< skipped: replicates without a metric */
    struct fw_spread a, b;
    struct fw_spread difference; /**< a - b */
    double
        p; /**< two-sided: where the interval of the differences just reaches 0. Of m differences
                with k on the rarer side, 0 counting for both, 2 (k + 1) / (m + 1) and at most 1 */
};

/** FW_OK or FW_E_NOMEM. */
fw_status fw_bootstrap_summarise(const struct fw_replicate *replicates, size_t n, double alpha,
                                 struct fw_bootstrap_summary *ret);

#endif
