/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net.h"

enum { MAX_ENLARGED = 1024 };

/* The operations of a net, a row of the table each; docs: README.md. */

static bool same(const struct net_shape *a, const struct net_shape *b)
{
    return a->channels == b->channels && a->rows == b->rows && a->cols == b->cols;
}

static uint32_t post_of(const struct net_layer *layer)
{
    const cJSON *post = cJSON_GetObjectItemCaseSensitive(layer->json, "post");
    return cJSON_IsString(post) && strcmp(post->valuestring, "relu") == 0 ? FW_POST_RELU
                                                                          : FW_POST_NONE;
}

/* A net that means another function of the output must not pass for one that means none. */
static fw_status check_post(const struct net *net, const struct net_layer *layer)
{
    const cJSON *post = cJSON_GetObjectItemCaseSensitive(layer->json, "post");
    return post == NULL || post_of(layer) == FW_POST_RELU
               ? FW_OK
               : net_refuse(net, layer,
                            "\"post\" may be \"relu\"; give others a layer of their own");
}

static fw_status check_bias(const struct net *net, const struct net_layer *layer,
                            const uint64_t shape[4], uint64_t n)
{
    const uint64_t has = shape[0] * shape[1] * shape[2] * shape[3];
    return layer->bias == NULL || has == n
               ? FW_OK
               : net_refuse(net, layer, "the bias has %llu numbers, expected %llu",
                            (unsigned long long)has, (unsigned long long)n);
}

/* --- conv2d: filter [out][in][rows][columns], zeros outside; "pad" as many as keep the size --- */

static fw_status plan_conv(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const struct net_shape *in = net_in(net, layer, 0);
    uint64_t filter[4] = {0}, bias[4] = {1, 1, 1, 1};
    fw_status status = net_weights(net, layer, "filter", &layer->weight, filter);
    if (status == FW_OK) {
        status = net_weights(net, layer, "bias", &layer->bias, bias);
    }
    if (status != FW_OK) {
        return status;
    }
    if (layer->weight == NULL || filter[1] != in->channels) {
        return net_refuse(net, layer, "the filter is of %llu channels, the image has %u",
                          (unsigned long long)filter[1], in->channels);
    }
    layer->post = post_of(layer);
    layer->stride = net_whole(layer, "stride", 1);
    layer->kernel_rows = (uint32_t)filter[2];
    layer->kernel_cols = (uint32_t)filter[3];
    layer->pad_rows = net_whole(layer, "pad", (layer->kernel_rows - 1) / 2);
    layer->pad_cols = net_whole(layer, "pad", (layer->kernel_cols - 1) / 2);
    const uint32_t rows = in->rows + 2 * layer->pad_rows, cols = in->cols + 2 * layer->pad_cols;
    if (layer->stride == 0 || rows < layer->kernel_rows || cols < layer->kernel_cols) {
        return net_refuse(net, layer, "a filter of %u x %u does not fit", layer->kernel_rows,
                          layer->kernel_cols);
    }
    *ret_shape =
        (struct net_shape){(uint32_t)filter[0], (rows - layer->kernel_rows) / layer->stride + 1,
                           (cols - layer->kernel_cols) / layer->stride + 1};
    status = check_bias(net, layer, bias, filter[0]);
    return status == FW_OK ? check_post(net, layer) : status;
}

static fw_status run_conv(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    const struct net_shape *in = net_in(net, layer, 0);
    return net->kernels->conv2d(
        net->session,
        &(const struct fw_conv2d){.struct_size = (uint32_t)sizeof(struct fw_conv2d),
                                  .dtype = FW_F32,
                                  .direction = FW_CONV_FORWARD,
                                  .post = layer->post,
                                  .batch = (uint32_t)n,
                                  .in_channels = in->channels,
                                  .in_rows = in->rows,
                                  .in_cols = in->cols,
                                  .out_channels = net->values[layer->out].shape.channels,
                                  .kernel_rows = layer->kernel_rows,
                                  .kernel_cols = layer->kernel_cols,
                                  .stride_rows = layer->stride,
                                  .stride_cols = layer->stride,
                                  .pad_rows = layer->pad_rows,
                                  .pad_cols = layer->pad_cols,
                                  .alpha = 1,
                                  .input = net_operand(net, layer->in[0]),
                                  .filter = {.buffer = layer->weight},
                                  .bias = {.buffer = layer->bias},
                                  .output = net_operand(net, layer->out)});
}

