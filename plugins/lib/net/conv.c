/* SPDX-License-Identifier: MIT */
/* Convolution: bilinear in the image and the filter, so that R is the sum of two convolutions. */
#include <math.h>

#include "image.h"
#include "layers.h"

static struct fw_conv2d conv_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                                uint32_t direction)
{
    const struct fw_net_shape *in = &fw_net_layer_of(pass, layer->in[0])->shape;
    return (struct fw_conv2d){.struct_size = (uint32_t)sizeof(struct fw_conv2d),
                              .dtype = pass->net->dtype,
                              .direction = direction,
                              .batch = (uint32_t)pass->n,
                              .in_channels = (uint32_t)in->channels,
                              .in_rows = (uint32_t)in->rows,
                              .in_cols = (uint32_t)in->cols,
                              .out_channels = (uint32_t)layer->shape.channels,
                              .kernel_rows = layer->as.kernel,
                              .kernel_cols = layer->as.kernel,
                              .stride_rows = layer->as.stride,
                              .stride_cols = layer->as.stride,
                              .pad_rows = layer->as.pad,
                              .pad_cols = layer->as.pad,
                              .alpha = 1};
}

/* output = image * filter + beta * output, and the bias of the same flat array. */
static fw_status correlate(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                           struct fw_operand image, struct fw_operand flat, struct fw_conv2d conv)
{
    conv.input = image;
    conv.filter = fw_net_part(pass, layer, flat, 0);
    if (layer->as.bias && conv.beta == 0) {
        conv.bias = fw_net_part(pass, layer, flat, 1);
    }
    return pass->kernels->conv2d(pass->session, &conv);
}

static fw_status forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    struct fw_conv2d conv = conv_of(pass, layer, FW_CONV_FORWARD);
    conv.output = pass->y[layer->index];
    return correlate(pass, layer, pass->y[layer->in[0]], pass->parameters, conv);
}

/* RY = RW * X + Rb + W * RX */
static fw_status r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    struct fw_conv2d conv = conv_of(pass, layer, FW_CONV_FORWARD);
    conv.output = pass->ry[layer->index];
    fw_status status = correlate(pass, layer, pass->y[in], pass->v, conv);
    if (status == FW_OK && fw_net_is_live(pass, in)) {
        conv.beta = 1;
        status = correlate(pass, layer, pass->ry[in], pass->parameters, conv);
    }
    return status;
}

/* flat = gradient * image + beta * flat, of the filter. */
static fw_status filter_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                                 struct fw_operand image, struct fw_operand gradient,
                                 struct fw_operand flat, double beta)
{
    struct fw_conv2d conv = conv_of(pass, layer, FW_CONV_BACKWARD_FILTER);
    conv.beta = beta;
    conv.input = image;
    conv.output = gradient;
    conv.filter = fw_net_part(pass, layer, flat, 0);
    return pass->kernels->conv2d(pass->session, &conv);
}

static fw_status bias_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               struct fw_operand gradient, struct fw_operand flat)
{
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = pass->net->dtype,
                                     .kind = FW_REDUCE_SUM,
                                     .out_type = pass->net->dtype,
                                     .outer = pass->n,
                                     .channels = layer->shape.channels,
                                     .inner = layer->shape.rows * layer->shape.cols,
                                     .alpha = 1,
                                     .a = gradient,
                                     .out = layer->as.bias ? fw_net_part(pass, layer, flat, 1)
                                                           : (struct fw_operand){0}};
    return layer->as.bias ? pass->kernels->reduce(pass->session, &reduce) : FW_OK;
}

/* The image's gradient from that of the output and a filter, added where one is there already. */
static fw_status image_gradient(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                                struct fw_net_field *field, struct fw_operand gradient,
                                struct fw_operand flat)
{
    struct fw_conv2d conv = conv_of(pass, layer, FW_CONV_BACKWARD_DATA);
    conv.input = fw_net_gradient_of(pass, field, layer->in[0], &conv.beta);
    conv.output = gradient;
    conv.filter = fw_net_part(pass, layer, flat, 0);
    return pass->kernels->conv2d(pass->session, &conv);
}

