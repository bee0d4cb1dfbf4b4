/* SPDX-License-Identifier: MIT */
/*
 * training_shapes_run PROVIDER.so [THREADS [REPETITIONS [PART-OF-A-NAME]]]: the operations of a
 * training step, lines "NAME TIMES SECONDS PROCESSOR-SECONDS WORK UNIT": how often a step has it,
 * the best of the repetitions, and what it must at least do, in flops or bytes, counted from its
 * shape.
 * ResNet-18 of 32 x 32 images at batch 128, PatchTST of d 64, 9 tokens, ff 256, 4 layers at
 * batch 128.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "provider.h"

enum { BATCH = 128, ROWS = BATCH * 9 };

struct bench {
    struct provider provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    int repetitions;
    const char *part;
    struct fw_operand arrays[5]; /* of the size of the largest, filled */
};

union op {
    struct fw_gemm gemm;
    struct fw_conv2d conv;
    struct fw_norm norm;
    struct fw_map map;
    struct fw_pool pool;
    struct fw_update update;
};

typedef fw_status bench_call(const struct bench *b, const union op *op);

struct entry {
    const char *name;
    int times;
    double work;
    const char *unit;
};

static void must(const struct bench *b, fw_status status)
{
    if (status != FW_OK) {
        (void)fprintf(stderr, "%d: %s\n", status, b->provider.fault);
        exit(1);
    }
}

static struct fw_operand floats(const struct bench *b, uint64_t n)
{
    struct fw_operand at = {0};
    float *values = malloc(n * sizeof *values);

    for (uint64_t i = 0; i < n && values != NULL; i++) {
        values[i] = (float)(i * 2654435761U % 1000) / 1000 - 0.5F;
    }
    must(b, b->k->buffer_create(b->session, n * sizeof *values, &at.buffer));
    must(b, b->k->upload(b->session, at, values, n * sizeof *values));
    free(values);
    return at;
}

