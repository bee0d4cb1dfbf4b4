/* SPDX-License-Identifier: MIT */
/*
 * patchtst_run PROVIDER.so THREADS STEPS: what a step of training the PatchTST 2M takes, batch of
 * 128, 25 channels, dropout 1/2, Adam. Lines "NAME SECONDS PROCESSOR_SECONDS", each the best of the
 * steps: "forward" with the loss, "step" in all, "evaluate" without dropout, and "product" of the
 * Hessian for 32 samples.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../kernels/provider.h"
#include "net/patchtst.h"
#include "splitmix/splitmix.h"

enum { BATCH = 128, PRODUCT_BATCH = 32, ROWS = 80, COLS = 25, SIZE = ROWS * COLS };

static const struct fw_patchtst model = {.channels = COLS,
                                         .context = ROWS,
                                         .patch = 16,
                                         .stride = 8,
                                         .spare = 10,
                                         .d_model = 64,
                                         .layers = 4,
                                         .heads = 4,
                                         .d_ff = 256,
                                         .dropout = 0.5};

struct bench {
    struct provider provider;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
    struct fw_kernels_buffer *moments[2];
    uint64_t step;
    float samples[BATCH * SIZE];
    int32_t labels[BATCH];
};

static void must(const struct bench *b, fw_status status)
{
    if (status != FW_OK) {
        (void)fprintf(stderr, "%d: %s\n", status, b->provider.fault);
        exit(1);
    }
}

/* Seconds, and those of all threads on processors. */
struct seconds {
    double wall, cpu;
};

static double read_clock(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct seconds now(void)
{
    return (struct seconds){read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

static const struct seconds never = {1e9, 1e9};

static void keep_best(struct seconds *best, struct seconds begin)
{
    const struct seconds end = now();

    best->wall = end.wall - begin.wall < best->wall ? end.wall - begin.wall : best->wall;
    best->cpu = end.cpu - begin.cpu < best->cpu ? end.cpu - begin.cpu : best->cpu;
}

static void print(const char *name, struct seconds best)
{
    (void)printf("%s %.9f %.9f\n", name, best.wall, best.cpu);
}

static void open_bench(struct bench *b, const char *path, uint32_t threads)
{
    uint64_t bytes;

    provider_open(&b->provider, path);
    b->provider.threads = threads;
    b->kernels = b->provider.kernels;
    must(b, b->kernels->open(&b->provider.host, &b->session));
    must(b, fw_net_create(&b->provider.host, FW_F32, &b->net));
    must(b, fw_patchtst_build(b->net, &model));
    must(b, fw_net_weights_create(b->net, b->kernels, b->session, &b->weights));
    must(b, fw_net_weights_init(b->weights, 42));
    bytes = b->net->n_parameters * b->net->element;
    for (int i = 0; i < 2; i++) {
        must(b, b->kernels->buffer_create(b->session, bytes, &b->moments[i]));
    }
    for (uint64_t i = 0; i < BATCH * SIZE; i++) {
        b->samples[i] = (float)(fw_splitmix(1, i) >> 40) * 0x1p-23F - 1;
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        b->labels[i] = (int32_t)(fw_splitmix(2, i) & 1);
    }
}

static void close_bench(struct bench *b)
{
    for (int i = 0; i < 2; i++) {
        b->kernels->buffer_destroy(b->moments[i]);
    }
    fw_net_weights_destroy(b->weights);
    fw_net_destroy(b->net);
    b->kernels->close(b->session);
    provider_close(&b->provider);
}

static void forward(struct bench *b, uint64_t n, uint64_t dropout_seed)
{
    const struct fw_net_mode mode = {.dropout_seed = dropout_seed};
    uint64_t n_correct;
    double loss;

    must(b, fw_net_load(b->pass, b->samples, n));
    must(b, fw_net_forward(b->pass, mode));
    must(b, fw_net_loss(b->pass, FW_NET_BINARY_ENTROPY, b->labels, &loss, &n_correct));
}

static void update(struct bench *b)
{
    const struct fw_update op = {.struct_size = sizeof op,
                                 .dtype = FW_F32,
                                 .kind = FW_UPDATE_ADAM,
                                 .n = b->net->n_parameters,
                                 .step = ++b->step,
                                 .rate = 1e-4,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-8,
                                 .gradient_scale = 1,
                                 .w = b->pass->parameters,
                                 .g = b->pass->gradient,
                                 .m = {.buffer = b->moments[0]},
                                 .v = {.buffer = b->moments[1]}};

    must(b, fw_net_backward(b->pass));
    must(b, b->kernels->update(b->session, &op));
    must(b, b->kernels->synchronize(b->session));
}

static void run_training(struct bench *b, int steps)
{
    struct seconds half = never, whole = never, evaluated = never;

    must(b, fw_net_pass_create(b->weights, BATCH, false, &b->pass));
    for (int i = 0; i < steps; i++) {
        const struct seconds begin = now();
        forward(b, BATCH, (uint64_t)i + 1);
        keep_best(&half, begin);
        update(b);
        keep_best(&whole, begin);
    }
    for (int i = 0; i < steps / 2; i++) {
        const struct seconds begin = now();
        forward(b, BATCH, 0);
        keep_best(&evaluated, begin);
    }
    fw_net_pass_destroy(b->pass);
    print("forward", half);
    print("step", whole);
    print("evaluate", evaluated);
}

static void run_products(struct bench *b, int steps)
{
    struct seconds best = never;

    must(b, fw_net_pass_create(b->weights, PRODUCT_BATCH, true, &b->pass));
    forward(b, PRODUCT_BATCH, 1);
    must(b, fw_net_backward(b->pass));
    for (int i = 0; i < steps; i++) {
        const struct seconds begin = now();
        must(b, fw_net_r_product(b->pass));
        must(b, b->kernels->synchronize(b->session));
        keep_best(&best, begin);
    }
    fw_net_pass_destroy(b->pass);
    print("product", best);
}

int main(int argc, char **argv)
{
    static struct bench b;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: patchtst_run PROVIDER.so THREADS STEPS\n");
        return 2;
    }
    open_bench(&b, argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
    run_training(&b, (int)strtol(argv[3], NULL, 10));
    run_products(&b, (int)strtol(argv[3], NULL, 10));
    close_bench(&b);
    return 0;
}
