/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "reduction.h"

/* Pieces are cut so that there are about this many, or more where there are more channels, and none
 * is shorter than that: by the shape alone, whatever the device is. */
#define PIECES       1024
#define PIECE_LENGTH 4096

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Sets length and pieces; gives the number of blocks. */
static uint64_t cut(struct reduce_args *args)
{
    uint64_t rows = args->outer, n = rows * args->inner;
    uint64_t target = larger(PIECE_LENGTH, ceiling(n * args->channels, PIECES));

    if (args->inner >= REDUCE_SHORT) {
        args->length = target;
        args->pieces = larger(ceiling(n, target), 1);
        return args->channels * args->pieces;
    }
    args->length = larger(ceiling(target, larger(args->inner, 1) * REDUCE_LANES), 1);
    args->pieces = larger(ceiling(rows, args->length), 1);
    return ceiling(args->channels, REDUCE_LANES) * args->pieces;
}

/* Kernels for the pieces and for what joins them. */
struct stages {
    int pieces;
    int join;
    uint64_t partial; /* bytes of a piece's result */
};

/* SUMS_SLOPES is beyond the kinds of extremes. */
static fw_status reduce(struct fw_kernels_session *session, const struct stages *stages,
                        struct reduce_args *args)
{
    uint64_t blocks = cut(args);
    uint64_t partial = args->pieces > 1 ? args->channels * args->pieces * stages->partial : 0;
    uint64_t slopes = args->kind == SUMS_SLOPES ? args->channels * sizeof(struct sums2) : 0;

    CUDA_TRY(session_scratch(session, partial + slopes, &args->partial));
    args->slopes = (struct sums2 *)(void *)((char *)args->partial + partial);
    CUDA_TRY(session_launch(session, stages->pieces, blocks, args));
    return args->pieces > 1 ? session_launch(session, stages->join, args->channels, args) : FW_OK;
}

fw_status reduction_sums(struct fw_kernels_session *session, uint32_t dtype,
                         struct reduce_args *args)
{
    const struct stages stages = {KERNEL_OF(sums, dtype), KERNEL_OF(join_sums, dtype),
                                  sizeof(struct sums2)};

    return reduce(session, &stages, args);
}

fw_status reduction_extremes(struct fw_kernels_session *session, uint32_t dtype,
                             struct reduce_args *args)
{
    const struct stages stages = {KERNEL_OF(extremes, dtype), KERNEL_join_extremes,
                                  sizeof(struct extreme)};

    return reduce(session, &stages, args);
}

fw_status op_reduce(struct fw_kernels_session *session, const struct fw_reduce *op)
{
    static const uint32_t sums[] = {[FW_REDUCE_SUM] = SUMS_PLAIN,
                                    [FW_REDUCE_DOT] = SUMS_DOT,
                                    [FW_REDUCE_NONFINITE] = SUMS_NONFINITE};
    struct fw_call call = session_call(session, "reduce", op->struct_size, sizeof *op);
    const struct fw_reduce_at at = fw_check_reduce(&call, op);
    struct reduce_args args = {.outer = op->outer,
                               .channels = op->channels,
                               .inner = op->inner,
                               .kind = op->kind,
                               .out_type = op->out_type,
                               .alpha = op->alpha,
                               .a = at.a,
                               .b = at.b,
                               .out = at.out};

    if (call.status != FW_OK) {
        return call.status;
    }
    if (op->kind >= FW_REDUCE_MAX && op->kind <= FW_REDUCE_ARGMAX) {
        return reduction_extremes(session, op->dtype, &args);
    }
    args.kind = sums[op->kind];
    return reduction_sums(session, op->dtype, &args);
}
