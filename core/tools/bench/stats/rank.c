/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "stats.h"

/* Up to here every number of arrangements is exact in a double. */
enum { EXACT_N = 25 };

struct value {
    double x;
    bool of_b;
};

static int compare(const void *a, const void *b)
{
    const struct value *left = a, *right = b;
    return (left->x > right->x) - (left->x < right->x);
}

static struct value *pool(const struct fw_stats_two *two, struct fw_error *err)
{
    struct value *values = malloc((two->n_a + two->n_b + 1) * sizeof *values);
    if (!values) {
        fw_error_oom(err);
        return NULL;
    }
    for (size_t i = 0; i < two->n_a; i++) {
        values[i] = (struct value){.x = two->a[i]};
    }
    for (size_t i = 0; i < two->n_b; i++) {
        values[two->n_a + i] = (struct value){.x = two->b[i], .of_b = true};
    }
    qsort(values, two->n_a + two->n_b, sizeof *values, compare);
    return values;
}

/* U of b, with equal values at the middle of their ranks, and the sum of t^3 - t over them. */
static double sum_ranks(const struct value *values, size_t n, double *ret_ties)
{
    double ranks = 0, n_b = 0;
    *ret_ties = 0;
    for (size_t i = 0, end; i < n; i = end) {
        size_t of_b = 0;
        for (end = i; end < n && values[end].x == values[i].x; end++) {
            of_b += values[end].of_b;
        }
        double group = (double)(end - i);
        ranks += (double)of_b * ((double)(i + end + 1) / 2);
        n_b += (double)of_b;
        *ret_ties += group * group * group - group;
    }
    return ranks - n_b * (n_b + 1) / 2;
}

/*
 * Arrangements of n_a and n_b values by their U: ways[m][u] with m values of b, a value of a at a
 * time. A value of a that stands behind m values of b adds m to the U of a.
 */
static int exact(size_t n_a, size_t n_b, double u, double *ret_p, struct fw_error *err)
{
    const size_t width = n_a * n_b + 1;
    fw_auto(free) double *ways = calloc((n_b + 1) * width, sizeof *ways);
    double all = 0, up_to = 0;
    if (!ways) {
        return fw_error_oom(err);
    }
    for (size_t m = 0; m <= n_b; m++) {
        ways[m * width] = 1; /* no value of a yet */
    }
    for (size_t i = 0; i < n_a; i++) {
        for (size_t m = 0; m <= n_b; m++) {
            double *own = ways + m * width;
            for (size_t at = width; at-- > 0;) {
                own[at] = at >= m ? own[at - m] : 0; /* the value stands behind all m */
            }
            for (size_t at = 0; m > 0 && at < width; at++) {
                own[at] += own[at - width]; /* or before the last of them */
            }
        }
    }
    u = fmin(u, (double)(n_a * n_b) - u);
    for (size_t at = 0; at < width; at++) {
        double number = ways[n_b * width + at];
        all += number;
        up_to += (double)at <= u ? number : 0;
    }
    *ret_p = fmin(1, 2 * up_to / all);
    return 0;
}

static double approximate(size_t n_a, size_t n_b, double u, double ties)
{
    double product = (double)n_a * (double)n_b, n = (double)(n_a + n_b);
    double variance = product / 12 * (n + 1 - ties / (n * (n - 1)));
    double away = fabs(u - product / 2) - 0.5;
    return variance > 0 && away > 0 ? fmin(1, erfc(away / sqrt(2 * variance))) : 1;
}

int fw_stats_mann_whitney(const struct fw_stats_two *two, double *ret_p, struct fw_error *err)
{
    double ties;
    fw_auto(free) struct value *values = pool(two, err);
    if (!values) {
        return -1;
    }
    if (two->n_a == 0 || two->n_b == 0) {
        *ret_p = 1;
        return 0;
    }
    double u = sum_ranks(values, two->n_a + two->n_b, &ties);
    if (ties == 0 && two->n_a <= EXACT_N && two->n_b <= EXACT_N) {
        return exact(two->n_a, two->n_b, u, ret_p, err);
    }
    *ret_p = approximate(two->n_a, two->n_b, u, ties);
    return 0;
}

static int by_p(const void *a, const void *b)
{
    const double *const *left = a, *const *right = b;
    return (**left > **right) - (**left < **right);
}

int fw_stats_adjust(double *p, size_t n, struct fw_error *err)
{
    fw_auto(free) double **order = malloc((n + 1) * sizeof *order);
    if (!order) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < n; i++) {
        order[i] = &p[i];
    }
    qsort(order, n, sizeof *order, by_p);
    double least = 1;
    for (size_t k = n; k > 0; k--) {
        least = fmin(least, *order[k - 1] * (double)n / (double)k);
        *order[k - 1] = least;
    }
    return 0;
}
