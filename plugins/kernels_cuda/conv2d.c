/* SPDX-License-Identifier: MIT */
#include "convolution.h"
#include "finish.h"
#include "kernels/ops.h"

static struct convolve_args arguments(const struct fw_conv2d *op, const struct fw_conv2d_at *at)
{
    return (struct convolve_args){.batch = op->batch,
                                  .in_channels = op->in_channels,
                                  .in_rows = op->in_rows,
                                  .in_cols = op->in_cols,
                                  .out_channels = op->out_channels,
                                  .rows = at->rows,
                                  .cols = at->cols,
                                  .kernel_rows = op->kernel_rows,
                                  .kernel_cols = op->kernel_cols,
                                  .stride_rows = op->stride_rows,
                                  .stride_cols = op->stride_cols,
                                  .pad_rows = op->pad_rows,
                                  .pad_cols = op->pad_cols,
                                  .alpha = op->alpha,
                                  .beta = op->beta,
                                  .bias = at->bias,
                                  .input = at->input,
                                  .filter = at->filter,
                                  .output = at->output,
                                  .direction = op->direction,
                                  .relu = op->post == FW_POST_RELU};
}

/* All of it by an own kernel. */
static fw_status convolve(struct fw_kernels_session *session, const struct fw_conv2d *op,
                          const struct fw_conv2d_at *at)
{
    struct convolve_args args = arguments(op, at);

    if (op->direction == FW_CONV_FORWARD) {
        args.n = args.batch * args.out_channels * args.rows * args.cols;
    } else if (op->direction == FW_CONV_BACKWARD_DATA) {
        args.n = args.batch * args.in_channels * args.in_rows * args.in_cols;
    } else {
        args.n = args.out_channels * args.in_channels * op->kernel_rows * op->kernel_cols;
    }
    return session_each(session, KERNEL_OF(convolve, op->dtype), args.n, &args);
}

/* Bias and ReLU of what cuDNN has computed. */
static fw_status finish_output(struct fw_kernels_session *session, const struct fw_conv2d *op,
                               const struct fw_conv2d_at *at)
{
    struct finish_args rest = {.outer = 1,
                               .inner = 1,
                               .rows = (uint64_t)op->batch * op->out_channels,
                               .cols = at->rows * at->cols,
                               .ld = at->rows * at->cols,
                               .channels = op->out_channels,
                               .beta = 1,
                               .bias = at->bias,
                               .c = at->output,
                               .relu = op->post == FW_POST_RELU};

    return at->bias == NULL && !rest.relu ? FW_OK : finish(session, op->dtype, &rest);
}

fw_status op_conv2d(struct fw_kernels_session *session, const struct fw_conv2d *op)
{
    struct fw_call call = session_call(session, "conv2d", op->struct_size, sizeof *op);
    const struct fw_conv2d_at at = fw_check_conv2d(&call, op);
    struct convolution_plan *plan = NULL;
    bool done = false;

    if (call.status != FW_OK) {
        return call.status;
    }
    CUDA_TRY(convolution_plan(session, op, &at, &plan));
    if (plan != NULL) {
        CUDA_TRY(convolution_run(session, plan, op, &at, &done));
    }
    return done ? finish_output(session, op, &at) : convolve(session, op, &at);
}
