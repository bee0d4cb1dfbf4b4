/* SPDX-License-Identifier: MIT */
#include "check.h"

static uint64_t at_least_one(uint64_t n)
{
    return n > 0 ? n : 1;
}

struct matrix {
    uint64_t rows; /* as it is stored */
    uint64_t cols;
    uint64_t ld;
    uint64_t stride_outer;
    uint64_t stride_inner;
};

/* Elements between the first one and the end of the last matrix. */
static uint64_t extent(const struct fw_gemm *op, const struct matrix *m)
{
    uint64_t sum = fw_call_times(at_least_one(op->outer) - 1, m->stride_outer);

    if (m->rows == 0 || m->cols == 0) {
        return 0;
    }
    if (__builtin_add_overflow(sum, fw_call_times(at_least_one(op->inner) - 1, m->stride_inner),
                               &sum) ||
        __builtin_add_overflow(sum, fw_call_times(m->rows - 1, m->ld), &sum) ||
        __builtin_add_overflow(sum, m->cols, &sum)) {
        return UINT64_MAX;
    }
    return sum;
}

struct fw_gemm_at fw_check_gemm(struct fw_call *call, const struct fw_gemm *op)
{
    const struct matrix a = {op->transpose_a ? op->k : op->m, op->transpose_a ? op->m : op->k,
                             op->lda, op->stride_a_outer, op->stride_a_inner};
    const struct matrix b = {op->transpose_b ? op->n : op->k, op->transpose_b ? op->k : op->n,
                             op->ldb, op->stride_b_outer, op->stride_b_inner};
    const struct matrix c = {op->m, op->n, op->ldc, op->stride_c_outer, op->stride_c_inner};
    struct fw_gemm_at at = {.reads = op->k > 0 && op->alpha != 0,
                            .outer = at_least_one(op->outer),
                            .inner = at_least_one(op->inner)};

    fw_call_dtype(call, op->dtype);
    if (at.reads) {
        fw_call_expect(call, op->lda >= a.cols, "lda of at least the columns of A as it is stored",
                       op->lda);
        at.a = fw_call_operand(call, "a", op->a, extent(op, &a), call->element);
        fw_call_expect(call, op->ldb >= b.cols, "ldb of at least the columns of B as it is stored",
                       op->ldb);
        at.b = fw_call_operand(call, "b", op->b, extent(op, &b), call->element);
    }
    fw_call_expect(call, op->ldc >= op->n, "ldc of at least n", op->ldc);
    fw_call_expect(call, op->post <= FW_POST_RELU, "post FW_POST_NONE (0) or FW_POST_RELU (1)",
                   op->post);
    at.c = fw_call_operand(call, "c", op->c, extent(op, &c), call->element);
    at.bias = fw_call_optional(call, "bias", op->bias, op->n, call->element);
    return at;
}

static void check_window(struct fw_call *call, const struct fw_conv2d *op, struct fw_conv2d_at *at)
{
    uint64_t rows = (uint64_t)op->in_rows + 2 * (uint64_t)op->pad_rows;
    uint64_t cols = (uint64_t)op->in_cols + 2 * (uint64_t)op->pad_cols;

    fw_call_expect(call, op->direction <= FW_CONV_BACKWARD_FILTER, "a direction of 0, 1 or 2",
                   op->direction);
    fw_call_expect(call, op->post == 0 || (op->post == 1 && op->direction == FW_CONV_FORWARD),
                   "post 0, or 1 forward", op->post);
    fw_call_expect(call, op->stride_rows > 0, "stride_rows of at least 1", op->stride_rows);
    fw_call_expect(call, op->stride_cols > 0, "stride_cols of at least 1", op->stride_cols);
    fw_call_expect(call, op->kernel_rows > 0 && op->kernel_rows <= rows,
                   "kernel_rows of at least 1, and not more than the padded image",
                   op->kernel_rows);
    fw_call_expect(call, op->kernel_cols > 0 && op->kernel_cols <= cols,
                   "kernel_cols of at least 1, and not more than the padded image",
                   op->kernel_cols);
    if (call->status == FW_OK) {
        at->rows = (rows - op->kernel_rows) / op->stride_rows + 1;
        at->cols = (cols - op->kernel_cols) / op->stride_cols + 1;
    }
}

struct fw_conv2d_at fw_check_conv2d(struct fw_call *call, const struct fw_conv2d *op)
{
    struct fw_conv2d_at at = {0};
    uint64_t input, filter, output;

    fw_call_dtype(call, op->dtype);
    check_window(call, op, &at);
    input = fw_call_times(fw_call_times(op->batch, op->in_channels),
                          fw_call_times(op->in_rows, op->in_cols));
    filter = fw_call_times(fw_call_times(op->out_channels, op->in_channels),
                           fw_call_times(op->kernel_rows, op->kernel_cols));
    output =
        fw_call_times(fw_call_times(op->batch, op->out_channels), fw_call_times(at.rows, at.cols));
    at.input = fw_call_operand(call, "input", op->input, input, call->element);
    at.filter = fw_call_operand(call, "filter", op->filter, filter, call->element);
    if (op->direction == FW_CONV_FORWARD) {
        at.bias = fw_call_optional(call, "bias", op->bias, op->out_channels, call->element);
    }
    at.output = fw_call_operand(call, "output", op->output, output, call->element);
    return at;
}
