/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "stats.h"

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

void fw_stats_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
}

double fw_stats_quantile(const double *sorted, size_t n, double p)
{
    double at = (double)(n - 1) * p;
    size_t below = (size_t)at;
    double rest = at - (double)below;
    return below + 1 < n ? sorted[below] + rest * (sorted[below + 1] - sorted[below])
                         : sorted[n - 1];
}

static double median_of(double *values, size_t n)
{
    fw_stats_sort(values, n);
    return fw_stats_quantile(values, n, 0.5);
}

int fw_stats_outliers(const double *values, size_t n, bool *ret_out, struct fw_error *err)
{
    fw_auto(free) double *work = malloc((n + 1) * sizeof *work);
    int found = 0;
    if (!work) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < n; i++) {
        work[i] = values[i];
        ret_out[i] = false;
    }
    double median = n > 0 ? median_of(work, n) : 0;
    for (size_t i = 0; i < n; i++) {
        work[i] = fabs(values[i] - median);
    }
    double mad = n > 0 ? median_of(work, n) : 0;
    for (size_t i = 0; mad > 0 && n >= FW_STATS_OUTLIERS_MIN && i < n; i++) {
        ret_out[i] = 0.6745 * fabs(values[i] - median) > 3.5 * mad;
        found += ret_out[i];
    }
    return found;
}

/* The A and the B of the order in which they were measured. */
static int aa_shift(const double *values, size_t n_values, double *ret_shift, struct fw_error *err)
{
    fw_auto(free) double *a = malloc((n_values + 1) * sizeof *a);
    fw_auto(free) double *b = malloc((n_values + 1) * sizeof *b);
    struct fw_stats_two two = {.a = a, .b = b};
    if (!a || !b) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < n_values; i++) {
        if (fw_stats_is_b(i)) {
            b[two.n_b++] = values[i];
        } else {
            a[two.n_a++] = values[i];
        }
    }
    return fw_stats_shift(&two, ret_shift, err);
}

int fw_stats_noise(const double *values, size_t n_values, size_t n, double *ret_ratio,
                   struct fw_error *err)
{
    double shift;
    fw_auto(free) double *gaps = malloc((n_values + 1) * sizeof *gaps);
    if (!gaps) {
        return fw_error_oom(err);
    }
    if (n_values < 2 || n == 0) {
        *ret_ratio = INFINITY;
        return 0;
    }
    FW_TRY(aa_shift(values, n_values, &shift, err));
    for (size_t i = 0; i + 1 < n_values; i++) {
        gaps[i] = fabs(values[i + 1] - values[i]);
    }
    double spread = 1.4826 * median_of(gaps, n_values - 1) / sqrt(2);
    *ret_ratio = expm1(fmax(fabs(shift), 1.96 * spread * sqrt(2 / (double)n)));
    return 0;
}
