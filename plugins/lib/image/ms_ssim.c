/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "internal.h"
#include "large.h"

static const double weights[FW_MS_SSIM_LEVELS] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

/* Both images at one level; each level is written over the one before. */
struct pyramid {
    double *t, *p;
    size_t height, width;
};

static int pyramid_init(struct pyramid *pyramid, const struct fw_image *t, const struct fw_image *p)
{
    if (t->height != p->height || t->width != p->width || t->height < FW_SSIM_WINDOW ||
        t->width < FW_SSIM_WINDOW) {
        *pyramid = (struct pyramid){0};
        return -EINVAL;
    }
    size_t n = t->height * t->width;
    *pyramid = (struct pyramid){.t = fw_large_alloc(n, sizeof(double)),
                                .p = fw_large_alloc(n, sizeof(double)),
                                .height = t->height,
                                .width = t->width};
    return pyramid->t == NULL || pyramid->p == NULL ? -ENOMEM : 0;
}

static void pyramid_finish(struct pyramid *pyramid)
{
    free(pyramid->t);
    free(pyramid->p);
}

static bool has_window(const struct pyramid *pyramid)
{
    return pyramid->height >= FW_SSIM_WINDOW && pyramid->width >= FW_SSIM_WINDOW;
}

/* [::2, ::2]; a pixel is written where no later one is read. */
static void decimate(double *pixels, size_t height, size_t width)
{
    double *to = pixels;

    for (size_t row = 0; row < height; row += 2) {
        for (size_t column = 0; column < width; column += 2) {
            *to++ = pixels[row * width + column];
        }
    }
}

/* Means of 2×2; an odd last row or column is left out. */
static void pool(double *pixels, size_t height, size_t width)
{
    double *to = pixels;

    for (size_t row = 0; row + 1 < height; row += 2) {
        const double *upper = pixels + row * width, *lower = upper + width;
        for (size_t column = 0; column + 1 < width; column += 2) {
            *to++ = (upper[column] + upper[column + 1] + lower[column] + lower[column + 1]) / 4;
        }
    }
}

static double data_range(const struct pyramid *pyramid)
{
    const struct fw_image t = {pyramid->t, pyramid->height, pyramid->width};
    const struct fw_image p = {pyramid->p, pyramid->height, pyramid->width};

    return fmax(fw_image_range(&t), fw_image_range(&p));
}

static int measure(const struct pyramid *pyramid, double range, unsigned n_threads,
                   struct ssim_means *ret_means)
{
    const struct fw_image t = {pyramid->t, pyramid->height, pyramid->width};
    const struct fw_image p = {pyramid->p, pyramid->height, pyramid->width};

    return ssim_means(&t, &p, range, n_threads, ret_means);
}

static double weigh(double level, double weight)
{
    return pow(level < 0 ? 1e-4 : level, weight);
}

static int run_study(struct pyramid *pyramid, unsigned n_threads, struct fw_ms_ssim *ret_result)
{
    struct fw_ms_ssim result = {.value = 1};
    struct ssim_means means;
    double range = data_range(pyramid);

    while (result.n_levels < FW_MS_SSIM_LEVELS && has_window(pyramid)) {
        int rc = measure(pyramid, range, n_threads, &means);
        if (rc != 0) {
            return rc;
        }
        result.value *= weigh(means.full, weights[result.n_levels]);
        result.levels[result.n_levels++] = means.full;
        decimate(pyramid->t, pyramid->height, pyramid->width);
        decimate(pyramid->p, pyramid->height, pyramid->width);
        pyramid->height = (pyramid->height + 1) / 2;
        pyramid->width = (pyramid->width + 1) / 2;
    }
    result.value = isnan(result.value) ? 0 : result.value;
    *ret_result = result;
    return 0;
}

int fw_ms_ssim(const struct fw_image *t, const struct fw_image *p, double sigma, unsigned n_threads,
               struct fw_ms_ssim *ret_result)
{
    struct pyramid pyramid;
    int rc = pyramid_init(&pyramid, t, p);

    if (rc == 0) {
        rc = fw_blur(t, sigma, n_threads, pyramid.t);
    }
    if (rc == 0) {
        rc = fw_blur(p, sigma, n_threads, pyramid.p);
    }
    if (rc == 0) {
        rc = run_study(&pyramid, n_threads, ret_result);
    }
    pyramid_finish(&pyramid);
    return rc;
}

static double combine(const struct fw_ms_ssim *result)
{
    double total = 0, value = 1;

    for (unsigned i = 0; i < result->n_levels; i++) {
        total += weights[i];
    }
    for (unsigned i = 0; i < result->n_levels; i++) {
        value *= weigh(result->levels[i], weights[i] / total);
    }
    return value;
}

static int run_standard(struct pyramid *pyramid, unsigned n_threads, struct fw_ms_ssim *ret_result)
{
    struct fw_ms_ssim result = {0};
    struct ssim_means means = {0};
    double range = data_range(pyramid);

    while (result.n_levels < FW_MS_SSIM_LEVELS && has_window(pyramid)) {
        int rc = measure(pyramid, range, n_threads, &means);
        if (rc != 0) {
            return rc;
        }
        result.levels[result.n_levels++] = means.contrast;
        pool(pyramid->t, pyramid->height, pyramid->width);
        pool(pyramid->p, pyramid->height, pyramid->width);
        pyramid->height /= 2;
        pyramid->width /= 2;
    }
    result.levels[result.n_levels - 1] = means.full; /* at least one level ran */
    result.value = combine(&result);
    *ret_result = result;
    return 0;
}

int fw_ms_ssim_std(const struct fw_image *t, const struct fw_image *p, unsigned n_threads,
                   struct fw_ms_ssim *ret_result)
{
    struct pyramid pyramid;
    int rc = pyramid_init(&pyramid, t, p);

    if (rc == 0) {
        memcpy(pyramid.t, t->pixels, t->height * t->width * sizeof(double));
        memcpy(pyramid.p, p->pixels, p->height * p->width * sizeof(double));
        rc = run_standard(&pyramid, n_threads, ret_result);
    }
    pyramid_finish(&pyramid);
    return rc;
}
