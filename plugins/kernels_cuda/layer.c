/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "seats.h"
#include "session.h"

fw_status op_pool(struct fw_kernels_session *session, const struct fw_pool *op)
{
    struct fw_call call = session_call(session, "pool", op->struct_size, sizeof *op);
    const struct fw_pool_at at = fw_check_pool(&call, op);
    bool back = op->direction == FW_POOL_BACKWARD;
    struct pool_args args = {.n = back ? op->planes * op->in_rows * op->in_cols
                                       : op->planes * at.rows * at.cols,
                             .in_rows = op->in_rows,
                             .in_cols = op->in_cols,
                             .rows = at.rows,
                             .cols = at.cols,
                             .kernel_rows = op->kernel_rows,
                             .kernel_cols = op->kernel_cols,
                             .stride_rows = op->stride_rows,
                             .stride_cols = op->stride_cols,
                             .pad_rows = op->pad_rows,
                             .pad_cols = op->pad_cols,
                             .kind = op->kind,
                             .direction = op->direction,
                             .x = at.x,
                             .y = at.y,
                             .index = at.index};
    int kernel = back ? KERNEL_OF(pool_back, op->dtype) : KERNEL_OF(pool, op->dtype);

    return call.status != FW_OK ? call.status : session_each(session, kernel, args.n, &args);
}

fw_status op_softmax(struct fw_kernels_session *session, const struct fw_softmax *op)
{
    struct fw_call call = session_call(session, "softmax", op->struct_size, sizeof *op);
    const struct fw_softmax_at at = fw_check_softmax(&call, op);
    struct softmax_args args = {.rows = op->rows,
                                .cols = op->cols,
                                .scale = op->scale,
                                .x = at.x,
                                .y = at.y,
                                .dy = at.dy,
                                .label = at.label,
                                .loss = at.loss,
                                .kind = op->kind,
                                .lanes = lanes_for(op->cols)};

    if (call.status != FW_OK || op->cols == 0) {
        return call.status;
    }
    return session_launch(session, KERNEL_OF(softmax, op->dtype), blocks_for(op->rows, args.lanes),
                          &args);
}
