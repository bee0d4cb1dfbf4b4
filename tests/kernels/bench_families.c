/* SPDX-License-Identifier: MIT */
/* One case or more of every family that is bound by memory: what is read and written at least once
 * is counted, as if caches kept all that is used again within a call. */
#include "bench.h"

enum { N = 1 << 24, ROWS = 128, CHANNELS = 64, PLANE = 32 * 32 };

#define CALL(name)                                                                                 \
    static fw_status name(const struct bench *b, const void *op)                                   \
    {                                                                                              \
        return b->k->name(b->session, op);                                                         \
    }
CALL(affine)
CALL(reduce)
CALL(copy)
CALL(random)
CALL(norm)
CALL(pool)
CALL(softmax)
CALL(update)
CALL(box_sum)
CALL(patches)
CALL(ranks)
CALL(bootstrap)

/* Four arrays that the cases share: they ask for less than that. */
struct arrays {
    struct fw_operand x;
    struct fw_operand y;
    struct fw_operand z;
    struct fw_operand small;
};

static struct bench_work bytes(double per_element, double n)
{
    return (struct bench_work){.bytes = per_element * n};
}

static struct fw_operand moved(struct fw_operand at, uint64_t bytes)
{
    at.offset += bytes;
    return at;
}

static void array_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_affine affine_op = {.struct_size = sizeof affine_op,
                                  .dtype = FW_F32,
                                  .outer = N / CHANNELS / PLANE,
                                  .channels = CHANNELS,
                                  .inner = PLANE,
                                  .a = a->x,
                                  .pa = a->small,
                                  .p0 = moved(a->small, 4096),
                                  .out = a->y};
    struct fw_copy turn = {.struct_size = sizeof turn,
                           .in_type = FW_F32,
                           .out_type = FW_F32,
                           .shape = {1, 1, 4096, 4096},
                           .in_stride = {0, 0, 4096, 1},
                           .out_stride = {0, 0, 1, 4096},
                           .in = a->x,
                           .out = a->y};
    struct fw_random keep = {.struct_size = sizeof keep,
                             .dtype = FW_F32,
                             .kind = FW_RANDOM_KEEP,
                             .seed = 1,
                             .n = N,
                             .p = 0.1,
                             .out = a->y};
    struct fw_update adam = {.struct_size = sizeof adam,
                             .dtype = FW_F32,
                             .kind = FW_UPDATE_ADAMW,
                             .n = N / 4,
                             .step = 1,
                             .rate = 1e-3,
                             .beta1 = 0.9,
                             .beta2 = 0.999,
                             .epsilon = 1e-8,
                             .gradient_scale = 1,
                             .w = a->y,
                             .g = a->x,
                             .m = a->z,
                             .v = moved(a->z, N)};

    (void)bench_measure(b, "affine per channel", affine, &affine_op, bytes(8, N));
    (void)bench_measure(b, "copy, transposed 4096 x 4096", copy, &turn, bytes(8, N));
    (void)bench_measure(b, "random, dropout mask", random, &keep, bytes(4, N));
    (void)bench_measure(b, "update, AdamW", update, &adam, bytes(28, N / 4.0));
}

static void reduce_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_reduce op = {.struct_size = sizeof op,
                           .dtype = FW_F32,
                           .kind = FW_REDUCE_SUM,
                           .out_type = FW_F64,
                           .outer = 1,
                           .channels = 1,
                           .inner = N,
                           .alpha = 1,
                           .a = a->x,
                           .out = a->small};

    (void)bench_measure(b, "reduce, one sum", reduce, &op, bytes(4, N));
    op.outer = N / CHANNELS / PLANE;
    op.channels = CHANNELS;
    op.inner = PLANE;
    (void)bench_measure(b, "reduce, sums of channels", reduce, &op, bytes(4, N));
    op.outer = N / 256;
    op.channels = 256;
    op.inner = 1;
    (void)bench_measure(b, "reduce, sums of columns", reduce, &op, bytes(4, N));
    op.kind = FW_REDUCE_ARGMAX;
    op.out_type = FW_I32;
    (void)bench_measure(b, "reduce, argmax of columns", reduce, &op, bytes(4, N));
}

