/* SPDX-License-Identifier: MIT */
#include "patchtst.h"

#include <math.h>
#include <stdio.h>

#include "layers.h"
#include "sequence.h"

#define NORM_EPSILON 1e-5

struct building {
    struct fw_net *net;
    const struct fw_patchtst *as;
    char name[64];
};

/* "layer3.part", valid until the next call. */
static const char *name_of(struct building *b, uint32_t layer, const char *part)
{
    (void)snprintf(b->name, sizeof b->name, "layer%u.%s", layer, part);
    return b->name;
}

/* A linear layer's bias, 1, or weight, 0, begins otherwise than linear layers do: within `spread`.
 */
static void begin_within(struct fw_net *net, uint32_t layer, uint32_t part, double spread)
{
    if (net->status == FW_OK) {
        struct fw_net_tensor *tensor = &net->tensors[net->layers[layer].first_tensor + part];
        tensor->init = spread > 0 ? FW_NET_UNIFORM : FW_NET_CONSTANT;
        tensor->spread = spread;
    }
}

/* Packed queries, keys and values: Xavier's bound of the whole 3 d x d matrix, biases 0. */
static uint32_t add_qkv(struct building *b, uint32_t layer, uint32_t in)
{
    const uint32_t d = b->as->d_model;
    const uint32_t qkv = fw_net_add_linear(b->net, name_of(b, layer, "qkv"), in, 3 * d, true);

    begin_within(b->net, qkv, 0, sqrt(6.0 / (4.0 * d)));
    begin_within(b->net, qkv, 1, 0);
    return qkv;
}

/* x + attention(norm(x)) */
static uint32_t add_attention(struct building *b, uint32_t layer, uint32_t x)
{
    const struct fw_patchtst *as = b->as;
    uint32_t y = fw_net_add_layer_norm(b->net, name_of(b, layer, "norm1"), x, NORM_EPSILON);

    y = add_qkv(b, layer, y);
    y = fw_net_add_attention(b->net, name_of(b, layer, "attention"), y, as->heads, as->dropout);
    y = fw_net_add_linear(b->net, name_of(b, layer, "out"), y, as->d_model, true);
    begin_within(b->net, y, 1, 0);
    return fw_net_add_sum(b->net, name_of(b, layer, "sum1"), x, y);
}

/* x + dropout(linear(dropout(gelu(linear(norm(x)))))) */
static uint32_t add_feed_forward(struct building *b, uint32_t layer, uint32_t x)
{
    const struct fw_patchtst *as = b->as;
    uint32_t y = fw_net_add_layer_norm(b->net, name_of(b, layer, "norm2"), x, NORM_EPSILON);

    y = fw_net_add_linear(b->net, name_of(b, layer, "ff1"), y, as->d_ff, true);
    y = fw_net_add_gelu(b->net, name_of(b, layer, "gelu"), y);
    y = fw_net_add_dropout(b->net, name_of(b, layer, "drop1"), y, as->dropout);
    y = fw_net_add_linear(b->net, name_of(b, layer, "ff2"), y, as->d_model, true);
    y = fw_net_add_dropout(b->net, name_of(b, layer, "drop2"), y, as->dropout);
    return fw_net_add_sum(b->net, name_of(b, layer, "sum2"), x, y);
}

static void add_all(struct building *b)
{
    const struct fw_patchtst *as = b->as;
    struct fw_net *net = b->net;
    uint32_t x = fw_net_add_input(net, (struct fw_net_shape){1, as->context, as->channels});

    x = fw_net_add_revin(net, "revin", x);
    x = fw_net_add_unfold(net, "patches", x, as->patch, as->stride);
    x = fw_net_add_linear(net, "patch", x, as->d_model, true);
    x = fw_net_add_position(net, "position", x, as->spare);
    x = fw_net_add_dropout(net, "drop", x, as->dropout);
    for (uint32_t i = 0; i < as->layers; i++) {
        x = add_attention(b, i, x);
        x = add_feed_forward(b, i, x);
    }
    x = fw_net_add_layer_norm(net, "norm", x, NORM_EPSILON);
    x = fw_net_add_flatten(net, "flatten", x);
    x = fw_net_add_dropout(net, "head_drop", x, as->head_dropout);
    (void)fw_net_add_linear(net, "head", x, 1, true);
}

/* What the layers would say of it names them, and not what is to be changed. */
static bool is_sound(struct fw_net *net, const struct fw_patchtst *as)
{
    if (as->heads == 0 || as->d_model == 0 || as->d_model % as->heads != 0) {
        fw_net_refuse(net, "patchtst",
                      "d_model %u is not a multiple of %u heads: choose one that is", as->d_model,
                      as->heads);
    } else if (as->patch == 0 || as->stride == 0 || as->patch > as->context ||
               (as->context - as->patch) % as->stride != 0) {
        fw_net_refuse(net, "patchtst",
                      "patches of %u rows, %u apart, do not end with row %u of the context: choose "
                      "a stride that divides context - patch",
                      as->patch, as->stride, as->context);
    }
    return net->status == FW_OK;
}

fw_status fw_patchtst_build(struct fw_net *net, const struct fw_patchtst *as)
{
    struct building b = {.net = net, .as = as};

    if (!is_sound(net, as)) {
        return net->status;
    }
    add_all(&b);
    return fw_net_close(net);
}
