/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "train.h"

/* Elements of an array that are looked at together; sums have an order that depends on it. */
enum { CHUNK = 1 << 14 };

/* What callbacks ask fails with their host, not with the stage's. */
static struct train *aim(void *self, const struct fw_host *host)
{
    struct train *train = self;

    train->relay.target = host;
    return train;
}

static fw_status done(struct train *train, fw_status status)
{
    train->relay.target = train->host;
    return status;
}

static fw_status take(const struct train *train, struct fw_operand from, uint64_t first, uint64_t n,
                      float *ret_values)
{
    from.offset += first * sizeof *ret_values;
    return train->kernels->download(train->session, from, ret_values, n * sizeof *ret_values);
}

/* Up to CHUNK elements of one of the arrays that callbacks know. */
static fw_status fetch(const struct train *train, uint32_t array, uint64_t first, uint64_t n,
                       float *ret_values)
{
    const struct fw_operand remembered = {.buffer = train->remembered};
    float old[CHUNK];

    if (array == FW_TRAINING_GRADIENTS) {
        return take(train, train->pass->gradient, first, n, ret_values);
    }
    fw_status status = take(train, train->pass->parameters, first, n, ret_values);
    if (status != FW_OK || array == FW_TRAINING_PARAMETERS) {
        return status;
    }
    if (train->remembered == NULL) {
        return fw_faultf(&train->relay.host, FW_E_ARG, NULL, "call `remember` before",
                         "no parameters are remembered that changes could be told from");
    }
    status = take(train, remembered, first, n, old);
    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        ret_values[i] -= old[i];
    }
    return status;
}

static fw_status read_values(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                             uint64_t n, double *ret_values)
{
    struct train *train = aim(self, host);
    fw_status status = FW_OK;
    float values[CHUNK];

    for (uint64_t i = 0; i < n && status == FW_OK; i += CHUNK) {
        const uint64_t size = n - i < CHUNK ? n - i : CHUNK;
        status = fetch(train, array, first + i, size, values);
        for (uint64_t k = 0; k < size && status == FW_OK; k++) {
            ret_values[i + k] = values[k];
        }
    }
    return done(train, status);
}

/* Sums that are taken side by side, so that a compiler may use vectors; a float's bits less its
 * sign are in the order of its size, infinity and then NaN last. */
enum { LANES = 16 };
struct lanes {
    double squares[LANES];
    int32_t largest[LANES], zeros[LANES], nonfinite[LANES];
};

static void add_lanes(struct lanes *lanes, const float values[LANES])
{
    int32_t bits[LANES];

    memcpy(bits, values, sizeof bits);
    for (int k = 0; k < LANES; k++) {
        bits[k] &= INT32_MAX;
        lanes->zeros[k] += bits[k] == 0;
        lanes->nonfinite[k] += bits[k] >= 0x7f800000;
        lanes->largest[k] = bits[k] > lanes->largest[k] ? bits[k] : lanes->largest[k];
    }
    for (int k = 0; k < LANES; k++) {
        lanes->squares[k] += (double)values[k] * (double)values[k];
    }
}

static double larger(double a, int32_t bits)
{
    float b;

    memcpy(&b, &bits, sizeof b);
    return isnan(a) || (double)b <= a ? a : (double)b;
}

static void add(const float *values, uint64_t n, struct fw_training_sums *sums)
{
    struct lanes lanes = {0};
    uint64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        add_lanes(&lanes, values + i);
    }
    if (i < n) {
        float rest[LANES] = {0};
        memcpy(rest, values + i, (n - i) * sizeof *rest);
        add_lanes(&lanes, rest);
        sums->zeros -= LANES - (n - i);
    }
    for (int k = 0; k < LANES; k++) {
        sums->squares += lanes.squares[k];
        sums->zeros += (uint64_t)lanes.zeros[k];
        sums->nonfinite += (uint64_t)lanes.nonfinite[k];
        sums->largest = larger(sums->largest, lanes.largest[k]);
    }
}

static fw_status sum_up(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                        uint64_t n, struct fw_training_sums *ret)
{
    struct train *train = aim(self, host);
    struct fw_training_sums sums = {.struct_size = ret->struct_size};
    fw_status status = FW_OK;
    float values[CHUNK];

    for (uint64_t i = 0; i < n && status == FW_OK; i += CHUNK) {
        const uint64_t size = n - i < CHUNK ? n - i : CHUNK;
        status = fetch(train, array, first + i, size, values);
        add(values, status == FW_OK ? size : 0, &sums);
    }
    if (status == FW_OK) {
        *ret = sums;
    }
    return done(train, status);
}

