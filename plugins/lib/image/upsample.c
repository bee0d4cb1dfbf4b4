/* SPDX-License-Identifier: MIT */
/*
 * The correlation on a fine grid around its peak is a Fourier sum with as many terms as the image
 * has pixels, per point. With the first guess taken into the spectrum as a phase, offsets d are so
 * small that exp(iπ·x·d), x from -1 to 1 across all frequencies, hardly oscillates. It is a short
 * series of Chebyshev's polynomials in x, with Bessel's functions of d (Jacobi and Anger):
 *
 *     exp(izx) = J₀(z) + 2 Σ iᵏ·Jₖ(z)·Tₖ(x)
 *
 * So the image is summed up with a few polynomials instead of all offsets, and the grid is made of
 * these sums. |d| is at most 0.8 pixels: what is left out is below 1e-8 of the largest value.
 */
#include "upsample.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "team/team.h"

/* Terms along rows, where the real transform has only frequencies that are not negative and x runs
 * over half its range, and down columns. */
enum { ALONG = 10, DOWN = 14, BAND = 64, AT_ONCE = 4 };

struct moments {
    const struct fw_fourier *fourier;
    const float complex *r;
    float complex *phase;  /* of each column by the first guess, and its weight */
    float (*along)[ALONG]; /* the polynomials at each column; columns that fill up four are 0 */
    float complex *sums;   /* [ALONG][height], Σ over the columns */
};

struct grid {
    size_t side, half; /* offsets -half to side - half - 1, in 1/factor pixel */
    double complex moments[ALONG][DOWN];
    double *along_re, *along_im;  /* [ALONG][offset] */
    double *values;               /* a row of the grid */
    double complex (*down)[DOWN]; /* of each offset */
};

static double complex turn(double angle)
{
    return cos(angle) + I * sin(angle);
}

static void chebyshev(double x, double *ret_values, size_t n)
{
    ret_values[0] = 1;
    ret_values[1] = x;
    for (size_t k = 2; k < n; k++) {
        ret_values[k] = 2 * x * ret_values[k - 1] - ret_values[k - 2];
    }
}

/* The series' factors of the polynomials in x, for exp(izx). */
static void bessel(double z, double complex *ret_factors, size_t n)
{
    static const double complex powers[] = {1, I, -1, -I};

    for (size_t k = 0; k < n; k++) {
        ret_factors[k] = (k == 0 ? 1 : 2) * powers[k % 4] * jn((int)k, z);
    }
}

/* sums += Σ over four columns of factor · column. */
static void add_products(float *restrict sums, const float (*factors)[ALONG],
                         const float (*restrict columns)[2 * BAND])
{
    for (size_t k = 0; k < ALONG; k++, sums += 2 * BAND) {
        float a = factors[0][k], b = factors[1][k], c = factors[2][k], d = factors[3][k];
        for (size_t i = 0; i < 2 * BAND; i++) {
            sums[i] +=
                (a * columns[0][i] + b * columns[1][i]) + (c * columns[2][i] + d * columns[3][i]);
        }
    }
}

static void turn_column(const float *from, float complex phase, float *restrict to, size_t n)
{
    float re = crealf(phase), im = cimagf(phase);

    for (size_t i = 0; i < n; i++) {
        to[2 * i] = re * from[2 * i] - im * from[2 * i + 1];
        to[2 * i + 1] = re * from[2 * i + 1] + im * from[2 * i];
    }
}

static void sum_band(void *arg, size_t band)
{
    const struct moments *job = arg;
    size_t height = job->fourier->height, n_columns = job->fourier->columns, first = band * BAND;
    size_t n = height - first < BAND ? height - first : BAND;
    float sums[ALONG * 2 * BAND] = {0}, columns[AT_ONCE][2 * BAND] = {{0}};

    for (size_t column = 0; column < n_columns; column += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE && column + i < n_columns; i++) {
            const float complex *from = job->r + (column + i) * job->fourier->room + first;
            turn_column((const float *)from, job->phase[column + i], columns[i], n);
        }
        add_products(sums, (const float(*)[ALONG])job->along + column,
                     (const float(*)[2 * BAND]) columns);
    }
    for (size_t k = 0; k < ALONG; k++) {
        for (size_t i = 0; i < n; i++) {
            const float *sum = sums + 2 * (k * BAND + i);
            job->sums[k * height + first + i] = sum[0] + I * sum[1];
        }
    }
}

/* A column that the real transform leaves out is the conjugate of one that it has: twice the real
 * part. x is the frequency in units of the highest, and runs from 0 to 1. */
