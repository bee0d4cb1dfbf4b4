/* SPDX-License-Identifier: MIT */
/* Z = F W' + b on each row of a value, over its columns. */
#include <math.h>

#include "layers.h"

struct product {
    struct fw_operand a, b, c, bias;
    double beta;
};

static uint64_t rows_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return pass->n * layer->shape.channels * layer->shape.rows;
}

static uint64_t width_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return fw_net_layer_of(pass, layer->in[0])->shape.cols;
}

static struct fw_gemm gemm_of(const struct fw_net_pass *pass, const struct product *product)
{
    return (struct fw_gemm){.struct_size = (uint32_t)sizeof(struct fw_gemm),
                            .dtype = pass->net->dtype,
                            .alpha = 1,
                            .beta = product->beta,
                            .a = product->a,
                            .b = product->b,
                            .bias = product->bias,
                            .c = product->c};
}

/* rows = features W' */
static fw_status apply(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                       const struct product *product)
{
    struct fw_gemm gemm = gemm_of(pass, product);
    gemm.transpose_b = 1;
    gemm.m = rows_of(pass, layer);
    gemm.n = gemm.ldc = layer->shape.cols;
    gemm.k = gemm.lda = gemm.ldb = width_of(pass, layer);
    return pass->kernels->gemm(pass->session, &gemm);
}

/* weight = gradient' features */
static fw_status weight_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                                 const struct product *product)
{
    struct fw_gemm gemm = gemm_of(pass, product);
    gemm.transpose_a = 1;
    gemm.m = gemm.lda = layer->shape.cols;
    gemm.n = gemm.ldb = gemm.ldc = width_of(pass, layer);
    gemm.k = rows_of(pass, layer);
    return pass->kernels->gemm(pass->session, &gemm);
}

/* features' gradient = gradient W, added where one is there already */
static fw_status feature_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                                  struct fw_net_field *field, struct fw_operand gradient,
                                  struct fw_operand flat)
{
    struct product product = {.a = gradient, .b = fw_net_part(pass, layer, flat, 0)};
    product.c = fw_net_gradient_of(pass, field, layer->in[0], &product.beta);
    struct fw_gemm gemm = gemm_of(pass, &product);
    gemm.m = rows_of(pass, layer);
    gemm.n = gemm.ldb = gemm.ldc = width_of(pass, layer);
    gemm.k = gemm.lda = layer->shape.cols;
    return pass->kernels->gemm(pass->session, &gemm);
}

static fw_status bias_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               struct fw_operand gradient, struct fw_operand flat)
{
    if (!layer->as.bias) {
        return FW_OK;
    }
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = pass->net->dtype,
                                     .kind = FW_REDUCE_SUM,
                                     .out_type = pass->net->dtype,
                                     .outer = rows_of(pass, layer),
                                     .channels = layer->shape.cols,
                                     .inner = 1,
                                     .alpha = 1,
                                     .a = gradient,
                                     .out = fw_net_part(pass, layer, flat, 1)};
    return pass->kernels->reduce(pass->session, &reduce);
}

static fw_status forward_with(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              struct fw_operand flat, struct fw_operand out)
{
    struct product product = {
        .a = pass->y[layer->in[0]], .b = fw_net_part(pass, layer, flat, 0), .c = out};
    if (layer->as.bias) {
        product.bias = fw_net_part(pass, layer, flat, 1);
    }
    return apply(pass, layer, &product);
}

static fw_status forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return forward_with(pass, layer, pass->parameters, pass->y[layer->index]);
}

/* RZ = F RW' + Rb + RF W' */
static fw_status r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    fw_status status = forward_with(pass, layer, pass->v, pass->ry[layer->index]);
    if (status != FW_OK || !fw_net_is_live(pass, in)) {
        return status;
    }
    const struct product more = {.a = pass->ry[in],
                                 .b = fw_net_part(pass, layer, pass->parameters, 0),
                                 .c = pass->ry[layer->index],
                                 .beta = 1};
    return apply(pass, layer, &more);
}

static fw_status backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const struct fw_operand gradient = pass->gy.at[layer->index];
    const struct product product = {
        .a = gradient, .b = pass->y[in], .c = fw_net_part(pass, layer, pass->gradient, 0)};
    fw_status status = weight_gradient(pass, layer, &product);
    if (status == FW_OK) {
        status = bias_gradient(pass, layer, gradient, pass->gradient);
    }
    if (status == FW_OK && fw_net_is_live(pass, in)) {
        status = feature_gradient(pass, layer, &pass->gy, gradient, pass->parameters);
    }
    return status;
}

/* RgW = RgZ' F + gZ' RF; RgF = RgZ W + gZ RW */
static fw_status r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const bool is_live = fw_net_is_live(pass, in);
    const struct fw_operand gradient = pass->gy.at[layer->index];
    const struct fw_operand r = pass->rgy.at[layer->index];
    struct product product = {.a = r, .b = pass->y[in], .c = fw_net_part(pass, layer, pass->hv, 0)};
    fw_status status = weight_gradient(pass, layer, &product);
    if (status == FW_OK && is_live) {
        product.a = gradient;
        product.b = pass->ry[in];
        product.beta = 1;
        status = weight_gradient(pass, layer, &product);
    }
    if (status == FW_OK) {
        status = bias_gradient(pass, layer, r, pass->hv);
    }
    return status == FW_OK && is_live ? fw_net_r_give(pass, layer, feature_gradient) : status;
}

/* 2 gZ . (RF RW') */
static fw_status bend(struct fw_net_pass *pass, const struct fw_net_layer *layer, double *ret_bend)
{
    const uint32_t in = layer->in[0];
    const struct product product = {.a = pass->ry[in],
                                    .b = fw_net_part(pass, layer, pass->v, 0),
                                    .c = pass->rgy.at[layer->index]};
    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    fw_status status = apply(pass, layer, &product);
    return status == FW_OK ? fw_net_bend_bilinear(pass, layer, ret_bend) : status;
}

static const struct fw_net_op op = {
    .name = "linear",
    .flags = FW_NET_R_READS_GRADIENT,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
    .bend = bend,
};

uint32_t fw_net_add_linear(struct fw_net *net, const char *name, uint32_t in, uint64_t width,
                           bool bias)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const double spread = 1 / sqrt((double)shape.cols);
    struct fw_net_layer layer = {.op = &op, .in = {in}, .n_in = 1};
    layer.shape = (struct fw_net_shape){shape.channels, shape.rows, width};
    layer.as.bias = bias;
    layer.macs = fw_net_size(layer.shape) * shape.cols;
    const struct fw_net_tensor weight = {
        .rank = 2, .shape = {width, shape.cols}, .init = FW_NET_UNIFORM, .spread = spread};
    fw_net_add_parameter(net, name, "weight", &weight);
    if (bias) {
        const struct fw_net_tensor tensor = {
            .rank = 1, .shape = {width}, .init = FW_NET_UNIFORM, .spread = spread};
        fw_net_add_parameter(net, name, "bias", &tensor);
    }
    return fw_net_append(net, name, &layer);
}
