/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/stream.h"
#include "train.h"

/* A batch that is kept for questions about the loss. Its host is that of the callback. */
struct fw_training_probe {
    struct train *train;
    const struct fw_host *host;
    struct fw_net_pass *pass;
    struct fw_net_mode mode;
    uint64_t n;
    float *inputs, *flat; /* flat: n_parameters numbers on their way */
    int32_t *labels;
};

static fw_status done(struct train *train, fw_status status)
{
    train->relay.target = train->host;
    return status;
}

uint32_t *train_draw(const struct train *train, uint64_t n, uint64_t seed)
{
    const uint64_t all = train->n_part[FW_DATASET_TRAIN];
    uint32_t *samples = malloc(all * sizeof *samples);

    if (samples != NULL) {
        memcpy(samples, train->part[FW_DATASET_TRAIN], all * sizeof *samples);
    }
    for (uint64_t i = 0; i < n && samples != NULL; i++) {
        const uint64_t k = i + fw_stream_below(&seed, all - i);
        const uint32_t sample = samples[k];
        samples[k] = samples[i];
        samples[i] = sample;
    }
    return samples;
}

/* --- a probe --- */

/* The elements where the host can reach them, once the queue is empty; otherwise NULL. */
static float *host_side(const struct train *train, struct fw_operand operand)
{
    char *base = train->kernels->buffer_host(operand.buffer);

    return base != NULL ? (float *)(void *)(base + operand.offset) : NULL;
}

static fw_status fill(struct fw_training_probe *probe, uint64_t seed)
{
    const struct fw_dataset_info *info = probe->train->info;
    const uint64_t size = info->channels * info->rows * info->cols;
    uint32_t *samples = train_draw(probe->train, probe->n, seed);

    probe->inputs = malloc(probe->n * size * sizeof *probe->inputs);
    probe->labels = malloc(probe->n * sizeof *probe->labels);
    probe->flat = malloc(probe->train->net->n_parameters * sizeof *probe->flat);
    if (samples == NULL || probe->inputs == NULL || probe->labels == NULL || probe->flat == NULL) {
        free(samples);
        return fw_fault_nomem(probe->host);
    }
    fw_dataset_fill(probe->train->set, samples, probe->n, NULL, probe->inputs);
    fw_dataset_labels(probe->train->set, samples, probe->n, probe->labels);
    free(samples);
    return FW_OK;
}

fw_status train_probe_open(void *self, const struct fw_host *host,
                           const struct fw_training_probe_options *options,
                           struct fw_training_probe **ret_probe)
{
    struct train *train = self;
    struct fw_training_probe *probe = calloc(1, sizeof *probe);

    if (probe == NULL) {
        return fw_fault_nomem(host);
    }
    if (!fw_net_has_products(train->net)) {
        free(probe);
        return fw_faultf(host, FW_E_UNSUPPORTED, fw_task_text(train->task, "model"), NULL,
                         "a layer of the model has no second derivatives");
    }
    train->relay.target = host;
    *probe = (struct fw_training_probe){.train = train,
                                        .host = host,
                                        .n = options->n_samples,
                                        .mode = {.batch_statistics = options->frozen == 0}};
    fw_status status = fill(probe, options->seed);
    if (status == FW_OK) {
        status = fw_net_pass_create(train->weights, probe->n, true, &probe->pass);
    }
    if (status != FW_OK) {
        train_probe_close(probe);
        return done(train, status);
    }
    *ret_probe = probe;
    return done(train, FW_OK);
}

/* Where the host can write to the device's memory, without a detour. */
static fw_status load_flat(const struct fw_training_probe *probe, const double *v)
{
    struct train *train = probe->train;
    const uint64_t n = train->net->n_parameters;
    float *there = host_side(train, probe->pass->v);
    float *flat = there != NULL ? there : probe->flat;
    fw_status status = there != NULL ? train->kernels->synchronize(train->session) : FW_OK;

    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        flat[i] = (float)v[i];
    }
    if (there != NULL || status != FW_OK) {
        return status;
    }
    return train->kernels->upload(train->session, probe->pass->v, probe->flat,
                                  n * sizeof *probe->flat);
}

static fw_status give_flat(const struct fw_training_probe *probe, struct fw_operand from,
                           double *ret)
{
    struct train *train = probe->train;
    const uint64_t n = train->net->n_parameters;
    const float *there = host_side(train, from), *flat = there != NULL ? there : probe->flat;
    fw_status status = there != NULL ? train->kernels->synchronize(train->session)
                                     : train->kernels->download(train->session, from, probe->flat,
                                                                n * sizeof *probe->flat);

    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        ret[i] = flat[i];
    }
    return status;
}

