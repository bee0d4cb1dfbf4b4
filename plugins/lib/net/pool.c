/* SPDX-License-Identifier: MIT */
/* Pooling: linear in the image once the places of the maxima are known. */
#include "image.h"
#include "layers.h"

/* A window of 0 is the whole image. */
static struct fw_pool pool_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              uint32_t direction)
{
    const struct fw_net_shape *in = &fw_net_layer_of(pass, layer->in[0])->shape;
    const uint32_t rows = layer->as.kernel == 0 ? (uint32_t)in->rows : layer->as.kernel;
    const uint32_t cols = layer->as.kernel == 0 ? (uint32_t)in->cols : layer->as.kernel;
    return (struct fw_pool){.struct_size = (uint32_t)sizeof(struct fw_pool),
                            .dtype = pass->net->dtype,
                            .kind = layer->as.kind,
                            .direction = direction,
                            .planes = pass->n * in->channels,
                            .in_rows = (uint32_t)in->rows,
                            .in_cols = (uint32_t)in->cols,
                            .kernel_rows = rows,
                            .kernel_cols = cols,
                            .stride_rows = layer->as.stride,
                            .stride_cols = layer->as.stride,
                            .pad_rows = layer->as.pad,
                            .pad_cols = layer->as.pad,
                            .index = layer->as.kind == FW_POOL_MAX ? pass->saved[layer->index]
                                                                   : (struct fw_operand){0}};
}

static fw_status forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    struct fw_pool pool = pool_of(pass, layer, FW_POOL_FORWARD);
    pool.x = pass->y[layer->in[0]];
    pool.y = pass->y[layer->index];
    return pass->kernels->pool(pass->session, &pool);
}

static fw_status r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const bool is_max = layer->as.kind == FW_POOL_MAX;
    struct fw_pool pool = pool_of(pass, layer, is_max ? FW_POOL_PICK : FW_POOL_FORWARD);
    pool.x = pass->ry[layer->in[0]];
    pool.y = pass->ry[layer->index];
    return pass->kernels->pool(pass->session, &pool);
}

static fw_status spread(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        struct fw_net_field *field)
{
    const uint32_t in = layer->in[0];
    struct fw_pool pool = pool_of(pass, layer, FW_POOL_BACKWARD);
    pool.x = fw_net_gradient_begin(pass, field, in);
    pool.y = field->at[layer->index];
    const fw_status status = pass->kernels->pool(pass->session, &pool);
    return status == FW_OK ? fw_net_gradient_end(pass, field, in, pool.x) : status;
}

static fw_status backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return spread(pass, layer, &pass->gy);
}

static fw_status r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return spread(pass, layer, &pass->rgy);
}

static const struct fw_net_op op = {
    .name = "pool",
    .forward = forward,
    .backward = backward,
    .r_forward = r_forward,
    .r_backward = r_backward,
};

uint32_t fw_net_add_pool(struct fw_net *net, const char *name, uint32_t in,
                         const struct fw_net_pool *pool)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const uint64_t rows = shape.rows + 2 * (uint64_t)pool->pad,
                   cols = shape.cols + 2 * (uint64_t)pool->pad;
    const bool is_known = pool->kind == FW_POOL_MAX || pool->kind == FW_POOL_AVERAGE;
    if (!is_known || pool->kernel == 0 || pool->stride == 0 || pool->pad >= pool->kernel ||
        rows < pool->kernel || cols < pool->kernel) {
        return fw_net_refuse(net, name, "pooling of kind %u, %u x %u, stride %u, padding %u",
                             pool->kind, pool->kernel, pool->kernel, pool->stride, pool->pad);
    }
    struct fw_net_layer layer = {.op = &op, .in = {in}, .n_in = 1};
    layer.shape = (struct fw_net_shape){shape.channels, (rows - pool->kernel) / pool->stride + 1,
                                        (cols - pool->kernel) / pool->stride + 1};
    layer.as.kind = pool->kind;
    layer.as.kernel = pool->kernel;
    layer.as.stride = pool->stride;
    layer.as.pad = pool->pad;
    layer.saved.per_sample = pool->kind == FW_POOL_MAX ? fw_net_size(layer.shape) : 0;
    return fw_net_append(net, name, &layer);
}

uint32_t fw_net_add_global_average(struct fw_net *net, const char *name, uint32_t in)
{
    struct fw_net_layer layer = {.op = &op, .in = {in}, .n_in = 1};
    layer.shape = (struct fw_net_shape){1, 1, fw_net_shape_of(net, in).channels};
    layer.as.kind = FW_POOL_AVERAGE;
    layer.as.stride = 1;
    return fw_net_append(net, name, &layer);
}
