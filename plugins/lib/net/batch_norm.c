/* SPDX-License-Identifier: MIT */
#include "batch_norm.h"

#include "image.h"

enum { WEIGHT, BIAS };
enum { MEAN, VARIANCE }; /* kept, and of the batch in `saved` */

uint64_t fw_batch_norm_count(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return pass->n * layer->shape.rows * layer->shape.cols;
}

struct fw_operand fw_batch_norm_mean(const struct fw_net_pass *pass,
                                     const struct fw_net_layer *layer)
{
    return pass->mode.batch_statistics ? pass->saved[layer->index] : fw_net_kept(pass, layer, MEAN);
}

struct fw_operand fw_batch_norm_variance(const struct fw_net_pass *pass,
                                         const struct fw_net_layer *layer)
{
    return pass->mode.batch_statistics
               ? fw_net_at(pass, pass->saved[layer->index], layer->shape.channels)
               : fw_net_kept(pass, layer, VARIANCE);
}

struct fw_norm fw_batch_norm_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return (struct fw_norm){.struct_size = (uint32_t)sizeof(struct fw_norm),
                            .dtype = pass->net->dtype,
                            .kind = pass->mode.batch_statistics ? FW_NORM_BATCH : FW_NORM_FROZEN,
                            .outer = pass->n,
                            .channels = layer->shape.channels,
                            .inner = layer->shape.rows * layer->shape.cols,
                            .epsilon = layer->as.epsilon,
                            .x = pass->y[layer->in[0]],
                            .gamma = fw_net_part(pass, layer, pass->parameters, WEIGHT),
                            .mean = fw_batch_norm_mean(pass, layer),
                            .variance = fw_batch_norm_variance(pass, layer)};
}

/* kept = (1 - momentum) * kept + momentum * factor * of the batch */
static fw_status follow(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        struct fw_operand kept, struct fw_operand batch, double factor)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_LINEAR, layer->shape.channels);
    map.alpha = 1 - layer->as.momentum;
    map.beta = layer->as.momentum * factor;
    map.a = map.out = kept;
    map.b = batch;
    return pass->kernels->map(pass->session, &map);
}

/* The running variance estimates that of the population: divisor n - 1. */
static fw_status track(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const double n = (double)fw_batch_norm_count(pass, layer);
    fw_status status =
        follow(pass, layer, fw_net_kept(pass, layer, MEAN), fw_batch_norm_mean(pass, layer), 1);
    return status == FW_OK ? follow(pass, layer, fw_net_kept(pass, layer, VARIANCE),
                                    fw_batch_norm_variance(pass, layer), n / (n - 1))
                           : status;
}

static fw_status forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    struct fw_norm norm = fw_batch_norm_of(pass, layer);
    if (pass->mode.batch_statistics && fw_batch_norm_count(pass, layer) < 2) {
        return FW_FAIL(pass->net->host, FW_E_DATA, .what = "a batch norm of one value per channel",
                       .where = layer->name, .expected = "two samples or more, or larger images",
                       .remedy = "drop the last batch where it has one sample");
    }
    norm.beta = fw_net_part(pass, layer, pass->parameters, BIAS);
    norm.y = pass->y[layer->index];
    const fw_status status = pass->kernels->norm(pass->session, &norm);
    return status == FW_OK && pass->mode.batch_statistics && pass->mode.track ? track(pass, layer)
                                                                              : status;
}

static fw_status backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    struct fw_norm norm = fw_batch_norm_of(pass, layer);
    norm.backward = 1;
    norm.dy = pass->gy.at[layer->index];
    norm.dgamma = fw_net_part(pass, layer, pass->gradient, WEIGHT);
    norm.dbeta = fw_net_part(pass, layer, pass->gradient, BIAS);
    if (!fw_net_is_live(pass, in)) {
        return pass->kernels->norm(pass->session, &norm);
    }
    norm.dx = fw_net_gradient_begin(pass, &pass->gy, in);
    const fw_status status = pass->kernels->norm(pass->session, &norm);
    return status == FW_OK ? fw_net_gradient_end(pass, &pass->gy, in, norm.dx) : status;
}

static const struct fw_net_op op = {
    .name = "batch_norm",
    .flags = FW_NET_GRADIENT_IN_PLACE | FW_NET_R_READS_GRADIENT | FW_NET_AFFINE,
    .forward = forward,
    .backward = backward,
    .r_forward = fw_batch_norm_r_forward,
    .r_backward = fw_batch_norm_r_backward,
    .bend = fw_batch_norm_bend,
};

uint32_t fw_net_add_batch_norm(struct fw_net *net, const char *name, uint32_t in, double epsilon,
                               double momentum)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    struct fw_net_layer layer = {.op = &op, .in = {in}, .n_in = 1, .shape = shape};
    const struct fw_net_tensor zeros = {.rank = 1, .shape = {shape.channels}};
    const struct fw_net_tensor ones = {.rank = 1, .shape = {shape.channels}, .spread = 1};
    layer.as.epsilon = epsilon;
    layer.as.momentum = momentum;
    layer.saved.fixed = 2 * shape.channels;
    layer.saved_r.fixed = fw_batch_norm_r_room(net, shape.channels);
    layer.host = fw_batch_norm_host_room(shape.channels);
    fw_net_add_parameter(net, name, "weight", &ones);
    fw_net_add_parameter(net, name, "bias", &zeros);
    fw_net_add_kept(net, name, "running_mean", &zeros);
    fw_net_add_kept(net, name, "running_var", &ones);
    return fw_net_append(net, name, &layer);
}
