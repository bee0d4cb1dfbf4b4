/* SPDX-License-Identifier: MIT */
#include <fw/service/kernels_array.h>

#include "simd_math.h"
#include "simd_parts.h"

/* As many sums side by side in every instruction set, so that their order is the same in all. */
#define SUMS 16

static double total(const double *sums)
{
    double half[SUMS / 2];

    for (int i = 0; i < SUMS / 2; i++) {
        half[i] = sums[i] + sums[i + SUMS / 2];
    }
    return ((half[0] + half[4]) + (half[2] + half[6])) +
           ((half[1] + half[5]) + (half[3] + half[7]));
}

double SIMD_FN(sum)(const void *a_, uint64_t n)
{
    const real *a = a_;
    double sums[SUMS] = {0};
    uint64_t i = 0;

    for (; i + SUMS <= n; i += SUMS) {
        for (int j = 0; j < SUMS; j++) {
            sums[j] += (double)a[i + j];
        }
    }
    for (int j = 0; i + j < n; j++) {
        sums[j] += (double)a[i + j];
    }
    return total(sums);
}

/* Sum of a * (b - shift). */
double SIMD_FN(dot)(const void *a_, const void *b_, double shift, uint64_t n)
{
    const real *a = a_, *b = b_;
    double sums[SUMS] = {0};
    uint64_t i = 0;

    for (; i + SUMS <= n; i += SUMS) {
        for (int j = 0; j < SUMS; j++) {
            sums[j] += (double)a[i + j] * ((double)b[i + j] - shift);
        }
    }
    for (int j = 0; i + j < n; j++) {
        sums[j] += (double)a[i + j] * ((double)b[i + j] - shift);
    }
    return total(sums);
}

/* Sums of x - shift and of its square. */
void SIMD_FN(moments)(const void *x_, double shift, uint64_t n, double ret_moments[2])
{
    const real *x = x_;
    double sums[SUMS] = {0}, squares[SUMS] = {0};
    uint64_t i = 0;

    for (; i + SUMS <= n; i += SUMS) {
        for (int j = 0; j < SUMS; j++) {
            double d = (double)x[i + j] - shift;
            sums[j] += d;
            squares[j] += d * d;
        }
    }
    for (int j = 0; i + j < n; j++) {
        double d = (double)x[i + j] - shift;
        sums[j] += d;
        squares[j] += d * d;
    }
    ret_moments[0] = total(sums);
    ret_moments[1] = total(squares);
}

static bool comes_before(uint32_t kind, double value, double best)
{
    if (value != value) {
        return best == best;
    }
    return kind == FW_REDUCE_MIN ? value < best : value > best;
}

void SIMD_FN(extreme)(uint32_t kind, const void *a_, uint64_t n, struct simd_extreme *best)
{
    const real *a = a_;

    for (uint64_t i = 0; i < n; i++) {
        double value = (double)a[i];
        if (comes_before(kind, value, best->value) || best->index < 0) {
            *best = (struct simd_extreme){.value = value, .index = (int64_t)i};
        }
    }
}

double SIMD_FN(nonfinite)(const void *a_, uint64_t n)
{
    const real *a = a_;
    uint64_t count = 0;

    for (uint64_t i = 0; i < n; i++) {
        count += !(a[i] - a[i] == 0);
    }
    return (double)count;
}

/* sums[i] += a[i] * (b[i] - shift), b NULL: += a[i]. */
void SIMD_FN(add_products)(const void *a_, const void *b_, double shift, uint64_t n, double *sums)
{
    const real *a = a_, *b = b_;

    for (uint64_t i = 0; i < n && b == NULL; i++) {
        sums[i] += (double)a[i];
    }
    for (uint64_t i = 0; i < n && b != NULL; i++) {
        sums[i] += (double)a[i] * ((double)b[i] - shift);
    }
}

void SIMD_FN(normalise)(const struct simd_normalise *p)
{
    const real *x = p->x, *gamma = p->gamma, *beta = p->beta;
    real *y = p->y;
    real mean = (real)p->mean, scale = (real)p->scale, offset = (real)p->offset;

    if (!p->per_element) {
        for (uint64_t i = 0; i < p->n; i++) {
            y[i] = (x[i] - mean) * scale + offset;
        }
        return;
    }
    for (uint64_t i = 0; i < p->n; i++) {
        real value = (x[i] - mean) * scale;
        value = gamma ? value * gamma[i] : value;
        y[i] = beta ? value + beta[i] : value;
    }
}

/* dx = scale * (gamma * dy - mean_h - (x - mean) * slope); dx may be dy. */
void SIMD_FN(denormalise)(const struct simd_normalise *p)
{
    const real *x = p->x, *dy = p->dy, *gamma = p->per_element ? p->gamma : NULL;
    real *dx = p->y;
    real mean = (real)p->mean, scale = (real)p->scale, offset = (real)p->offset;
    real slope = (real)p->slope;

#pragma GCC ivdep
    for (uint64_t i = 0; i < p->n; i++) {
        real h = gamma ? gamma[i] * dy[i] : dy[i];
        dx[i] = scale * (h - offset - (x[i] - mean) * slope);
    }
}

/* y = exp(scale * x - top); the sum of it. */
double SIMD_FN(exponentials)(const void *x_, double scale, double top, uint64_t n, void *y_)
{
    const real *x = x_;
    real *y = y_, factor = (real)scale, shift = (real)top;

#pragma GCC ivdep
    for (uint64_t i = 0; i < n; i++) {
        y[i] = simd_exp(factor * x[i] - shift);
    }
    return SIMD_FN(sum)(y, n);
}
