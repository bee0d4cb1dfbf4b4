/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "image.h"
#include "team/team.h"

/* Eight lanes over blocks, block sums added up pairwise by recursion. */
enum { LANES = 8, BLOCK = 1024 };

static double sum_block(const double *values, size_t n)
{
    double lanes[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[lane] += values[i + lane];
        }
    }
    for (; i < n; i++) {
        lanes[i % LANES] += values[i];
    }
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
           ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

double fw_sum(const double *values, size_t n)
{
    if (n <= BLOCK) {
        return sum_block(values, n);
    }
    size_t half = n / 2 / BLOCK * BLOCK;
    half = half == 0 ? BLOCK : half;
    return fw_sum(values, half) + fw_sum(values + half, n - half);
}

double fw_image_gauge(const struct fw_image *t, const struct fw_image *p)
{
    size_t n = t->height * t->width;

    return fw_sum(t->pixels, n) / fw_sum(p->pixels, n);
}

double fw_image_range(const struct fw_image *image)
{
    size_t n = image->height * image->width;
    double low = n > 0 ? image->pixels[0] : NAN, high = low;

    for (size_t i = 1; i < n; i++) {
        low = image->pixels[i] < low ? image->pixels[i] : low;
        high = image->pixels[i] > high ? image->pixels[i] : high;
    }
    return high - low;
}

static void errors(const double *t, const double *p, size_t n, bool squared, double *ret)
{
    if (squared) {
        for (size_t i = 0; i < n; i++) {
            ret[i] = (t[i] - p[i]) * (t[i] - p[i]);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            ret[i] = fabs(t[i] - p[i]);
        }
    }
}

/* Halved like fw_sum. */
static double sum_errors(const double *t, const double *p, size_t n, bool squared)
{
    double block[BLOCK];

    if (n <= BLOCK) {
        errors(t, p, n, squared, block);
        return sum_block(block, n);
    }
    size_t half = n / 2 / BLOCK * BLOCK;
    half = half == 0 ? BLOCK : half;
    return sum_errors(t, p, half, squared) + sum_errors(t + half, p + half, n - half, squared);
}

double fw_image_mae(const struct fw_image *t, const struct fw_image *p)
{
    size_t n = t->height * t->width;

    return sum_errors(t->pixels, p->pixels, n, false) / (double)n;
}

double fw_image_mse(const struct fw_image *t, const struct fw_image *p)
{
    size_t n = t->height * t->width;

    return sum_errors(t->pixels, p->pixels, n, true) / (double)n;
}

double fw_psnr(double mse, double peak)
{
    return 20 * log10(peak / (sqrt(mse) + DBL_EPSILON));
}
