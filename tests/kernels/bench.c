/* SPDX-License-Identifier: MIT */
/*
 * bench PROVIDER.so [THREADS [REPETITIONS]]: lines "NAME SECONDS WORK UNIT", the best of the
 * repetitions; WORK is what the operation must at least do, in flops or bytes, counted from its
 * shape.
 */
#include <stdio.h>
#include <stdlib.h>

#include "provider.h"

struct bench {
    struct provider provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    int repetitions;
};

typedef fw_status bench_call(const struct bench *b, const void *op);

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

static double once(const struct bench *b, bench_call *call, const void *op)
{
    struct fw_kernels_event *first, *last;
    double ms;

    must(b, b->k->event_create(b->session, &first));
    must(b, b->k->event_create(b->session, &last));
    must(b, b->k->event_record(first));
    must(b, call(b, op));
    must(b, b->k->event_record(last));
    must(b, b->k->event_elapsed(first, last, &ms));
    b->k->event_destroy(first);
    b->k->event_destroy(last);
    return ms / 1e3;
}

static void measure(const struct bench *b, const char *name, bench_call *call, const void *op,
                    double flops, double bytes)
{
    double best = once(b, call, op);

    for (int i = 0; i < b->repetitions; i++) {
        double seconds = once(b, call, op);
        best = seconds < best ? seconds : best;
    }
    (void)printf("%s %.9f %.0f %s\n", name, best, flops > 0 ? flops : bytes,
                 flops > 0 ? "flop" : "byte");
}

static fw_status gemm(const struct bench *b, const void *op)
{
    return b->k->gemm(b->session, op);
}

static fw_status conv(const struct bench *b, const void *op)
{
    return b->k->conv2d(b->session, op);
}

static fw_status fft(const struct bench *b, const void *op)
{
    return b->k->fft(b->session, op);
}

static fw_status map(const struct bench *b, const void *op)
{
    return b->k->map(b->session, op);
}

static void bench_gemm(const struct bench *b, uint64_t m, uint64_t n, uint64_t k,
                       uint32_t transpose_b)
{
    struct fw_gemm op = {.struct_size = sizeof op,
                         .dtype = FW_F32,
                         .transpose_b = transpose_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .lda = k,
                         .ldb = transpose_b ? k : n,
                         .ldc = n,
                         .alpha = 1,
                         .a = floats(b, m * k),
                         .b = floats(b, k * n),
                         .c = floats(b, m * n)};
    char name[64];

    (void)snprintf(name, sizeof name, "gemm_%d_%d_%d_%u", (int)m, (int)n, (int)k, transpose_b);
    measure(b, name, gemm, &op, 2.0 * (double)(m * n * k), 0);
    b->k->buffer_destroy(op.a.buffer);
    b->k->buffer_destroy(op.b.buffer);
    b->k->buffer_destroy(op.c.buffer);
}

static void bench_conv(const struct bench *b, const uint32_t *s)
{
    static const char *const names[] = {"forward", "data", "filter"};
    uint64_t out = (s[3] + 2 * (s[4] / 2) - s[4]) / s[5] + 1;
    struct fw_conv2d op = {.struct_size = sizeof op,
                           .dtype = FW_F32,
                           .batch = s[0],
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
                           .input = floats(b, (uint64_t)s[0] * s[1] * s[3] * s[3]),
                           .filter = floats(b, (uint64_t)s[1] * s[2] * s[4] * s[4]),
                           .output = floats(b, s[0] * s[2] * out * out)};
    double flops = 2.0 * s[0] * s[1] * s[2] * s[4] * s[4] * (double)(out * out);
    char name[64];

    for (op.direction = 0; op.direction < 3; op.direction++) {
        (void)snprintf(name, sizeof name, "conv_%u_%u_%u_%u_%u_%u_%s", s[0], s[1], s[2], s[3], s[4],
                       s[5], names[op.direction]);
        measure(b, name, conv, &op, flops, 0);
    }
    b->k->buffer_destroy(op.input.buffer);
    b->k->buffer_destroy(op.filter.buffer);
    b->k->buffer_destroy(op.output.buffer);
}

/* The columns' pass and the rows' pass read and write the image once each. */
static void bench_fft(const struct bench *b, uint64_t batch, uint64_t side)
{
    uint64_t n = 2 * batch * side * side;
    struct fw_fft op = {.struct_size = sizeof op,
                        .dtype = FW_F32,
                        .batch = batch,
                        .rows = side,
                        .cols = side,
                        .scale = 1,
                        .in = floats(b, n),
                        .out = floats(b, n)};
    char name[64];

    (void)snprintf(name, sizeof name, "fft_%d_%d", (int)batch, (int)side);
    measure(b, name, fft, &op, 0, 16.0 * (double)n);
    b->k->buffer_destroy(op.in.buffer);
    b->k->buffer_destroy(op.out.buffer);
}

static void bench_map(const struct bench *b, const char *name, uint32_t kind, double arrays)
{
    enum { N = 1 << 24 };
    struct fw_map op = {.struct_size = sizeof op,
                        .dtype = FW_F32,
                        .kind = kind,
                        .n = N,
                        .alpha = 1,
                        .beta = 1,
                        .a = floats(b, N),
                        .b = floats(b, N),
                        .out = floats(b, N)};

    measure(b, name, map, &op, 0, arrays * 4 * N);
    b->k->buffer_destroy(op.a.buffer);
    b->k->buffer_destroy(op.b.buffer);
    b->k->buffer_destroy(op.out.buffer);
}

int main(int argc, char **argv)
{
    static const uint32_t convs[][6] = {/* batch, in, out, side, kernel, stride */
                                        {128, 64, 64, 32, 3, 1},  {128, 128, 128, 16, 3, 1},
                                        {128, 256, 256, 8, 3, 1}, {128, 512, 512, 4, 3, 1},
                                        {128, 64, 128, 32, 3, 2}, {128, 3, 64, 32, 3, 1}};
    struct bench b = {.repetitions = argc > 3 ? atoi(argv[3]) : 10};

    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench PROVIDER.so [THREADS [REPETITIONS]]\n");
        return 2;
    }
    provider_open(&b.provider, argv[1]);
    b.k = b.provider.kernels;
    b.provider.threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 2;
    must(&b, b.k->open(&b.provider.host, &b.session));
    (void)fprintf(stderr, "%s\n", b.k->describe(b.session));
    bench_gemm(&b, 512, 512, 512, 0);
    bench_gemm(&b, 1024, 1024, 1024, 0);
    bench_gemm(&b, 2048, 2048, 2048, 1);
    bench_gemm(&b, 1152, 256, 64, 1);
    for (unsigned i = 0; i < sizeof convs / sizeof convs[0]; i++) {
        bench_conv(&b, convs[i]);
    }
    bench_fft(&b, 64, 128);
    bench_fft(&b, 1, 2048);
    bench_map(&b, "add", FW_MAP_LINEAR, 3);
    bench_map(&b, "gelu", FW_MAP_GELU, 2);
    b.k->close(b.session);
    provider_close(&b.provider);
    return 0;
}
