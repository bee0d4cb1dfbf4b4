/* SPDX-License-Identifier: MIT */
#include "net.h"

#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "sql/fault.h"

fw_status fw_net_create(const struct fw_host *host, uint32_t dtype, struct fw_net **ret_net)
{
    if (dtype != FW_F32 && dtype != FW_F64) {
        return fw_faultf(host, FW_E_ARG, "net", NULL,
                         "a net of elements of type %u; FW_F32, FW_F64", dtype);
    }
    struct fw_net *net = calloc(1, sizeof *net);
    if (net == NULL) {
        return fw_fault_nomem(host);
    }
    net->host = host;
    net->dtype = dtype;
    net->element = (uint32_t)fw_element_size(dtype);
    *ret_net = net;
    return FW_OK;
}

void fw_net_destroy(struct fw_net *net)
{
    if (net == NULL) {
        return;
    }
    for (uint32_t i = 0; i < net->n_layers; i++) {
        free((char *)(uintptr_t)net->layers[i].name);
    }
    for (uint32_t i = 0; i < net->n_tensors; i++) {
        free((char *)(uintptr_t)net->tensors[i].name);
    }
    for (uint32_t i = 0; i < net->n_kept; i++) {
        free((char *)(uintptr_t)net->kept[i].name);
    }
    free(net->layers);
    free(net->tensors);
    free(net->kept);
    free(net);
}

uint32_t fw_net_refuse(struct fw_net *net, const char *layer, const char *format, ...)
{
    char what[256];
    va_list args;
    if (net->status != FW_OK) {
        return 0;
    }
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    net->status = fw_faultf(net->host, FW_E_CONFIG, layer, NULL, "%s", what);
    return 0;
}

/* One more of `size` bytes, zeroed; doubles what there is room for. NULL: the net says so. */
static void *grow(struct fw_net *net, void **array, uint32_t *n, size_t size)
{
    if ((*n & (*n - 1)) == 0) {
        void *more = realloc(*array, (*n == 0 ? 1 : 2 * (size_t)*n) * size);
        if (more == NULL) {
            net->status = fw_fault_nomem(net->host);
            return NULL;
        }
        *array = more;
    }
    void *item = (char *)*array + *n * size;
    memset(item, 0, size);
    ++*n;
    return item;
}

static const char *join_names(struct fw_net *net, const char *layer, const char *part)
{
    char *name = NULL;
    if (asprintf(&name, part == NULL ? "%s" : "%s.%s", layer, part) < 0) {
        net->status = fw_fault_nomem(net->host);
        return NULL;
    }
    return name;
}

static bool may_build(struct fw_net *net)
{
    if (net->is_closed) {
        fw_net_refuse(net, "net", "it is closed, nothing can be added");
    }
    return net->status == FW_OK;
}

static void add_tensor(struct fw_net *net, const char *layer, const char *part,
                       const struct fw_net_tensor *tensor, bool is_kept)
{
    if (!may_build(net)) {
        return;
    }
    uint64_t *end = is_kept ? &net->n_kept_elements : &net->n_parameters;
    void *array = is_kept ? net->kept : net->tensors;
    struct fw_net_tensor *added =
        grow(net, &array, is_kept ? &net->n_kept : &net->n_tensors, sizeof *added);
    *(is_kept ? &net->kept : &net->tensors) = array;
    if (added == NULL) {
        return;
    }
    *added = *tensor;
    added->name = join_names(net, layer, part);
    added->offset = *end;
    added->count = 1;
    for (uint32_t i = 0; i < 4; i++) {
        added->shape[i] = i < tensor->rank ? tensor->shape[i] : 1;
        added->count *= added->shape[i];
    }
    *end += added->count;
}

void fw_net_add_parameter(struct fw_net *net, const char *layer, const char *part,
                          const struct fw_net_tensor *tensor)
{
    add_tensor(net, layer, part, tensor, false);
}

void fw_net_add_kept(struct fw_net *net, const char *layer, const char *part,
                     const struct fw_net_tensor *tensor)
{
    add_tensor(net, layer, part, tensor, true);
}

