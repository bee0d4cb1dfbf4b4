/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

/* Rows whose contributions to dgamma and dbeta of a layer norm are summed in one task. */
#define NORM_ROWS 64

struct norm {
    const struct fw_norm *op;
    const struct simd *simd;
    const char *x;
    const char *gamma;
    const char *beta;
    char *mean;
    char *variance;
    char *y;
    const char *dy;
    char *dx;
    char *dgamma;
    char *dbeta;
    double *partial; /* layer: [rows / NORM_ROWS][2][inner], sums for dgamma and dbeta */
};

static double get(const struct norm *norm, const char *array, uint64_t i, double absent)
{
    if (array == NULL) {
        return absent;
    }
    return norm->simd->element == 8 ? ((const double *)(const void *)array)[i]
                                    : (double)((const float *)(const void *)array)[i];
}

static void put(const struct norm *norm, char *array, uint64_t i, double value)
{
    if (array != NULL && norm->simd->element == 8) {
        ((double *)(void *)array)[i] = value;
    } else if (array != NULL) {
        ((float *)(void *)array)[i] = (float)value;
    }
}

/* Mean and variance of `rows` rows of `inner` that are `stride` apart, about their first value:
 * that a mean far from 0 costs no digits. */
static void measure(const struct norm *norm, uint64_t first, uint64_t rows, uint64_t at)
{
    const struct fw_norm *op = norm->op;
    uint64_t stride = op->channels * op->inner;
    double shift = get(norm, norm->x, first, 0), sum = 0, squares = 0, moments[2];
    double n = (double)rows * (double)op->inner, mean;

    for (uint64_t r = 0; r < rows; r++) {
        norm->simd->moments(norm->x + (first + r * stride) * norm->simd->element, shift, op->inner,
                            moments);
        sum += moments[0];
        squares += moments[1];
    }
    mean = sum / n;
    put(norm, norm->mean, at, shift + mean);
    put(norm, norm->variance, at, fmax(squares / n - mean * mean, 0));
}

static double inverse_root(const struct norm *norm, uint64_t at)
{
    return 1 / sqrt(get(norm, norm->variance, at, 0) + norm->op->epsilon);
}

static void channel_forward(void *arg, uint64_t channel, uint32_t worker)
{
    const struct norm *norm = arg;
    const struct fw_norm *op = norm->op;
    struct simd_normalise p = {.n = op->inner};

    (void)worker;
    if (op->kind == FW_NORM_BATCH) {
        measure(norm, channel * op->inner, op->outer, channel);
    }
    p.mean = get(norm, norm->mean, channel, 0);
    p.scale = inverse_root(norm, channel) * get(norm, norm->gamma, channel, 1);
    p.offset = get(norm, norm->beta, channel, 0);
    for (uint64_t o = 0; o < op->outer; o++) {
        uint64_t at = (o * op->channels + channel) * op->inner * norm->simd->element;
        p.x = norm->x + at;
        p.y = norm->y + at;
        norm->simd->normalise(&p);
    }
}

static void channel_backward(void *arg, uint64_t channel, uint32_t worker)
{
    const struct norm *norm = arg;
    const struct fw_norm *op = norm->op;
    const struct simd *simd = norm->simd;
    uint64_t stride = op->channels * op->inner * simd->element;
    uint64_t first = channel * op->inner * simd->element;
    double mean = get(norm, norm->mean, channel, 0), root = inverse_root(norm, channel);
    double sum = 0, product = 0, n = (double)op->outer * (double)op->inner;
    bool constant = op->kind == FW_NORM_FROZEN;
    struct simd_normalise p = {.n = op->inner, .mean = mean};

    (void)worker;
    for (uint64_t o = 0; o < op->outer; o++) {
        sum += simd->sum(norm->dy + first + o * stride, op->inner);
        product +=
            simd->dot(norm->dy + first + o * stride, norm->x + first + o * stride, mean, op->inner);
    }
    p.scale = root * get(norm, norm->gamma, channel, 1);
    p.offset = constant ? 0 : sum / n;
    p.slope = constant ? 0 : product * root * root / n;
    for (uint64_t o = 0; o < op->outer && norm->dx != NULL; o++) {
        p.x = norm->x + first + o * stride;
        p.dy = norm->dy + first + o * stride;
        p.y = norm->dx + first + o * stride;
        simd->denormalise(&p);
    }
    put(norm, norm->dgamma, channel, product * root);
    put(norm, norm->dbeta, channel, sum);
}

