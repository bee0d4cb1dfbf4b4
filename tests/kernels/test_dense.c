/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const double *at(const double *matrix, uint32_t transposed, uint64_t ld, uint64_t i,
                        uint64_t j)
{
    return &matrix[transposed ? j * ld + i : i * ld + j];
}

/* want and what its terms amount to, for one triple. */
static void reference_gemm(const struct fw_gemm *op, const double *a, const double *b,
                           const double *bias, double *c, double *scale)
{
    for (uint64_t i = 0; i < op->m; i++) {
        for (uint64_t j = 0; j < op->n; j++) {
            double sum = 0, size = 0, *to = &c[i * op->ldc + j];
            for (uint64_t k = 0; k < op->k && op->alpha != 0; k++) {
                double term =
                    *at(a, op->transpose_a, op->lda, i, k) * *at(b, op->transpose_b, op->ldb, k, j);
                sum += term;
                size += fabs(term);
            }
            sum = op->alpha * sum + (op->beta != 0 ? op->beta * *to : 0);
            scale[i * op->ldc + j] = fabs(op->alpha) * size + fabs(op->beta * *to);
            sum += bias ? bias[j] : 0;
            *to = op->post == FW_POST_RELU && sum < 0 ? 0 : sum;
        }
    }
}

static void try_gemm(struct check *check, struct fw_gemm op, uint64_t batch)
{
    uint64_t a_size = (op.transpose_a ? op.k : op.m) * op.lda;
    uint64_t b_size = (op.transpose_b ? op.n : op.k) * op.ldb, c_size = op.m * op.ldc;
    struct array a = array_random(check, batch * a_size), b = array_random(check, b_size);
    struct array c = array_random(check, batch * c_size), bias = array_random(check, op.n);
    double *want = malloc((c.n + 1) * sizeof *want), *scale = calloc(c.n + 1, sizeof *scale);

    op.struct_size = sizeof op;
    op.dtype = check->dtype;
    op.inner = batch;
    op.stride_a_inner = a_size;
    op.stride_c_inner = c_size;
    op.a = a.on;
    op.b = b.on;
    op.c = c.on;
    op.bias = check_random(check, 2) ? bias.on : (struct fw_operand){0};
    memcpy(want, c.v, c.n * sizeof *want);
    for (uint64_t i = 0; i < batch; i++) {
        reference_gemm(&op, a.v + i * a_size, b.v, op.bias.buffer ? bias.v : NULL,
                       want + i * c_size, scale + i * c_size);
    }
    if (check_ok(check, check->k->gemm(check->session, &op), "gemm")) {
        array_expect(&c, want, scale, 4 + sqrt((double)op.k), "c");
    }
    array_free(&a);
    array_free(&b);
    array_free(&c);
    array_free(&bias);
    free(want);
    free(scale);
}

static void gemm_equals_the_sum_of_products(struct check *check)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 31, 48, 65, 130};

    for (int i = 0; i < 40; i++) {
        struct fw_gemm op = {.transpose_a = (uint32_t)check_random(check, 2),
                             .transpose_b = (uint32_t)check_random(check, 2),
                             .post = (uint32_t)check_random(check, 2),
                             .m = sizes[check_random(check, 11)],
                             .n = sizes[check_random(check, 11)],
                             .k = sizes[check_random(check, 11)],
                             .alpha = (double)check_random(check, 4) / 2,
                             .beta = (double)check_random(check, 4) / 2};
        op.lda = (op.transpose_a ? op.m : op.k) + check_random(check, 3);
        op.ldb = (op.transpose_b ? op.k : op.n) + check_random(check, 3);
        op.ldc = op.n + check_random(check, 3);
        try_gemm(check, op, 1 + check_random(check, 3));
    }
}

static void gemm_of_long_sums_and_many(struct check *check)
{
    struct fw_gemm deep = {
        .m = 13, .n = 50, .k = 1500, .lda = 1500, .ldb = 50, .ldc = 50, .alpha = 1};
    struct fw_gemm wide = {
        .m = 300, .n = 301, .k = 65, .lda = 65, .ldb = 301, .ldc = 301, .alpha = 1};
    struct fw_gemm many = {
        .m = 9, .n = 9, .k = 16, .lda = 16, .ldb = 16, .ldc = 9, .transpose_b = 1, .alpha = 0.25};

    try_gemm(check, deep, 1);
    try_gemm(check, wide, 1);
    try_gemm(check, many, 40);
}

