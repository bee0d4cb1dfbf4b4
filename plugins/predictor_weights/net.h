/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_WEIGHTS_NET_H
#define PREDICTOR_WEIGHTS_NET_H

#include <stddef.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/service/kernels.h>
#include <fw/service/predictor.h>

#include "npy/npy.h"

/*
 * A feed-forward net as model.json describes it: values by name, each made by one layer of values
 * before it. Float32, [sample][channel][row][column].
 */

/* The shape of a sample; a vector has rows = columns = 1. */
struct net_shape {
    uint32_t channels, rows, cols;
};

static inline uint64_t net_size(const struct net_shape *shape)
{
    return (uint64_t)shape->channels * shape->rows * shape->cols;
}

struct net_value {
    const char *name; /* in the document */
    struct net_shape shape;
    struct fw_kernels_buffer *buffer; /* for `capacity` samples; NULL before the first batch */
};

struct net;
struct net_layer;

struct net_op {
    const char *name;
    size_t n_in; /* 0: one or more */
    /* Reads the layer's own settings, loads its weights, and gives the shape that comes out. */
    fw_status (*plan)(struct net *net, struct net_layer *layer, struct net_shape *ret_shape);
    fw_status (*run)(const struct net *net, const struct net_layer *layer, uint64_t n);
};

enum { NET_MAX_IN = 8 };

struct net_layer {
    const struct net_op *op;
    const cJSON *json;
    size_t in[NET_MAX_IN], n_in, out; /* values */
    struct fw_kernels_buffer *weight, *bias;
    uint32_t kernel_rows, kernel_cols, stride, pad_rows, pad_cols;
    uint32_t kind, post;
    uint32_t from, to;
    double by;
};

struct net {
    const struct fw_host *host;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    const char *path; /* of the document, for messages */
    struct fw_npz *weights;
    struct net_value *values;
    size_t n_values;
    struct net_layer *layers;
    size_t n_layers;
    uint64_t capacity; /* samples that the values have room for */
};

/* From the document's "inputs" and "layers"; FW_E_DATA names the layer and what is wrong with it.
 */
fw_status net_plan(struct net *net, const cJSON *document);
void net_finish(struct net *net);

/* The value of that name, or FW_E_DATA. */
fw_status net_find(const struct net *net, const char *name, size_t *ret_value);

/* Makes room for n samples in every value. */
fw_status net_reserve(struct net *net, uint64_t n);

/* All layers, in order, on n samples. */
fw_status net_run(const struct net *net, uint64_t n);

/* --- layers.c, for net.c --- */

const struct net_op *net_op_find(const char *name);

__attribute__((format(printf, 3, 4))) fw_status
net_refuse(const struct net *net, const struct net_layer *layer, const char *format, ...);

/* A whole number that the layer gives, else `otherwise`. */
uint32_t net_whole(const struct net_layer *layer, const char *name, uint32_t otherwise);

/* Puts the array that the layer names by `key` on the device. Its shape, up to four axes, into
 * `ret_shape`; a NULL buffer where the layer names none. */
fw_status net_weights(struct net *net, const struct net_layer *layer, const char *key,
                      struct fw_kernels_buffer **ret_buffer, uint64_t ret_shape[4]);

static inline const struct net_shape *net_in(const struct net *net, const struct net_layer *layer,
                                             size_t i)
{
    return &net->values[layer->in[i]].shape;
}

static inline struct fw_operand net_operand(const struct net *net, size_t value)
{
    return (struct fw_operand){.buffer = net->values[value].buffer};
}

#endif
