/* SPDX-License-Identifier: MIT */
#include "fit.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

static bool is_kept(double x, double y)
{
    return x > 0 && y > 0 && isfinite(x) && isfinite(y);
}

/* Means, and sums of products of what is off them. */
struct moments {
    double x, y, xx, xy, yy;
};

static struct moments moments_of(const double *x, const double *y, size_t n, size_t n_kept)
{
    struct moments m = {0};

    for (size_t i = 0; i < n; i++) {
        if (is_kept(x[i], y[i])) {
            m.x += log(x[i]) / (double)n_kept;
            m.y += log(y[i]) / (double)n_kept;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (is_kept(x[i], y[i])) {
            double off_x = log(x[i]) - m.x, off_y = log(y[i]) - m.y;
            m.xx += off_x * off_x;
            m.xy += off_x * off_y;
            m.yy += off_y * off_y;
        }
    }
    return m;
}

enum fw_outcome fw_power_law_fit(const double *x, const double *y, size_t n,
                                 struct fw_power_law *ret)
{
    size_t n_kept = 0;

    if (ret == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_power_law){.b = NAN, .log_a = NAN};
    if (n > 0 && (x == NULL || y == NULL)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    for (size_t i = 0; i < n; i++) {
        n_kept += is_kept(x[i], y[i]);
    }
    ret->n = n_kept;
    if (n_kept < 2) {
        return FW_OUTCOME_INSUFFICIENT;
    }
    struct moments m = moments_of(x, y, n, n_kept);
    /* What is left of a constant after rounding is no spread. */
    double rounding = 4 * DBL_EPSILON * fmax(1, fabs(m.x));
    if (m.xx <= (double)n_kept * rounding * rounding) {
        return FW_OUTCOME_NUMERIC;
    }
    ret->b = m.xy / m.xx;
    ret->log_a = m.y - ret->b * m.x;
    rounding = 4 * DBL_EPSILON * fmax(1, fabs(m.y));
    bool is_constant = m.yy <= (double)n_kept * rounding * rounding;
    ret->r2 = is_constant ? 0 : fmin(1, ret->b * m.xy / m.yy);
    return FW_OUTCOME_OK;
}

enum fw_outcome fw_power_law_r2(const double *x, const double *y, size_t n, size_t least,
                                double *ret_r2)
{
    struct fw_power_law law;
    enum fw_outcome outcome = fw_power_law_fit(x, y, n, &law);

    if (ret_r2 == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    if (law.n < least) {
        outcome = FW_OUTCOME_INSUFFICIENT;
    }
    *ret_r2 = outcome == FW_OUTCOME_OK ? law.r2 : NAN;
    return outcome;
}

double fw_bits_of_nats(double nats)
{
    return nats * 1.4426950408889634; /* 1 / ln 2 */
}
