/* SPDX-License-Identifier: MIT */
#include "layers.h"
#include "sequence.h"

/* y = x + table, of the value or of R of it; R of what is not live is 0. */
static fw_status add_table(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                           const struct fw_operand *values, struct fw_operand flat)
{
    const struct fw_affine affine = {
        .struct_size = sizeof affine,
        .dtype = pass->net->dtype,
        .outer = pass->n,
        .channels = fw_net_size(layer->shape),
        .inner = 1,
        .a = values[layer->in[0]],
        .p0 = fw_net_part(pass, layer, flat, 0),
        .out = values[layer->index],
    };

    return pass->kernels->affine(pass->session, &affine);
}

/* The gradient of the rows that are used is the sum over samples; that of the spare ones 0. */
static fw_status sum_table(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                           struct fw_net_field *field, struct fw_operand flat)
{
    const uint64_t used = fw_net_size(layer->shape);
    const uint64_t all = pass->net->tensors[layer->first_tensor].count;
    const struct fw_operand table = fw_net_part(pass, layer, flat, 0);
    const struct fw_reduce reduce = {
        .struct_size = sizeof reduce,
        .dtype = pass->net->dtype,
        .kind = FW_REDUCE_SUM,
        .out_type = pass->net->dtype,
        .outer = pass->n,
        .channels = used,
        .inner = 1,
        .alpha = 1,
        .a = field->at[layer->index],
        .out = table,
    };
    struct fw_map zero = fw_net_map(pass, FW_MAP_FILL, all - used);
    fw_status status = pass->kernels->reduce(pass->session, &reduce);

    zero.alpha = 0;
    zero.out = fw_net_at(pass, table, used);
    if (status == FW_OK && all > used) {
        status = pass->kernels->map(pass->session, &zero);
    }
    if (status == FW_OK && fw_net_is_live(pass, layer->in[0])) {
        status = fw_net_gradient_pass_on(pass, field, layer, layer->in[0]);
    }
    return status;
}

static fw_status position_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return add_table(pass, layer, pass->y, pass->parameters);
}

static fw_status position_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return sum_table(pass, layer, &pass->gy, pass->gradient);
}

static fw_status position_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return add_table(pass, layer, pass->ry, pass->v);
}

static fw_status position_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return sum_table(pass, layer, &pass->rgy, pass->hv);
}

static const struct fw_net_op position = {
    .name = "position",
    .flags = FW_NET_IN_PLACE | FW_NET_PASSES,
    .forward = position_forward,
    .backward = position_backward,
    .r_forward = position_r_forward,
    .r_backward = position_r_backward,
};

uint32_t fw_net_add_position(struct fw_net *net, const char *name, uint32_t in, uint32_t spare)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const struct fw_net_layer layer = {.op = &position, .in = {in}, .n_in = 1, .shape = shape};
    const struct fw_net_tensor table = {
        .shape = {shape.rows + spare, shape.cols},
        .rank = 2,
        .init = FW_NET_NORMAL,
        .spread = 1,
    };

    if (shape.channels != 1) {
        return fw_net_refuse(net, name, "positions of %llu channels: a sequence has one",
                             (unsigned long long)shape.channels);
    }
    fw_net_add_parameter(net, name, "table", &table);
    return fw_net_append(net, name, &layer);
}
