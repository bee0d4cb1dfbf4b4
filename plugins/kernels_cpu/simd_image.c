/* SPDX-License-Identifier: MIT */
#include <fw/service/kernels_layer.h>

#include "simd_math.h"
#include "simd_parts.h"

/* The cells of a window that lie inside the image. */
struct span {
    uint64_t begin;
    uint64_t end;
};

static struct span span_of(uint64_t out, uint64_t stride, uint64_t pad, uint64_t kernel,
                           uint64_t in)
{
    uint64_t begin = out * stride, end = begin + kernel;

    return (struct span){
        .begin = begin > pad ? begin - pad : 0,
        .end = end > pad + in ? in : end - pad,
    };
}

static void pool_max(const struct simd_pool *p, struct span rows, struct span cols, uint64_t out)
{
    const real *x = p->x;
    uint64_t best = rows.begin * p->in_cols + cols.begin;

    for (uint64_t r = rows.begin; r < rows.end; r++) {
        for (uint64_t q = cols.begin; q < cols.end; q++) {
            real value = x[r * p->in_cols + q];
            if (value > x[best] || (value != value && x[best] == x[best])) {
                best = r * p->in_cols + q;
            }
        }
    }
    ((real *)p->y)[out] = x[best];
    if (p->index != NULL) {
        p->index[out] = (int32_t)best;
    }
}

static void pool_sum(const struct simd_pool *p, struct span rows, struct span cols, uint64_t out)
{
    const real *x = p->x;
    double sum = 0;

    for (uint64_t r = rows.begin; r < rows.end; r++) {
        for (uint64_t q = cols.begin; q < cols.end; q++) {
            sum += (double)x[r * p->in_cols + q];
        }
    }
    if (p->kind == FW_POOL_AVERAGE) {
        sum /= (double)((rows.end - rows.begin) * (cols.end - cols.begin));
    }
    ((real *)p->y)[out] = (real)sum;
}

static void spread_sum(const struct simd_pool *p, struct span rows, struct span cols, uint64_t out)
{
    real *x = p->x, value = ((const real *)p->y)[out];

    if (p->kind == FW_POOL_AVERAGE) {
        value /= (real)((rows.end - rows.begin) * (cols.end - cols.begin));
    }
    for (uint64_t r = rows.begin; r < rows.end; r++) {
        for (uint64_t q = cols.begin; q < cols.end; q++) {
            x[r * p->in_cols + q] += value;
        }
    }
}

static void by_index(const struct simd_pool *p)
{
    real *x = p->x, *y = p->y;
    uint64_t inside = p->in_rows * p->in_cols;

    for (uint64_t i = 0; i < p->rows * p->cols; i++) {
        uint64_t at = (uint64_t)p->index[i];
        if (at >= inside) {
            y[i] = p->direction == FW_POOL_PICK ? (real)NAN : y[i];
        } else if (p->direction == FW_POOL_PICK) {
            y[i] = x[at];
        } else {
            x[at] += y[i];
        }
    }
}

void SIMD_FN(pool)(const struct simd_pool *p)
{
    bool backward = p->direction == FW_POOL_BACKWARD;

    if (backward) {
        memset(p->x, 0, p->in_rows * p->in_cols * sizeof(real));
    }
    if (p->direction == FW_POOL_PICK || (backward && p->kind == FW_POOL_MAX)) {
        by_index(p);
        return;
    }
    for (uint64_t r = 0; r < p->rows; r++) {
        struct span rows = span_of(r, p->stride_rows, p->pad_rows, p->kernel_rows, p->in_rows);
        for (uint64_t q = 0; q < p->cols; q++) {
            struct span cols = span_of(q, p->stride_cols, p->pad_cols, p->kernel_cols, p->in_cols);
            if (backward) {
                spread_sum(p, rows, cols, r * p->cols + q);
            } else if (p->kind == FW_POOL_MAX) {
                pool_max(p, rows, cols, r * p->cols + q);
            } else {
                pool_sum(p, rows, cols, r * p->cols + q);
            }
        }
    }
}

/* Columns of `window` cells first, then `window` neighbouring columns. */
void SIMD_FN(box_row)(const struct simd_box *box)
{
    const real *a = box->a, *b = box->b;
    double *columns = box->columns;
    uint64_t out_cols = box->cols - box->window + 1;

    for (uint64_t q = 0; q < box->cols; q++) {
        columns[q] = 0;
    }
    for (uint64_t r = 0; r < box->window; r++, a += box->cols) {
        for (uint64_t q = 0; q < box->cols && b == NULL; q++) {
            columns[q] += (double)a[q];
        }
        for (uint64_t q = 0; q < box->cols && b != NULL; q++) {
            columns[q] += (double)a[q] * (double)b[q];
        }
        b = b ? b + box->cols : NULL;
    }
    for (uint64_t q = 0; q < out_cols; q++) {
        box->sums[q] = columns[q];
    }
    for (uint64_t i = 1; i < box->window; i++) {
        for (uint64_t q = 0; q < out_cols; q++) {
            box->sums[q] += columns[q + i];
        }
    }
}
