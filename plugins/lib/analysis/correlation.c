/* SPDX-License-Identifier: MIT */
#include "correlation.h"

#include <math.h>
#include <stdbool.h>

/* Two series, by value or by rank. */
struct pairs {
    const double *x, *y;
    size_t n;
    bool by_rank;
};

static bool is_kept(const struct pairs *p, size_t i)
{
    return isfinite(p->x[i]) && isfinite(p->y[i]);
}

static double rank_of(const struct pairs *p, const double *values, size_t i)
{
    size_t below = 0, equal = 0;

    for (size_t k = 0; k < p->n; k++) {
        if (is_kept(p, k)) {
            below += values[k] < values[i];
            equal += values[k] == values[i];
        }
    }
    return (double)below + ((double)equal + 1) / 2;
}

static double value_of(const struct pairs *p, const double *values, size_t i)
{
    return p->by_rank ? rank_of(p, values, i) : values[i];
}

static enum fw_outcome correlate(const struct pairs *p, double *ret)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (is_kept(p, i)) {
            mean_x += value_of(p, p->x, i);
            mean_y += value_of(p, p->y, i);
            n++;
        }
    }
    if (n < 3) {
        return FW_OUTCOME_INSUFFICIENT;
    }
    mean_x /= (double)n;
    mean_y /= (double)n;
    for (size_t i = 0; i < p->n; i++) {
        if (is_kept(p, i)) {
            double off_x = value_of(p, p->x, i) - mean_x, off_y = value_of(p, p->y, i) - mean_y;
            xx += off_x * off_x;
            xy += off_x * off_y;
            yy += off_y * off_y;
        }
    }
    *ret = xx > 0 && yy > 0 ? fmax(-1, fmin(1, xy / sqrt(xx * yy))) : NAN;
    return isnan(*ret) ? FW_OUTCOME_NUMERIC : FW_OUTCOME_OK;
}

static enum fw_outcome check(const double *x, const double *y, size_t n, double *ret)
{
    if (ret == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = NAN;
    return n > 0 && (x == NULL || y == NULL) ? FW_OUTCOME_BAD_ARGUMENT : FW_OUTCOME_OK;
}

enum fw_outcome fw_pearson(const double *x, const double *y, size_t n, double *ret_r)
{
    const struct pairs p = {x, y, n, false};
    enum fw_outcome outcome = check(x, y, n, ret_r);

    return outcome == FW_OUTCOME_OK ? correlate(&p, ret_r) : outcome;
}

enum fw_outcome fw_spearman(const double *x, const double *y, size_t n, double *ret_rho)
{
    const struct pairs p = {x, y, n, true};
    enum fw_outcome outcome = check(x, y, n, ret_rho);

    return outcome == FW_OUTCOME_OK ? correlate(&p, ret_rho) : outcome;
}

enum fw_outcome fw_fisher_interval(double r, size_t n, double *ret_lower, double *ret_upper)
{
    const double z95 = 1.959963984540054;

    if (ret_lower == NULL || ret_upper == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret_lower = *ret_upper = NAN;
    if (n < 4 || !(fabs(r) <= 1)) {
        return n < 4 ? FW_OUTCOME_INSUFFICIENT : FW_OUTCOME_BAD_ARGUMENT;
    }
    double half = z95 / sqrt((double)n - 3);
    *ret_lower = tanh(atanh(r) - half);
    *ret_upper = tanh(atanh(r) + half);
    return FW_OUTCOME_OK;
}