/* --- dense: weight [in][out]; a sample is a vector, an image is taken row by row --- */

static fw_status plan_dense(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const uint64_t k = net_size(net_in(net, layer, 0));
    uint64_t weight[4] = {0}, bias[4] = {1, 1, 1, 1};
    fw_status status = net_weights(net, layer, "weight", &layer->weight, weight);
    if (status == FW_OK) {
        status = net_weights(net, layer, "bias", &layer->bias, bias);
    }
    if (status != FW_OK) {
        return status;
    }
    if (layer->weight == NULL || weight[0] != k || weight[2] * weight[3] != 1) {
        return net_refuse(net, layer, "the weight takes %llu numbers, a sample has %llu",
                          (unsigned long long)weight[0], (unsigned long long)k);
    }
    layer->post = post_of(layer);
    *ret_shape = (struct net_shape){(uint32_t)weight[1], 1, 1};
    status = check_bias(net, layer, bias, weight[1]);
    return status == FW_OK ? check_post(net, layer) : status;
}

static fw_status run_dense(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    const uint64_t k = net_size(net_in(net, layer, 0)),
                   m = net_size(&net->values[layer->out].shape);
    return net->kernels->gemm(
        net->session, &(const struct fw_gemm){.struct_size = (uint32_t)sizeof(struct fw_gemm),
                                              .dtype = FW_F32,
                                              .post = layer->post,
                                              .m = n,
                                              .n = m,
                                              .k = k,
                                              .lda = k,
                                              .ldb = m,
                                              .ldc = m,
                                              .alpha = 1,
                                              .a = net_operand(net, layer->in[0]),
                                              .b = {.buffer = layer->weight},
                                              .bias = {.buffer = layer->bias},
                                              .c = net_operand(net, layer->out)});
}

/* --- maxpool, avgpool: windows of "size" side by side; upsample: each pixel "size" times --- */

static fw_status plan_pool(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const struct net_shape *in = net_in(net, layer, 0);
    layer->stride = net_whole(layer, "size", 2);
    layer->kind = strcmp(layer->op->name, "maxpool") == 0 ? FW_POOL_MAX : FW_POOL_AVERAGE;
    if (layer->stride == 0) {
        return net_refuse(net, layer, "\"size\" is 0");
    }
    *ret_shape =
        (struct net_shape){in->channels, in->rows / layer->stride, in->cols / layer->stride};
    return FW_OK;
}

static fw_status plan_upsample(struct net *net, struct net_layer *layer,
                               struct net_shape *ret_shape)
{
    const struct net_shape *in = net_in(net, layer, 0);
    layer->stride = net_whole(layer, "size", 2);
    layer->kind = FW_POOL_SUM;
    if (layer->stride > MAX_ENLARGED) {
        return net_refuse(net, layer, "\"size\" is %u, at most %d", layer->stride, MAX_ENLARGED);
    }
    *ret_shape =
        (struct net_shape){in->channels, in->rows * layer->stride, in->cols * layer->stride};
    return FW_OK;
}

/* Upsampling to the nearest is the backward of a sum over windows. */
static fw_status run_pool(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    const bool up = layer->kind == FW_POOL_SUM;
    const size_t large = up ? layer->out : layer->in[0], small = up ? layer->in[0] : layer->out;
    const struct net_shape *shape = &net->values[large].shape;
    return net->kernels->pool(
        net->session, &(const struct fw_pool){.struct_size = (uint32_t)sizeof(struct fw_pool),
                                              .dtype = FW_F32,
                                              .kind = layer->kind,
                                              .direction = up ? FW_POOL_BACKWARD : FW_POOL_FORWARD,
                                              .planes = n * shape->channels,
                                              .in_rows = shape->rows,
                                              .in_cols = shape->cols,
                                              .kernel_rows = layer->stride,
                                              .kernel_cols = layer->stride,
                                              .stride_rows = layer->stride,
                                              .stride_cols = layer->stride,
                                              .x = net_operand(net, large),
                                              .y = net_operand(net, small)});
}

