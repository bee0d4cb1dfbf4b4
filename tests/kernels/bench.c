/* SPDX-License-Identifier: MIT */
/*
 * bench [--table|--processor] PROVIDER.so [THREADS [REPETITIONS]]: lines "NAME SECONDS WORK UNIT",
 * the best of the repetitions, by the clock or, with --processor, of the processor's time; WORK is
 * what the operation must at least do, in flops or bytes, counted from its shape. With --table rows
 * for a person, of every family, and what fraction of the measured rates of a large copy and a
 * large matrix product is reached.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_must(const struct bench *b, fw_status status)
{
    if (status != FW_OK) {
        (void)fprintf(stderr, "%d: %s\n", status, b->provider.fault);
        exit(1);
    }
}

struct fw_operand bench_zeros(const struct bench *b, uint64_t bytes)
{
    struct fw_operand at = {0};

    bench_must(b, b->k->buffer_create(b->session, bytes, &at.buffer));
    return at;
}

struct fw_operand bench_floats(const struct bench *b, uint64_t n)
{
    struct fw_operand at = bench_zeros(b, n * sizeof(float));
    float *values = malloc(n * sizeof *values);

    for (uint64_t i = 0; i < n && values != NULL; i++) {
        values[i] = (float)(i * 2654435761U % 1000) / 1000 - 0.5F;
    }
    bench_must(b, b->k->upload(b->session, at, values, n * sizeof *values));
    free(values);
    return at;
}

static double processor_time(const struct bench *b, bench_call *call, const void *op)
{
    struct timespec first, last;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &first);
    bench_must(b, call(b, op));
    bench_must(b, b->k->synchronize(b->session));
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &last);
    return (double)(last.tv_sec - first.tv_sec) + 1e-9 * (double)(last.tv_nsec - first.tv_nsec);
}

static double once(const struct bench *b, bench_call *call, const void *op)
{
    if (b->processor) {
        return processor_time(b, call, op);
    }
    struct fw_kernels_event *first, *last;
    double ms;

    bench_must(b, b->k->event_create(b->session, &first));
    bench_must(b, b->k->event_create(b->session, &last));
    bench_must(b, b->k->event_record(first));
    bench_must(b, call(b, op));
    bench_must(b, b->k->event_record(last));
    bench_must(b, b->k->event_elapsed(first, last, &ms));
    b->k->event_destroy(first);
    b->k->event_destroy(last);
    return ms / 1e3;
}

/* The roofline: the longer of what the bytes and what the flops take at the measured rates. */
static void print_row(const struct bench *b, const char *name, double seconds,
                      struct bench_work work)
{
    double bytes = b->copied > 0 ? work.bytes / b->copied : 0;
    double flops = b->matrix > 0 ? work.flops / b->matrix : 0;

    (void)printf("%-32s %10.3f ms %9.1f GB/s %9.1f GFLOP/s", name, seconds * 1e3,
                 work.bytes / seconds / 1e9, work.flops / seconds / 1e9);
    if (b->matrix > 0) {
        (void)printf("  %4.0f %% of the %s rate", 100 * (bytes > flops ? bytes : flops) / seconds,
                     bytes > flops ? "copy's" : "product's");
    }
    (void)printf("\n");
}

double bench_measure(const struct bench *b, const char *name, bench_call *call, const void *op,
                     struct bench_work work)
{
    double best = once(b, call, op);

    for (int i = 0; i < b->repetitions; i++) {
        double seconds = once(b, call, op);
        best = seconds < best ? seconds : best;
    }
    if (b->table) {
        print_row(b, name, best, work);
    } else {
        (void)printf("%s %.9f %.0f %s\n", name, best, work.flops > 0 ? work.flops : work.bytes,
                     work.flops > 0 ? "flop" : "byte");
    }
    return best;
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

static double bench_gemm(const struct bench *b, uint64_t m, uint64_t n, uint64_t k,
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
                         .a = bench_floats(b, m * k),
                         .b = bench_floats(b, k * n),
                         .c = bench_floats(b, m * n)};
    struct bench_work work;
    char name[64];
    double best;