/* What was in C is not looked at with beta 0, nor A and B with alpha 0. */
static void gemm_ignores_what_is_multiplied_by_zero(struct check *check)
{
    double nan[16], zero[16] = {0};
    struct array bad, c;
    struct fw_gemm op = {.struct_size = sizeof op,
                         .dtype = check->dtype,
                         .m = 4,
                         .n = 4,
                         .k = 4,
                         .lda = 4,
                         .ldb = 4,
                         .ldc = 4};

    for (int i = 0; i < 16; i++) {
        nan[i] = NAN;
    }
    bad = array_of(check, check->dtype, nan, 16);
    c = array_of(check, check->dtype, nan, 16);
    op.a = bad.on;
    op.b = bad.on;
    op.c = c.on;
    if (check_ok(check, check->k->gemm(check->session, &op), "gemm")) {
        array_expect(&c, zero, NULL, 0, "c");
    }
    array_free(&bad);
    array_free(&c);
}

static uint64_t out_size(uint32_t in, uint32_t kernel, uint32_t stride, uint32_t pad)
{
    return (in + 2 * pad - kernel) / stride + 1;
}

/* Calls f for each product of an output, a filter and an input element. */
struct conv_sums {
    const struct fw_conv2d *op;
    const double *input;
    const double *filter;
    const double *output;
    double *sum;
    double *size;
};

static void conv_term(const struct conv_sums *s, uint64_t in, uint64_t weight, uint64_t out)
{
    double term;
    uint64_t to;

    if (s->op->direction == FW_CONV_FORWARD) {
        term = s->input[in] * s->filter[weight];
        to = out;
    } else if (s->op->direction == FW_CONV_BACKWARD_DATA) {
        term = s->output[out] * s->filter[weight];
        to = in;
    } else {
        term = s->output[out] * s->input[in];
        to = weight;
    }
    s->sum[to] += term;
    s->size[to] += fabs(term);
}

static void conv_pixel(const struct conv_sums *s, uint64_t b, uint64_t o, uint64_t r, uint64_t q)
{
    const struct fw_conv2d *op = s->op;
    uint64_t rows = out_size(op->in_rows, op->kernel_rows, op->stride_rows, op->pad_rows);
    uint64_t cols = out_size(op->in_cols, op->kernel_cols, op->stride_cols, op->pad_cols);
    uint64_t out = ((b * op->out_channels + o) * rows + r) * cols + q;

    for (uint64_t c = 0; c < op->in_channels; c++) {
        for (uint64_t t = 0; t < (uint64_t)op->kernel_rows * op->kernel_cols; t++) {
            uint64_t i = t / op->kernel_cols, j = t % op->kernel_cols;
            uint64_t y = r * op->stride_rows + i - op->pad_rows;
            uint64_t x = q * op->stride_cols + j - op->pad_cols;
            if (y < op->in_rows && x < op->in_cols) { /* also false where it would be negative */
                conv_term(s, ((b * op->in_channels + c) * op->in_rows + y) * op->in_cols + x,
                          ((o * op->in_channels + c) * op->kernel_rows + i) * op->kernel_cols + j,
                          out);
            }
        }
    }
}

static void reference_conv(const struct conv_sums *s)
{
    const struct fw_conv2d *op = s->op;
    uint64_t rows = out_size(op->in_rows, op->kernel_rows, op->stride_rows, op->pad_rows);
    uint64_t cols = out_size(op->in_cols, op->kernel_cols, op->stride_cols, op->pad_cols);

    for (uint64_t i = 0; i < op->batch * op->out_channels * rows * cols; i++) {
        conv_pixel(s, i / cols / rows / op->out_channels, i / cols / rows % op->out_channels,
                   i / cols % rows, i % cols);
    }
}

static struct array conv_array(struct check *check, const struct fw_conv2d *op, int which)
{
    uint64_t rows = out_size(op->in_rows, op->kernel_rows, op->stride_rows, op->pad_rows);
    uint64_t cols = out_size(op->in_cols, op->kernel_cols, op->stride_cols, op->pad_cols);

    return array_random(check, which == 0 ? (uint64_t)op->batch * op->in_channels * op->in_rows *
                                                op->in_cols
                               : which == 1 ? (uint64_t)op->out_channels * op->in_channels *
                                                  op->kernel_rows * op->kernel_cols
                                            : op->batch * op->out_channels * rows * cols);
}

