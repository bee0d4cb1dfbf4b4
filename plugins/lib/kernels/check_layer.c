/* SPDX-License-Identifier: MIT */
#include "check.h"

static void norm_operands(struct fw_call *call, const struct fw_norm *op, struct fw_norm_at *at)
{
    uint64_t n = fw_call_times(fw_call_times(op->outer, op->channels), op->inner);
    bool layer = op->kind == FW_NORM_LAYER;
    uint64_t affine = layer ? op->inner : op->channels;
    uint64_t statistics = layer ? op->outer : op->channels;

    at->x = fw_call_operand(call, "x", op->x, n, call->element);
    at->gamma = fw_call_optional(call, "gamma", op->gamma, affine, call->element);
    at->mean = fw_call_operand(call, "mean", op->mean, statistics, call->element);
    at->variance = fw_call_operand(call, "variance", op->variance, statistics, call->element);
    if (!op->backward) {
        at->beta = fw_call_optional(call, "beta", op->beta, affine, call->element);
        at->y = fw_call_operand(call, "y", op->y, n, call->element);
        return;
    }
    at->dy = fw_call_operand(call, "dy", op->dy, n, call->element);
    at->dx = fw_call_optional(call, "dx", op->dx, n, call->element);
    at->dgamma = fw_call_optional(call, "dgamma", op->dgamma, affine, call->element);
    at->dbeta = fw_call_optional(call, "dbeta", op->dbeta, affine, call->element);
}

struct fw_norm_at fw_check_norm(struct fw_call *call, const struct fw_norm *op)
{
    struct fw_norm_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_NORM_LAYER, "a kind of FW_NORM_", op->kind);
    fw_call_expect(call, op->kind != FW_NORM_LAYER || op->channels == 1,
                   "1 channel for FW_NORM_LAYER", op->channels);
    fw_call_expect(call, op->outer > 0 && op->inner > 0, "something to take the mean of",
                   op->outer > 0 ? op->inner : op->outer);
    norm_operands(call, op, &at);
    return at;
}

static void check_window(struct fw_call *call, const struct fw_pool *op)
{
    fw_call_expect(call, op->kind <= FW_POOL_SUM, "a kind of FW_POOL_", op->kind);
    fw_call_expect(call,
                   op->direction <= FW_POOL_BACKWARD ||
                       (op->direction == FW_POOL_PICK && op->kind == FW_POOL_MAX),
                   "a direction of 0, 1, or 2 for FW_POOL_MAX", op->direction);
    fw_call_expect(call, op->stride_rows > 0, "stride_rows of at least 1", op->stride_rows);
    fw_call_expect(call, op->stride_cols > 0, "stride_cols of at least 1", op->stride_cols);
    fw_call_expect(call, op->pad_rows < op->kernel_rows, "pad_rows below kernel_rows",
                   op->pad_rows);
    fw_call_expect(call, op->pad_cols < op->kernel_cols, "pad_cols below kernel_cols",
                   op->pad_cols);
    fw_call_expect(call, op->kernel_rows <= (uint64_t)op->in_rows + 2 * (uint64_t)op->pad_rows,
                   "a kernel not larger than the padded image", op->kernel_rows);
    fw_call_expect(call, op->kernel_cols <= (uint64_t)op->in_cols + 2 * (uint64_t)op->pad_cols,
                   "a kernel not larger than the padded image", op->kernel_cols);
    fw_call_expect(call, (uint64_t)op->in_rows * op->in_cols < INT32_MAX,
                   "planes below 2^31 elements", op->in_rows);
}

struct fw_pool_at fw_check_pool(struct fw_call *call, const struct fw_pool *op)
{
    bool by_index = op->kind == FW_POOL_MAX && op->direction != FW_POOL_FORWARD;
    struct fw_pool_at at = {0};
    uint64_t n;

    fw_call_dtype(call, op->dtype);
    check_window(call, op);
    if (call->status != FW_OK) {
        return at;
    }
    at.rows =
        ((uint64_t)op->in_rows + 2 * (uint64_t)op->pad_rows - op->kernel_rows) / op->stride_rows +
        1;
    at.cols =
        ((uint64_t)op->in_cols + 2 * (uint64_t)op->pad_cols - op->kernel_cols) / op->stride_cols +
        1;
    n = fw_call_times(op->planes, at.rows * at.cols);
    at.x = fw_call_operand(call, "x", op->x,
                           fw_call_times(op->planes, (uint64_t)op->in_rows * op->in_cols),
                           call->element);
    at.y = fw_call_operand(call, "y", op->y, n, call->element);
    if (op->kind == FW_POOL_MAX) {
        at.index = by_index ? fw_call_operand(call, "index", op->index, n, sizeof(int32_t))
                            : fw_call_optional(call, "index", op->index, n, sizeof(int32_t));
    }
    return at;
}

struct fw_softmax_at fw_check_softmax(struct fw_call *call, const struct fw_softmax *op)
{
    uint64_t n = fw_call_times(op->rows, op->cols);
    bool entropy = op->kind == FW_CROSS_ENTROPY;
    struct fw_softmax_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_CROSS_ENTROPY_BACKWARD, "a kind of 0 to 3", op->kind);
    at.x = fw_call_operand(call, "x", op->x, n, call->element);
    at.y = entropy ? fw_call_optional(call, "y", op->y, n, call->element)
                   : fw_call_operand(call, "y", op->y, n, call->element);
    if (op->kind == FW_SOFTMAX_BACKWARD) {
        at.dy = fw_call_operand(call, "dy", op->dy, n, call->element);
    }
    if (op->kind >= FW_CROSS_ENTROPY) {
        at.label = fw_call_operand(call, "label", op->label, op->rows, sizeof(int32_t));
    }
    if (entropy) {
        at.loss = fw_call_operand(call, "loss", op->loss, op->rows, call->element);
    }
    return at;
}

struct fw_update_at fw_check_update(struct fw_call *call, const struct fw_update *op)
{
    bool adam = op->kind != FW_UPDATE_SGD;
    struct fw_update_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_UPDATE_ADAMW, "a kind of FW_UPDATE_", op->kind);
    fw_call_expect(call, op->step >= 1, "a step of 1 or more", op->step);
    at.w = fw_call_operand(call, "w", op->w, op->n, call->element);
    at.g = fw_call_operand(call, "g", op->g, op->n, call->element);
    at.m = adam ? fw_call_operand(call, "m", op->m, op->n, call->element)
                : fw_call_optional(call, "m", op->m, op->n, call->element);
    at.v = adam ? fw_call_operand(call, "v", op->v, op->n, call->element) : NULL;
    return at;
}