/* --- element by element --- */

static const struct {
    const char *name;
    uint32_t kind;
} maps[] = {
    {"relu", FW_MAP_RELU},     {"gelu", FW_MAP_GELU},   {"sigmoid", FW_MAP_SIGMOID},
    {"tanh", FW_MAP_TANH},     {"swish", FW_MAP_SWISH}, {"exp", FW_MAP_EXP},
    {"scale", FW_MAP_LINEAR},  {"add", FW_MAP_LINEAR},  {"multiply", FW_MAP_MULTIPLY},
    {"divide", FW_MAP_DIVIDE},
};

static fw_status plan_map(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const cJSON *by = cJSON_GetObjectItemCaseSensitive(layer->json, "by");
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        layer->kind = strcmp(maps[i].name, layer->op->name) == 0 ? maps[i].kind : layer->kind;
    }
    *ret_shape = *net_in(net, layer, 0);
    layer->by = cJSON_IsNumber(by) ? by->valuedouble : 1;
    return layer->n_in == 1 || same(ret_shape, net_in(net, layer, 1))
               ? FW_OK
               : net_refuse(net, layer, "its two values have different shapes");
}

static fw_status run_map(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    struct fw_map map = {.struct_size = (uint32_t)sizeof map,
                         .dtype = FW_F32,
                         .kind = layer->kind,
                         .n = n * net_size(net_in(net, layer, 0)),
                         .alpha = layer->by,
                         .a = net_operand(net, layer->in[0]),
                         .out = net_operand(net, layer->out)};
    if (layer->n_in == 2) {
        map.b = net_operand(net, layer->in[1]);
        map.beta = layer->kind == FW_MAP_LINEAR ? 1 : 0;
    }
    return net->kernels->map(net->session, &map);
}

/* --- softmax over all numbers of a sample --- */

static fw_status plan_alike(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    *ret_shape = *net_in(net, layer, 0);
    return FW_OK;
}

static fw_status run_softmax(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    return net->kernels->softmax(
        net->session, &(const struct fw_softmax){.struct_size = (uint32_t)sizeof(struct fw_softmax),
                                                 .dtype = FW_F32,
                                                 .kind = FW_SOFTMAX_FORWARD,
                                                 .rows = n,
                                                 .cols = net_size(net_in(net, layer, 0)),
                                                 .scale = 1,
                                                 .x = net_operand(net, layer->in[0]),
                                                 .y = net_operand(net, layer->out)});
}

/* --- channels "from" to "to" of an image; images side by side as channels; zeros around --- */

/* Copies channels of `in` to channel `at` of `out`, `pad_rows`, `pad_cols` away from its corner. */
struct move {
    size_t in, out;
    uint32_t from, channels, at, pad_rows, pad_cols;
};

static fw_status run_move(const struct net *net, const struct move *move, uint64_t n)
{
    const struct net_shape *in = &net->values[move->in].shape, *out = &net->values[move->out].shape;
    struct fw_operand source = net_operand(net, move->in), target = net_operand(net, move->out);
    source.offset = (uint64_t)move->from * in->rows * in->cols * sizeof(float);
    target.offset =
        (((uint64_t)move->at * out->rows + move->pad_rows) * out->cols + move->pad_cols) *
        sizeof(float);
    return net->kernels->copy(
        net->session,
        &(const struct fw_copy){
            .struct_size = (uint32_t)sizeof(struct fw_copy),
            .in_type = FW_F32,
            .out_type = FW_F32,
            .shape = {n, move->channels, in->rows, in->cols},
            .in_stride = {net_size(in), (uint64_t)in->rows * in->cols, in->cols, 1},
            .out_stride = {net_size(out), (uint64_t)out->rows * out->cols, out->cols, 1},
            .in = source,
            .out = target});
}

