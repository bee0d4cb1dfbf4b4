/* SPDX-License-Identifier: MIT */
/*
 * training_run PROVIDER.so step|product|bend BATCH [THREADS [REPETITIONS]]: one line of
 * seconds and processor seconds, the best of the repetitions, of a training step (load, forward,
 * loss, backward, update) of ResNet-18 or of a Hessian-vector product, or of v'Hv alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/resnet.h"
#include "provider.h"

struct bench {
    struct provider provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
    uint64_t batch;
    uint64_t steps;
    float *samples;
    int32_t *labels;
    struct fw_operand moment;
};

static void must(const struct bench *b, fw_status status)
{
    if (status != FW_OK) {
        (void)fprintf(stderr, "%d: %s\n", status, b->provider.fault);
        exit(1);
    }
}

static double now(clockid_t clock)
{
    struct timespec at = {0};

    (void)clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void build(struct bench *b)
{
    static const struct fw_resnet_width width = {64, 4, 2, 1, 8};
    struct fw_resnet resnet = fw_resnet_of((struct fw_net_shape){3, 32, 32}, 10, &width, true);

    must(b, fw_net_create(&b->provider.host, FW_F32, &b->net));
    must(b, fw_resnet_build(b->net, &resnet));
}

static void fill(struct bench *b)
{
    uint64_t n = b->batch * fw_net_size(b->net->layers[0].shape);

    b->samples = malloc(n * sizeof *b->samples);
    b->labels = malloc(b->batch * sizeof *b->labels);
    if (b->samples == NULL || b->labels == NULL) {
        (void)fprintf(stderr, "out of memory\n");
        exit(1);
    }
    for (uint64_t i = 0; i < n; i++) {
        b->samples[i] = (float)(i * 2654435761U % 1000) / 1000 - 0.5F;
    }
    for (uint64_t i = 0; i < b->batch; i++) {
        b->labels[i] = (int32_t)(i % 10);
    }
}

static void open_all(struct bench *b, bool with_r)
{
    uint64_t bytes;

    must(b, b->k->open(&b->provider.host, &b->session));
    build(b);
    bytes = b->net->n_parameters * sizeof(float);
    must(b, fw_net_weights_create(b->net, b->k, b->session, &b->weights));
    must(b, fw_net_weights_init(b->weights, 1));
    must(b, fw_net_pass_create(b->weights, b->batch, with_r, &b->pass));
    must(b, b->k->buffer_create(b->session, bytes, &b->moment.buffer));
    fill(b);
}

static void close_all(struct bench *b)
{
    free(b->samples);
    free(b->labels);
    b->k->buffer_destroy(b->moment.buffer);
    fw_net_pass_destroy(b->pass);
    fw_net_weights_destroy(b->weights);
    fw_net_destroy(b->net);
    b->k->close(b->session);
}

static void learn(struct bench *b)
{
    uint64_t right;
    double loss;

    must(b, fw_net_load(b->pass, b->samples, b->batch));
    must(b, fw_net_forward(b->pass, (struct fw_net_mode){.batch_statistics = true, .track = true}));
    must(b, fw_net_loss(b->pass, FW_NET_CROSS_ENTROPY, b->labels, &loss, &right));
    must(b, fw_net_backward(b->pass));
}

static void step(struct bench *b)
{
    struct fw_update update = {.struct_size = sizeof update,
                               .dtype = FW_F32,
                               .kind = FW_UPDATE_SGD,
                               .n = b->net->n_parameters,
                               .step = ++b->steps,
                               .rate = 1e-4,
                               .beta1 = 0.9,
                               .gradient_scale = 1,
                               .w = {b->weights->parameters, 0},
                               .g = b->pass->gradient,
                               .m = b->moment};

    learn(b);
    must(b, b->k->update(b->session, &update));
    must(b, b->k->synchronize(b->session));
}

static void product(struct bench *b)
{
    must(b, fw_net_r_product(b->pass));
    must(b, b->k->synchronize(b->session));
}

static void bend(struct bench *b)
{
    double sum;

    must(b, fw_net_r_bend(b->pass, &sum));
}

static void begin_products(struct bench *b)
{
    struct fw_random random = {.struct_size = sizeof random,
                               .dtype = FW_F32,
                               .kind = FW_RANDOM_SIGN,
                               .seed = 1,
                               .n = b->net->n_parameters,
                               .out = b->pass->v};

    learn(b);
    must(b, b->k->random(b->session, &random));
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    double wall = HUGE_VAL, cpu = HUGE_VAL;
    int repetitions = argc > 5 ? atoi(argv[5]) : 5;
    void (*const run)(struct bench *) = argc < 3                          ? step
                                        : strcmp(argv[2], "product") == 0 ? product
                                        : strcmp(argv[2], "bend") == 0    ? bend
                                                                          : step;
    bool products = run != step;

    if (argc < 4 || atoi(argv[3]) < 1) {
        (void)fprintf(stderr, "usage: training_run PROVIDER.so step|product|bend BATCH"
                              " [THREADS [REPETITIONS]]\n");
        return 2;
    }
    provider_open(&b.provider, argv[1]);
    b.k = b.provider.kernels;
    b.batch = (uint64_t)atoi(argv[3]);
    b.provider.threads = argc > 4 ? (uint32_t)atoi(argv[4]) : 2;
    b.provider.memory_bytes = UINT64_C(8) << 30;
    open_all(&b, products);
    if (products) {
        begin_products(&b);
    }
    for (int i = 0; i <= repetitions; i++) {
        double begin = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
        run(&b);
        wall = fmin(wall, now(CLOCK_MONOTONIC) - begin);
        cpu = fmin(cpu, now(CLOCK_PROCESS_CPUTIME_ID) - used);
    }
    (void)printf("%.9f %.9f\n", wall, cpu);
    close_all(&b);
    provider_close(&b.provider);
    return 0;
}
