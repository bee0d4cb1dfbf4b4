/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>

#include "checkpoint.h"
#include "sql/fault.h"

static void model_close(struct fw_predictor_model *model)
{
    if (model == NULL) {
        return;
    }
    fw_net_pass_destroy(model->pass);
    fw_net_weights_destroy(model->weights);
    fw_net_destroy(model->net);
    if (model->kernels != NULL) {
        model->kernels->close(model->session);
    }
    fw_weights_close(model->file);
    free(model->means);
    free(model->deviations);
    free(model->inputs);
    free(model->answers);
    free(model->path);
    free(model);
}

/* --- opening --- */

static void declare(struct fw_predictor_model *model)
{
    const struct fw_net_shape input = model->model.input;

    memcpy(model->input_shape,
           (int64_t[]){-1, (int64_t)input.channels, (int64_t)input.rows, (int64_t)input.cols},
           sizeof model->input_shape);
    memcpy(model->output_shape, (int64_t[]){-1, model->model.outputs}, sizeof model->output_shape);
    model->ports[0] = (struct fw_predictor_port){.struct_size = (uint32_t)sizeof *model->ports,
                                                 .element = FW_F32,
                                                 .name = "x",
                                                 .rank = 4,
                                                 .shape = model->input_shape};
    model->ports[1] = (struct fw_predictor_port){.struct_size = (uint32_t)sizeof *model->ports,
                                                 .element = FW_F32,
                                                 .name = "p",
                                                 .rank = 2,
                                                 .shape = model->output_shape};
    model->inputs_list[0] = &model->ports[0];
    model->outputs_list[0] = &model->ports[1];
    model->info = (struct fw_predictor_info){.struct_size = (uint32_t)sizeof model->info,
                                             .n_inputs = 1,
                                             .n_outputs = 1,
                                             .inputs = model->inputs_list,
                                             .outputs = model->outputs_list,
                                             .describes = model->kernels->describe(model->session)};
}

static fw_status open_all(struct fw_predictor_model *model)
{
    fw_status status = fw_weights_open(model->host, model->path, &model->file);

    if (status == FW_OK) {
        status = checkpoint_read(model);
    }
    if (status == FW_OK) {
        status = checkpoint_make_net(model);
    }
    if (status != FW_OK) {
        return status;
    }
    model->inputs =
        malloc(CHECKPOINT_BATCH * fw_net_size(model->model.input) * sizeof *model->inputs);
    declare(model);
    return model->inputs != NULL ? FW_OK : fw_fault_nomem(model->host);
}

static fw_status model_open(const struct fw_host *host, const char *path,
                            struct fw_predictor_model **ret_model)
{
    struct fw_predictor_model *model = calloc(1, sizeof *model);

    if (model == NULL || (model->path = strdup(path)) == NULL) {
        free(model);
        return fw_fault_nomem(host);
    }
    model->host = host;
    fw_status status = open_all(model);
    if (status != FW_OK) {
        model_close(model);
        return status;
    }
    *ret_model = model;
    return FW_OK;
}

static const struct fw_predictor_info *model_info(const struct fw_predictor_model *model)
{
    return &model->info;
}

/* --- answering --- */

/* The same rounding as where it was trained. */
static void scale(struct fw_predictor_model *model, const float *raw, uint64_t n)
{
    const struct fw_net_shape input = model->model.input;
    const uint64_t size = fw_net_size(input), plane = input.rows * input.cols;
    const bool is_by_column = model->n_scales != input.channels;

    for (uint64_t i = 0; i < n * size; i++) {
        const uint64_t scale = is_by_column ? i % input.cols : i % size / plane;
        model->inputs[i] =
            (float)((raw[i] * model->raw_scale - model->means[scale]) / model->deviations[scale]);
    }
}

/* The loss makes the probabilities; of which labels does not matter to them. */
static fw_status answer(struct fw_predictor_model *model, const float *raw, uint64_t n,
                        float *ret_answers)
{
    double loss;
    uint64_t n_correct;

    scale(model, raw, n);
    fw_status status = fw_net_load(model->pass, model->inputs, n);
    if (status == FW_OK) {
        status = fw_net_forward(model->pass, (struct fw_net_mode){0});
    }
    if (status == FW_OK) {
        status = fw_net_loss(model->pass, fw_model_loss(&model->model), model->labels, &loss,
                             &n_correct);
    }
    return status == FW_OK
               ? model->kernels->download(model->session, model->pass->answer.probability,
                                          ret_answers,
                                          n * model->model.outputs * sizeof *ret_answers)
               : status;
}

static fw_status check_input(const struct fw_predictor_model *model,
                             const struct fw_predictor_batch *batch)
{
    const struct fw_predictor_array *array = &batch->inputs[0];
    uint64_t size = 1;

    for (uint32_t i = 1; i < array->rank; i++) {
        size *= (uint64_t)array->shape[i];
    }
    return array->element == FW_F32 && array->rank > 0 &&
                   (uint64_t)array->shape[0] == batch->n_samples &&
                   size == fw_net_size(model->model.input)
               ? FW_OK
               : fw_faultf(model->host, FW_E_DATA, model->path, NULL,
                           "the checkpoint answers for samples of %llu x %llu x %llu float32 "
                           "numbers, not for arrays of %llu numbers of element type %u a sample",
                           (unsigned long long)model->model.input.channels,
                           (unsigned long long)model->model.input.rows,
                           (unsigned long long)model->model.input.cols, (unsigned long long)size,
                           array->element);
}

static fw_status model_predict(struct fw_predictor_model *model,
                               const struct fw_predictor_batch *batch,
                               const struct fw_predictor_array **ret_outputs)
{
    const uint64_t size = fw_net_size(model->model.input), columns = model->model.outputs;
    fw_status status = check_input(model, batch);

    if (status == FW_OK && batch->n_samples > model->room) {
        free(model->answers);
        model->answers = malloc(batch->n_samples * columns * sizeof *model->answers);
        model->room = model->answers != NULL ? batch->n_samples : 0;
        status = model->answers != NULL ? FW_OK : fw_fault_nomem(model->host);
    }
    for (uint64_t i = 0; i < batch->n_samples && status == FW_OK; i += CHECKPOINT_BATCH) {
        const uint64_t n =
            batch->n_samples - i < CHECKPOINT_BATCH ? batch->n_samples - i : CHECKPOINT_BATCH;
        status = answer(model, (const float *)batch->inputs[0].data + i * size, n,
                        model->answers + i * columns);
    }
    model->given[0] = (int64_t)batch->n_samples;
    model->given[1] = (int64_t)columns;
    model->array = (struct fw_predictor_array){
        .element = FW_F32, .rank = 2, .shape = model->given, .data = model->answers};
    if (status == FW_OK) {
        *ret_outputs = &model->array;
    }
    return status;
}

static const struct fw_predictor table = {
    .struct_size = (uint32_t)sizeof table,
    .kind = "checkpoint",
    .doc = "A checkpoint of train, best-1.ckpt, computed by fw.kernels/1",
    .open = model_open,
    .info = model_info,
    .predict = model_predict,
    .close = model_close,
};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof service,
    .id = FW_PREDICTOR_ID,
    .doc = "Nets that train has trained",
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.predictor_checkpoint", "0.1.0", "MIT",
          .doc = "Checkpoints of train as a predictor", .services = services,
          .n_services = FW_COUNT(services));
