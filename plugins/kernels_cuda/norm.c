/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "reduction.h"
#include "seats.h"

static struct reduce_args sums_of(const struct fw_norm *op, const struct fw_norm_at *at)
{
    return (struct reduce_args){.outer = op->outer,
                                .channels = op->channels,
                                .inner = op->inner,
                                .epsilon = op->epsilon,
                                .a = at->x,
                                .b = at->dy,
                                .mean = at->mean,
                                .variance = at->variance};
}

static struct norm_args elements_of(const struct fw_norm *op, const struct fw_norm_at *at)
{
    return (struct norm_args){.n = op->outer * op->channels * op->inner,
                              .channels = op->channels,
                              .inner = op->inner,
                              .epsilon = op->epsilon,
                              .x = at->x,
                              .gamma = at->gamma,
                              .beta = at->beta,
                              .mean = at->mean,
                              .variance = at->variance,
                              .dy = at->dy,
                              .out = op->backward ? at->dx : at->y};
}

static fw_status forward(struct fw_kernels_session *session, const struct fw_norm *op,
                         const struct fw_norm_at *at)
{
    struct norm_args args = elements_of(op, at);

    if (op->kind == FW_NORM_BATCH) {
        struct reduce_args sums = sums_of(op, at);
        sums.kind = SUMS_MOMENTS;
        sums.out = at->mean;
        sums.second = at->variance;
        CUDA_TRY(reduction_sums(session, op->dtype, &sums));
    }
    return session_each(session, KERNEL_OF(normalise, op->dtype), args.n, &args);
}

static fw_status backward(struct fw_kernels_session *session, const struct fw_norm *op,
                          const struct fw_norm_at *at)
{
    struct norm_args args = elements_of(op, at);
    struct reduce_args sums = sums_of(op, at);

    sums.kind = SUMS_SLOPES;
    sums.out = at->dbeta;
    sums.second = at->dgamma;
    CUDA_TRY(reduction_sums(session, op->dtype, &sums));
    if (at->dx == NULL) {
        return FW_OK;
    }
    args.slopes = op->kind == FW_NORM_BATCH ? sums.slopes : NULL;
    return session_each(session, KERNEL_OF(denormalise, op->dtype), args.n, &args);
}

/* The gradients of gamma and beta come first: dx may be dy. */
static fw_status layer_backward(struct fw_kernels_session *session, const struct fw_norm *op,
                                const struct fw_norm_at *at)
{
    struct norm_args args = elements_of(op, at);
    struct reduce_args sums = sums_of(op, at);

    sums.kind = SUMS_ROWS;
    sums.channels = op->inner;
    sums.inner = 1;
    sums.out = at->dbeta;
    sums.second = at->dgamma;
    if (at->dbeta != NULL || at->dgamma != NULL) {
        CUDA_TRY(reduction_sums(session, op->dtype, &sums));
    }
    if (at->dx == NULL) {
        return FW_OK;
    }
    args.lanes = lanes_for(op->inner);
    return session_launch(session, KERNEL_OF(layer_norm_back, op->dtype),
                          blocks_for(op->outer, args.lanes), &args);
}

fw_status op_norm(struct fw_kernels_session *session, const struct fw_norm *op)
{
    struct fw_call call = session_call(session, "norm", op->struct_size, sizeof *op);
    const struct fw_norm_at at = fw_check_norm(&call, op);

    if (call.status != FW_OK) {
        return call.status;
    }
    if (op->kind != FW_NORM_LAYER) {
        return op->backward ? backward(session, op, &at) : forward(session, op, &at);
    }
    if (!op->backward) {
        struct norm_args args = elements_of(op, &at);
        args.lanes = lanes_for(op->inner);
        return session_launch(session, KERNEL_OF(layer_norm, op->dtype),
                              blocks_for(op->outer, args.lanes), &args);
    }
    return layer_backward(session, op, &at);
}