struct fw_net_shape fw_net_shape_of(struct fw_net *net, uint32_t value)
{
    if (value < net->n_layers) {
        return net->layers[value].shape;
    }
    fw_net_refuse(net, "net", "value %u is not there yet", value);
    return (struct fw_net_shape){0};
}

/* So that no product of sizes, here or in an operation, wraps around. */
static bool is_sane(struct fw_net_shape shape)
{
    const uint64_t most = 1 << 20;
    return shape.channels <= most && shape.rows <= most && shape.cols <= most &&
           fw_net_size(shape) > 0 && fw_net_size(shape) < UINT64_C(1) << 31;
}

static bool is_sound(struct fw_net *net, const char *name, const struct fw_net_layer *layer)
{
    if (!is_sane(layer->shape)) {
        fw_net_refuse(net, name, "a sample of %llu x %llu x %llu is nothing to compute with",
                      (unsigned long long)layer->shape.channels,
                      (unsigned long long)layer->shape.rows, (unsigned long long)layer->shape.cols);
    }
    for (uint32_t i = 0; i < layer->n_in; i++) {
        (void)fw_net_shape_of(net, layer->in[i]);
    }
    if (layer->n_in == 2 && layer->in[0] == layer->in[1]) {
        fw_net_refuse(net, name, "it reads value %u twice", layer->in[0]);
    }
    if ((net->n_layers == 0) != (layer->n_in == 0)) {
        fw_net_refuse(net, name, "the first layer is the input, and no other is");
    }
    return net->status == FW_OK;
}

uint32_t fw_net_append(struct fw_net *net, const char *name, const struct fw_net_layer *layer)
{
    if (!may_build(net) || !is_sound(net, name, layer)) {
        return 0;
    }
    const struct fw_net_layer *before =
        net->n_layers > 0 ? &net->layers[net->n_layers - 1] : &(const struct fw_net_layer){0};
    const uint32_t first_tensor = before->first_tensor + before->n_tensors;
    const uint32_t first_kept = before->first_kept + before->n_kept;
    void *array = net->layers;
    struct fw_net_layer *added = grow(net, &array, &net->n_layers, sizeof *added);
    net->layers = array;
    if (added == NULL) {
        return 0;
    }
    *added = *layer;
    added->index = net->n_layers - 1;
    added->name = join_names(net, name, NULL);
    added->first_tensor = first_tensor;
    added->n_tensors = net->n_tensors - first_tensor;
    added->first_kept = first_kept;
    added->n_kept = net->n_kept - first_kept;
    added->live = added->n_tensors > 0;
    for (uint32_t i = 0; i < added->n_in; i++) {
        added->live = added->live || net->layers[added->in[i]].live;
    }
    return added->index;
}

/* What nobody reads has no gradient, and its parameters would keep that of the batch before. */
static void check_use(struct fw_net *net)
{
    for (uint32_t value = 0; value + 1 < net->n_layers; value++) {
        bool is_read = false;
        for (uint32_t i = value + 1; i < net->n_layers && !is_read; i++) {
            const struct fw_net_layer *layer = &net->layers[i];
            for (uint32_t k = 0; k < layer->n_in; k++) {
                is_read = is_read || layer->in[k] == value;
            }
        }
        if (!is_read) {
            fw_net_refuse(net, net->layers[value].name, "no layer reads what it makes");
        }
    }
}

fw_status fw_net_close(struct fw_net *net)
{
    check_use(net);
    if (net->status == FW_OK && net->n_parameters == 0) {
        fw_net_refuse(net, "net", "it has no parameters");
    }
    net->is_closed = net->status == FW_OK;
    return net->status;
}

bool fw_net_has_products(const struct fw_net *net)
{
    for (uint32_t i = 1; i < net->n_layers; i++) {
        if (net->layers[i].live && net->layers[i].op->r_forward == NULL) {
            return false;
        }
    }
    return true;
}
