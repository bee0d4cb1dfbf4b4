/* SPDX-License-Identifier: MIT */
/*
 * The correlation on a fine grid around its peak is a Fourier sum with as many terms as the image
 * has pixels, per point. The grid is symmetric about the peak's first guess: when that guess is
 * taken into the spectrum as a phase, the offsets d and -d share the sums with cos and sin, and so
 * do the frequencies f and -f. A quarter of the products of the plain matrix form remains.
 */
#include "upsample.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "parallel.h"

enum { STRIP = 32, AT_ONCE = 4 };

struct grid {
    const float complex *r;
    size_t height, width, columns; /* columns: of the spectrum */
    size_t half, side;             /* offsets -half to half, `side` of them */
    float complex *phase;          /* of each frequency of a column, by the first guess */
    float *cosines, *sines;        /* [frequency 0 to height/2][offset 0 to half] */
    float *rows;                   /* [offset][re, im][column of the spectrum] */
    float *wave_re, *wave_im;      /* [column of the spectrum][offset], with guess and weight */
    float *values;                 /* [offset][offset] */
    float *scratch;                /* of each strip */
};

/* Frequencies f and -f of some columns, summed and subtracted, two floats a column. */
static void fold(const struct grid *grid, size_t f, const size_t range[2], float *even, float *odd)
{
    size_t other = grid->height - f;
    bool has_plus = 2 * f != grid->height; /* of an even length the last one is -height/2 alone */
    bool has_minus = f > 0;

    for (size_t i = 0; i < range[1]; i++) {
        const float complex *column = grid->r + range[0] + i;
        float complex plus = has_plus ? column[f * grid->columns] * grid->phase[f] : 0;
        float complex minus = has_minus ? column[other * grid->columns] * grid->phase[other] : 0;
        even[2 * i] = crealf(plus) + crealf(minus);
        even[2 * i + 1] = cimagf(plus) + cimagf(minus);
        odd[2 * i] = crealf(plus) - crealf(minus);
        odd[2 * i + 1] = cimagf(plus) - cimagf(minus);
    }
}

/* sums[offset] += Σ over four frequencies of factor · values. */
static void add_products(float *restrict sums, const float *factors, size_t stride,
                         const float *restrict values, size_t n_offsets)
{
    for (size_t d = 0; d < n_offsets; d++) {
        float a = factors[d], b = factors[stride + d], c = factors[2 * stride + d],
              e = factors[3 * stride + d];
        float *to = sums + d * 2 * STRIP;
        for (size_t i = 0; i < 2 * STRIP; i++) {
            to[i] += (a * values[i] + b * values[2 * STRIP + i]) +
                     (c * values[4 * STRIP + i] + e * values[6 * STRIP + i]);
        }
    }
}

/* Down the columns of a strip: C = Σ even·cos, S = Σ odd·sin, and then C ± iS. */
static void sum_columns(void *arg, size_t strip)
{
    const struct grid *grid = arg;
    size_t n_offsets = grid->half + 1, first = strip * STRIP;
    const size_t range[] = {first, grid->columns - first < STRIP ? grid->columns - first : STRIP};
    float *even = grid->scratch + strip * 2 * STRIP * (2 * AT_ONCE + 2 * n_offsets);
    float *odd = even + 2 * STRIP * AT_ONCE, *c = odd + 2 * STRIP * AT_ONCE;
    float *s = c + 2 * STRIP * n_offsets;

    for (size_t f = 0; f <= grid->height / 2; f += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE && f + i <= grid->height / 2; i++) {
            fold(grid, f + i, range, even + 2 * STRIP * i, odd + 2 * STRIP * i);
        }
        add_products(c, grid->cosines + f * n_offsets, n_offsets, even, n_offsets);
        add_products(s, grid->sines + f * n_offsets, n_offsets, odd, n_offsets);
    }
    for (size_t d = 0; d < n_offsets; d++) {
        float *below = grid->rows + (grid->half + d) * 2 * grid->columns + first;
        float *above = grid->rows + (grid->half - d) * 2 * grid->columns + first;
        for (size_t i = 0; i < range[1]; i++) {
            const float *cd = c + (d * STRIP + i) * 2, *sd = s + (d * STRIP + i) * 2;
            above[i] = cd[0] + sd[1];
            above[grid->columns + i] = cd[1] - sd[0];
            below[i] = cd[0] - sd[1];
            below[grid->columns + i] = cd[1] + sd[0];
        }
    }
}

static void add_wave(float *restrict values, const float wave[2], const float *re, const float *im,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        values[i] += wave[0] * re[i] - wave[1] * im[i];
    }
}

