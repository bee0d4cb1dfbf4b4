/* SPDX-License-Identifier: MIT */
#include "dropout.h"
#include "sequence.h"

/* out = f(a) * b for f the slope or the bend of GELU. */
static fw_status curve(const struct fw_net_pass *pass, uint32_t kind, uint64_t n,
                       struct fw_operand a, struct fw_operand b, struct fw_operand out)
{
    struct fw_map map = fw_net_map(pass, kind, n);

    map.a = a;
    map.b = b;
    map.out = out;
    return pass->kernels->map(pass->session, &map);
}

static fw_status gelu_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return curve(pass, FW_MAP_GELU, fw_net_batch_size(pass, layer->index), pass->y[layer->in[0]],
                 (struct fw_operand){0}, pass->y[layer->index]);
}

static fw_status gelu_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    struct fw_operand gx;
    fw_status status;

    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    gx = fw_net_gradient_begin(pass, &pass->gy, in);
    status = curve(pass, FW_MAP_GELU_SLOPE, fw_net_batch_size(pass, in), pass->y[in],
                   pass->gy.at[layer->index], gx);
    return status == FW_OK ? fw_net_gradient_end(pass, &pass->gy, in, gx) : status;
}

static fw_status gelu_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];

    return curve(pass, FW_MAP_GELU_SLOPE, fw_net_batch_size(pass, in), pass->y[in], pass->ry[in],
                 pass->ry[layer->index]);
}

/* RgX = f'(X) RgY + f''(X) RX gY */
static fw_status gelu_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const uint64_t n = fw_net_batch_size(pass, in);
    const struct fw_operand bent = pass->scratch;
    struct fw_operand gx;
    fw_status status;

    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    gx = fw_net_gradient_begin(pass, &pass->rgy, in);
    status = fw_net_multiply(pass, n, pass->ry[in], pass->gy.at[layer->index], bent);
    if (status == FW_OK) {
        status = curve(pass, FW_MAP_GELU_BEND, n, pass->y[in], bent, bent);
    }
    if (status == FW_OK) {
        status = curve(pass, FW_MAP_GELU_SLOPE, n, pass->y[in], pass->rgy.at[layer->index], gx);
    }
    if (status == FW_OK) {
        status = fw_net_combine(pass, n, gx, 1, bent, gx);
    }
    return status == FW_OK ? fw_net_gradient_end(pass, &pass->rgy, in, gx) : status;
}

static const struct fw_net_op gelu = {
    .name = "gelu",
    .flags = FW_NET_GRADIENT_IN_PLACE | FW_NET_R_READS_GRADIENT,
    .forward = gelu_forward,
    .backward = gelu_backward,
    .r_forward = gelu_r_forward,
    .r_backward = gelu_r_backward,
    .bend = fw_net_bend_by_pair,
};

uint32_t fw_net_add_gelu(struct fw_net *net, const char *name, uint32_t in)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const struct fw_net_layer layer = {
        .op = &gelu,
        .in = {in},
        .n_in = 1,
        .shape = shape,
        .scratch = {.per_sample = fw_net_size(shape)},
    };

    return fw_net_append(net, name, &layer);
}
