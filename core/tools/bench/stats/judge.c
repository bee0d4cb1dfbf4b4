/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "stats.h"

#define Z_ALPHA 2.5758293035489004 /* the normal score of FW_STATS_ALPHA, two-sided */

const char *fw_stats_verdict_name(enum fw_stats_verdict verdict)
{
    static const char *const names[] = {"SAME", "FASTER", "SLOWER", "INCONCLUSIVE"};
    return names[verdict];
}

int fw_stats_compare(const struct fw_stats_two *two, struct fw_stats_comparison *ret_comparison,
                     struct fw_error *err)
{
    struct fw_stats_comparison found = {.n = two->n_a < two->n_b ? two->n_a : two->n_b,
                                        .low = -INFINITY,
                                        .high = INFINITY,
                                        .p = 1,
                                        .verdict = FW_VERDICT_INCONCLUSIVE};
    if (found.n >= 2) {
        FW_TRY(fw_stats_shift(two, &found.shift, err));
        FW_TRY(fw_stats_interval(two, &found.low, &found.high, err));
        FW_TRY(fw_stats_mann_whitney(two, &found.p, err));
    }
    *ret_comparison = found;
    return 0;
}

/* The z with p = P(|Z| > z). */
static double score_of(double p)
{
    double low = 0, high = 40;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) > p) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t needed(const struct fw_stats_comparison *c, double limit)
{
    double away = fabs(fabs(c->shift) - limit), half = (c->high - c->low) / 2;
    double factor = half / away;
    if (c->low > limit || c->high < -limit) { /* the interval has decided, p has not */
        factor = Z_ALPHA / score_of(c->p);
    }
    double n = ceil((double)c->n * factor * factor);
    if (!(n <= FW_STATS_NEEDED_MAX)) {
        return FW_STATS_NEEDED_MAX + 1;
    }
    /* The interval misses by a hair: one more is the least that can change that. */
    size_t more = n > (double)c->n ? (size_t)n : c->n + 1;
    return more < FW_STATS_MIN_N ? FW_STATS_MIN_N : more;
}

void fw_stats_judge(struct fw_stats_comparison *comparison, double margin)
{
    const double limit = log1p(margin);
    const bool significant = comparison->p < FW_STATS_ALPHA;
    comparison->verdict = FW_VERDICT_INCONCLUSIVE;
    comparison->needed = 0;
    if (comparison->n >= FW_STATS_MIN_N) {
        if (comparison->low > limit && significant) {
            comparison->verdict = FW_VERDICT_SLOWER;
        } else if (comparison->high < -limit && significant) {
            comparison->verdict = FW_VERDICT_FASTER;
        } else if (comparison->low > -limit && comparison->high < limit) {
            comparison->verdict = FW_VERDICT_SAME;
        }
    }
    if (comparison->verdict == FW_VERDICT_INCONCLUSIVE) {
        comparison->needed =
            comparison->n < FW_STATS_MIN_N ? FW_STATS_MIN_N : needed(comparison, limit);
    }
}
