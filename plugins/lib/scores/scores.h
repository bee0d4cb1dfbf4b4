/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SCORES_SCORES_H
#define FW_LIB_SCORES_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <string.h>

/**
 * What predictions p of a class y are worth: sorted once, then counts at any threshold in
 * O(log n) and everything else in one pass. Predicted positive is p >= threshold, always.
 *
 * Numbers alone, no host. Results do not depend on the number of threads or the order of the
 * rows, bit for bit. What is undefined is NaN. Read-only functions: [any thread]
 */

/** Predictions in the order of p. 8 bytes a row, twice that while it is made. */
struct fw_scores {
    uint64_t *keys; /**< ascending; fw_score_p and fw_score_y read one */
    size_t n, n_positive;
    size_t *positives; /**< how many of the keys before each block are positive */
};

/**
 * Makes them of n rows, 1 to UINT32_MAX: p in [0, 1], y 0 or 1. Uses up to n_threads threads, 1 or
 * more. False: out of memory, nothing is left behind.
 */
bool fw_scores_init(struct fw_scores *scores, const double *p, const uint8_t *y, size_t n,
                    unsigned n_threads);

/** The same, but takes p, which was malloc'ed, and works in its memory; on failure p is freed. */
bool fw_scores_take(struct fw_scores *scores, double *p, const uint8_t *y, size_t n,
                    unsigned n_threads);

/** A zeroed or finished one is fine. */
void fw_scores_finish(struct fw_scores *scores);

static inline double fw_score_p(uint64_t key)
{
    uint64_t bits = key >> 1;
    double p;

    memcpy(&p, &bits, sizeof p);
    return p;
}

static inline bool fw_score_y(uint64_t key)
{
    return key & 1;
}

/** The confusion matrix at a threshold. */
struct fw_score_counts {
    uint64_t tp, fp, fn, tn;
};
struct fw_score_counts fw_scores_counts(const struct fw_scores *scores, double threshold);

/** A walk over the distinct p upwards. Zero-initialise; the first two are the walk's own. */
struct fw_score_walk {
    size_t at, positives;
    double p;                      /**< the value it stands at */
    struct fw_score_counts counts; /**< at the threshold p */
};

/** Goes to the next value; false behind the last one. */
bool fw_scores_next(const struct fw_scores *scores, struct fw_score_walk *walk);

/* Ratios of a matrix. 0 where nothing is predicted, or there is, positive (market.md 5.1). */
double fw_score_precision(const struct fw_score_counts *counts);
double fw_score_recall(const struct fw_score_counts *counts);
/** 2tp / (2tp + fp + fn): equal matrices' worth gives equal doubles. */
double fw_score_f1(const struct fw_score_counts *counts);
double fw_score_accuracy(const struct fw_score_counts *counts);
/** Share of all rows that is predicted positive. */
double fw_score_positive_rate(const struct fw_score_counts *counts);
/** fp / (fp + tn). */
double fw_score_false_positive_rate(const struct fw_score_counts *counts);

#define FW_SCORE_Z95 1.959963984540054 /**< of a two-sided interval of 95 % */

/** Wilson's interval of k out of n with the normal quantile z; [0, 1] of n = 0. */
struct fw_score_interval {
    double lower, upper;
};
struct fw_score_interval fw_score_wilson(uint64_t k, uint64_t n, double z);

/** What needs no threshold. */
struct fw_score_summary {
    double auc; /**< ties count half; NaN with one class */
    double
        average_precision; /**< sum of (R[i] - R[i-1]) * P[i] over distinct p; NaN without y = 1 */
    double brier;          /**< mean of (p - y)^2 */
    double log_loss;       /**< mean of -ln, p kept within [2^-52, 1 - 2^-52] */
    double mean_p, min_p, max_p;
    size_t n_distinct; /**< values of p */
};

/** False: out of memory. */
bool fw_scores_summary(const struct fw_scores *scores, unsigned n_threads,
                       struct fw_score_summary *ret_summary);

/** One bin of a calibration curve: predictions with p in (lower, upper], the first one with 0. */
struct fw_score_bin {
    double lower, upper;
    uint64_t n, n_positive;
    double mean_p; /**< NaN when the bin is empty */
};
/** n_bins bins of equal width over [0, 1]. */
void fw_scores_calibration(const struct fw_scores *scores, struct fw_score_bin *ret_bins,
                           size_t n_bins);

/**
 * The rows in the order of p, equal ones in row order, into ret_order: what resampling starts
 * from. n up to UINT32_MAX. False: out of memory.
 */
bool fw_scores_order(const double *p, size_t n, uint32_t *ret_order);

#endif