    (void)snprintf(name, sizeof name, "gemm_%d_%d_%d_%u", (int)m, (int)n, (int)k, transpose_b);
    work.flops = 2.0 * (double)(m * n * k);
    work.bytes = 4.0 * (double)(m * k + k * n + m * n);
    best = bench_measure(b, name, gemm, &op, work);
    b->k->buffer_destroy(op.a.buffer);
    b->k->buffer_destroy(op.b.buffer);
    b->k->buffer_destroy(op.c.buffer);
    return best;
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
                           .input = bench_floats(b, (uint64_t)s[0] * s[1] * s[3] * s[3]),
                           .filter = bench_floats(b, (uint64_t)s[1] * s[2] * s[4] * s[4]),
                           .output = bench_floats(b, s[0] * s[2] * out * out)};
    struct bench_work work = {
        .flops = 2.0 * s[0] * s[1] * s[2] * s[4] * s[4] * (double)(out * out),
        .bytes = 4.0 * s[0] * ((double)s[1] * s[3] * s[3] + (double)s[2] * (double)(out * out))};
    char name[64];

    for (op.direction = 0; op.direction < 3; op.direction++) {
        (void)snprintf(name, sizeof name, "conv_%u_%u_%u_%u_%u_%u_%s", s[0], s[1], s[2], s[3], s[4],
                       s[5], names[op.direction]);
        bench_measure(b, name, conv, &op, work);
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
                        .in = bench_floats(b, n),
                        .out = bench_floats(b, n)};
    char name[64];

    (void)snprintf(name, sizeof name, "fft_%d_%d", (int)batch, (int)side);
    bench_measure(b, name, fft, &op, (struct bench_work){.bytes = 16.0 * (double)n});
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
                        .a = bench_floats(b, N),
                        .b = bench_floats(b, N),
                        .out = bench_floats(b, N)};

    bench_measure(b, name, map, &op, (struct bench_work){.bytes = arrays * 4 * N});
    b->k->buffer_destroy(op.a.buffer);
    b->k->buffer_destroy(op.b.buffer);
    b->k->buffer_destroy(op.out.buffer);
}

static fw_status copy(const struct bench *b, const void *op)
{
    return b->k->copy(b->session, op);
}

/* What the other rows are compared with. */
static void measure_rates(struct bench *b)
{
    enum { N = 1 << 26 };
    uint64_t side = b->k->device == FW_KERNELS_CUDA ? 8192 : 2048;
    struct fw_copy op = {.struct_size = sizeof op,
                         .in_type = FW_F32,
                         .out_type = FW_F32,
                         .shape = {1, 1, 1, N},
                         .in_stride = {0, 0, 0, 1},
                         .out_stride = {0, 0, 0, 1},
                         .in = bench_floats(b, N),
                         .out = bench_floats(b, N)};
    struct bench_work work = {.bytes = 8.0 * N};

    b->copied = work.bytes / bench_measure(b, "copy of 256 MiB", copy, &op, work);
    b->k->buffer_destroy(op.in.buffer);
    b->k->buffer_destroy(op.out.buffer);
    b->matrix = 2.0 * (double)(side * side * side) / bench_gemm(b, side, side, side, 0);
}

static void bench_cases(const struct bench *b)
{
    static const uint32_t convs[][6] = {/* batch, in, out, side, kernel, stride */
                                        {128, 64, 64, 32, 3, 1},  {128, 128, 128, 16, 3, 1},
                                        {128, 256, 256, 8, 3, 1}, {128, 512, 512, 4, 3, 1},
                                        {128, 64, 128, 32, 3, 2}, {128, 3, 64, 32, 3, 1}};

    (void)bench_gemm(b, 512, 512, 512, 0);
    (void)bench_gemm(b, 1024, 1024, 1024, 0);
    (void)bench_gemm(b, 2048, 2048, 2048, 1);
    (void)bench_gemm(b, 1152, 256, 64, 1);
    for (unsigned i = 0; i < sizeof convs / sizeof convs[0]; i++) {
        bench_conv(b, convs[i]);
    }
    bench_fft(b, 64, 128);
    bench_fft(b, 1, 2048);
    bench_map(b, "add", FW_MAP_LINEAR, 3);
    bench_map(b, "gelu", FW_MAP_GELU, 2);
}

static bool is_available(const struct bench *b)
{
    char reason[256] = "";
    bool good = b->k->available(reason, sizeof reason) == FW_OK;

    if (!good) {
        (void)fprintf(stderr, "%s\n", reason);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct bench b = {.table = argc > 1 && strcmp(argv[1], "--table") == 0,
                      .processor = argc > 1 && strcmp(argv[1], "--processor") == 0};

    argc -= b.table || b.processor;
    argv += b.table || b.processor;
    if (argc < 2) {
        (void)fprintf(stderr,
                      "usage: bench [--table|--processor] PROVIDER.so [THREADS [REPETITIONS]]\n");
        return 2;
    }
    b.repetitions = argc > 3 ? atoi(argv[3]) : 10;
    provider_open(&b.provider, argv[1]);
    b.k = b.provider.kernels;
    b.provider.threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 2;
    b.provider.memory_bytes = UINT64_C(4) << 30;
    if (!is_available(&b)) {
        return 77;
    }
    bench_must(&b, b.k->open(&b.provider.host, &b.session));
    (void)fprintf(stderr, "%s\n", b.k->describe(b.session));
    if (b.table) {
        measure_rates(&b);
    }
    bench_cases(&b);
    if (b.table) {
        bench_all_families(&b);
    }
    b.k->close(b.session);
    provider_close(&b.provider);
    return 0;
}