static double now(clockid_t clock)
{
    struct timespec at = {0};

    (void)clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void measure(const struct bench *b, const struct entry *entry, bench_call *call,
                    const union op *op)
{
    double wall = HUGE_VAL, cpu = HUGE_VAL;

    for (int i = 0; i <= b->repetitions; i++) {
        double begin = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
        if (b->part != NULL && strstr(entry->name, b->part) == NULL) {
            return;
        }
        must(b, call(b, op));
        must(b, b->k->synchronize(b->session));
        wall = fmin(wall, now(CLOCK_MONOTONIC) - begin);
        cpu = fmin(cpu, now(CLOCK_PROCESS_CPUTIME_ID) - used);
    }
    (void)printf("%s %d %.9f %.9f %.0f %s\n", entry->name, entry->times, wall, cpu, entry->work,
                 entry->unit);
    (void)fflush(stdout);
}

static fw_status gemm(const struct bench *b, const union op *op)
{
    return b->k->gemm(b->session, &op->gemm);
}

static fw_status conv(const struct bench *b, const union op *op)
{
    return b->k->conv2d(b->session, &op->conv);
}

static fw_status norm(const struct bench *b, const union op *op)
{
    return b->k->norm(b->session, &op->norm);
}

static fw_status map(const struct bench *b, const union op *op)
{
    return b->k->map(b->session, &op->map);
}

static fw_status pool(const struct bench *b, const union op *op)
{
    return b->k->pool(b->session, &op->pool);
}

static fw_status update(const struct bench *b, const union op *op)
{
    return b->k->update(b->session, &op->update);
}

/* How often, channels in and out, side of the input, kernel, stride. */
static void bench_conv(const struct bench *b, const uint32_t *s)
{
    static const char *const names[] = {"forward", "data", "filter"};
    uint64_t out = (s[3] + 2 * (s[4] / 2) - s[4]) / s[5] + 1;
    union op op = {.conv = {.struct_size = sizeof op.conv,
                            .dtype = FW_F32,
                            .batch = BATCH,
                            .in_channels = s[1],
                            .in_rows = s[3],
                            .in_cols = s[3],
                            .out_channels = s[2],
                            .kernel_rows = s[4],
                            .kernel_cols = s[4],
                            .stride_rows = s[5],
                            .stride_cols = s[5],
                            .pad_rows = s[4] / 2,
                            .pad_cols = s[4] / 2,
                            .alpha = 1,
                            .input = b->arrays[0],
                            .filter = b->arrays[1],
                            .output = b->arrays[2]}};
    char name[64];
    struct entry entry = {.name = name,
                          .times = (int)s[0],
                          .work = 2.0 * BATCH * s[1] * s[2] * s[4] * s[4] * (double)(out * out),
                          .unit = "flop"};

    for (op.conv.direction = 0; op.conv.direction < 3; op.conv.direction++) {
        (void)snprintf(name, sizeof name, "conv_%u_%u_%u_%u_%u_%s", s[1], s[2], s[3], s[4], s[5],
                       names[op.conv.direction]);
        if (s[1] > 3 || op.conv.direction != FW_CONV_BACKWARD_DATA) { /* an image needs none */
            measure(b, &entry, conv, &op);
        }
    }
}

/* Channels, side, and how often a norm, its ReLU, a sum of two branches. */
static void bench_stage(const struct bench *b, const uint32_t *s)
{
    uint64_t n = (uint64_t)BATCH * s[0] * s[1] * s[1];
    double bytes = 4 * (double)n;
    union op op = {.norm = {.struct_size = sizeof op.norm,
                            .dtype = FW_F32,
                            .kind = FW_NORM_BATCH,
                            .outer = BATCH,
                            .channels = s[0],
                            .inner = (uint64_t)s[1] * s[1],
                            .epsilon = 1e-5,
                            .x = b->arrays[0],
                            .gamma = b->arrays[1],
                            .beta = b->arrays[1],
                            .mean = b->arrays[4],
                            .variance = {b->arrays[4].buffer, 8192},
                            .y = b->arrays[2],
                            .dy = b->arrays[2],
                            .dx = b->arrays[3],
                            .dgamma = {b->arrays[4].buffer, 16384},
                            .dbeta = {b->arrays[4].buffer, 24576}}};
    union op sum = {.map = {.struct_size = sizeof sum.map,
                            .dtype = FW_F32,
                            .kind = FW_MAP_LINEAR,
                            .n = n,
                            .alpha = 1,
                            .beta = 1,
                            .a = b->arrays[0],
                            .b = b->arrays[2],
                            .out = b->arrays[3]}};
    char name[64];
    struct entry entry = {.name = name, .times = (int)s[2], .work = 3 * bytes, .unit = "byte"};

    (void)snprintf(name, sizeof name, "norm_%u_%u_forward", s[0], s[1]);
    measure(b, &entry, norm, &op);
    op.norm.backward = 1;
    entry.work = 5 * bytes;
    (void)snprintf(name, sizeof name, "norm_%u_%u_backward", s[0], s[1]);
    measure(b, &entry, norm, &op);
    entry.work = 3 * bytes;
    entry.times = (int)s[4];
    (void)snprintf(name, sizeof name, "add_%u_%u", s[0], s[1]);
    measure(b, &entry, map, &sum);
    entry.times = (int)s[3];
    sum.map.kind = FW_MAP_RELU_GATE;
    (void)snprintf(name, sizeof name, "gate_%u_%u", s[0], s[1]);
    measure(b, &entry, map, &sum);
    entry.work = 2 * bytes;
    sum.map.kind = FW_MAP_RELU;
    (void)snprintf(name, sizeof name, "relu_%u_%u", s[0], s[1]);
    measure(b, &entry, map, &sum);
}

static void bench_pool(const struct bench *b)
{
    union op op = {.pool = {.struct_size = sizeof op.pool,
                            .dtype = FW_F32,
                            .kind = FW_POOL_AVERAGE,
                            .planes = BATCH * 512,
                            .in_rows = 4,
                            .in_cols = 4,
                            .kernel_rows = 4,
                            .kernel_cols = 4,
                            .stride_rows = 4,
                            .stride_cols = 4,
                            .x = b->arrays[0],
                            .y = b->arrays[2]}};
    struct entry entry = {"pool_forward", 1, 4.0 * BATCH * 512 * 17, "byte"};

    measure(b, &entry, pool, &op);
    entry.name = "pool_backward";
    op.pool.direction = FW_POOL_BACKWARD;
    measure(b, &entry, pool, &op);
}

static void bench_update(const struct bench *b)
{
    union op op = {.update = {.struct_size = sizeof op.update,
                              .dtype = FW_F32,
                              .kind = FW_UPDATE_SGD,
                              .n = 11173962,
                              .step = 2,
                              .rate = 0.1,
                              .beta1 = 0.9,
                              .decay = 1e-3,
                              .gradient_scale = 1,
                              .w = b->arrays[1],
                              .g = b->arrays[2],
                              .m = b->arrays[3]}};
    struct entry entry = {"update_sgd", 1, 20.0 * 11173962, "byte"};

    measure(b, &entry, update, &op);
}

/* How often, m, n, k, A transposed, B transposed, matrices. */
static void bench_gemm(const struct bench *b, const uint32_t *s)
{
    union op op = {.gemm = {.struct_size = sizeof op.gemm,
                            .dtype = FW_F32,
                            .transpose_a = s[4],
                            .transpose_b = s[5],
                            .m = s[1],
                            .n = s[2],
                            .k = s[3],
                            .lda = s[4] ? s[1] : s[3],
                            .ldb = s[5] ? s[3] : s[2],
                            .ldc = s[2],
                            .outer = s[6],
                            .stride_a_outer = s[1] * s[3],
                            .stride_b_outer = s[2] * s[3],
                            .stride_c_outer = s[1] * s[2],
                            .alpha = 1,
                            .a = b->arrays[0],
                            .b = b->arrays[1],
                            .c = b->arrays[2]}};
    char name[64];
    struct entry entry = {
        .name = name, .times = (int)s[0], .work = 2.0 * s[1] * s[2] * s[3] * s[6], .unit = "flop"};

    (void)snprintf(name, sizeof name, "gemm_%u_%u_%u_%u%u_%u", s[1], s[2], s[3], s[4], s[5], s[6]);
    measure(b, &entry, gemm, &op);
}

static void bench_resnet(const struct bench *b)
{
    static const uint32_t convs[][6] = {
        {1, 3, 64, 32, 3, 1},    {4, 64, 64, 32, 3, 1},   {1, 64, 128, 32, 3, 2},
        {3, 128, 128, 16, 3, 1}, {1, 64, 128, 32, 1, 2},  {1, 128, 256, 16, 3, 2},
        {3, 256, 256, 8, 3, 1},  {1, 128, 256, 16, 1, 2}, {1, 256, 512, 8, 3, 2},
        {3, 512, 512, 4, 3, 1},  {1, 256, 512, 8, 1, 2}};
    static const uint32_t stages[][5] = {
        {64, 32, 5, 5, 2}, {128, 16, 5, 4, 2}, {256, 8, 5, 4, 2}, {512, 4, 5, 4, 2}};

    for (unsigned i = 0; i < sizeof convs / sizeof convs[0]; i++) {
        bench_conv(b, convs[i]);
    }
    for (unsigned i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        bench_stage(b, stages[i]);
    }
    bench_pool(b);
    bench_update(b);
}

/* Products of the tokens; the two of the patches at F = 105; those of attention with 8 heads. */
static void bench_patchtst(const struct bench *b)
{
    static const uint32_t gemms[][7] = {
        {4, ROWS, 192, 64, 0, 1, 1},   {4, ROWS, 64, 192, 0, 0, 1},  {4, 192, 64, ROWS, 1, 0, 1},
        {4, ROWS, 64, 64, 0, 1, 1},    {4, ROWS, 64, 64, 0, 0, 1},   {4, 64, 64, ROWS, 1, 0, 1},
        {4, ROWS, 256, 64, 0, 1, 1},   {4, ROWS, 64, 256, 0, 0, 1},  {4, 256, 64, ROWS, 1, 0, 1},
        {4, ROWS, 64, 256, 0, 1, 1},   {4, ROWS, 256, 64, 0, 0, 1},  {4, 64, 256, ROWS, 1, 0, 1},
        {1, ROWS, 64, 1680, 0, 1, 1},  {1, 64, 1680, ROWS, 1, 0, 1}, {8, 9, 9, 8, 0, 1, 8 * BATCH},
        {8, 9, 8, 9, 0, 0, 8 * BATCH}, {8, 9, 8, 9, 1, 0, 8 * BATCH}};

    for (unsigned i = 0; i < sizeof gemms / sizeof gemms[0]; i++) {
        bench_gemm(b, gemms[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench b = {.repetitions = argc > 3 ? atoi(argv[3]) : 5,
                      .part = argc > 4 ? argv[4] : NULL};

    if (argc < 2) {
        (void)fprintf(stderr, "usage: training_shapes_run PROVIDER.so [THREADS [REPETITIONS"
                              " [PART-OF-A-NAME]]]\n");
        return 2;
    }
    provider_open(&b.provider, argv[1]);
    b.k = b.provider.kernels;
    b.provider.threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 2;
    must(&b, b.k->open(&b.provider.host, &b.session));
    for (int i = 0; i < 4; i++) {
        b.arrays[i] = floats(&b, 12 << 20);
    }
    b.arrays[4] = floats(&b, 16384);
    bench_resnet(&b);
    bench_patchtst(&b);
    for (int i = 0; i < 5; i++) {
        b.k->buffer_destroy(b.arrays[i].buffer);
    }
    b.k->close(b.session);
    provider_close(&b.provider);
    return 0;
}