static void try_direction(struct check *check, struct fw_conv2d op, struct array *arrays)
{
    int which = op.direction == FW_CONV_FORWARD ? 2 : op.direction == FW_CONV_BACKWARD_DATA ? 0 : 1;
    struct array *to = &arrays[which];
    double *old = malloc((to->n + 1) * sizeof *old);
    double *sum = calloc(to->n + 1, sizeof *sum), *size = calloc(to->n + 1, sizeof *size);
    uint64_t plane =
        op.batch > 0 && op.out_channels > 0 ? arrays[2].n / op.batch / op.out_channels : 1;
    bool forward = op.direction == FW_CONV_FORWARD;
    uint64_t steps = 1 + (forward             ? op.in_channels
                          : op.direction == 1 ? op.out_channels
                                              : op.batch * plane) *
                             (op.direction == 2 ? 1U : op.kernel_rows * op.kernel_cols);

    memcpy(old, to->v, to->n * sizeof *old);
    reference_conv(&(struct conv_sums){.op = &op,
                                       .input = arrays[0].v,
                                       .filter = arrays[1].v,
                                       .output = arrays[2].v,
                                       .sum = sum,
                                       .size = size});
    for (uint64_t i = 0; i < to->n; i++) {
        sum[i] = op.alpha * sum[i] + op.beta * old[i];
        sum[i] += forward && op.bias.buffer ? arrays[3].v[i / plane % op.out_channels] : 0;
        sum[i] = forward && op.post && sum[i] < 0 ? 0 : sum[i];
        size[i] = fabs(op.alpha) * size[i] + fabs(op.beta * old[i]);
    }
    if (check_ok(check, check->k->conv2d(check->session, &op), "conv2d")) {
        array_expect(to, sum, size, 4 + sqrt((double)steps), "conv2d");
    }
    free(old);
    free(sum);
    free(size);
}

static void try_conv(struct check *check, struct fw_conv2d op)
{
    op.struct_size = sizeof op;
    op.dtype = check->dtype;
    for (op.direction = 0; op.direction <= FW_CONV_BACKWARD_FILTER; op.direction++) {
        struct array arrays[4] = {conv_array(check, &op, 0), conv_array(check, &op, 1),
                                  conv_array(check, &op, 2), array_random(check, op.out_channels)};
        op.input = arrays[0].on;
        op.filter = arrays[1].on;
        op.output = arrays[2].on;
        op.bias = (struct fw_operand){0};
        op.post = 0;
        if (op.direction == FW_CONV_FORWARD && check_random(check, 2)) {
            op.bias = arrays[3].on;
            op.post = FW_POST_RELU;
        }
        try_direction(check, op, arrays);
        for (int i = 0; i < 4; i++) {
            array_free(&arrays[i]);
        }
    }
}

static uint32_t pick(struct check *check, uint32_t from, uint32_t to)
{
    return from + (uint32_t)check_random(check, to - from + 1);
}

static void conv2d_equals_the_sum_of_products(struct check *check)
{
    for (int i = 0; i < 30; i++) {
        struct fw_conv2d op = {.batch = pick(check, 0, 3),
                               .in_channels = pick(check, 1, 9),
                               .out_channels = pick(check, 1, 17),
                               .kernel_rows = pick(check, 1, 4),
                               .kernel_cols = pick(check, 1, 4),
                               .stride_rows = pick(check, 1, 3),
                               .stride_cols = pick(check, 1, 3),
                               .pad_rows = pick(check, 0, 3),
                               .pad_cols = pick(check, 0, 3),
                               .alpha = 1,
                               .beta = pick(check, 0, 1)};
        op.in_rows = pick(check, op.kernel_rows, 12);
        op.in_cols = pick(check, op.kernel_cols, 12);
        try_conv(check, op);
    }
}

static void conv2d_of_a_networks_layers(struct check *check)
{
    static const uint32_t layers[][6] = {/* batch, in, out, side, kernel, stride */
                                         {2, 64, 64, 32, 3, 1}, {3, 3, 64, 32, 3, 1},
                                         {2, 16, 32, 33, 3, 2}, {2, 16, 32, 32, 1, 2},
                                         {70, 80, 48, 4, 3, 1}, {1, 1, 8, 130, 7, 1}};

    for (unsigned i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const uint32_t *l = layers[i];
        struct fw_conv2d op = {.batch = l[0],
                               .in_channels = l[1],
                               .out_channels = l[2],
                               .in_rows = l[3],
                               .in_cols = l[3],
                               .kernel_rows = l[4],
                               .kernel_cols = l[4],
                               .stride_rows = l[5],
                               .stride_cols = l[5],
                               .pad_rows = l[4] / 2,
                               .pad_cols = l[4] / 2,
                               .alpha = 0.5,
                               .beta = 0};
        try_conv(check, op);
    }
}

