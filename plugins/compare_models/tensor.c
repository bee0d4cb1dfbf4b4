/* SPDX-License-Identifier: MIT */
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

#include "npy/npy.h"
#include "sql/fault.h"

static fw_status open_array(struct compare_set *set, const char *name, struct fw_npy **ret)
{
    fw_status status = fw_npy_open(set->tensor->npz, name, ret);
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
    struct compare_tensor *tensor = set->tensor;
    const struct fw_value *inputs = fw_task_value(task, "inputs");
    const struct fw_value *target = fw_task_value(task, "target");
    fw_status status = FW_OK;
    if (target->n != 1) {
        return fw_faultf(set->host, FW_E_CONFIG, "target", "name one array, of any shape",
                         "%llu targets are named, and a tensor has one",
                         (unsigned long long)target->n);
    }
    tensor->names = inputs->texts;
    tensor->inputs = calloc(inputs->n + 1, sizeof *tensor->inputs);
    if (tensor->inputs == NULL) {
        return fw_fault_nomem(set->host);
    }
    while (status == FW_OK && tensor->n_inputs < inputs->n) {
        status =
            open_array(set, tensor->names[tensor->n_inputs], &tensor->inputs[tensor->n_inputs]);
        tensor->n_inputs += tensor->inputs[tensor->n_inputs] != NULL;
    }
    return status == FW_OK ? open_array(set, target->texts[0], &tensor->target) : status;
}

/* What is said of tables would be believed to count. */
static fw_status check_params(const struct compare_set *set, const struct fw_task *task)
{
    static const char *const lists[] = {"columns", "id_columns", "labels"};
    for (size_t i = 0; i < FW_COUNT(lists); i++) {
        if (fw_task_value(task, lists[i])->n > 0) {
            return fw_faultf(set->host, FW_E_CONFIG, lists[i], "leave it out",
                             "this is of tables, and the test set is a tensor");
        }
    }
    return FW_OK;
}

fw_status compare_tensor_open(const struct fw_task *task, struct compare_set *set)
{
    set->path = fw_task_input(task, "data")->paths[0];
    set->tensor = calloc(1, sizeof *set->tensor);
    if (set->tensor == NULL) {
        return fw_fault_nomem(set->host);
    }
    set->tensor->input_scale = fw_task_real(task, "input_scale");
    fw_status status = check_params(set, task);
    if (status == FW_OK) {
        status = fw_npz_open(set->host, set->path, &set->tensor->npz);
    }
    if (status == FW_OK) {
        status = open_arrays(set, task);
    }
    if (status == FW_OK) {
        set->n_target = fw_npy_header(set->tensor->target)->n_items / set->n;
    }
    return status;
}

void compare_tensor_close(struct compare_tensor *tensor)
{
    if (tensor == NULL) {
        return;
    }
    for (size_t i = 0; i < tensor->n_inputs; i++) {
        fw_npy_close(tensor->inputs[i]);
    }
    free(tensor->inputs);
    fw_npy_close(tensor->target);
    fw_npz_close(tensor->npz);
    free(tensor);
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

void compare_scale(uint32_t element, void *data, uint64_t n, double factor)
{
    if (factor == 1) {
        return;
    }
    for (uint64_t i = 0; element == FW_F32 && i < n; i++) {
        ((float *)data)[i] = (float)(((float *)data)[i] * factor);
    }
    for (uint64_t i = 0; element == FW_F64 && i < n; i++) {
        ((double *)data)[i] *= factor;
    }
}

static bool is_real(const struct fw_predictor_port *port)
{
    return port->element == FW_F32 || port->element == FW_F64;
}

fw_status compare_tensor_fits(const struct compare_set *set, const struct fw_predictor_info *info)
{
    const struct compare_tensor *tensor = set->tensor;
    if (info->n_inputs != tensor->n_inputs) {
        return fw_faultf(set->host, FW_E_CONFIG, "inputs", "name one array for each of them",
                         "the model has %llu inputs, and %zu are named",
                         (unsigned long long)info->n_inputs, tensor->n_inputs);
    }
    for (size_t i = 0; i < tensor->n_inputs; i++) {
        const struct fw_predictor_port *port = info->inputs[i];
        const struct fw_npy_header *header = fw_npy_header(tensor->inputs[i]);
        if (!is_real(port) && fw_npy_element(header->type) != port->element) {
            return fw_faultf(set->host, FW_E_DATA, set->path, NULL,
                             "%s is of %s, which the model's input \"%s\" does not take",
                             tensor->names[i], fw_npy_type_name(header->type), port->name);
        }
    }
    return FW_OK;
}

static fw_status read_input(const struct compare_set *set, size_t i,
                            const struct fw_predictor_port *port, uint64_t first, uint64_t n,
                            struct compare_chunk *chunk)
{
    struct fw_npy *input = set->tensor->inputs[i];
    const struct fw_npy_header *header = fw_npy_header(input);
    struct fw_predictor_array *array = &chunk->arrays[i];
    const uint64_t items = header->n_items / header->shape[0] * n;
    array->element = port->element;
    array->data = chunk->data[i] = malloc(items * fw_element_size(array->element) + 1);
    if (array->data == NULL) {
        return fw_fault_nomem(set->host);
    }
    shape_as(port, header, n, array, chunk->shapes[i]);
    fw_status status = is_real(port)
                           ? fw_npy_read_as(input, port->element == FW_F32 ? FW_NPY_F4 : FW_NPY_F8,
                                            first, n, chunk->data[i])
                           : fw_npy_read(input, first, n, chunk->data[i]);
    if (status == FW_OK) {
        compare_scale(array->element, chunk->data[i], items, set->tensor->input_scale);
    }
    return status;
}

fw_status compare_tensor_read(const struct compare_set *set, const struct fw_predictor_info *info,
                              uint64_t first, uint64_t n, struct compare_chunk *chunk)
{
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < chunk->n; i++) {
        status = read_input(set, i, info->inputs[i], first, n, chunk);
    }
    return status;
}

fw_status compare_tensor_target(const struct compare_tensor *tensor, uint64_t first, uint64_t n,
                                double *ret)
{
    return fw_npy_read_as(tensor->target, FW_NPY_F8, first, n, ret);
}
