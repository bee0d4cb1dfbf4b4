/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "session.h"

fw_status op_box_sum(struct fw_kernels_session *session, const struct fw_box_sum *op)
{
    struct fw_call call = session_call(session, "box_sum", op->struct_size, sizeof *op);
    const struct fw_box_sum_at at = fw_check_box_sum(&call, op);
    struct box_sum_args args = {.n = op->batch * at.rows * at.cols,
                                .rows = op->rows,
                                .cols = op->cols,
                                .window = op->window,
                                .a = at.a,
                                .b = at.b,
                                .out = at.out,
                                .out_type = op->out_type};

    return call.status != FW_OK
               ? call.status
               : session_each(session, KERNEL_OF(box_sum, op->dtype), args.n, &args);
}

fw_status op_patches(struct fw_kernels_session *session, const struct fw_patches *op)
{
    struct fw_call call = session_call(session, "patches", op->struct_size, sizeof *op);
    const struct fw_patches_at at = fw_check_patches(&call, op);
    struct patches_args args = {.n = op->n,
                                .side = op->side,
                                .crop = at.crop,
                                .front = at.front,
                                .rows = op->rows,
                                .cols = op->cols,
                                .parts = op->parts,
                                .at = at.at,
                                .patches = at.patches,
                                .image = at.image,
                                .weight = at.weight};

    if (call.status != FW_OK) {
        return call.status;
    }
    return op->kind == FW_PATCHES_GATHER
               ? session_each(session, KERNEL_OF(gather, op->dtype),
                              op->n * op->side * op->side * op->parts, &args)
               : session_each(session, KERNEL_OF(stitch, op->dtype), op->rows * op->cols, &args);
}