fw_status train_probe_at(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient)
{
    struct train *train = probe->train;
    uint64_t n_correct = 0;

    train->relay.target = probe->host;
    fw_status status = fw_net_load(probe->pass, probe->inputs, probe->n);
    if (status == FW_OK) {
        status = fw_net_forward(probe->pass, probe->mode);
    }
    if (status == FW_OK) {
        status = fw_net_loss(probe->pass, train->loss_kind, probe->labels, ret_loss, &n_correct);
    }
    if (status == FW_OK) {
        status = fw_net_backward(probe->pass);
    }
    if (status == FW_OK && ret_gradient != NULL) {
        status = give_flat(probe, probe->pass->gradient, ret_gradient);
    }
    return done(train, status);
}

fw_status train_probe_product(struct fw_training_probe *probe, const double *v, double *ret)
{
    struct train *train = probe->train;

    train->relay.target = probe->host;
    fw_status status = load_flat(probe, v);
    if (status == FW_OK) {
        status = fw_net_r_product(probe->pass);
    }
    if (status == FW_OK) {
        status = give_flat(probe, probe->pass->hv, ret);
    }
    return done(train, status);
}

static fw_status draw_signs(const struct fw_training_probe *probe, uint64_t seed)
{
    const struct train *train = probe->train;
    const struct fw_random random = {.struct_size = (uint32_t)sizeof random,
                                     .dtype = FW_F32,
                                     .kind = FW_RANDOM_SIGN,
                                     .seed = seed,
                                     .n = train->net->n_parameters,
                                     .out = probe->pass->v};

    return train->kernels->random(train->session, &random);
}

fw_status train_probe_bend(struct fw_training_probe *probe, const double *v, uint64_t seed,
                           double *ret_bend)
{
    struct train *train = probe->train;

    train->relay.target = probe->host;
    fw_status status = v != NULL ? load_flat(probe, v) : draw_signs(probe, seed);
    if (status == FW_OK) {
        status = fw_net_r_bend(probe->pass, ret_bend);
    }
    return done(train, status);
}

void train_probe_close(struct fw_training_probe *probe)
{
    if (probe != NULL) {
        fw_net_pass_destroy(probe->pass);
        free(probe->inputs);
        free(probe->labels);
        free(probe->flat);
        free(probe);
    }
}

/* --- two halves of a batch --- */

static fw_status half_gradient(struct train *train, const uint32_t *samples, uint64_t n,
                               float *ret_gradient)
{
    double loss;
    uint64_t n_correct;
    fw_status status = train_batch_load(train, train->pass, samples, n, NULL);

    if (status == FW_OK) {
        status = fw_net_forward(train->pass, (struct fw_net_mode){.batch_statistics = true});
    }
    if (status == FW_OK) {
        status = fw_net_loss(train->pass, train->loss_kind, train->labels, &loss, &n_correct);
    }
    if (status == FW_OK) {
        status = fw_net_backward(train->pass);
    }
    return status == FW_OK
               ? train->kernels->download(train->session, train->pass->gradient, ret_gradient,
                                          train->net->n_parameters * sizeof *ret_gradient)
               : status;
}

static void compare(const float *a, const float *b, uint64_t n, struct fw_training_halves *halves)
{
    for (uint64_t i = 0; i < n; i++) {
        const double x = a[i], y = b[i];
        halves->squared_distance += (x - y) * (x - y);
        halves->squared_half += (x * x + y * y) / 2;
        halves->squared_mean += (x + y) * (x + y) / 4;
    }
}

fw_status train_halves(void *self, const struct fw_host *host, uint64_t n, uint64_t seed,
                       struct fw_training_halves *ret)
{
    struct train *train = self;
    const uint64_t half = n / 2, size = train->net->n_parameters;
    struct fw_training_halves halves = {.struct_size = ret->struct_size, .n = 2 * half};
    uint32_t *samples = train_draw(train, 2 * half, seed);
    float *gradients = malloc(2 * size * sizeof *gradients);
    fw_status status = FW_OK;

    train->relay.target = host;
    if (samples == NULL || gradients == NULL) {
        status = fw_fault_nomem(host);
    }
    if (status == FW_OK) {
        status = half_gradient(train, samples, half, gradients);
    }
    if (status == FW_OK) {
        status = half_gradient(train, samples + half, half, gradients + size);
    }
    if (status == FW_OK) {
        compare(gradients, gradients + size, size, &halves);
        *ret = halves;
    }
    free(samples);
    free(gradients);
    return done(train, status);
}
