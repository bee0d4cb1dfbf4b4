/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "image.h"
#include "large.h"
#include "team/team.h"
#include "upsample.h"

enum { LANES = 8 };

struct peak {
    float size;
    size_t at;
};

struct registration {
    struct fw_fourier fourier;
    float complex *r;      /* the reference's spectrum, then the normalised product */
    float complex *moving; /* after it: the moving image's, then r back down its columns */
    float complex *scratch;
    size_t scratch_room, n_tasks;
    struct peak *peaks; /* of each task */
};

/* R = A·conj(B) / max(|R|, 100 eps): where both have next to nothing the phase is noise. */
static void whiten(const float *a, const float *b, size_t n, float *restrict r)
{
    const float floor = 100 * FLT_EPSILON;

    for (size_t i = 0; i < n; i++) {
        float ar = a[2 * i], ai = a[2 * i + 1], br = b[2 * i], bi = b[2 * i + 1];
        float re = ar * br + ai * bi, im = ai * br - ar * bi;
        float size = sqrtf(re * re + im * im);
        size = size > floor ? size : floor;
        r[2 * i] = re / size;
        r[2 * i + 1] = im / size;
    }
}

static void multiply_columns(void *arg, size_t task)
{
    const struct registration *job = arg;
    const struct fw_fourier *fourier = &job->fourier;
    float complex *a = job->scratch + task * job->scratch_room, *b = a + fourier->room;
    size_t range[2];

    fw_team_share(fourier->columns, task, job->n_tasks, range);
    for (size_t column = range[0]; column < range[1]; column++) {
        float complex *r = job->r + column * fourier->room;
        float complex *moving = job->moving + column * fourier->room;
        fw_fourier_column_single(fourier, FW_FOURIER_FORWARD, r, a);
        fw_fourier_column_single(fourier, FW_FOURIER_FORWARD, moving, b);
        whiten((const float *)a, (const float *)b, fourier->height, (float *)r);
        fw_fourier_column_single(fourier, FW_FOURIER_BACK, r, moving);
    }
}

static float largest(const float *values, size_t n)
{
    float lanes[LANES] = {0}, size = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            float value = fabsf(values[i + lane]);
            lanes[lane] = value > lanes[lane] ? value : lanes[lane];
        }
    }
    for (; i < n; i++) {
        size = fmaxf(size, fabsf(values[i]));
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        size = fmaxf(size, lanes[lane]);
    }
    return size;
}

/* The first of the largest in a row, which is every second number. */
static void find_in_row(const float *row, size_t n, size_t first, struct peak *peak)
{
    for (size_t i = 0; i < n; i++) {
        if (fabsf(row[2 * i]) > peak->size) {
            *peak = (struct peak){fabsf(row[2 * i]), first + i};
        }
    }
}

static void find_in_rows(const struct fw_fourier *fourier, const float complex *pairs, size_t first,
                         struct peak *peak)
{
    size_t height = fourier->height, width = fourier->width;

    for (size_t row = first; row < first + FW_FOURIER_ROWS && row < height; row += 2) {
        const float *pair = (const float *)(pairs + (row - first) / 2 * fourier->line);
        if (largest(pair, 2 * width) > peak->size) {
            find_in_row(pair, width, row * width, peak);
            find_in_row(pair + 1, row + 1 < height ? width : 0, (row + 1) * width, peak);
        }
    }
}

static void find_in_part(void *arg, size_t task)
{
    const struct registration *job = arg;
    const struct fw_fourier *fourier = &job->fourier;
    float complex *scratch = job->scratch + task * job->scratch_room;
    size_t n = (fourier->height + FW_FOURIER_ROWS - 1) / FW_FOURIER_ROWS, range[2];

    job->peaks[task] = (struct peak){0};
    fw_team_share(n, task, job->n_tasks, range);
    for (size_t i = range[0]; i < range[1]; i++) {
        size_t first = i * FW_FOURIER_ROWS;
        const float complex *pairs =
            fw_fourier_rows_back_single(fourier, job->moving, first, scratch);
        find_in_rows(fourier, pairs, first, &job->peaks[task]);
    }
}

/* The first of the largest magnitudes; whole pixels, beyond the middle counted from the end. */
static void whole_shift(const struct registration *job, double ret_shift[2])
{
    const struct fw_fourier *fourier = &job->fourier;
    struct peak peak = {0};

    for (size_t task = 0; task < job->n_tasks; task++) {
        peak = job->peaks[task].size > peak.size ? job->peaks[task] : peak;
    }
    size_t at[] = {peak.at / fourier->width, peak.at % fourier->width};
    size_t size[] = {fourier->height, fourier->width};
    for (unsigned axis = 0; axis < 2; axis++) {
        ret_shift[axis] = (double)at[axis] - (at[axis] > size[axis] / 2 ? (double)size[axis] : 0);
    }
}

static int registration_init(struct registration *job, const struct fw_image *image,
                             unsigned n_threads)
{
    int rc = fw_fourier_init_single(&job->fourier, image->height, image->width);
    size_t size = fw_fourier_size(&job->fourier), rows = fw_fourier_scratch(&job->fourier);

    job->scratch_room = rows > 2 * job->fourier.room ? rows : 2 * job->fourier.room;
    job->n_tasks = fw_team_tasks(job->fourier.columns, n_threads);
    job->r = fw_large_alloc(2 * size + job->n_tasks * job->scratch_room, sizeof *job->r);
    job->peaks = malloc(job->n_tasks * sizeof *job->peaks);
    if (rc != 0 || job->r == NULL || job->peaks == NULL) {
        return -ENOMEM;
    }
    job->moving = job->r + size;
    job->scratch = job->moving + size;
    return 0;
}

static void registration_finish(struct registration *job)
{
    free(job->peaks);
    free(job->r);
    fw_fourier_finish_single(&job->fourier);
}

static int run(struct registration *job, const struct fw_image *reference,
               const struct fw_image *moving, unsigned n_threads, double ret_shift[2])
{
    const double *const images[] = {reference->pixels, moving->pixels};
    int rc = fw_fourier_rows_single(&job->fourier, images, 2, reference->width, n_threads, job->r);

    if (rc == 0) {
        fw_team_run(n_threads, job->n_tasks, multiply_columns, job);
        fw_team_run(n_threads, job->n_tasks, find_in_part, job);
        whole_shift(job, ret_shift);
    }
    return rc;
}

int fw_image_register(const struct fw_image *reference, const struct fw_image *moving,
                      unsigned upsample, unsigned n_threads, double ret_shift[2])
{
    bool same = reference->height == moving->height && reference->width == moving->width;
    struct registration job = {0};
    double shift[2];

    if (!same || reference->height == 0 || reference->width == 0 || upsample == 0 ||
        upsample > UPSAMPLE_MAX) {
        return -EINVAL;
    }
    int rc = registration_init(&job, reference, n_threads);
    if (rc == 0) {
        rc = run(&job, reference, moving, n_threads, shift);
    }
    if (rc == 0 && upsample > 1) {
        rc = upsample_peak(&job.fourier, job.r, upsample, n_threads, shift);
    }
    registration_finish(&job);
    if (rc == 0) {
        ret_shift[0] = reference->height == 1 ? 0 : shift[0];
        ret_shift[1] = reference->width == 1 ? 0 : shift[1];
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