/* Shapes for which a provider may have other ways than products over all taps. */
static void conv2d_of_many_channels(struct check *check)
{
    for (int i = 0; i < 12; i++) {
        struct fw_conv2d op = {.batch = pick(check, 1, 4),
                               .in_channels = pick(check, 30, 70),
                               .out_channels = pick(check, 30, 70),
                               .kernel_rows = 3,
                               .kernel_cols = 3,
                               .stride_rows = 1,
                               .stride_cols = 1,
                               .pad_rows = pick(check, 0, 2),
                               .pad_cols = pick(check, 0, 2),
                               .alpha = pick(check, 1, 2),
                               .beta = pick(check, 0, 1)};
        op.in_rows = pick(check, 3, 9);
        op.in_cols = pick(check, 3, i % 2 == 0 ? 9 : 70);
        try_conv(check, op);
    }
}

/* A sample has the same bits in a batch and alone. */
static void try_batch(struct check *check, uint32_t in_channels, uint32_t out_channels)
{
    struct fw_conv2d op = {.struct_size = sizeof op,
                           .dtype = check->dtype,
                           .batch = 7,
                           .in_channels = in_channels,
                           .in_rows = 6,
                           .in_cols = 7,
                           .out_channels = out_channels,
                           .kernel_rows = 3,
                           .kernel_cols = 3,
                           .stride_rows = 1,
                           .stride_cols = 1,
                           .pad_rows = 1,
                           .pad_cols = 1,
                           .alpha = 1};
    uint64_t size = check->dtype == FW_F64 ? 8 : 4, in = in_channels * 42, out = out_channels * 42;
    struct array input = array_random(check, 7 * in);
    struct array filter = array_random(check, (uint64_t)in_channels * out_channels * 9);
    struct array all = array_zero(check, check->dtype, 7 * out),
                 one = array_zero(check, check->dtype, out);

    op.input = input.on;
    op.filter = filter.on;
    op.output = all.on;
    (void)check_ok(check, check->k->conv2d(check->session, &op), "conv2d");
    array_fetch(&all);
    op.batch = 1;
    op.output = one.on;
    for (uint64_t b = 0; b < 7 && check->k->device == FW_KERNELS_CPU; b++) {
        op.input.offset = input.on.offset + b * in * size;
        (void)check_ok(check, check->k->conv2d(check->session, &op), "conv2d");
        array_expect(&one, all.v + b * out, NULL, 0, "sample");
    }
    array_free(&input);
    array_free(&filter);
    array_free(&all);
    array_free(&one);
}

static void results_do_not_depend_on_the_batch(struct check *check)
{
    try_batch(check, 5, 11);
    try_batch(check, 40, 50);
}

/* The same for the rows of a product, whichever side fills the tiles better. */
static void rows_do_not_depend_on_each_other(struct check *check)
{
    enum { M = 100, N = 70, K = 700 };
    struct fw_gemm op = {.struct_size = sizeof op,
                         .dtype = check->dtype,
                         .m = M,
                         .n = N,
                         .k = K,
                         .lda = K,
                         .ldb = N,
                         .ldc = N,
                         .alpha = 0.3,
                         .beta = 0};
    uint64_t size = check->dtype == FW_F64 ? 8 : 4;
    struct array a = array_random(check, M * K), b = array_random(check, K * N);
    struct array bias = array_random(check, N), all = array_zero(check, check->dtype, M * N);
    struct array part = array_zero(check, check->dtype, 3 * N);

    op.a = a.on;
    op.b = b.on;
    op.c = all.on;
    op.bias = bias.on;
    (void)check_ok(check, check->k->gemm(check->session, &op), "gemm");
    array_fetch(&all);
    op.m = 3;
    op.c = part.on;
    op.a.offset += 50 * K * size;
    (void)check_ok(check, check->k->gemm(check->session, &op), "gemm");
    if (check->k->device == FW_KERNELS_CPU) {
        array_expect(&part, all.v + 50 * N, NULL, 0, "rows 50 to 52");
    }
    array_free(&a);
    array_free(&b);
    array_free(&bias);
    array_free(&all);
    array_free(&part);
}

const struct test tests_dense[] = {
    {"gemm_equals_the_sum_of_products", gemm_equals_the_sum_of_products},
    {"gemm_of_long_sums_and_many", gemm_of_long_sums_and_many},
    {"gemm_ignores_what_is_multiplied_by_zero", gemm_ignores_what_is_multiplied_by_zero},
    {"rows_do_not_depend_on_each_other", rows_do_not_depend_on_each_other},
    {"conv2d_equals_the_sum_of_products", conv2d_equals_the_sum_of_products},
    {"conv2d_of_a_networks_layers", conv2d_of_a_networks_layers},
    {"conv2d_of_many_channels", conv2d_of_many_channels},
    {"results_do_not_depend_on_the_batch", results_do_not_depend_on_the_batch},
    {NULL, NULL},
};