/* Along one row of the grid. */
static void sum_row(void *arg, size_t d)
{
    const struct grid *grid = arg;
    const float *row = grid->rows + d * 2 * grid->columns;

    for (size_t i = 0; i < grid->columns; i++) {
        const float wave[] = {row[i], row[grid->columns + i]};
        add_wave(grid->values + d * grid->side, wave, grid->wave_re + i * grid->side,
                 grid->wave_im + i * grid->side, grid->side);
    }
}

static double complex turn(double angle)
{
    return cos(angle) + I * sin(angle);
}

static double frequency(size_t at, size_t n)
{
    return (double)at - (2 * at >= n ? (double)n : 0);
}

/* exp(2πi·d·f / (factor·height)) for each offset, one frequency after the other. */
static void fill_columns(const struct grid *grid, unsigned factor, double shift)
{
    size_t n_offsets = grid->half + 1, n = grid->height;
    const double whole = 2 * M_PI;

    for (size_t f = 0; f < n; f++) {
        grid->phase[f] = (float complex)turn(whole * shift * frequency(f, n) / (double)n);
    }
    for (size_t d = 0; d < n_offsets; d++) {
        double complex step = turn(whole * (double)d / ((double)factor * (double)n)), at = 1;
        for (size_t f = 0; f <= n / 2; f++) {
            grid->cosines[f * n_offsets + d] = (float)creal(at);
            grid->sines[f * n_offsets + d] = (float)cimag(at);
            at *= step;
        }
    }
}

/* A column that the real transform leaves out is the conjugate of one that it has: twice the real
 * part. */
static void fill_waves(const struct grid *grid, unsigned factor, double shift)
{
    size_t n = grid->width;

    for (size_t i = 0; i < grid->columns; i++) {
        double f = frequency(i, n) * 2 * M_PI / (double)n;
        double complex step = turn(f / factor);
        double complex at = turn(f * (shift - (double)grid->half / factor));
        at *= i == 0 || 2 * i == n ? 1 : 2;
        for (size_t d = 0; d < grid->side; d++) {
            grid->wave_re[i * grid->side + d] = (float)creal(at);
            grid->wave_im[i * grid->side + d] = (float)cimag(at);
            at *= step;
        }
    }
}

/* One block of floats for all, zeroed: sums begin at 0 and frequencies that fill up four are none.
 */
static int grid_init(struct grid *grid)
{
    size_t n_offsets = grid->half + 1, n_strips = (grid->columns + STRIP - 1) / STRIP;
    size_t table = (grid->height / 2 + 1 + AT_ONCE) * n_offsets;
    size_t rows = grid->side * 2 * grid->columns, wave = grid->side * grid->columns;
    size_t scratch = n_strips * 2 * STRIP * (2 * AT_ONCE + 2 * n_offsets);

    grid->phase = calloc(grid->height, sizeof *grid->phase);
    grid->cosines = calloc(2 * table + rows + 2 * wave + grid->side * grid->side + scratch,
                           sizeof *grid->cosines);
    if (grid->phase == NULL || grid->cosines == NULL) {
        return -ENOMEM;
    }
    grid->sines = grid->cosines + table;
    grid->rows = grid->sines + table;
    grid->wave_re = grid->rows + rows;
    grid->wave_im = grid->wave_re + wave;
    grid->values = grid->wave_im + wave;
    grid->scratch = grid->values + grid->side * grid->side;
    return 0;
}

int upsample_peak(const float complex *r, const size_t shape[2], unsigned factor,
                  unsigned n_threads, double shift[2])
{
    size_t side = (3 * (size_t)factor + 1) / 2, best = 0;
    struct grid grid = {.r = r,
                        .height = shape[0],
                        .width = shape[1],
                        .columns = fw_spectrum_width(shape[1]),
                        .half = side / 2,
                        .side = side / 2 * 2 + 1};
    int rc = grid_init(&grid);

    if (rc == 0) {
        fill_columns(&grid, factor, shift[0]);
        fill_waves(&grid, factor, shift[1]);
        fw_parallel(n_threads, (grid.columns + STRIP - 1) / STRIP, sum_columns, &grid);
        fw_parallel(n_threads, grid.side, sum_row, &grid);
        for (size_t i = 1; i < side * grid.side; i++) {
            bool is_inside = i % grid.side < side;
            best = is_inside && fabsf(grid.values[i]) > fabsf(grid.values[best]) ? i : best;
        }
        shift[0] += ((double)(best / grid.side) - (double)grid.half) / factor;
        shift[1] += ((double)(best % grid.side) - (double)grid.half) / factor;
    }
    free(grid.phase);
    free(grid.cosines);
    return rc;
}
