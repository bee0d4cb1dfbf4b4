/* SPDX-License-Identifier: MIT */
#include "net.h"

#include <stdarg.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

fw_status net_refuse(const struct net *net, const struct net_layer *layer, const char *format, ...)
{
    char what[256], where[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(where, sizeof where, "%s: layer %zu", net->path, (size_t)(layer - net->layers) + 1);
    return FW_FAIL(net->host, FW_E_DATA, .what = what, .where = where);
}

uint32_t net_whole(const struct net_layer *layer, const char *name, uint32_t otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(layer->json, name);
    const bool whole = cJSON_IsNumber(item) && item->valuedouble >= 0 &&
                       item->valuedouble < 1 << 20 && item->valuedouble == floor(item->valuedouble);
    return whole ? (uint32_t)item->valuedouble : otherwise;
}

static fw_status upload(struct net *net, struct fw_npy *npy, struct fw_kernels_buffer **ret_buffer)
{
    const uint64_t bytes = fw_npy_header(npy)->n_items * sizeof(float);
    void *items = NULL;
    fw_status status = fw_npy_read_all(npy, FW_NPY_F4, &items);
    if (status == FW_OK) {
        status = net->kernels->buffer_create(net->session, bytes, ret_buffer);
    }
    if (status == FW_OK) {
        status = net->kernels->upload(net->session, (struct fw_operand){.buffer = *ret_buffer},
                                      items, bytes);
    }
    free(items);
    return status;
}

fw_status net_weights(struct net *net, const struct net_layer *layer, const char *key,
                      struct fw_kernels_buffer **ret_buffer, uint64_t ret_shape[4])
{
    const char *name = text_of(layer->json, key);
    struct fw_npy *npy = NULL;
    if (name == NULL) {
        return FW_OK;
    }
    fw_status status = fw_npy_open(net->weights, name, &npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    if (header->n_dims > 4 || header->n_items == 0) {
        status = net_refuse(net, layer, "the array %s has %u axes and %llu numbers", name,
                            header->n_dims, (unsigned long long)header->n_items);
    }
    for (unsigned i = 0; i < 4; i++) {
        ret_shape[i] = i < header->n_dims ? header->shape[i] : 1;
    }
    if (status == FW_OK) {
        status = upload(net, npy, ret_buffer);
    }
    fw_npy_close(npy);
    return status;
}

fw_status net_find(const struct net *net, const char *name, size_t *ret_value)
{
    for (size_t i = 0; name != NULL && i < net->n_values; i++) {
        if (strcmp(net->values[i].name, name) == 0) {
            *ret_value = i;
            return FW_OK;
        }
    }
    return FW_FAIL(net->host, FW_E_DATA, .what = "a layer reads what no layer before it makes",
                   .where = net->path, .value = name == NULL ? "(no name)" : name);
}

static fw_status read_sources(struct net *net, struct net_layer *layer)
{
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(layer->json, "in"), *item;
    const bool many = cJSON_IsArray(in);
    fw_status status = FW_OK;
    for (item = many ? in->child : in; status == FW_OK && item != NULL;
         item = many ? item->next : NULL) {
        if (layer->n_in == NET_MAX_IN) {
            return net_refuse(net, layer, "it reads more than %d values", NET_MAX_IN);
        }
        status = net_find(net, cJSON_IsString(item) ? item->valuestring : NULL,
                          &layer->in[layer->n_in++]);
    }
    if (status == FW_OK &&
        (layer->n_in == 0 || (layer->op->n_in != 0 && layer->n_in != layer->op->n_in))) {
        return net_refuse(net, layer, "%s reads %zu values, it is given %zu", layer->op->name,
                          layer->op->n_in == 0 ? 1 : layer->op->n_in, layer->n_in);
    }
    return status;
}

/* So that no product of sizes, here or in a layer, wraps around. */
static bool is_sane(const struct net_shape *shape)
{
    const uint32_t most = 1 << 20;
    return shape->channels <= most && shape->rows <= most && shape->cols <= most;
}

static fw_status add_layer(struct net *net, const cJSON *json)
{
    struct net_layer *layer = &net->layers[net->n_layers++];
    const char *op = text_of(json, "op"), *out = text_of(json, "out");
    struct net_value *value = &net->values[net->n_values];
    layer->json = json;
    layer->op = op == NULL ? NULL : net_op_find(op);
    if (layer->op == NULL) {
        return net_refuse(net, layer, "there is no operation \"%s\"", op == NULL ? "" : op);
    }
    if (out == NULL) {
        return net_refuse(net, layer, "\"out\" is missing: the name of what it makes");
    }
    fw_status status = read_sources(net, layer);
    if (status == FW_OK) {
        status = layer->op->plan(net, layer, &value->shape);
    }
    if (status == FW_OK && net_size(&value->shape) == 0) {
        return net_refuse(net, layer, "nothing is left of a sample");
    }
    if (status == FW_OK && !is_sane(&value->shape)) {
        return net_refuse(net, layer, "a sample of %u x %u x %u is too large",
                          value->shape.channels, value->shape.rows, value->shape.cols);
    }
    value->name = out;
    layer->out = net->n_values++;
    return status;
}

static fw_status add_input(struct net *net, const cJSON *json)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(json, "shape");
    struct net_value *value = &net->values[net->n_values++];
    uint32_t sizes[3] = {0, 1, 1};
    int n = cJSON_GetArraySize(shape);
    value->name = text_of(json, "name");
    for (int i = 0; i < n && n <= 3; i++) {
        const double size = cJSON_GetArrayItem(shape, i)->valuedouble;
        sizes[i] = size >= 1 && size < 1 << 20 ? (uint32_t)size : 0;
    }
    value->shape = (struct net_shape){sizes[0], sizes[1], sizes[2]};
    return value->name != NULL && n >= 1 && n <= 3 && net_size(&value->shape) > 0
               ? FW_OK
               : FW_FAIL(net->host, FW_E_DATA, .what = "an input of the model cannot be read",
                         .where = net->path,
                         .expected = "{\"name\": ..., \"shape\": [channels, rows, columns]}");
}

fw_status net_plan(struct net *net, const cJSON *document)
{
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(document, "inputs");
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(document, "layers"), *item;
    const size_t n_layers = (size_t)cJSON_GetArraySize(layers);
    const size_t n = (size_t)cJSON_GetArraySize(inputs) + n_layers;
    fw_status status = FW_OK;
    net->values = calloc(n + 1, sizeof *net->values);
    net->layers = calloc(n_layers + 1, sizeof *net->layers);
    if (net->values == NULL || net->layers == NULL) {
        return fw_fault_nomem(net->host);
    }
    cJSON_ArrayForEach(item, inputs)
    {
        status = status == FW_OK ? add_input(net, item) : status;
    }
    cJSON_ArrayForEach(item, layers)
    {
        status = status == FW_OK ? add_layer(net, item) : status;
    }
    return status;
}

static void release_values(struct net *net)
{
    for (size_t i = 0; i < net->n_values; i++) {
        net->kernels->buffer_destroy(net->values[i].buffer);
        net->values[i].buffer = NULL;
    }
    net->capacity = 0;
}

void net_finish(struct net *net)
{
    release_values(net);
    for (size_t i = 0; i < net->n_layers; i++) {
        net->kernels->buffer_destroy(net->layers[i].weight);
        net->kernels->buffer_destroy(net->layers[i].bias);
    }
    free(net->values);
    free(net->layers);
}

fw_status net_reserve(struct net *net, uint64_t n)
{
    fw_status status = FW_OK;
    if (n <= net->capacity) {
        return FW_OK;
    }
    release_values(net);
    for (size_t i = 0; status == FW_OK && i < net->n_values; i++) {
        status = net->kernels->buffer_create(net->session,
                                             n * net_size(&net->values[i].shape) * sizeof(float),
                                             &net->values[i].buffer);
    }
    if (status == FW_OK) {
        net->capacity = n;
    } else {
        release_values(net);
    }
    return status;
}

fw_status net_run(const struct net *net, uint64_t n)
{
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < net->n_layers; i++) {
        status = net->layers[i].op->run(net, &net->layers[i], n);
    }
    return status;
}