static fw_status remember(void *self, const struct fw_host *host)
{
    struct train *train = aim(self, host);
    const uint64_t n = train->net->n_parameters;
    fw_status status = FW_OK;

    if (train->remembered == NULL) {
        status =
            train->kernels->buffer_create(train->session, n * sizeof(float), &train->remembered);
    }
    if (status == FW_OK) {
        status = train->kernels->map(
            train->session, &(const struct fw_map){.struct_size = (uint32_t)sizeof(struct fw_map),
                                                   .dtype = FW_F32,
                                                   .kind = FW_MAP_LINEAR,
                                                   .n = n,
                                                   .alpha = 1,
                                                   .a = train->pass->parameters,
                                                   .out = {.buffer = train->remembered}});
    }
    return done(train, status);
}

static fw_status crc_of(const struct train *train, struct fw_operand from, uint64_t n, uLong *crc)
{
    float values[CHUNK];
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < n && status == FW_OK; i += CHUNK) {
        const uint64_t size = n - i < CHUNK ? n - i : CHUNK;
        status = take(train, from, i, size, values);
        *crc = crc32_z(*crc, (const Bytef *)values, size * sizeof *values);
    }
    return status;
}

/* Random numbers have no state beside the place of the run. */
static fw_status crc(void *self, const struct fw_host *host, uint32_t *ret_crc)
{
    struct train *train = aim(self, host);
    const struct fw_net *net = train->net;
    uLong sum = crc32_z(0, (const Bytef *)&train->place, sizeof train->place);
    fw_status status = crc_of(train, train->pass->parameters, net->n_parameters, &sum);

    if (status == FW_OK && train->gradients_count) {
        status = crc_of(train, train->pass->gradient, net->n_parameters, &sum);
    }
    if (status == FW_OK && net->n_kept_elements > 0) {
        const struct fw_operand kept = {.buffer = train->weights->kept};
        status = crc_of(train, kept, net->n_kept_elements, &sum);
    }
    *ret_crc = (uint32_t)sum;
    return done(train, status);
}

void train_engine_init(struct train *train)
{
    train->engine = (struct fw_hub_engine){.self = train,
                                           .read = read_values,
                                           .sums = sum_up,
                                           .remember = remember,
                                           .probe_open = train_probe_open,
                                           .probe_at = train_probe_at,
                                           .probe_product = train_probe_product,
                                           .probe_bend = train_probe_bend,
                                           .probe_close = train_probe_close,
                                           .halves = train_halves,
                                           .crc = crc};
}

/* --- what does not change --- */

/* The layer's name is the tensor's up to its last dot. */
static fw_status describe_tensor(struct train *train, uint64_t i)
{
    const struct fw_net_tensor *from = &train->net->tensors[i];
    const char *dot = strrchr(from->name, '.');
    char *layer = strndup(from->name, dot != NULL ? (size_t)(dot - from->name) : 0);

    train->layers[i] = layer;
    train->tensors[i] = (struct fw_training_tensor){.struct_size = (uint32_t)sizeof *train->tensors,
                                                    .rank = from->rank,
                                                    .name = from->name,
                                                    .layer = layer,
                                                    .offset = from->offset,
                                                    .count = from->count,
                                                    .shape = from->shape};
    train->tensor_list[i] = &train->tensors[i];
    return layer != NULL ? FW_OK : fw_fault_nomem(train->host);
}

fw_status train_engine_describe(struct train *train)
{
    const struct fw_net *net = train->net;
    fw_status status = FW_OK;

    train->tensors = calloc(net->n_tensors + 1, sizeof *train->tensors);
    train->tensor_list = calloc(net->n_tensors + 1, sizeof(struct fw_training_tensor *));
    train->layers = calloc(net->n_tensors + 1, sizeof *train->layers);
    if (train->tensors == NULL || train->tensor_list == NULL || train->layers == NULL) {
        return fw_fault_nomem(train->host);
    }
    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = describe_tensor(train, i);
    }
    train->training = (struct fw_training_info){
        .struct_size = (uint32_t)sizeof train->training,
        .element = FW_F32,
        .seed = train->settings.seed,
        .epochs = train->settings.epochs,
        .batches = train->batches,
        .batch_size = train->settings.batch_size,
        .n_train = train->n_part[FW_DATASET_TRAIN],
        .n_parameters = net->n_parameters,
        .n_tensors = net->n_tensors,
        .tensors = train->tensor_list,
        .run = train->task->stage,
        .model = fw_task_text(train->task, "model"),
        .device = train->kernels->describe(train->session),
    };
    return status;
}
