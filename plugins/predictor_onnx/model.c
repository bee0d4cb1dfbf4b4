/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>

#include "element.h"
#include "onnx.h"

/* The status says what went wrong; on stderr it would stand a second time. */
#define LOG_FATAL 4

static fw_status set_options(const struct fw_predictor_model *model, void *options)
{
    const struct ort_api *api = &model->runtime->api;
    const struct fw_budget *budget = model->host->service(model->host, FW_BUDGET_ID);
    int threads = budget == NULL ? 1 : (int)budget->limits(model->host)->threads;
    void *(*const set[])(void *, int) = {api->set_log_level, api->set_intra_threads,
                                         api->set_inter_threads};
    const int values[] = {LOG_FATAL, threads, 1};
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < 3; i++) {
        status = ort_check(model->host, api, set[i](options, values[i]),
                           "a setting of ONNX Runtime is refused", NULL);
    }
    /* Threads that wait by spinning would take processors from the rest of the pipeline. */
    static const char *const spinning[] = {"session.intra_op.allow_spinning",
                                           "session.inter_op.allow_spinning"};
    for (size_t i = 0; status == FW_OK && i < 2; i++) {
        status = ort_check(model->host, api, api->add_config(options, spinning[i], "0"),
                           "a setting of ONNX Runtime is refused", spinning[i]);
    }
    return status;
}

static fw_status load(struct fw_predictor_model *model)
{
    const struct ort_api *api = &model->runtime->api;
    void *options = NULL;
    fw_status status = ort_check(model->host, api, api->create_options(&options),
                                 "ONNX Runtime gives no settings", NULL);
    if (status == FW_OK) {
        status = set_options(model, options);
    }
    if (status == FW_OK) {
        status = ort_check(
            model->host, api,
            api->create_session(model->runtime->env, model->path, options, &model->session),
            "the model cannot be loaded", model->path);
    }
    api->release_options(options);
    return status;
}

static fw_status describe(struct fw_predictor_model *model)
{
    const struct fw_budget *budget = model->host->service(model->host, FW_BUDGET_ID);
    snprintf(model->describes, sizeof model->describes, "ONNX Runtime %s, threads: %u",
             model->runtime->version, budget == NULL ? 1 : budget->limits(model->host)->threads);
    model->info = (struct fw_predictor_info){
        .struct_size = (uint32_t)sizeof model->info,
        .n_inputs = model->inputs.n,
        .n_outputs = model->outputs.n,
        .inputs = model->inputs.list,
        .outputs = model->outputs.list,
        .describes = model->describes,
    };
    return ort_answers_init(model->host, &model->answers, model->outputs.n);
}

static fw_status prepare(struct fw_predictor_model *model)
{
    fw_status status = ort_runtime_open(model->host, &model->runtime);
    if (status == FW_OK) {
        status = load(model);
    }
    if (status == FW_OK) {
        status = ort_check(model->host, &model->runtime->api,
                           model->runtime->api.cpu_memory(0, 0, &model->memory),
                           "ONNX Runtime does not know plain memory", NULL);
    }
    if (status == FW_OK) {
        status = ort_ports_read(model->host, &model->runtime->api, model->session, ORT_INPUTS,
                                &model->inputs);
    }
    if (status == FW_OK) {
        status = ort_ports_read(model->host, &model->runtime->api, model->session, ORT_OUTPUTS,
                                &model->outputs);
    }
    return status == FW_OK ? describe(model) : status;
}

fw_status onnx_open(const struct fw_host *host, const char *path,
                    struct fw_predictor_model **ret_model)
{
    struct fw_predictor_model *model = calloc(1, sizeof *model);
    char *copy = strdup(path);
    if (model == NULL || copy == NULL) {
        free(model);
        free(copy);
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for a model", .where = path);
    }
    model->host = host;
    model->path = copy;
    fw_status status = prepare(model);
    if (status != FW_OK) {
        onnx_close(model);
        return status;
    }
    *ret_model = model;
    return FW_OK;
}

const struct fw_predictor_info *onnx_info(const struct fw_predictor_model *model)
{
    return &model->info;
}

void onnx_close(struct fw_predictor_model *model)
{
    if (model == NULL) {
        return;
    }
    if (model->runtime != NULL) {
        const struct ort_api *api = &model->runtime->api;
        api->release_session(model->session);
        api->release_memory(model->memory);
        ort_runtime_close();
    }
    ort_ports_finish(&model->inputs);
    ort_ports_finish(&model->outputs);
    ort_answers_finish(&model->answers);
    free(model->path);
    free(model);
}