static fw_status backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const struct fw_operand gradient = pass->gy.at[layer->index];
    fw_status status = filter_gradient(pass, layer, pass->y[in], gradient, pass->gradient, 0);
    if (status == FW_OK) {
        status = bias_gradient(pass, layer, gradient, pass->gradient);
    }
    if (status == FW_OK && fw_net_is_live(pass, in)) {
        status = image_gradient(pass, layer, &pass->gy, gradient, pass->parameters);
    }
    return status;
}

/* RgW = RgY X + gY RX; RgX = W RgY + RW gY */
static fw_status r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const bool is_live = fw_net_is_live(pass, in);
    const struct fw_operand gradient = pass->gy.at[layer->index];
    const struct fw_operand r = pass->rgy.at[layer->index];
    fw_status status = filter_gradient(pass, layer, pass->y[in], r, pass->hv, 0);
    if (status == FW_OK && is_live) {
        status = filter_gradient(pass, layer, pass->ry[in], gradient, pass->hv, 1);
    }
    if (status == FW_OK) {
        status = bias_gradient(pass, layer, r, pass->hv);
    }
    return status == FW_OK && is_live ? fw_net_r_give(pass, layer, image_gradient) : status;
}

/* 2 gY . (RW * RX) */
static fw_status bend(struct fw_net_pass *pass, const struct fw_net_layer *layer, double *ret_bend)
{
    const uint32_t in = layer->in[0];
    struct fw_conv2d conv = conv_of(pass, layer, FW_CONV_FORWARD);
    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    conv.input = pass->ry[in];
    conv.filter = fw_net_part(pass, layer, pass->v, 0);
    conv.output = pass->rgy.at[layer->index];
    fw_status status = pass->kernels->conv2d(pass->session, &conv);
    return status == FW_OK ? fw_net_bend_bilinear(pass, layer, ret_bend) : status;
}

static const struct fw_net_op op = {
    .name = "conv",
    .flags = FW_NET_R_READS_GRADIENT,
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
    .bend = bend,
};

uint32_t fw_net_add_conv(struct fw_net *net, const char *name, uint32_t in,
                         const struct fw_net_conv *conv)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const uint64_t area = (uint64_t)conv->kernel * conv->kernel;
    const uint64_t rows = shape.rows + 2 * (uint64_t)conv->pad,
                   cols = shape.cols + 2 * (uint64_t)conv->pad;
    if (area == 0 || conv->stride == 0 || conv->channels == 0 || conv->pad >= conv->kernel ||
        rows < conv->kernel || cols < conv->kernel) {
        return fw_net_refuse(net, name, "a filter of %u x %u, stride %u, padding %u does not fit",
                             conv->kernel, conv->kernel, conv->stride, conv->pad);
    }
    struct fw_net_layer layer = {.op = &op, .in = {in}, .n_in = 1};
    layer.shape = (struct fw_net_shape){conv->channels, (rows - conv->kernel) / conv->stride + 1,
                                        (cols - conv->kernel) / conv->stride + 1};
    layer.as.kernel = conv->kernel;
    layer.as.stride = conv->stride;
    layer.as.pad = conv->pad;
    layer.as.bias = conv->bias;
    layer.macs = fw_net_size(layer.shape) * shape.channels * area;
    const double scale = conv->scale == 0 ? 1 : conv->scale;
    const struct fw_net_tensor filter = {
        .rank = 4,
        .shape = {conv->channels, shape.channels, conv->kernel, conv->kernel},
        .init = FW_NET_NORMAL,
        .spread = scale * sqrt(2 / (double)(area * conv->channels))};
    fw_net_add_parameter(net, name, "weight", &filter);
    if (conv->bias) {
        const struct fw_net_tensor bias = {.rank = 1, .shape = {conv->channels}};
        fw_net_add_parameter(net, name, "bias", &bias);
    }
    return fw_net_append(net, name, &layer);
}
