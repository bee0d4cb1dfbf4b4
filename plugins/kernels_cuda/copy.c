/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "session.h"

static uint64_t elements(const uint64_t shape[4])
{
    return fw_call_times(fw_call_times(shape[0], shape[1]), fw_call_times(shape[2], shape[3]));
}

/* Neighbouring dimensions that lie behind one another on both sides become one: fewer divisions. */
static void merge_dimensions(struct copy_args *args)
{
    for (int d = 2; d >= 0; d--) {
        bool in = args->in_stride[d] == args->shape[d + 1] * args->in_stride[d + 1];
        bool out = args->out_stride[d] == args->shape[d + 1] * args->out_stride[d + 1];
        if (args->shape[d] == 1 || (in && out)) {
            args->shape[d + 1] *= args->shape[d];
            for (int above = d; above > 0; above--) {
                args->shape[above] = args->shape[above - 1];
                args->in_stride[above] = args->in_stride[above - 1];
                args->out_stride[above] = args->out_stride[above - 1];
            }
            args->shape[0] = 1;
        }
    }
}

static void swap(uint64_t *a, uint64_t *b)
{
    uint64_t old = *a;

    *a = *b;
    *b = old;
}

static void swap_dimensions(struct copy_args *args, int a, int b)
{
    swap(&args->shape[a], &args->shape[b]);
    swap(&args->in_stride[a], &args->in_stride[b]);
    swap(&args->out_stride[a], &args->out_stride[b]);
}

/* A dimension, and the last one, whose neighbours lie side by side in `out` and in `in`: after
 * exchanging dimensions the third and the fourth. Short ones do not fill a tile. */
static bool is_turned(struct copy_args *args)
{
    for (int d = 0; d < 3; d++) {
        if (args->in_stride[d] == 1 && args->out_stride[3] == 1) {
            swap_dimensions(args, d, 3);
        }
        if (args->in_stride[3] == 1 && args->out_stride[d] == 1 && args->shape[d] >= 4 &&
            args->shape[3] >= 4) {
            swap_dimensions(args, d, 2);
            return true;
        }
    }
    return false;
}

static fw_status turn(struct fw_kernels_session *session, const struct copy_args *copy,
                      uint64_t element)
{
    struct turn_args args = {.rows = copy->shape[2],
                             .cols = copy->shape[3],
                             .in_row = copy->in_stride[2],
                             .out_col = copy->out_stride[3],
                             .planes = {copy->shape[0], copy->shape[1]},
                             .in_plane = {copy->in_stride[0], copy->in_stride[1]},
                             .out_plane = {copy->out_stride[0], copy->out_stride[1]},
                             .in = copy->in,
                             .out = copy->out};
    uint64_t tiles = ceiling(args.rows, TURN_TILE) * ceiling(args.cols, TURN_TILE);

    return session_launch(session, element == 8 ? KERNEL_turn_f64 : KERNEL_turn_f32,
                          args.planes[0] * args.planes[1] * tiles, &args);
}

fw_status op_copy(struct fw_kernels_session *session, const struct fw_copy *op)
{
    struct fw_call call = session_call(session, "copy", op->struct_size, sizeof *op);
    const struct fw_copy_at at = fw_check_copy(&call, op);
    struct copy_args args = {.n = elements(op->shape),
                             .in = at.in,
                             .out = at.out,
                             .in_type = op->in_type,
                             .out_type = op->out_type};

    if (call.status != FW_OK || args.n == 0) {
        return call.status;
    }
    for (int d = 0; d < 4; d++) {
        args.shape[d] = op->shape[d];
        args.in_stride[d] = op->in_stride[d];
        args.out_stride[d] = op->out_stride[d];
    }
    merge_dimensions(&args);
    if (args.shape[3] == args.n && args.in_stride[3] == 1 && args.out_stride[3] == 1 &&
        op->in_type == op->out_type) {
        return CUDA_CALL(session, PART_DRIVER, cuMemcpyDtoDAsync_v2, device_address(at.out),
                         device_address(at.in), args.n * at.in_element, session->stream);
    }
    if (op->in_type == op->out_type && at.in_element >= 4 && is_turned(&args)) {
        return turn(session, &args, at.in_element);
    }
    return session_each(session, KERNEL_copy, args.n, &args);
}
