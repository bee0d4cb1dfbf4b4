/* SPDX-License-Identifier: MIT */
#include "dropout.h"

#include "sequence.h"
#include "splitmix/splitmix.h"

bool fw_net_dropout_check(struct fw_net *net, const char *name, double p)
{
    if (!(p >= 0 && p < 1)) {
        (void)fw_net_refuse(net, name,
                            "drops with probability %g; at least 0 and below 1 is wanted", p);
        return false;
    }
    return true;
}

fw_status fw_net_dropout_mask(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              uint64_t per_sample, struct fw_operand mask)
{
    const struct fw_random random = {
        .struct_size = sizeof random,
        .dtype = pass->net->dtype,
        .kind = FW_RANDOM_KEEP,
        .seed = fw_splitmix(pass->mode.dropout_seed, layer->index),
        .first = pass->mode.first_sample * per_sample,
        .n = pass->n * per_sample,
        .p = layer->as.p,
        .out = mask,
    };

    return pass->kernels->random(pass->session, &random);
}

fw_status fw_net_multiply(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                          struct fw_operand b, struct fw_operand out)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_MULTIPLY, n);

    map.a = a;
    map.b = b;
    map.out = out;
    return pass->kernels->map(pass->session, &map);
}

static bool is_same(struct fw_operand a, struct fw_operand b)
{
    return a.buffer == b.buffer && a.offset == b.offset;
}

/* x -> mask * x, of the value or of R of it. */
static fw_status mask_value(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                            const struct fw_operand *values)
{
    const struct fw_operand x = values[layer->in[0]], y = values[layer->index];
    const uint64_t n = fw_net_batch_size(pass, layer->index);

    if (fw_net_drops(pass, layer)) {
        return fw_net_multiply(pass, n, pass->saved[layer->index], x, y);
    }
    return is_same(x, y) ? FW_OK : fw_net_combine(pass, n, x, 0, (struct fw_operand){0}, y);
}

static fw_status dropout_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    fw_status status = FW_OK;

    if (fw_net_drops(pass, layer)) {
        status =
            fw_net_dropout_mask(pass, layer, fw_net_size(layer->shape), pass->saved[layer->index]);
    }
    return status == FW_OK ? mask_value(pass, layer, pass->y) : status;
}

static fw_status dropout_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return mask_value(pass, layer, pass->ry);
}

static fw_status mask_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               struct fw_net_field *field)
{
    const uint32_t in = layer->in[0];
    struct fw_operand gx;
    fw_status status;

    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    if (!fw_net_drops(pass, layer)) {
        return fw_net_gradient_pass_on(pass, field, layer, in);
    }
    gx = fw_net_gradient_begin(pass, field, in);
    status = fw_net_multiply(pass, fw_net_batch_size(pass, in), pass->saved[layer->index],
                             field->at[layer->index], gx);
    return status == FW_OK ? fw_net_gradient_end(pass, field, in, gx) : status;
}

static fw_status dropout_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return mask_gradient(pass, layer, &pass->gy);
}

static fw_status dropout_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return mask_gradient(pass, layer, &pass->rgy);
}

static const struct fw_net_op dropout = {
    .name = "dropout",
    .flags = FW_NET_IN_PLACE | FW_NET_GRADIENT_IN_PLACE,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .r_forward = dropout_r_forward,
    .r_backward = dropout_r_backward,
};

uint32_t fw_net_add_dropout(struct fw_net *net, const char *name, uint32_t in, double p)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const struct fw_net_layer layer = {
        .op = &dropout,
        .in = {in},
        .n_in = 1,
        .shape = shape,
        .saved = {.per_sample = p > 0 ? fw_net_size(shape) : 0},
        .as = {.p = p},
    };

    return fw_net_dropout_check(net, name, p) ? fw_net_append(net, name, &layer) : 0;
}