static void norm_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_norm op = {.struct_size = sizeof op,
                         .dtype = FW_F32,
                         .outer = ROWS,
                         .channels = CHANNELS,
                         .inner = PLANE,
                         .epsilon = 1e-5,
                         .x = a->x,
                         .mean = a->small,
                         .variance = moved(a->small, 1 << 18),
                         .y = a->y,
                         .dy = a->y,
                         .dx = a->z,
                         .dgamma = moved(a->small, 2 << 18),
                         .dbeta = moved(a->small, 3 << 18)};
    double n = (double)ROWS * CHANNELS * PLANE;

    (void)bench_measure(b, "batch norm", norm, &op, bytes(12, n));
    op.backward = 1;
    (void)bench_measure(b, "batch norm, backward", norm, &op, bytes(20, n));
    op.backward = 0;
    op.kind = FW_NORM_LAYER;
    op.outer = N / 256;
    op.channels = 1;
    op.inner = 256;
    (void)bench_measure(b, "layer norm of 256", norm, &op, bytes(8, N));
    op.backward = 1;
    (void)bench_measure(b, "layer norm of 256, backward", norm, &op, bytes(20, N));
}

static void layer_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_pool max = {.struct_size = sizeof max,
                          .dtype = FW_F32,
                          .planes = (uint64_t)ROWS * CHANNELS,
                          .in_rows = 32,
                          .in_cols = 32,
                          .kernel_rows = 2,
                          .kernel_cols = 2,
                          .stride_rows = 2,
                          .stride_cols = 2,
                          .x = a->x,
                          .y = a->y,
                          .index = a->z};
    struct fw_softmax op = {.struct_size = sizeof op,
                            .dtype = FW_F32,
                            .rows = N / 256,
                            .cols = 256,
                            .scale = 1,
                            .x = a->x,
                            .y = a->y};
    double n = (double)ROWS * CHANNELS * PLANE;

    (void)bench_measure(b, "pool, largest of 2 x 2", pool, &max, bytes(6, n));
    max.direction = FW_POOL_BACKWARD;
    (void)bench_measure(b, "pool, backward", pool, &max, bytes(6, n));
    (void)bench_measure(b, "softmax of 256", softmax, &op, bytes(8, N));
    op.rows = N / 16;
    op.cols = 10;
    (void)bench_measure(b, "softmax of 10", softmax, &op, bytes(8, N / 16.0 * 10));
}

static void image_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_box_sum box = {.struct_size = sizeof box,
                             .dtype = FW_F32,
                             .out_type = FW_F32,
                             .window = 7,
                             .batch = 1,
                             .rows = 4096,
                             .cols = 4096,
                             .a = a->x,
                             .b = a->x,
                             .out = a->y};
    struct fw_patches op = {.struct_size = sizeof op,
                            .dtype = FW_F32,
                            .parts = 2,
                            .n = 512,
                            .side = 64,
                            .rows = 1024,
                            .cols = 1024,
                            .patches = a->y,
                            .at = bench_zeros(b, 512 * 16),
                            .image = a->x};
    double n = 512.0 * 64 * 64 * 2;

    (void)bench_measure(b, "box sum of 7 x 7", box_sum, &box, bytes(8, N));
    (void)bench_measure(b, "patches, gathered", patches, &op, bytes(8, n));
    op.kind = FW_PATCHES_STITCH;
    op.image = bench_zeros(b, UINT64_C(16) << 20);
    op.weight = bench_zeros(b, UINT64_C(8) << 20);
    (void)bench_measure(b, "patches, stitched", patches, &op, bytes(4, n));
    b->k->buffer_destroy(op.at.buffer);
    b->k->buffer_destroy(op.image.buffer);
    b->k->buffer_destroy(op.weight.buffer);
}

static void table_cases(const struct bench *b, const struct arrays *a)
{
    struct fw_ranks order = {.struct_size = sizeof order,
                             .dtype = FW_F32,
                             .rows = 1,
                             .n = 1 << 20,
                             .x = a->x,
                             .out = a->y};
    struct fw_bootstrap op = {.struct_size = sizeof op,
                              .models = 2,
                              .n = 1 << 16,
                              .block = 1,
                              .resamples = 1000,
                              .seed = 1,
                              .score = a->z,
                              .label = a->y,
                              .out = a->x};

    (void)bench_measure(b, "ranks of a million", ranks, &order, bytes(12, 1 << 20));
    (void)bench_measure(b, "bootstrap, 1,000 x 2 x 65,536", bootstrap, &op,
                        bytes(4, 1000.0 * 65536));
}

void bench_all_families(struct bench *b)
{
    struct arrays a = {bench_floats(b, N), bench_floats(b, N), bench_floats(b, N),
                       bench_floats(b, 1 << 20)};

    array_cases(b, &a);
    reduce_cases(b, &a);
    norm_cases(b, &a);
    layer_cases(b, &a);
    image_cases(b, &a);
    table_cases(b, &a);
    b->k->buffer_destroy(a.x.buffer);
    b->k->buffer_destroy(a.y.buffer);
    b->k->buffer_destroy(a.z.buffer);
    b->k->buffer_destroy(a.small.buffer);
}
