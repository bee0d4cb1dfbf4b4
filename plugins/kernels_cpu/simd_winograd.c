/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "simd_parts.h"

/*
 * F(2 x 2, 3 x 3) and its transposes. A tile is 4 x 4 of the input and 2 x 2 of the output; with
 *
 *         1  0 -1  0           1   0   0              1  1  1  0
 *   B' =  0  1  1  0     G =  1/2 1/2 1/2       A' =  0  1 -1 -1
 *         0 -1  1  0          1/2 -1/2 1/2
 *         0  1  0 -1           0   0   1
 *
 * output = A' [(G filter G') . (B' input B)] A, and the gradient of the filter is
 * G' [sum over tiles of (A output A') . (B' input B)] G.
 */
typedef real oct __attribute__((vector_size(8 * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real rows_vec
    __attribute__((vector_size(SIMD_MR * sizeof(real)), aligned(sizeof(real)), may_alias));

/* B' input B of as many tiles as the type has lanes: column j is at from + col[j]. */
#define TRANSFORM_INPUT(type)                                                                      \
    static inline void input_##type(const real *from, uint64_t row, const uint64_t col[4],         \
                                    real *to, uint64_t point)                                      \
    {                                                                                              \
        type w[4][4];                                                                              \
                                                                                                   \
        for (int j = 0; j < 4; j++) {                                                              \
            const real *at = from + col[j];                                                        \
            type a = *(const type *)at, b = *(const type *)(at + row);                             \
            type c = *(const type *)(at + 2 * row), d = *(const type *)(at + 3 * row);             \
            w[0][j] = a - c;                                                                       \
            w[1][j] = b + c;                                                                       \
            w[2][j] = c - b;                                                                       \
            w[3][j] = b - d;                                                                       \
        }                                                                                          \
        for (int i = 0; i < 4; i++, to += 4 * point) {                                             \
            *(type *)to = w[i][0] - w[i][2];                                                       \
            *(type *)(to + point) = w[i][1] + w[i][2];                                             \
            *(type *)(to + 2 * point) = w[i][2] - w[i][1];                                         \
            *(type *)(to + 3 * point) = w[i][1] - w[i][3];                                         \
        }                                                                                          \
    }

TRANSFORM_INPUT(vec)
TRANSFORM_INPUT(oct)
TRANSFORM_INPUT(quad)

/* The widest type that has not more lanes than a row has tiles. */
static uint64_t input_lanes(uint64_t tile_cols)
{
    uint64_t lanes = SIMD_LANES;

    while (lanes > 4 && lanes > tile_cols) {
        lanes /= 2;
    }
    return lanes;
}

static inline void input_some(uint64_t lanes, const real *from, uint64_t row, const uint64_t *col,
                              real *to, uint64_t point)
{
    if (lanes == SIMD_LANES) {
        input_vec(from, row, col, to, point);
    } else if (lanes == 8) {
        input_oct(from, row, col, to, point);
    } else {
        input_quad(from, row, col, to, point);
    }
}

/* Tiles of which not all are wanted, or that go to two panels. */
static void input_pieces(const struct simd_wino_input *p, const real *from, uint64_t tile,
                         uint64_t count)
{
    const uint64_t half = p->tile_cols + 1, col[4] = {0, half, 1, half + 1};
    real points[16][SIMD_LANES];
    uint64_t lanes = input_lanes(p->tile_cols);

    input_some(lanes, from, 2 * half, col, points[0], SIMD_LANES);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t t = tile + i;
        real *to = (real *)p->to + t / SIMD_NR * p->panel + t % SIMD_NR;
        for (int at = 0; at < 16; at++) {
            to[(uint64_t)at * p->point] = points[at][i];
        }
    }
}

/* What a short row writes past its end the next row writes again. */
void SIMD_FN(wino_input)(const struct simd_wino_input *p)
{
    const uint64_t half = p->tile_cols + 1, col[4] = {0, half, 1, half + 1};
    uint64_t lanes = input_lanes(p->tile_cols), tile = p->first;

    for (uint64_t y = 0; y < p->tile_rows; y++) {
        const real *from = (const real *)p->from + y * 4 * half;
        bool last = y + 1 == p->tile_rows;
        for (uint64_t x = 0, n; x < p->tile_cols; x += n, tile += n) {
            uint64_t at = tile % SIMD_NR;
            n = p->tile_cols - x < lanes ? p->tile_cols - x : lanes;
            if (at + lanes > SIMD_NR || (last && n < lanes)) {
                input_pieces(p, from + x, tile, n);
            } else {
                input_some(lanes, from + x, 2 * half, col,
                           (real *)p->to + tile / SIMD_NR * p->panel + at, p->point);
            }
        }
    }
}

/* G of three numbers that are `step` apart. */
static inline void transform_taps(const rows_vec *g, int step, rows_vec *ret_points)
{
    rows_vec outer = g[0] + g[2 * step];

    ret_points[0] = g[0];
    ret_points[1] = SIMD_REAL(0.5) * (outer + g[step]);
    ret_points[2] = SIMD_REAL(0.5) * (outer - g[step]);
    ret_points[3] = g[2 * step];
}

void SIMD_FN(wino_filter)(const struct simd_wino_filter *p)
{
    for (uint64_t c = 0; c < p->channels; c++) {
        const real *from = (const real *)p->from + c * p->channel_stride;
        real *to = (real *)p->to + c * SIMD_MR;
        rows_vec g[9] = {0}, columns[3][4], points[4];
        for (uint64_t m = 0; m < p->count; m++) {
            for (int t = 0; t < 9; t++) {
                g[t][m] = from[m * p->row_stride + p->taps[t]];
            }
        }
        for (int j = 0; j < 3; j++) {
            transform_taps(g + j, 3, columns[j]);
        }
        for (int i = 0; i < 4; i++) {
            rows_vec row[3] = {columns[0][i], columns[1][i], columns[2][i]};
            transform_taps(row, 1, points);
            for (int j = 0; j < 4; j++, to += p->point) {
                *(rows_vec *)to = points[j];
            }
        }
    }
}

/* A' sums A of a panel, the pixels of each row side by side. */
static void pixels(const real *from, uint64_t point, real rows[2][2 * SIMD_NR])
{
    real parts[4][SIMD_NR];

    for (int v = 0; v < SIMD_NR; v += SIMD_LANES) {
        vec s[2][4];
        for (int j = 0; j < 4; j++) {
            const real *at = from + v + (uint64_t)j * point;
            vec a = *(const vec *)at, b = *(const vec *)(at + 4 * point);
            vec c = *(const vec *)(at + 8 * point), d = *(const vec *)(at + 12 * point);
            s[0][j] = a + b + c;
            s[1][j] = b - c - d;
        }
        for (int r = 0; r < 2; r++) {
            *(vec *)(parts[2 * r] + v) = s[r][0] + s[r][1] + s[r][2];
            *(vec *)(parts[2 * r + 1] + v) = s[r][1] - s[r][2] - s[r][3];
        }
    }
    for (int r = 0; r < 2; r++) {
        for (int t = 0; t < SIMD_NR; t++) {
            rows[r][2 * t] = parts[2 * r][t];
            rows[r][2 * t + 1] = parts[2 * r + 1][t];
        }
    }
}

void SIMD_FN(wino_output)(const struct simd_wino_output *p)
{
    real rows[2][2 * SIMD_NR], *c = p->store.c;
    struct simd_store store = p->store;

    pixels(p->from, p->point, rows);
    store.rows = 1;
    for (uint64_t i = 0; i < p->n_runs; i++) {
        const struct simd_wino_run *run = &p->runs[i];
        store.cols = run->cols;
        for (uint64_t r = 0; r < run->rows; r++) {
            store.c = c + run->to + r * p->row;
            SIMD_FN(store)(&store, rows[r] + 2 * run->tile);
        }
    }
}

void SIMD_FN(wino_lifted_input)(const struct simd_wino_lifted *p)
{
    const uint64_t col[4] = {0, p->pixel, 2 * p->pixel, 3 * p->pixel};

    for (uint64_t x = 0; x < p->tiles; x++) {
        const real *from = (const real *)p->from + x * 2 * p->pixel;
        real *to = (real *)p->to + x * p->step;
        for (uint64_t v = 0; v < p->vectors; v++) {
            input_vec(from + v * SIMD_LANES, p->row, col, to + v * SIMD_LANES, p->point);
        }
    }
}

/* A of two numbers. */
static inline void transform_pair(rows_vec a, rows_vec b, rows_vec *ret_points)
{
    ret_points[0] = a;
    ret_points[1] = a + b;
    ret_points[2] = a - b;
    ret_points[3] = -b;
}

void SIMD_FN(wino_lifted_output)(const struct simd_wino_lifted *p)
{
    for (uint64_t x = 0; x < p->tiles; x++) {
        const real *from = (const real *)p->from + x * 2 * p->pixel;
        real *to = (real *)p->to + x * p->step;
        rows_vec columns[2][4], points[4];
        for (int j = 0; j < 2; j++) {
            const real *at = from + (uint64_t)j * p->pixel;
            transform_pair(*(const rows_vec *)at, *(const rows_vec *)(at + p->row), columns[j]);
        }
        for (int i = 0; i < 4; i++) {
            transform_pair(columns[0][i], columns[1][i], points);
            for (int j = 0; j < 4; j++, to += p->point) {
                *(rows_vec *)to = points[j];
            }
        }
    }
}

/* G' of four numbers. */
static inline void settle_points(const vec *m, int step, vec *ret_taps)
{
    vec sum = SIMD_REAL(0.5) * (m[step] + m[2 * step]);
    vec difference = SIMD_REAL(0.5) * (m[step] - m[2 * step]);

    ret_taps[0] = m[0] + sum;
    ret_taps[1] = difference;
    ret_taps[2] = sum + m[3 * step];
}

/* One vector of channels. */
static void settle_vector(const real *sums, uint64_t point, real taps[9][SIMD_LANES])
{
    vec m[16], rows[4][3], done[3];

    for (int i = 0; i < 16; i++) {
        m[i] = *(const vec *)(sums + (uint64_t)i * point);
    }
    for (int j = 0; j < 4; j++) {
        settle_points(m + j, 4, rows[j]);
    }
    for (int i = 0; i < 3; i++) {
        vec row[4] = {rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
        settle_points(row, 1, done);
        for (int j = 0; j < 3; j++) {
            *(vec *)taps[3 * i + j] = done[j];
        }
    }
}

void SIMD_FN(wino_settle)(const struct simd_wino_settle *p)
{
    real taps[9][SIMD_LANES], alpha = (real)p->alpha, beta = (real)p->beta, *to = p->to;

    for (uint64_t c = 0; c < p->channels; c += SIMD_LANES) {
        uint64_t n = p->channels - c < SIMD_LANES ? p->channels - c : SIMD_LANES;
        settle_vector((const real *)p->sums + c, p->point, taps);
        for (uint64_t i = 0; i < n; i++, to += 9) {
            for (int t = 0; t < 9; t++) {
                real sum = alpha * taps[t][i];
                to[t] = p->beta != 0 ? sum + beta * to[t] : sum;
            }
        }
    }
}
