/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "simd_parts.h"

typedef real oct __attribute__((vector_size(8 * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

/* to[x * to_stride + i] = from[i * stride + x] for i, x < 4. */
static inline void transpose_quad(const real *from, uint64_t stride, real *to, uint64_t to_stride)
{
    quad a = *(const quad *)from, b = *(const quad *)(from + stride);
    quad c = *(const quad *)(from + 2 * stride), d = *(const quad *)(from + 3 * stride);
    quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    quad ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    quad cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);

    *(quad *)to = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    *(quad *)(to + to_stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    *(quad *)(to + 2 * to_stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *(quad *)(to + 3 * to_stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

#ifndef SIMD_DOUBLE
/* The same for i, x < 8: halves of rows first, so that the rest stays within them. */
static inline void transpose_oct(const real *from, uint64_t stride, real *to, uint64_t to_stride)
{
    oct a[8], b[8];

    for (int i = 0; i < 4; i++) {
        quad low = *(const quad *)(from + (uint64_t)i * stride);
        quad high = *(const quad *)(from + (uint64_t)(i + 4) * stride);
        quad low_end = *(const quad *)(from + (uint64_t)i * stride + 4);
        quad high_end = *(const quad *)(from + (uint64_t)(i + 4) * stride + 4);
        a[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
        a[i + 4] = __builtin_shufflevector(low_end, high_end, 0, 1, 2, 3, 4, 5, 6, 7);
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
        b[i + 2] = __builtin_shufflevector(a[i + 2], a[i + 3], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 3] = __builtin_shufflevector(a[i + 2], a[i + 3], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4, to += 4 * to_stride) {
        *(oct *)to = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        *(oct *)(to + to_stride) =
            __builtin_shufflevector(b[i], b[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        *(oct *)(to + 2 * to_stride) =
            __builtin_shufflevector(b[i + 1], b[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        *(oct *)(to + 3 * to_stride) =
            __builtin_shufflevector(b[i + 1], b[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
}
#    define BLOCK           8
#    define transpose_block transpose_oct
#else
#    define BLOCK           4
#    define transpose_block transpose_quad
#endif

static void transpose_quads(const real *from, uint64_t stride, real *to, uint64_t to_stride,
                            uint64_t rows, uint64_t cols)
{
    for (uint64_t i = 0; i < rows; i += 4) {
        uint64_t x = 0;
        for (; i + 4 <= rows && x + 4 <= cols; x += 4) {
            transpose_quad(from + i * stride + x, stride, to + x * to_stride + i, to_stride);
        }
        for (; x < cols; x++) {
            for (uint64_t r = i; r < rows && r < i + 4; r++) {
                to[x * to_stride + r] = from[r * stride + x];
            }
        }
    }
}

/* to[x * to_stride + i] = from[i * stride + x] for i < rows, x < cols; columns 16 at a time, since
 * rows are often a power of two apart and would evict each other. */
static __attribute__((noinline)) void transpose(const real *from, uint64_t stride, real *to,
                                                uint64_t to_stride, uint64_t rows, uint64_t cols)
{
    for (uint64_t begin = 0; begin < cols; begin += 16) {
        uint64_t end = begin + 16 < cols ? begin + 16 : cols, i = 0;
        for (; i + BLOCK <= rows; i += BLOCK) {
            uint64_t x = begin;
            for (; x + BLOCK <= end; x += BLOCK) {
                transpose_block(from + i * stride + x, stride, to + x * to_stride + i, to_stride);
            }
            transpose_quads(from + i * stride + x, stride, to + x * to_stride + i, to_stride, BLOCK,
                            end - x);
        }
        transpose_quads(from + i * stride + begin, stride, to + begin * to_stride + i, to_stride,
                        rows - i, end - begin);
    }
}

/* Steps of `count` neighbours each; for a constant count no step needs a call. */
static inline __attribute__((always_inline)) void copy_steps(const struct simd_pack *pack,
                                                             uint64_t count)
{
    const real *from = pack->from;
    real *to = pack->to;

    for (uint64_t k = 0; k < pack->k; k++) {
        memcpy(to + k * pack->width, from + k * pack->k_stride, count * sizeof *to);
    }
}

void SIMD_FN(pack)(const struct simd_pack *pack)
{
    const real *from = pack->from;
    real *to = pack->to;
    uint64_t width = pack->width;

    if (pack->count < width) {
        memset(to, 0, pack->k * width * sizeof *to);
    }
    if (pack->stride == 1 && pack->count == SIMD_NR) {
        copy_steps(pack, SIMD_NR);
    } else if (pack->stride == 1 && pack->count == SIMD_MR) {
        copy_steps(pack, SIMD_MR);
    } else if (pack->stride == 1) {
        copy_steps(pack, pack->count);
    } else if (pack->k_stride == 1) {
        transpose(from, pack->stride, to, width, pack->count, pack->k);
    } else {
        for (uint64_t k = 0; k < pack->k; k++) {
            for (uint64_t i = 0; i < pack->count; i++) {
                to[k * width + i] = from[i * pack->stride + k * pack->k_stride];
            }
        }
    }
}

static inline real finished(const struct simd_store *store, real sum, real old, real bias)
{
    real value = (real)store->alpha * sum;

    if (store->beta != 0) {
        value += (real)store->beta * old;
    }
    value += bias;
    return store->relu && value < 0 ? 0 : value;
}

/* The usual cases first, each a loop of its own for the compiler, and again for constants `cols`
 * and `step`: a bias per column, 1, or one for all, 0. All say what `finished` says. */
static inline __attribute__((always_inline)) void
store_row(const struct simd_store *store, uint64_t cols, real *restrict c, const real *restrict sum,
          const real *restrict bias, uint64_t step)
{
    if (store->alpha != 1 || (store->beta != 0 && store->beta != 1)) {
        for (uint64_t j = 0; j < cols; j++) {
            c[j] = finished(store, sum[j], store->beta != 0 ? c[j] : 0, bias[j * step]);
        }
        return;
    }
    if (store->beta == 0) {
        for (uint64_t j = 0; j < cols; j++) {
            c[j] = sum[j] + bias[j * step];
        }
    } else {
        for (uint64_t j = 0; j < cols; j++) {
            c[j] = sum[j] + c[j] + bias[j * step];
        }
    }
    for (uint64_t j = 0; store->relu && j < cols; j++) {
        c[j] = c[j] < 0 ? 0 : c[j];
    }
}

/* The rows of a tile to rows of C that are `stride` apart. */
static void store_rows(const struct simd_store *store, const real *sums, real *c, uint64_t stride)
{
    const real *col_bias = store->col_bias, *row_bias = store->row_bias, none = 0;
    uint64_t cols = store->cols;

    for (uint64_t i = 0; i < store->rows; i++, c += stride, sums += SIMD_NR) {
        const real *bias = row_bias ? row_bias + i : &none;
        if (col_bias != NULL && cols == SIMD_NR) {
            store_row(store, SIMD_NR, c, sums, col_bias, 1);
        } else if (col_bias != NULL) {
            store_row(store, cols, c, sums, col_bias, 1);
        } else if (cols == SIMD_NR) {
            store_row(store, SIMD_NR, c, sums, bias, 0);
        } else {
            store_row(store, cols, c, sums, bias, 0);
        }
    }
}

/* C lies the other way round: its part is turned, finished, and turned back. */
static void store_turned(const struct simd_store *store, const real *sums)
{
    real part[SIMD_MR * SIMD_NR];

    if (store->beta != 0) {
        transpose(store->c, store->col_stride, part, SIMD_NR, store->cols, store->rows);
    }
    store_rows(store, sums, part, SIMD_NR);
    transpose(part, SIMD_NR, store->c, store->col_stride, store->rows, store->cols);
}

/* Every other pixel and the like, as they are or added: the gradient of a strided input. */
static void store_apart(const struct simd_store *store, const real *sums)
{
    for (uint64_t i = 0; i < store->rows; i++, sums += SIMD_NR) {
        real *c = (real *)store->c + i * store->row_stride;
        real bias = store->row_bias ? ((const real *)store->row_bias)[i] : 0;
        for (uint64_t j = 0; store->beta == 0 && j < store->cols; j++) {
            c[j * store->col_stride] = sums[j] + bias;
        }
        for (uint64_t j = 0; store->beta != 0 && j < store->cols; j++) {
            c[j * store->col_stride] = sums[j] + c[j * store->col_stride] + bias;
        }
    }
}

static void store_strided(const struct simd_store *store, const real *sums)
{
    const real *row_bias = store->row_bias, *col_bias = store->col_bias;

    if (store->alpha == 1 && (store->beta == 0 || store->beta == 1) && !store->relu &&
        store->col_bias == NULL) {
        store_apart(store, sums);
        return;
    }
    for (uint64_t i = 0; i < store->rows; i++) {
        real *c = (real *)store->c + i * store->row_stride;
        for (uint64_t j = 0; j < store->cols; j++) {
            real *to = c + j * store->col_stride;
            real bias = row_bias ? row_bias[i] : col_bias ? col_bias[j] : 0;
            *to = finished(store, sums[i * SIMD_NR + j], store->beta != 0 ? *to : 0, bias);
        }
    }
}

void SIMD_FN(store)(const struct simd_store *store, const void *tile)
{
    if (store->col_stride == 1) {
        store_rows(store, tile, store->c, store->row_stride);
    } else if (store->row_stride == 1) {
        store_turned(store, tile);
    } else {
        store_strided(store, tile);
    }
}

/* Whole vectors are copied: what one overshoots is overwritten by the next. */
void SIMD_FN(gather)(const struct simd_gather *gather)
{
    const struct simd_move *moves = gather->moves;
    real *to = gather->to;

    for (uint64_t k = 0; k < gather->k; k++, to += SIMD_NR) {
        const real *from = (const real *)gather->from + gather->k_offset[k];
        for (uint64_t i = 0; i < gather->n_moves; i++) {
            *(vec *)(to + moves[i].to) = *(const vec *)(from + moves[i].from);
        }
    }
}

/* The part of n columns from `first` on that lies in [0, cols): begin and end from `first`. */
static void clip(int64_t first, uint64_t n, uint64_t cols, uint64_t *ret_begin, uint64_t *ret_end)
{
    int64_t begin = first < 0 ? -first : 0, end = (int64_t)cols - first;

    begin = begin < (int64_t)n ? begin : (int64_t)n;
    end = end < (int64_t)n ? end : (int64_t)n;
    *ret_begin = (uint64_t)begin;
    *ret_end = (uint64_t)(end > begin ? end : begin);
}

/* Columns 0, 2, ... and 1, 3, ... of a row. */
static void split_row(const real *from, uint64_t cols, real *even, real *odd)
{
    uint64_t x = 0;

    for (; x + 2 * SIMD_LANES <= cols; x += 2 * SIMD_LANES) {
        vec a = *(const vec *)(from + x), b = *(const vec *)(from + x + SIMD_LANES);
        *(vec *)(even + x / 2) = SIMD_EVEN(a, b);
        *(vec *)(odd + x / 2) = SIMD_ODD(a, b);
    }
    for (; x + 8 <= cols; x += 8) {
        quad a = *(const quad *)(from + x), b = *(const quad *)(from + x + 4);
        *(quad *)(even + x / 2) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
        *(quad *)(odd + x / 2) = __builtin_shufflevector(a, b, 1, 3, 5, 7);
    }
    for (; x < cols; x++) {
        (x % 2 == 0 ? even : odd)[x / 2] = from[x];
    }
}

/* Zeros, a vector at a time: what one overshoots is written again, by the row or the next one. */
static void clear_row(real *to, uint64_t n)
{
    const vec zero = {0};

    for (uint64_t i = 0; i < n; i += SIMD_LANES) {
        *(vec *)(to + i) = zero;
    }
}

static void pad_row(const struct simd_pad *pad, const real *from, real *to)
{
    uint64_t n = pad->phase_cols, width = pad->step * n;

    clear_row(to, width);
    if (pad->step == 2 && pad->first_col <= 0) {
        uint64_t x = (uint64_t)-pad->first_col, room = x < width ? width - x : 0;
        split_row(from, pad->cols < room ? pad->cols : room, to + x % 2 * n + x / 2,
                  to + (x + 1) % 2 * n + (x + 1) / 2);
        return;
    }
    for (uint64_t x = 0; x < width; x++) {
        int64_t col = pad->first_col + (int64_t)x;
        if (col >= 0 && col < (int64_t)pad->cols) {
            to[x % pad->step * n + x / pad->step] = from[col];
        }
    }
}

void SIMD_FN(pad)(const struct simd_pad *pad)
{
    uint64_t width = pad->step * pad->phase_cols, begin, end;
    real *to = pad->to;

    clip(pad->first_col, width, pad->cols, &begin, &end);
    for (uint64_t r = 0; r < pad->out_rows; r++, to += width) {
        int64_t row = pad->first_row + (int64_t)r;
        const real *from = (const real *)pad->from + row * (int64_t)pad->cols;
        if (row < 0 || row >= (int64_t)pad->rows) {
            memset(to, 0, width * sizeof *to);
        } else if (pad->step > 1) {
            pad_row(pad, from, to);
        } else {
            memset(to, 0, begin * sizeof *to);
            memcpy(to + begin, from + pad->first_col + begin, (end - begin) * sizeof *to);
            memset(to + end, 0, (width - end) * sizeof *to);
        }
    }
}

void SIMD_FN(lift)(const struct simd_lift *lift)
{
    uint64_t channels = lift->channels, begin = lift->out_cols, end = lift->out_cols;
    real *to = lift->to;

    if (lift->from != NULL) {
        clip(lift->first_col, lift->out_cols, lift->cols, &begin, &end);
        transpose((const real *)lift->from + lift->first_col + begin, lift->plane,
                  to + begin * channels, channels, channels, end - begin);
    }
    memset(to, 0, begin * channels * sizeof *to);
    memset(to + end * channels, 0, (lift->out_cols - end) * channels * sizeof *to);
}

void SIMD_FN(settle)(const struct simd_settle *settle)
{
    uint64_t columns = settle->kernel_cols * settle->channels;
    uint64_t taps = settle->kernel_rows * settle->kernel_cols;
    real alpha = (real)settle->alpha, beta = (real)settle->beta;
    const real *sums = (const real *)settle->sums + settle->out / SIMD_MR * SIMD_MR * SIMD_NR +
                       settle->out % SIMD_MR * SIMD_NR;

    for (uint64_t i = 0; i < settle->kernel_rows; i++) {
        uint64_t j = 0, c = 0;
        for (uint64_t n = 0; n < columns; n++) {
            uint64_t panel = i * settle->panels + n / SIMD_NR;
            real sum = alpha * sums[panel * settle->tiles * SIMD_MR * SIMD_NR + n % SIMD_NR];
            real *to = (real *)settle->to + c * taps + i * settle->kernel_cols + j;
            *to = beta != 0 ? sum + beta * *to : sum;
            c++;
            if (c == settle->channels) {
                c = 0;
                j++;
            }
        }
    }
}
