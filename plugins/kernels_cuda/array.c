/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/ops.h"
#include "session.h"

fw_status op_map(struct fw_kernels_session *session, const struct fw_map *op)
{
    struct fw_call call = session_call(session, "map", op->struct_size, sizeof *op);
    const struct fw_map_at at = fw_check_map(&call, op);
    struct map_args args = {.n = op->n,
                            .alpha = op->alpha,
                            .beta = op->beta,
                            .a = at.a,
                            .b = at.b,
                            .c = at.c,
                            .out = at.out,
                            .kind = op->kind};

    return call.status != FW_OK ? call.status
                                : session_each(session, KERNEL_OF(map, op->dtype), op->n, &args);
}

fw_status op_affine(struct fw_kernels_session *session, const struct fw_affine *op)
{
    struct fw_call call = session_call(session, "affine", op->struct_size, sizeof *op);
    const struct fw_affine_at at = fw_check_affine(&call, op);
    struct affine_args args = {.n = at.n,
                               .channels = op->channels,
                               .inner = op->inner,
                               .constant = at.constant,
                               .out = at.out};

    for (int t = 0; t < 3; t++) {
        args.terms[t] = at.terms[t];
        args.factors[t] = at.factors[t];
    }
    return call.status != FW_OK ? call.status
                                : session_each(session, KERNEL_OF(affine, op->dtype), at.n, &args);
}

fw_status op_random(struct fw_kernels_session *session, const struct fw_random *op)
{
    struct fw_call call = session_call(session, "random", op->struct_size, sizeof *op);
    struct random_args args = {.seed = op->seed,
                               .first = op->first,
                               .n = op->n,
                               .limit = op->limit,
                               .p = op->p,
                               .kept = 1 / (1 - op->p),
                               .out = fw_check_random(&call, op),
                               .kind = op->kind};
    int kernel = op->kind == FW_RANDOM_INDEX ? KERNEL_random_index : KERNEL_OF(random, op->dtype);

    return call.status != FW_OK ? call.status : session_each(session, kernel, op->n, &args);
}

fw_status op_update(struct fw_kernels_session *session, const struct fw_update *op)
{
    struct fw_call call = session_call(session, "update", op->struct_size, sizeof *op);
    const struct fw_update_at at = fw_check_update(&call, op);
    bool sgd = op->kind == FW_UPDATE_SGD, decoupled = op->kind == FW_UPDATE_ADAMW;
    double correction1 = 1 - pow(op->beta1, (double)op->step);
    double correction2 = 1 - pow(op->beta2, (double)op->step);
    struct update_args args = {.n = op->n,
                               .rate = sgd ? op->rate : op->rate / correction1,
                               .beta1 = op->beta1,
                               .beta2 = op->beta2,
                               .root = 1 / sqrt(correction2),
                               .epsilon = op->epsilon,
                               .decay = decoupled ? 0 : op->decay,
                               .shrink = decoupled ? 1 - op->rate * op->decay : 1,
                               .scale = op->gradient_scale,
                               .w = at.w,
                               .g = at.g,
                               .m = at.m,
                               .v = at.v,
                               .first = op->step <= 1};

    return call.status != FW_OK ? call.status
                                : session_each(session, KERNEL_OF(update, op->dtype), op->n, &args);
}
