/* SPDX-License-Identifier: MIT */
#include "set.h"

#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

static fw_status open_array(struct compare_set *set, const char *name, struct fw_npy **ret)
{
    fw_status status = fw_npy_open(set->npz, name, ret);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(*ret);
    if (header->n_dims == 0 || header->shape[0] == 0) {
        return fw_faultf(set->host, FW_E_DATA, set->path, NULL, "%s holds no samples", name);
    }
    if (set->n != 0 && header->shape[0] != set->n) {
        return fw_faultf(set->host, FW_E_DATA, set->path,
                         "the first axis of all arrays counts the same samples",
                         "%s has %llu rows, the arrays before it have %llu", name,
                         (unsigned long long)header->shape[0], (unsigned long long)set->n);
    }
    set->n = header->shape[0];
    return FW_OK;
}

static fw_status open_arrays(struct compare_set *set, const struct fw_task *task)
{
    const struct fw_value *inputs = fw_task_value(task, "inputs");
    fw_status status = FW_OK;
    set->names = inputs->texts;
    set->inputs = calloc(inputs->n + 1, sizeof *set->inputs);
    if (set->inputs == NULL) {
        return fw_fault_nomem(set->host);
    }
    while (status == FW_OK && set->n_inputs < inputs->n) {
        status = open_array(set, set->names[set->n_inputs], &set->inputs[set->n_inputs]);
        set->n_inputs += set->inputs[set->n_inputs] != NULL;
    }
    return status == FW_OK ? open_array(set, fw_task_text(task, "target"), &set->target) : status;
}

fw_status compare_set_open(const struct fw_host *host, const struct fw_task *task,
                           struct compare_set *set)
{
    set->host = host;
    set->path = fw_task_input(task, "data")->paths[0];
    set->input_scale = fw_task_real(task, "input_scale");
    fw_status status = fw_npz_open(host, set->path, &set->npz);
    if (status == FW_OK) {
        status = open_arrays(set, task);
    }
    if (status == FW_OK) {
        set->n_target = fw_npy_header(set->target)->n_items / set->n;
    }
    return status;
}

void compare_set_close(struct compare_set *set)
{
    for (size_t i = 0; i < set->n_inputs; i++) {
        fw_npy_close(set->inputs[i]);
    }
    free(set->inputs);
    fw_npy_close(set->target);
    fw_npz_close(set->npz);
    *set = (struct compare_set){0};
}

/* The shape that the model wants of a sample, where it is as many numbers. */
static void shape_as(const struct fw_predictor_port *port, const struct fw_npy_header *header,
                     uint64_t n, struct fw_predictor_array *array, int64_t *shape)
{
    uint64_t wanted = 1, given = header->n_items / header->shape[0];
    for (uint64_t k = 1; k < port->rank; k++) {
        wanted *= port->shape[k] < 0 ? 0 : (uint64_t)port->shape[k];
    }
    const bool as_wanted = port->rank > 0 && port->rank <= FW_NPY_MAX_DIMS && wanted == given;
    array->rank = as_wanted ? (uint32_t)port->rank : header->n_dims;
    for (uint32_t k = 1; k < array->rank; k++) {
        shape[k] = as_wanted ? port->shape[k] : (int64_t)header->shape[k];
    }
    shape[0] = (int64_t)n;
    array->shape = shape;
}

static void scale(uint32_t element, void *data, uint64_t n, double factor)
{
    for (uint64_t i = 0; element == FW_F32 && i < n; i++) {
        ((float *)data)[i] = (float)(((float *)data)[i] * factor);
    }
    for (uint64_t i = 0; element == FW_F64 && i < n; i++) {
        ((double *)data)[i] *= factor;
    }
}

static fw_status read_input(const struct compare_set *set, size_t i,
                            const struct fw_predictor_port *port, uint64_t first, uint64_t n,
                            struct compare_chunk *chunk)
{
    const struct fw_npy_header *header = fw_npy_header(set->inputs[i]);
    const bool real = port->element == FW_F32 || port->element == FW_F64;
    struct fw_predictor_array *array = &chunk->arrays[i];
    const uint64_t items = header->n_items / header->shape[0] * n;
    array->element = real ? port->element : fw_npy_element(header->type);
    if (array->element != port->element) {
        return fw_faultf(set->host, FW_E_DATA, set->path, NULL,
                         "%s is of %s, which the model's input \"%s\" does not take", set->names[i],
                         fw_npy_type_name(header->type), port->name);
    }
    array->data = chunk->data[i] = malloc(items * fw_element_size(array->element) + 1);
    if (array->data == NULL) {
        return fw_fault_nomem(set->host);
    }
    shape_as(port, header, n, array, chunk->shapes[i]);
    fw_status status =
        real ? fw_npy_read_as(set->inputs[i], port->element == FW_F32 ? FW_NPY_F4 : FW_NPY_F8,
                              first, n, chunk->data[i])
             : fw_npy_read(set->inputs[i], first, n, chunk->data[i]);
    if (status == FW_OK && set->input_scale != 1) {
        scale(array->element, chunk->data[i], items, set->input_scale);
    }
    return status;
}

fw_status compare_set_read(const struct compare_set *set, const struct fw_predictor_info *info,
                           uint64_t first, uint64_t n, struct compare_chunk *chunk)
{
    fw_status status = FW_OK;
    if (info->n_inputs != 0 && info->n_inputs != set->n_inputs) {
        return fw_faultf(set->host, FW_E_CONFIG, "inputs", "name one array for each of them",
                         "the model has %llu inputs, and %zu are named",
                         (unsigned long long)info->n_inputs, set->n_inputs);
    }
    chunk->n = info->n_inputs;
    chunk->arrays = calloc(chunk->n + 1, sizeof *chunk->arrays);
    chunk->shapes = calloc(chunk->n + 1, sizeof *chunk->shapes);
    chunk->data = calloc(chunk->n + 1, sizeof *chunk->data);
    if (chunk->arrays == NULL || chunk->shapes == NULL || chunk->data == NULL) {
        return fw_fault_nomem(set->host);
    }
    for (size_t i = 0; status == FW_OK && i < chunk->n; i++) {
        status = read_input(set, i, info->inputs[i], first, n, chunk);
    }
    return status;
}

void compare_chunk_finish(struct compare_chunk *chunk)
{
    for (size_t i = 0; chunk->data != NULL && i < chunk->n; i++) {
        free(chunk->data[i]);
    }
    free(chunk->data);
    free(chunk->shapes);
    free(chunk->arrays);
    *chunk = (struct compare_chunk){0};
}

fw_status compare_set_target(const struct compare_set *set, uint64_t first, uint64_t n, double *ret)
{
    return fw_npy_read_as(set->target, FW_NPY_F8, first, n, ret);
}
