/* SPDX-License-Identifier: MIT */
/*
 * The statistics of a window are sums over 7 rows and then over 7 columns. The sums over rows
 * roll down a band of rows and are taken afresh where a band begins: what rounding leaves behind
 * stays small, and a band depends on no other.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "image.h"
#include "internal.h"
#include "team/team.h"

enum { WINDOW = FW_SSIM_WINDOW, BAND_ROWS = 32, SUMS = 5 };

/* Per column, over the window's rows. */
struct sums {
    double *x, *y, *xx, *yy, *xy;
};

struct job {
    const struct fw_image *t, *p;
    double c1, c2;
    double *scratch; /* per task: SUMS columns, then a row each of S and of contrast·structure */
    double *full, *contrast; /* of each band */
    size_t rows, columns;    /* of windows */
};

static void add_row(const struct sums *sums, const double *x, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sums->x[i] += x[i];
        sums->y[i] += y[i];
        sums->xx[i] += x[i] * x[i];
        sums->yy[i] += y[i] * y[i];
        sums->xy[i] += x[i] * y[i];
    }
}

static void replace_row(const struct sums *sums, const double *const old[2], const double *x,
                        const double *y, size_t n)
{
    const double *a = old[0], *b = old[1];

    for (size_t i = 0; i < n; i++) {
        sums->x[i] += x[i] - a[i];
        sums->y[i] += y[i] - b[i];
        sums->xx[i] += x[i] * x[i] - a[i] * a[i];
        sums->yy[i] += y[i] * y[i] - b[i] * b[i];
        sums->xy[i] += x[i] * y[i] - a[i] * b[i];
    }
}

#define ACROSS(v) (((v)[0] + (v)[1]) + ((v)[2] + (v)[3]) + (((v)[4] + (v)[5]) + (v)[6]))

static void similarity(const struct job *job, const struct sums *sums, double *restrict full,
                       double *restrict contrast)
{
    const double n = WINDOW * WINDOW, sample = n / (n - 1), c1 = job->c1, c2 = job->c2;

    for (size_t i = 0; i < job->columns; i++) {
        double x = ACROSS(sums->x + i) / n, y = ACROSS(sums->y + i) / n;
        double vx = sample * (ACROSS(sums->xx + i) / n - x * x);
        double vy = sample * (ACROSS(sums->yy + i) / n - y * y);
        double v = sample * (ACROSS(sums->xy + i) / n - x * y);
        contrast[i] = (2 * v + c2) / (vx + vy + c2);
        full[i] = (2 * x * y + c1) / (x * x + y * y + c1) * contrast[i];
    }
}

static void run_band(void *arg, size_t band)
{
    const struct job *job = arg;
    size_t width = job->t->width, first = band * BAND_ROWS;
    size_t last = first + BAND_ROWS < job->rows ? first + BAND_ROWS : job->rows;
    double *scratch = job->scratch + band * (SUMS + 2) * width;
    double *full = scratch + SUMS * width, *contrast = full + width;
    const struct sums sums = {scratch, scratch + width, scratch + 2 * width, scratch + 3 * width,
                              scratch + 4 * width};

    for (size_t row = first; row < first + WINDOW; row++) {
        add_row(&sums, job->t->pixels + row * width, job->p->pixels + row * width, width);
    }
    for (size_t row = first; row < last; row++) {
        if (row > first) {
            size_t out = (row - 1) * width, in = (row + WINDOW - 1) * width;
            const double *const old[] = {job->t->pixels + out, job->p->pixels + out};
            replace_row(&sums, old, job->t->pixels + in, job->p->pixels + in, width);
        }
        similarity(job, &sums, full, contrast);
        job->full[band] += fw_sum(full, job->columns);
        job->contrast[band] += fw_sum(contrast, job->columns);
    }
}

int ssim_means(const struct fw_image *t, const struct fw_image *p, double range, unsigned n_threads,
               struct ssim_means *ret_means)
{
    if (t->height != p->height || t->width != p->width || t->height < WINDOW || t->width < WINDOW) {
        return -EINVAL;
    }
    struct job job = {.t = t,
                      .p = p,
                      .c1 = 0.01 * range * (0.01 * range),
                      .c2 = 0.03 * range * (0.03 * range),
                      .rows = t->height - WINDOW + 1,
                      .columns = t->width - WINDOW + 1};
    size_t n_bands = (job.rows + BAND_ROWS - 1) / BAND_ROWS;
    job.scratch = calloc(n_bands * (SUMS + 2) * t->width + 2 * n_bands, sizeof *job.scratch);
    if (job.scratch == NULL) {
        return -ENOMEM;
    }
    job.full = job.scratch + n_bands * (SUMS + 2) * t->width;
    job.contrast = job.full + n_bands;
    fw_team_run(n_threads, n_bands, run_band, &job);
    double n = (double)job.rows * (double)job.columns;
    *ret_means = (struct ssim_means){.full = fw_sum(job.full, n_bands) / n,
                                     .contrast = fw_sum(job.contrast, n_bands) / n};
    free(job.scratch);
    return 0;
}

int fw_ssim(const struct fw_image *t, const struct fw_image *p, double range, unsigned n_threads,
            double *ret_ssim)
{
    struct ssim_means means;
    int rc = ssim_means(t, p, range, n_threads, &means);

    if (rc == 0) {
        *ret_ssim = means.full;
    }
    return rc;
}
