/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

static void describe(struct weights_port *port, const char *name, const struct net_shape *shape,
                     uint32_t element)
{
    const bool vector = shape->rows == 1 && shape->cols == 1;
    const int64_t declared[] = {-1, shape->channels, shape->rows, shape->cols};
    memcpy(port->declared, declared, sizeof declared);
    memcpy(port->given, declared, sizeof declared);
    port->port = (struct fw_predictor_port){.struct_size = (uint32_t)sizeof port->port,
                                            .element = element,
                                            .name = name,
                                            .rank = vector ? 2 : 4,
                                            .shape = port->declared};
}

static const char *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* "name", or {"amplitude": ..., "phase": ..., "name": ...}. */
static fw_status add_output(struct fw_predictor_model *model, const cJSON *json)
{
    struct weights_output *output = &model->outputs[model->n_outputs];
    struct weights_port *port = &model->ports[model->n_inputs + model->n_outputs++];
    const bool complex_ = cJSON_IsObject(json);
    const char *name = complex_ ? member(json, "amplitude") : json->valuestring;
    fw_status status = net_find(&model->net, name, &output->value);
    output->phase = output->value;
    if (status == FW_OK && complex_) {
        status = net_find(&model->net, member(json, "phase"), &output->phase);
    }
    if (status != FW_OK) {
        return status;
    }
    const struct net_shape *shape = &model->net.values[output->value].shape;
    if (net_size(shape) != net_size(&model->net.values[output->phase].shape)) {
        return FW_FAIL(model->host, FW_E_DATA, .what = "amplitude and phase have different shapes",
                       .where = model->path);
    }
    describe(port, complex_ && member(json, "name") != NULL ? member(json, "name") : name, shape,
             complex_ ? FW_C64 : FW_F32);
    return FW_OK;
}

static fw_status add_ports(struct fw_predictor_model *model)
{
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(model->document, "outputs"), *item;
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(model->document, "inputs");
    const size_t n_out = (size_t)cJSON_GetArraySize(outputs);
    model->n_inputs = (size_t)cJSON_GetArraySize(inputs);
    model->ports = calloc(model->n_inputs + n_out + 1, sizeof *model->ports);
    model->list = calloc(model->n_inputs + n_out + 1, sizeof *model->list);
    model->outputs = calloc(n_out + 1, sizeof *model->outputs);
    model->arrays = calloc(n_out + 1, sizeof *model->arrays);
    if (model->ports == NULL || model->list == NULL || model->outputs == NULL ||
        model->arrays == NULL) {
        return fw_fault_nomem(model->host);
    }
    for (size_t i = 0; i < model->n_inputs; i++) {
        describe(&model->ports[i], model->net.values[i].name, &model->net.values[i].shape, FW_F32);
    }
    fw_status status = n_out > 0
                           ? FW_OK
                           : FW_FAIL(model->host, FW_E_DATA, .what = "the model has no outputs",
                                     .where = model->path);
    cJSON_ArrayForEach(item, outputs)
    {
        status = status == FW_OK ? add_output(model, item) : status;
    }
    for (size_t i = 0; i < model->n_inputs + model->n_outputs; i++) {
        model->list[i] = &model->ports[i].port;
    }
    return status;
}

static fw_status open_session(struct fw_predictor_model *model)
{
    struct net *net = &model->net;
    net->kernels = model->host->service(model->host, FW_KERNELS_ID);
    return net->kernels == NULL
               ? FW_FAIL(model->host, FW_E_MISSING, .what = "no plugin provides " FW_KERNELS_ID,
                         .where = model->path,
                         .remedy = "build kernels_cpu, or name its folder with --plugin-dir")
               : net->kernels->open(model->host, &net->session);
}

static fw_status prepare(struct fw_predictor_model *model)
{
    model->net.host = model->host;
    model->net.path = model->path;
    fw_status status =
        weights_read(model->host, model->path, &model->document, &model->net.weights);
    if (status == FW_OK) {
        status = open_session(model);
    }
    if (status == FW_OK) {
        status = net_plan(&model->net, model->document);
    }
    if (status == FW_OK) {
        status = add_ports(model);
    }
    if (status == FW_OK) {
        model->info = (struct fw_predictor_info){
            .struct_size = (uint32_t)sizeof model->info,
            .n_inputs = model->n_inputs,
            .n_outputs = model->n_outputs,
            .inputs = model->list,
            .outputs = model->list + model->n_inputs,
            .describes = model->net.kernels->describe(model->net.session)};
    }
    return status;
}

fw_status weights_open(const struct fw_host *host, const char *path,
                       struct fw_predictor_model **ret_model)
{
    struct fw_predictor_model *model = calloc(1, sizeof *model);
    char *copy = strdup(path);
    if (model == NULL || copy == NULL) {
        free(model);
        free(copy);
        return fw_fault_nomem(host);
    }
    model->host = host;
    model->path = copy;
    fw_status status = prepare(model);
    if (status != FW_OK) {
        weights_close(model);
        return status;
    }
    *ret_model = model;
    return FW_OK;
}

void weights_close(struct fw_predictor_model *model)
{
    if (model == NULL) {
        return;
    }
    if (model->net.session != NULL) {
        net_finish(&model->net);
        model->net.kernels->close(model->net.session);
    }
    for (size_t i = 0; i < model->n_outputs; i++) {
        free(model->outputs[i].parts[0]);
        free(model->outputs[i].parts[1]);
        free(model->outputs[i].data);
    }
    fw_npz_close(model->net.weights);
    cJSON_Delete(model->document);
    free(model->outputs);
    free(model->arrays);
    free(model->ports);
    free(model->list);
    free(model->path);
    free(model);
}

const struct fw_predictor_info *weights_info(const struct fw_predictor_model *model)
{
    return &model->info;
}
