/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "image.h"
#include "large.h"
#include "parallel.h"
#include "upsample.h"

enum { BAND = 1 << 15 };

struct whitening {
    float complex *r; /* in: the reference's spectrum */
    const float complex *moving;
    float complex *copy;
    size_t n;
};

/* R = A·conj(B) / max(|R|, 100 eps): where both have next to nothing the phase is noise. */
static void whiten(float *r, const float *moving, size_t n)
{
    const float floor = 100 * FLT_EPSILON;

    for (size_t i = 0; i < n; i++) {
        float ar = r[2 * i], ai = r[2 * i + 1], br = moving[2 * i], bi = moving[2 * i + 1];
        float re = ar * br + ai * bi, im = ai * br - ar * bi;
        float size = sqrtf(re * re + im * im);
        size = size > floor ? size : floor;
        r[2 * i] = re / size;
        r[2 * i + 1] = im / size;
    }
}

static void whiten_band(void *arg, size_t band)
{
    struct whitening *job = arg;
    size_t first = band * BAND, n = job->n - first < BAND ? job->n - first : BAND;

    whiten((float *)(job->r + first), (const float *)(job->moving + first), n);
    memcpy(job->copy + first, job->r + first, n * sizeof *job->r);
}

/* The first of the largest magnitudes; whole pixels, beyond the middle counted from the end. */
static void find_peak(const float *correlation, size_t height, size_t width, double shift[2])
{
    size_t best = 0;

    for (size_t i = 1; i < height * width; i++) {
        best = fabsf(correlation[i]) > fabsf(correlation[best]) ? i : best;
    }
    size_t at[] = {best / width, best % width}, size[] = {height, width};
    for (unsigned axis = 0; axis < 2; axis++) {
        shift[axis] = (double)at[axis] - (at[axis] > size[axis] / 2 ? (double)size[axis] : 0);
    }
}

struct buffers {
    float complex *r, *spectrum; /* the spectrum of the moving image, then a copy of r */
    float *correlation;
};

static int correlate(const struct fw_image *reference, const struct fw_image *moving,
                     const struct buffers *buffers, unsigned n_threads)
{
    size_t height = reference->height, width = reference->width;
    struct whitening job = {.r = buffers->r,
                            .moving = buffers->spectrum,
                            .copy = buffers->spectrum,
                            .n = height * fw_spectrum_width(width)};
    int rc = fw_fourier_real_single(reference->pixels, height, width, n_threads, buffers->r);

    if (rc == 0) {
        rc = fw_fourier_real_single(moving->pixels, height, width, n_threads, buffers->spectrum);
    }
    if (rc == 0) {
        fw_parallel(n_threads, (job.n + BAND - 1) / BAND, whiten_band, &job);
        rc = fw_fourier_real_inverse_single(buffers->spectrum, height, width, n_threads,
                                            buffers->correlation);
    }
    return rc;
}

static int run(const struct fw_image *reference, const struct fw_image *moving, unsigned upsample,
               unsigned n_threads, double ret_shift[2])
{
    size_t height = reference->height, width = reference->width;
    size_t n = height * fw_spectrum_width(width);
    float complex *block = fw_large_alloc(2 * n + height * width / 2 + 1, sizeof *block);

    if (block == NULL) {
        return -ENOMEM;
    }
    const struct buffers buffers = {
        .r = block, .spectrum = block + n, .correlation = (float *)(block + 2 * n)};
    int rc = correlate(reference, moving, &buffers, n_threads);
    if (rc == 0) {
        double shift[2];
        find_peak(buffers.correlation, height, width, shift);
        rc = upsample > 1 ? upsample_peak(buffers.r, (const size_t[]){height, width}, upsample,
                                          n_threads, shift)
                          : 0;
        ret_shift[0] = height == 1 ? 0 : shift[0];
        ret_shift[1] = width == 1 ? 0 : shift[1];
    }
    free(block);
    return rc;
}

int fw_image_register(const struct fw_image *reference, const struct fw_image *moving,
                      unsigned upsample, unsigned n_threads, double ret_shift[2])
{
    bool same = reference->height == moving->height && reference->width == moving->width;
    double shift[2];

    if (!same || reference->height == 0 || reference->width == 0 || upsample == 0 ||
        upsample > UPSAMPLE_MAX) {
        return -EINVAL;
    }
    int rc = run(reference, moving, upsample, n_threads, shift);
    if (rc == 0) {
        ret_shift[0] = shift[0];
        ret_shift[1] = shift[1];
    }
    return rc;
}

int fw_image_margins(size_t height, size_t width, const double shift[2], double limit,
                     struct fw_image_margins *ret_margins)
{
    const size_t edge = 2, size[] = {height, width};
    size_t cut[2][2]; /* of each axis: from its start, from its end */

    for (unsigned axis = 0; axis < 2; axis++) {
        double beyond = ceil(fabs(shift[axis]));
        if (!(fabs(shift[axis]) <= limit * (double)size[axis])) {
            return -ERANGE;
        }
        cut[axis][0] = edge + (shift[axis] > 0 ? (size_t)beyond : 0);
        cut[axis][1] = edge + (shift[axis] < 0 ? (size_t)beyond : 0);
        if (cut[axis][0] + cut[axis][1] >= size[axis]) {
            return -EINVAL;
        }
    }
    *ret_margins = (struct fw_image_margins){cut[0][0], cut[0][1], cut[1][0], cut[1][1]};
    return 0;
}
