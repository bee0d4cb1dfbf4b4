/* SPDX-License-Identifier: MIT */
/* The input, ReLU, sums and views: operations without parameters that keep nothing. */
#include "layers.h"

static fw_status nothing(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    (void)pass;
    (void)layer;
    return FW_OK;
}

uint32_t fw_net_add_input(struct fw_net *net, struct fw_net_shape shape)
{
    static const struct fw_net_op op = {"input", 0, nothing, nothing, nothing, nothing, NULL};
    return fw_net_append(net, "input", &(const struct fw_net_layer){.op = &op, .shape = shape});
}

/* --- relu: the second derivative is 0 almost everywhere --- */

static fw_status relu_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_RELU, fw_net_batch_size(pass, layer->index));
    map.a = pass->y[layer->in[0]];
    map.out = pass->y[layer->index];
    return pass->kernels->map(pass->session, &map);
}

/* What of `b` lies where the value is above 0. */
static fw_status gate(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                      struct fw_operand b, struct fw_operand out)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_RELU_GATE, fw_net_batch_size(pass, layer->index));
    map.a = pass->y[layer->index];
    map.b = b;
    map.out = out;
    return pass->kernels->map(pass->session, &map);
}

static fw_status relu_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return gate(pass, layer, pass->ry[layer->in[0]], pass->ry[layer->index]);
}

static fw_status gate_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               struct fw_net_field *field)
{
    const uint32_t in = layer->in[0];
    const struct fw_operand target = fw_net_gradient_begin(pass, field, in);
    const fw_status status = gate(pass, layer, field->at[layer->index], target);
    return status == FW_OK ? fw_net_gradient_end(pass, field, in, target) : status;
}

static fw_status relu_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return gate_gradient(pass, layer, &pass->gy);
}

static fw_status relu_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return gate_gradient(pass, layer, &pass->rgy);
}

uint32_t fw_net_add_relu(struct fw_net *net, const char *name, uint32_t in)
{
    static const struct fw_net_op op = {
        "relu",         FW_NET_IN_PLACE | FW_NET_READS_Y | FW_NET_GRADIENT_IN_PLACE,
        relu_forward,   relu_backward,
        relu_r_forward, relu_r_backward,
        NULL,
    };
    return fw_net_append(net, name,
                         &(const struct fw_net_layer){
                             .op = &op, .in = {in}, .n_in = 1, .shape = fw_net_shape_of(net, in)});
}

/* --- sum of two values --- */

static fw_status sum_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return fw_net_combine(pass, fw_net_batch_size(pass, layer->index), pass->y[layer->in[0]], 1,
                          pass->y[layer->in[1]], pass->y[layer->index]);
}

static fw_status sum_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const bool has_a = fw_net_is_live(pass, layer->in[0]);
    const bool has_b = fw_net_is_live(pass, layer->in[1]);
    const struct fw_operand a = pass->ry[layer->in[has_a ? 0 : 1]];
    const struct fw_operand b = has_a && has_b ? pass->ry[layer->in[1]] : (struct fw_operand){0};
    return fw_net_combine(pass, fw_net_batch_size(pass, layer->index), a, 1, b,
                          pass->ry[layer->index]);
}

static fw_status pass_on(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                         struct fw_net_field *field)
{
    fw_status status = FW_OK;
    for (uint32_t i = 0; i < layer->n_in && status == FW_OK; i++) {
        if (fw_net_is_live(pass, layer->in[i])) {
            status = fw_net_gradient_pass_on(pass, field, layer, layer->in[i]);
        }
    }
    return status;
}

static fw_status pass_on_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return pass_on(pass, layer, &pass->gy);
}

static fw_status pass_on_r(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return pass_on(pass, layer, &pass->rgy);
}

uint32_t fw_net_add_sum(struct fw_net *net, const char *name, uint32_t a, uint32_t b)
{
    static const struct fw_net_op op = {
        "sum",         FW_NET_IN_PLACE | FW_NET_PASSES,
        sum_forward,   pass_on_gradient,
        sum_r_forward, pass_on_r,
        NULL,
    };
    const struct fw_net_shape x = fw_net_shape_of(net, a), y = fw_net_shape_of(net, b);
    if (x.channels != y.channels || x.rows != y.rows || x.cols != y.cols) {
        return fw_net_refuse(net, name, "it adds values of different shapes");
    }
    return fw_net_append(
        net, name, &(const struct fw_net_layer){.op = &op, .in = {a, b}, .n_in = 2, .shape = x});
}

/* --- the same elements in another shape --- */

uint32_t fw_net_add_flatten(struct fw_net *net, const char *name, uint32_t in)
{
    static const struct fw_net_op op = {
        "flatten", FW_NET_VIEW | FW_NET_PASSES, nothing, pass_on_gradient, nothing, pass_on_r, NULL,
    };
    const struct fw_net_shape shape = {1, 1, fw_net_size(fw_net_shape_of(net, in))};
    return fw_net_append(
        net, name, &(const struct fw_net_layer){.op = &op, .in = {in}, .n_in = 1, .shape = shape});
}
