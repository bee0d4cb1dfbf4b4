/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/json.h"
#include "run/worker_internal.h"

static int read_u32(const cJSON *object, const char *name, uint32_t *ret_value,
                    struct fw_error *err)
{
    uint64_t value;
    if (fw_json_get_u64(object, name, &value, err) < 0) {
        return -1;
    }
    *ret_value = (uint32_t)value;
    return 0;
}

static int read_limits(const cJSON *json, struct fw_limits *limits, struct fw_error *err)
{
    const cJSON *from;
    limits->struct_size = sizeof *limits;
    if (fw_json_get_object(json, "limits", &from, err) < 0 ||
        read_u32(from, "threads", &limits->threads, err) < 0 ||
        fw_json_get_u64(from, "memory_bytes", &limits->memory_bytes, err) < 0 ||
        fw_json_get_u64(from, "engine_bytes", &limits->engine_bytes, err) < 0 ||
        fw_json_get_u64(from, "temp_bytes", &limits->temp_bytes, err) < 0 ||
        read_u32(from, "attempt", &limits->attempt, err) < 0 ||
        read_u32(from, "small_row_groups", &limits->small_row_groups, err) < 0) {
        return -1;
    }
    return read_u32(from, "partition_factor", &limits->partition_factor, err);
}

static int read_input(struct fw_worker *worker, uint32_t index, const cJSON *from,
                      struct fw_error *err)
{
    struct fw_input *input = &worker->inputs[index];
    const cJSON *paths, *path;
    input->struct_size = sizeof *input;
    if (read_u32(from, "kind", &input->kind, err) < 0 ||
        fw_json_get_string(from, "port", &input->port, err) < 0 ||
        fw_json_get_string(from, "sha256", &input->digest, err) < 0 ||
        fw_json_get_array(from, "paths", &paths, err) < 0) {
        return -1;
    }
    size_t n = (size_t)cJSON_GetArraySize(paths);
    const char **list = calloc(n + 1, sizeof *list);
    if (!list) {
        return fw_error_oom(err);
    }
    worker->input_paths[index] = list;
    cJSON_ArrayForEach(path, paths)
    {
        list[input->n_paths++] = path->valuestring;
    }
    input->paths = list;
    return 0;
}

static int read_output(struct fw_worker *worker, uint32_t index, const cJSON *from,
                       struct fw_error *err)
{
    struct fw_output *output = &worker->outputs[index];
    output->struct_size = sizeof *output;
    if (read_u32(from, "kind", &output->kind, err) < 0 ||
        fw_json_get_string(from, "port", &output->port, err) < 0 ||
        fw_json_get_string(from, "path", &output->path, err) < 0) {
        return -1;
    }
    return fw_json_get_string(from, "name", &output->name, err);
}

static int read_ports(struct fw_worker *worker, struct fw_error *err)
{
    const cJSON *inputs, *outputs, *item;
    if (fw_json_get_array(worker->json, "inputs", &inputs, err) < 0 ||
        fw_json_get_array(worker->json, "outputs", &outputs, err) < 0) {
        return -1;
    }
    size_t n_inputs = (size_t)cJSON_GetArraySize(inputs);
    worker->inputs = calloc(n_inputs + 1, sizeof *worker->inputs);
    worker->input_paths = calloc(n_inputs + 1, sizeof *worker->input_paths);
    worker->outputs = calloc((size_t)cJSON_GetArraySize(outputs) + 1, sizeof *worker->outputs);
    if (!worker->inputs || !worker->input_paths || !worker->outputs) {
        return fw_error_oom(err);
    }
    cJSON_ArrayForEach(item, inputs)
    {
        if (cJSON_HasObjectItem(item, "kind") &&
            read_input(worker, worker->task.n_inputs++, item, err) < 0) {
            return -1;
        }
    }
    cJSON_ArrayForEach(item, outputs)
    {
        if (read_output(worker, worker->task.n_outputs++, item, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int fw_worker_read_task(struct fw_worker *worker, struct fw_error *err)
{
    struct fw_task *task = &worker->task;
    task->struct_size = sizeof *task;
    if (fw_json_get_string(worker->json, "stage", &task->stage, err) < 0 ||
        fw_json_get_string(worker->json, "use", &task->use, err) < 0 ||
        fw_json_get_string(worker->json, "seed_key", &worker->seed_key, err) < 0 ||
        fw_json_get_string(worker->json, "tmp", &worker->tmp_dir, err) < 0 ||
        fw_json_get_u64(worker->json, "seed", &task->seed, err) < 0 ||
        read_limits(worker->json, &worker->limits, err) < 0 || read_ports(worker, err) < 0 ||
        fw_values_from_json(worker->json, &worker->values, err) < 0) {
        return -1;
    }
    worker->views = calloc(worker->values.len + 1, sizeof *worker->views);
    if (!worker->views) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < worker->values.len; i++) {
        worker->views[i] = worker->values.items[i].view;
    }
    task->n_values = (uint32_t)worker->values.len;
    task->values = worker->views;
    task->inputs = worker->inputs;
    task->outputs = worker->outputs;
    return 0;
}

void fw_worker_free_task(struct fw_worker *worker)
{
    for (uint32_t i = 0; i < worker->task.n_inputs; i++) {
        free(worker->input_paths[i]);
    }
    free(worker->input_paths);
    free(worker->inputs);
    free(worker->outputs);
    free(worker->views);
    fw_values_finish(&worker->values);
    cJSON_Delete(worker->json);
}
