/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_STATS_H
#define FW_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"

/*
 * What can be said about two lists of times. All of it works on logarithms, so that a shift is a
 * ratio: exp(shift) - 1 is how much longer the second takes. Pure functions of their arguments.
 */

/* Ascending. */
void fw_stats_sort(double *values, size_t n);

/*
 * The quantile p of sorted values, n >= 1, between its two neighbours at h = (n - 1) p:
 *     x[floor h] + (h - floor h) (x[floor h + 1] - x[floor h])
 * Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American
 * Statistician 50 (1996); numpy's default.
 */
double fw_stats_quantile(const double *sorted, size_t n, double p);

/*
 * Which values lie far out, for showing: |0.6745 (x - median) / MAD| > 3.5, where MAD is the median
 * of |x - median|. Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993). Of less than
 * five values none. Sets ret_out[i]; the number of them, or -1 when out of memory.
 */
enum { FW_STATS_OUTLIERS_MIN = 5 };
int fw_stats_outliers(const double *values, size_t n, bool *ret_out, struct fw_error *err);

/* Two lists of logarithms of times. With `paired`, which takes n_a = n_b, a[i] and b[i] were
 * measured one right after the other. */
struct fw_stats_two {
    const double *a, *b;
    size_t n_a, n_b;
    bool paired;
};

/*
 * The shift of b against a: the median of all n_a n_b differences b[j] - a[i]. Hodges and Lehmann,
 * "Estimates of Location Based on Rank Tests", Annals of Mathematical Statistics 34 (1963). Exact,
 * by halving with counting in the matrix of differences, which is sorted in both directions.
 */
int fw_stats_shift(const struct fw_stats_two *two, double *ret_shift, struct fw_error *err);

/*
 * Where the shift of lists that are not empty lies with 95 %: the quantiles 0.025 and 0.975 of the
 * shifts of 2,000 resamples with replacement (percentile interval; Efron and Tibshirani, "An
 * Introduction to the Bootstrap", 1993, chapter 13). Pairs are drawn as pairs, so that what was
 * common to both halves of a pair, a slow drift of the machine say, cancels and does not widen the
 * interval. The draws are those of base/rng.h for the resample's number: the same times give the
 * same interval.
 */
enum { FW_STATS_RESAMPLES = 2000 };
int fw_stats_interval(const struct fw_stats_two *two, double *ret_low, double *ret_high,
                      struct fw_error *err);

/*
 * The two-sided p of Mann and Whitney, "On a Test of Whether one of Two Random Variables is
 * Stochastically Larger than the Other", Annals of Mathematical Statistics 18 (1947). With at most
 * 25 values on either side and no two of them equal it is exact: twice the smaller tail of the
 * number of arrangements with this U. Else the normal approximation with continuity correction and
 *     var U = n m / 12 (N + 1 - sum (t^3 - t) / (N (N - 1)))      t: sizes of the groups of ties
 */
int fw_stats_mann_whitney(const struct fw_stats_two *two, double *ret_p, struct fw_error *err);

/*
 * Adjusts p-values of n comparisons made at once, in place: the smallest n p[k] / k over all larger
 * ranks k. Benjamini and Hochberg, "Controlling the False Discovery Rate", Journal of the Royal
 * Statistical Society B 57 (1995).
 */
int fw_stats_adjust(double *p, size_t n, struct fw_error *err);

/*
 * The verdict. `margin` is a ratio: a change of less than it does not matter. With the interval
 * [low, high] of the shift and M = log(1 + margin):
 *     SLOWER        low > M, and p < 0.01        FASTER  high < -M, and p < 0.01
 *     SAME          -M < low and high < M        INCONCLUSIVE  anything else, or n < 9
 * (two one-sided tests for SAME; Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15,
 * 1987). Of INCONCLUSIVE it is said how many times either side needs: half the interval's width h
 * goes with 1 / sqrt(n) and has to become less than the way from the shift d to the margin, so
 *     n (h / | |d| - M |)^2
 * and, where the interval decides but p does not, n (2.576 / z)^2 with z the normal score of p.
 */
enum { FW_STATS_MIN_N = 9, FW_STATS_NEEDED_MAX = 10000 };
#define FW_STATS_ALPHA  0.01
#define FW_STATS_MARGIN 0.015 /* where the user says nothing */

enum fw_stats_verdict {
    FW_VERDICT_SAME,
    FW_VERDICT_FASTER,
    FW_VERDICT_SLOWER,
    FW_VERDICT_INCONCLUSIVE
};

struct fw_stats_comparison {
    size_t n; /* of the shorter list */
    double shift, low, high;
    double p; /* adjusted where there are more comparisons than one */
    enum fw_stats_verdict verdict;
    size_t needed; /* of INCONCLUSIVE; FW_STATS_NEEDED_MAX + 1: more than that */
};

/* All but verdict and `needed`. Lists with less than two values on a side have nothing to say:
 * shift 0, interval without end, p 1. */
int fw_stats_compare(const struct fw_stats_two *two, struct fw_stats_comparison *ret_comparison,
                     struct fw_error *err);

/* The verdict and `needed` from the rest. */
void fw_stats_judge(struct fw_stats_comparison *comparison, double margin);
const char *fw_stats_verdict_name(enum fw_stats_verdict verdict);

/*
 * How small a change can be seen, from logarithms of times of one and the same thing in the order
 * in which they were measured (A/A). The larger of
 *     1.96 s sqrt(2 / n)    half the interval that n times on either side let expect, where s is
 * the spread between neighbours, 1.4826 median |x[i+1] - x[i]| / sqrt 2 |shift| between the halves
 * A and B of the order A B B A A B B A ... as a ratio. No verdict is given when it exceeds
 * FW_STATS_NOISE_LIMIT margins.
 */
#define FW_STATS_NOISE_LIMIT 3.0
int fw_stats_noise(const double *values, size_t n_values, size_t n, double *ret_ratio,
                   struct fw_error *err);

/* Whether the repetition `i` of an interleaved series is of B: A B B A A B B A ... */
static inline bool fw_stats_is_b(size_t i)
{
    return (i % 4 == 1) || (i % 4 == 2);
}

#endif