static int sum_along(struct moments *job, double shift, unsigned n_threads)
{
    size_t n = job->fourier->columns, width = job->fourier->width;

    job->phase = malloc(n * sizeof *job->phase);
    job->along = calloc(n + AT_ONCE, sizeof *job->along);
    job->sums = malloc(ALONG * job->fourier->height * sizeof *job->sums);
    if (job->phase == NULL || job->along == NULL || job->sums == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        double polynomials[ALONG], weight = i == 0 || 2 * i == width ? 1 : 2;
        chebyshev(4 * (double)i / (double)width - 1, polynomials, ALONG);
        for (size_t k = 0; k < ALONG; k++) {
            job->along[i][k] = (float)polynomials[k];
        }
        job->phase[i] =
            (float complex)(weight * turn(2 * M_PI * shift * (double)i / (double)width));
    }
    fw_team_run(n_threads, (job->fourier->height + BAND - 1) / BAND, sum_band, job);
    return 0;
}

static void sum_down(const struct moments *job, double shift, struct grid *grid)
{
    size_t height = job->fourier->height;

    for (size_t i = 0; i < height; i++) {
        double x = 2 * ((double)i - (2 * i >= height ? (double)height : 0)) / (double)height;
        double complex phase = turn(M_PI * shift * x);
        double polynomials[DOWN];
        chebyshev(x, polynomials, DOWN);
        for (size_t k = 0; k < ALONG; k++) {
            double complex sum = phase * job->sums[k * height + i];
            for (size_t l = 0; l < DOWN; l++) {
                grid->moments[k][l] += polynomials[l] * sum;
            }
        }
    }
}

/* The factors of an offset and of its negative. Along rows y = 2x - 1 runs over the whole range. */
static void fill_offsets(struct grid *grid, size_t offset, double z)
{
    double complex down[DOWN], along[ALONG];

    bessel(z, down, DOWN);
    bessel(z / 2, along, ALONG);
    for (size_t k = 0; k < ALONG; k++) {
        double complex at = along[k] * turn(z / 2);
        grid->along_re[k * grid->side + grid->half - offset] = creal(at);
        grid->along_im[k * grid->side + grid->half - offset] = -cimag(at);
        if (grid->half + offset < grid->side) {
            grid->along_re[k * grid->side + grid->half + offset] = creal(at);
            grid->along_im[k * grid->side + grid->half + offset] = cimag(at);
        }
    }
    for (size_t k = 0; k < DOWN; k++) {
        grid->down[grid->half - offset][k] = conj(down[k]);
        if (grid->half + offset < grid->side) {
            grid->down[grid->half + offset][k] = down[k];
        }
    }
}

static int grid_init(struct grid *grid, unsigned factor)
{
    grid->side = (3 * (size_t)factor + 1) / 2;
    grid->half = grid->side / 2;
    grid->down = malloc(grid->side * sizeof *grid->down);
    grid->along_re = malloc((2 * ALONG + 1) * grid->side * sizeof *grid->along_re);
    if (grid->down == NULL || grid->along_re == NULL) {
        return -ENOMEM;
    }
    grid->along_im = grid->along_re + ALONG * grid->side;
    grid->values = grid->along_im + ALONG * grid->side;
    for (size_t offset = 0; offset <= grid->half; offset++) {
        fill_offsets(grid, offset, M_PI * (double)offset / factor);
    }
    return 0;
}

/* The real parts: those of a real image's correlation are all that there is. */
static void fill_row(const struct grid *grid, size_t row)
{
    double *restrict values = grid->values;

    for (size_t i = 0; i < grid->side; i++) {
        values[i] = 0;
    }
    for (size_t k = 0; k < ALONG; k++) {
        const double *re = grid->along_re + k * grid->side, *im = grid->along_im + k * grid->side;
        double complex wave = 0;
        for (size_t l = 0; l < DOWN; l++) {
            wave += grid->down[row][l] * grid->moments[k][l];
        }
        for (size_t i = 0; i < grid->side; i++) {
            values[i] += re[i] * creal(wave) - im[i] * cimag(wave);
        }
    }
}

/* The first of the largest magnitudes. */
static void find_best(const struct grid *grid, size_t ret_best[2])
{
    double largest = -1;

    for (size_t row = 0; row < grid->side; row++) {
        fill_row(grid, row);
        for (size_t i = 0; i < grid->side; i++) {
            if (fabs(grid->values[i]) > largest) {
                largest = fabs(grid->values[i]);
                ret_best[0] = row;
                ret_best[1] = i;
            }
        }
    }
}

int upsample_peak(const struct fw_fourier *fourier, const float complex *r, unsigned factor,
                  unsigned n_threads, double shift[2])
{
    struct moments job = {.fourier = fourier, .r = r};
    struct grid grid = {0};
    int rc = sum_along(&job, shift[1], n_threads);

    if (rc == 0) {
        rc = grid_init(&grid, factor);
    }
    if (rc == 0) {
        size_t best[2] = {0};
        sum_down(&job, shift[0], &grid);
        find_best(&grid, best);
        for (unsigned axis = 0; axis < 2; axis++) {
            shift[axis] += ((double)best[axis] - (double)grid.half) / factor;
        }
    }
    free(grid.along_re);
    free(grid.down);
    free(job.sums);
    free(job.along);
    free(job.phase);
    return rc;
}
