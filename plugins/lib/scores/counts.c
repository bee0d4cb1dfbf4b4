/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "scores/scores.h"

/* A share of none is 0. Whole numbers below 2^53 are divided, so equal shares are equal doubles. */
static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

double fw_score_precision(const struct fw_score_counts *counts)
{
    return share(counts->tp, counts->tp + counts->fp);
}

double fw_score_recall(const struct fw_score_counts *counts)
{
    return share(counts->tp, counts->tp + counts->fn);
}

double fw_score_f1(const struct fw_score_counts *counts)
{
    return share(2 * counts->tp, 2 * counts->tp + counts->fp + counts->fn);
}

static uint64_t total(const struct fw_score_counts *counts)
{
    return counts->tp + counts->fp + counts->fn + counts->tn;
}

double fw_score_accuracy(const struct fw_score_counts *counts)
{
    return share(counts->tp + counts->tn, total(counts));
}

double fw_score_positive_rate(const struct fw_score_counts *counts)
{
    return share(counts->tp + counts->fp, total(counts));
}

double fw_score_false_positive_rate(const struct fw_score_counts *counts)
{
    return share(counts->fp, counts->fp + counts->tn);
}

struct fw_score_interval fw_score_wilson(uint64_t k, uint64_t n, double z)
{
    double rate = share(k, n), m = (double)n;

    if (n == 0) {
        return (struct fw_score_interval){0, 1};
    }
    double middle = (rate + z * z / (2 * m)) / (1 + z * z / m);
    double half = z / (1 + z * z / m) * sqrt(rate * (1 - rate) / m + z * z / (4 * m * m));
    /* None and all have a bound that is exact, and rounding would miss it. */
    return (struct fw_score_interval){k == 0 ? 0 : fmax(middle - half, 0),
                                      k == n ? 1 : fmin(middle + half, 1)};
}
