/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "team/team.h"

enum { BAND_ROWS = 32 };

struct kernel {
    size_t radius;
    double *taps; /* [0] is the centre's */
};

static int kernel_init(struct kernel *kernel, double sigma)
{
    double total;

    kernel->radius = (size_t)(4 * sigma + 0.5);
    kernel->taps = malloc((kernel->radius + 1) * sizeof *kernel->taps);
    if (kernel->taps == NULL) {
        return -ENOMEM;
    }
    kernel->taps[0] = total = 1;
    for (size_t i = 1; i <= kernel->radius; i++) {
        kernel->taps[i] = exp(-0.5 * (double)(i * i) / (sigma * sigma));
        total += 2 * kernel->taps[i];
    }
    for (size_t i = 0; i <= kernel->radius; i++) {
        kernel->taps[i] /= total;
    }
    return 0;
}

/* Which of n lies at `at`, mirrored beyond the ends as often as it takes. */
static size_t mirror(ptrdiff_t at, size_t n)
{
    ptrdiff_t period = 2 * (ptrdiff_t)n;

    at = (at % period + period) % period;
    return (size_t)(at < (ptrdiff_t)n ? at : period - 1 - at);
}

static void start(double *restrict to, const double *from, double tap, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = tap * from[i];
    }
}

static void add_pair(double *restrict to, const double *a, const double *b, double tap, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += tap * (a[i] + b[i]);
    }
}

struct job {
    const struct fw_image *image;
    const struct kernel *kernel;
    double *scratch; /* a padded row per task */
    double *pixels;
};

/* Down the columns into a row, and along that row. */
static void blur_row(const struct job *job, size_t row, double *padded)
{
    const struct kernel *kernel = job->kernel;
    size_t width = job->image->width, height = job->image->height, radius = kernel->radius;
    const double *pixels = job->image->pixels;
    double *middle = padded + radius, *to = job->pixels + row * width;

    start(middle, pixels + row * width, kernel->taps[0], width);
    for (size_t i = 1; i <= radius; i++) {
        add_pair(middle, pixels + mirror((ptrdiff_t)(row - i), height) * width,
                 pixels + mirror((ptrdiff_t)(row + i), height) * width, kernel->taps[i], width);
    }
    for (size_t i = 0; i < radius; i++) {
        middle[-(ptrdiff_t)i - 1] = middle[mirror(-(ptrdiff_t)i - 1, width)];
        middle[width + i] = middle[mirror((ptrdiff_t)(width + i), width)];
    }
    start(to, middle, kernel->taps[0], width);
    for (size_t i = 1; i <= radius; i++) {
        add_pair(to, middle - i, middle + i, kernel->taps[i], width);
    }
}

static void blur_band(void *arg, size_t band)
{
    const struct job *job = arg;
    size_t first = band * BAND_ROWS, padded = job->image->width + 2 * job->kernel->radius;

    for (size_t row = first; row < first + BAND_ROWS && row < job->image->height; row++) {
        blur_row(job, row, job->scratch + band * padded);
    }
}

int fw_blur(const struct fw_image *image, double sigma, unsigned n_threads, double *ret_pixels)
{
    struct kernel kernel = {0};

    if (image->height == 0 || image->width == 0 || !(sigma >= 0)) {
        return -EINVAL;
    }
    if (sigma == 0) {
        memcpy(ret_pixels, image->pixels, image->height * image->width * sizeof *ret_pixels);
        return 0;
    }
    size_t n_bands = (image->height + BAND_ROWS - 1) / BAND_ROWS;
    int rc = kernel_init(&kernel, sigma);
    struct job job = {.image = image, .kernel = &kernel, .pixels = ret_pixels};
    if (rc == 0) {
        job.scratch = calloc(n_bands * (image->width + 2 * kernel.radius), sizeof *job.scratch);
        rc = job.scratch == NULL ? -ENOMEM : 0;
    }
    if (rc == 0) {
        fw_team_run(n_threads, n_bands, blur_band, &job);
    }
    free(job.scratch);
    free(kernel.taps);
    return rc;
}

int fw_blur_curve(const double *curve, size_t n, double sigma, double *ret_curve)
{
    const struct fw_image column = {.pixels = curve, .height = n, .width = 1};

    return fw_blur(&column, sigma, 1, ret_curve);
}