static void rows_forward(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct norm *norm = arg;
    const struct fw_norm *op = norm->op;
    struct simd_normalise p = {
        .n = op->inner, .per_element = true, .gamma = norm->gamma, .beta = norm->beta};

    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        measure(norm, row * op->inner, 1, row);
        p.mean = get(norm, norm->mean, row, 0);
        p.scale = inverse_root(norm, row);
        p.x = norm->x + row * op->inner * norm->simd->element;
        p.y = norm->y + row * op->inner * norm->simd->element;
        norm->simd->normalise(&p);
    }
}

/* Sums of h = gamma * dy and of h * (x - mean), in order. */
static void row_sums(const struct norm *norm, uint64_t first, double mean, double *ret_sums)
{
    double sum = 0, product = 0;

    for (uint64_t i = 0; i < norm->op->inner; i++) {
        double h = get(norm, norm->gamma, i, 1) * get(norm, norm->dy, first + i, 0);
        sum += h;
        product += h * (get(norm, norm->x, first + i, 0) - mean);
    }
    ret_sums[0] = sum;
    ret_sums[1] = product;
}

static void add_affine(const struct norm *norm, uint64_t first, double mean, double root,
                       double *sums)
{
    uint64_t inner = norm->op->inner;

    for (uint64_t i = 0; i < inner; i++) {
        double dy = get(norm, norm->dy, first + i, 0);
        sums[i] += dy * (get(norm, norm->x, first + i, 0) - mean) * root;
        sums[inner + i] += dy;
    }
}

static void rows_backward(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct norm *norm = arg;
    const struct fw_norm *op = norm->op;
    double *partial = norm->partial + begin / NORM_ROWS * 2 * op->inner;
    struct simd_normalise p = {.n = op->inner, .per_element = true, .gamma = norm->gamma};

    (void)worker;
    for (uint64_t i = 0; i < 2 * op->inner; i++) {
        partial[i] = 0;
    }
    for (uint64_t row = begin; row < end; row++) {
        uint64_t first = row * op->inner;
        double sums[2], root = inverse_root(norm, row);
        p.mean = get(norm, norm->mean, row, 0);
        add_affine(norm, first, p.mean, root, partial);
        row_sums(norm, first, p.mean, sums);
        p.scale = root;
        p.offset = sums[0] / (double)op->inner;
        p.slope = sums[1] * root * root / (double)op->inner;
        p.x = norm->x + first * norm->simd->element;
        p.dy = norm->dy + first * norm->simd->element;
        p.y = norm->dx + first * norm->simd->element;
        if (norm->dx != NULL) {
            norm->simd->denormalise(&p);
        }
    }
}

static fw_status layer_backward(struct fw_kernels_session *session, struct norm *norm)
{
    const struct fw_norm *op = norm->op;
    uint64_t parts = (op->outer + NORM_ROWS - 1) / NORM_ROWS;

    norm->partial =
        session_temporary(session, "norm", fw_call_times(parts, 2 * op->inner * sizeof(double)));
    if (norm->partial == NULL) {
        return FW_E_NOMEM;
    }
    session_each(session, op->outer, NORM_ROWS, rows_backward, norm);
    for (uint64_t i = 0; i < op->inner; i++) {
        double dgamma = 0, dbeta = 0;
        for (uint64_t part = 0; part < parts; part++) {
            dgamma += norm->partial[part * 2 * op->inner + i];
            dbeta += norm->partial[(part * 2 + 1) * op->inner + i];
        }
        put(norm, norm->dgamma, i, dgamma);
        put(norm, norm->dbeta, i, dbeta);
    }
    free(norm->partial);
    return FW_OK;
}

static struct norm begin(const struct fw_norm *op, const struct fw_norm_at *at,
                         const struct simd *simd)
{
    return (struct norm){.op = op,
                         .simd = simd,
                         .x = at->x,
                         .gamma = at->gamma,
                         .beta = at->beta,
                         .mean = at->mean,
                         .variance = at->variance,
                         .y = at->y,
                         .dy = at->dy,
                         .dx = at->dx,
                         .dgamma = at->dgamma,
                         .dbeta = at->dbeta};
}

fw_status op_norm(struct fw_kernels_session *session, const struct fw_norm *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "norm", op->struct_size, sizeof *op);
    const struct fw_norm_at at = fw_check_norm(&call, op);
    struct norm norm;

    if (call.status != FW_OK) {
        return call.status;
    }
    norm = begin(op, &at, session_simd(session, op->dtype));
    if (op->kind != FW_NORM_LAYER) {
        crew_run(session->crew, op->channels, op->backward ? channel_backward : channel_forward,
                 &norm);
    } else if (op->backward) {
        return layer_backward(session, &norm);
    } else {
        session_each(session, op->outer, NORM_ROWS, rows_forward, &norm);
    }
    return FW_OK;
}