static fw_status plan_slice(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const struct net_shape *in = net_in(net, layer, 0);
    layer->from = net_whole(layer, "from", 0);
    layer->to = net_whole(layer, "to", in->channels);
    *ret_shape = (struct net_shape){layer->to - layer->from, in->rows, in->cols};
    return layer->from < layer->to && layer->to <= in->channels
               ? FW_OK
               : net_refuse(net, layer, "channels %u to %u of %u", layer->from, layer->to,
                            in->channels);
}

static fw_status run_slice(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    return run_move(net,
                    &(const struct move){.in = layer->in[0],
                                         .out = layer->out,
                                         .from = layer->from,
                                         .channels = layer->to - layer->from},
                    n);
}

static fw_status plan_concat(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    *ret_shape = *net_in(net, layer, 0);
    for (size_t i = 1; i < layer->n_in; i++) {
        const struct net_shape *next = net_in(net, layer, i);
        if (next->rows != ret_shape->rows || next->cols != ret_shape->cols) {
            return net_refuse(net, layer, "its values have different sizes");
        }
        ret_shape->channels += next->channels;
    }
    return FW_OK;
}

static fw_status run_concat(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    fw_status status = FW_OK;
    uint32_t at = 0;
    for (size_t i = 0; status == FW_OK && i < layer->n_in; i++) {
        const uint32_t channels = net_in(net, layer, i)->channels;
        status =
            run_move(net,
                     &(const struct move){
                         .in = layer->in[i], .out = layer->out, .channels = channels, .at = at},
                     n);
        at += channels;
    }
    return status;
}

static fw_status plan_pad(struct net *net, struct net_layer *layer, struct net_shape *ret_shape)
{
    const struct net_shape *in = net_in(net, layer, 0);
    layer->pad_rows = net_whole(layer, "rows", 0);
    layer->pad_cols = net_whole(layer, "cols", 0);
    *ret_shape = (struct net_shape){in->channels, in->rows + 2 * layer->pad_rows,
                                    in->cols + 2 * layer->pad_cols};
    return FW_OK;
}

static fw_status run_pad(const struct net *net, const struct net_layer *layer, uint64_t n)
{
    const struct net_shape *out = &net->values[layer->out].shape;
    fw_status status = net->kernels->map(
        net->session, &(const struct fw_map){.struct_size = (uint32_t)sizeof(struct fw_map),
                                             .dtype = FW_F32,
                                             .kind = FW_MAP_FILL,
                                             .n = n * net_size(out),
                                             .out = net_operand(net, layer->out)});
    return status != FW_OK ? status
                           : run_move(net,
                                      &(const struct move){.in = layer->in[0],
                                                           .out = layer->out,
                                                           .channels = out->channels,
                                                           .pad_rows = layer->pad_rows,
                                                           .pad_cols = layer->pad_cols},
                                      n);
}

static const struct net_op ops[] = {
    {"conv2d", 1, plan_conv, run_conv},
    {"dense", 1, plan_dense, run_dense},
    {"maxpool", 1, plan_pool, run_pool},
    {"avgpool", 1, plan_pool, run_pool},
    {"upsample", 1, plan_upsample, run_pool},
    {"softmax", 1, plan_alike, run_softmax},
    {"slice", 1, plan_slice, run_slice},
    {"concat", 0, plan_concat, run_concat},
    {"pad", 1, plan_pad, run_pad},
    {"relu", 1, plan_map, run_map},
    {"gelu", 1, plan_map, run_map},
    {"sigmoid", 1, plan_map, run_map},
    {"tanh", 1, plan_map, run_map},
    {"swish", 1, plan_map, run_map},
    {"exp", 1, plan_map, run_map},
    {"scale", 1, plan_map, run_map},
    {"add", 2, plan_map, run_map},
    {"multiply", 2, plan_map, run_map},
    {"divide", 2, plan_map, run_map},
};

const struct net_op *net_op_find(const char *name)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(ops[i].name, name) == 0) {
            return &ops[i];
        }
    }
    return NULL;
}
