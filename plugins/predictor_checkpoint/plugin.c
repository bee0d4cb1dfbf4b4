/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/kernels.h>
#include <fw/service/predictor.h>

#include "model/model.h"
#include "sql/fault.h"
#include "weights/weights.h"

#define REMEDY "take another checkpoint, or train again"

/* Samples that go through the net together; answers do not depend on it. */
enum { BATCH = 128 };

/* The host as the net sees it: what is wrong with a net is wrong with the file. */
struct relay {
    struct fw_host host; /* first: `fail` finds the relay by it */
    const struct fw_host *target;
    const char *path;
};

struct fw_predictor_model {
    const struct fw_host *host;
    char *path;
    struct relay relay;
    struct fw_weights *file;
    struct fw_model model;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
    double raw_scale; /* input = (raw * raw_scale - mean) / deviation */
    uint64_t n_scales;
    double *means, *deviations; /* of a column each where there is one channel, of channels */
    float *inputs, *answers;
    uint64_t room; /* answers there is room for */
    int32_t labels[BATCH];
    int64_t input_shape[4], output_shape[2], given[2];
    struct fw_predictor_port ports[2];
    const struct fw_predictor_port *inputs_list[1], *outputs_list[1];
    struct fw_predictor_info info;
    struct fw_predictor_array array;
};

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

/* --- what the file says --- */

static fw_status refuse(const struct fw_predictor_model *model, const char *what)
{
    return fw_faultf(model->host, FW_E_DATA, model->path, REMEDY,
                     "the checkpoint's document has no %s that a net can be built of", what);
}

static bool size_of(const cJSON *object, const char *name, uint64_t *ret_size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    const bool is_size = value >= 1 && value <= FW_MODEL_SIZE_MOST;

    *ret_size = is_size ? (uint64_t)value : 0;
    return is_size && value == (double)*ret_size;
}

static fw_status read_model(struct fw_predictor_model *model)
{
    const cJSON *document = fw_weights_document(model->file);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(document, "data");
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "format"));
    struct fw_net_shape input;

    if (format == NULL || strcmp(format, "fwrun-checkpoint/1") != 0) {
        return refuse(model, "format \"fwrun-checkpoint/1\"");
    }
    if (!size_of(data, "channels", &input.channels) || !size_of(data, "rows", &input.rows) ||
        !size_of(data, "cols", &input.cols)) {
        return refuse(model, "shape of data");
    }
    return fw_model_read(model->host, model->path,
                         cJSON_GetObjectItemCaseSensitive(document, "model"), input, &model->model);
}

static fw_status read_scaling(struct fw_predictor_model *model)
{
    const cJSON *scaling =
        cJSON_GetObjectItemCaseSensitive(fw_weights_document(model->file), "scaling");
    const cJSON *means = cJSON_GetObjectItemCaseSensitive(scaling, "means");
    const cJSON *deviations = cJSON_GetObjectItemCaseSensitive(scaling, "deviations");
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(scaling, "raw_scale");
    const struct fw_net_shape input = model->model.input;
    const int n = cJSON_GetArraySize(means);

    if (!cJSON_IsNumber(raw) || !isfinite(raw->valuedouble) ||
        cJSON_GetArraySize(deviations) != n ||
        ((uint64_t)n != input.channels && (input.channels != 1 || (uint64_t)n != input.cols))) {
        return refuse(model, "scaling");
    }
    model->n_scales = (uint64_t)n;
    model->raw_scale = raw->valuedouble;
    model->means = calloc((size_t)n, sizeof *model->means);
    model->deviations = calloc((size_t)n, sizeof *model->deviations);
    if (model->means == NULL || model->deviations == NULL) {
        return fw_fault_nomem(model->host);
    }
    for (int i = 0; i < n; i++) {
        const cJSON *mean = cJSON_GetArrayItem(means, i);
        const cJSON *deviation = cJSON_GetArrayItem(deviations, i);
        if (!cJSON_IsNumber(mean) || !cJSON_IsNumber(deviation) || !isfinite(mean->valuedouble) ||
            !isfinite(deviation->valuedouble) || !(deviation->valuedouble > 0)) {
            return refuse(model, "scaling");
        }
        model->means[i] = mean->valuedouble;
        model->deviations[i] = deviation->valuedouble;
    }
    return FW_OK;
}

/* --- the net --- */

static const void *relay_service(const struct fw_host *host, const char *id)
{
    const struct relay *relay = (const struct relay *)(const void *)host;

    return relay->target->service(relay->target, id);
}

static fw_status relay_fail(const struct fw_host *host, fw_status status,
                            const struct fw_fault *fault)
{
    const struct relay *relay = (const struct relay *)(const void *)host;

    return status == FW_E_CONFIG
               ? fw_faultf(relay->target, FW_E_DATA, relay->path, REMEDY,
                           "no net can be built of the checkpoint's document: %s: %s", fault->where,
                           fault->what)
               : relay->target->fail(relay->target, status, fault);
}

static fw_status find_tensor(const struct fw_predictor_model *model,
                             const struct fw_net_tensor *tensor, const void **ret_data)
{
    struct fw_weights_tensor wanted;

    if (!fw_weights_describe(&wanted, tensor->name, FW_F32, tensor->shape, tensor->rank)) {
        return refuse(model, "name of a tensor");
    }
    fw_status status = fw_weights_expect_tensor(model->file, &wanted);
    if (status == FW_OK) {
        *ret_data = fw_weights_find(model->file, tensor->name)->data;
    }
    return status;
}

static fw_status put_tensor(struct fw_predictor_model *model, const struct fw_net_tensor *tensor,
                            struct fw_kernels_buffer *to)
{
    const struct fw_operand at = {.buffer = to, .offset = tensor->offset * sizeof(float)};
    const void *data = NULL;
    fw_status status = find_tensor(model, tensor, &data);

    return status == FW_OK
               ? model->kernels->upload(model->session, at, data, tensor->count * sizeof(float))
               : status;
}

/* Before there is room for them: no net takes more memory for its weights than its file has. */
static fw_status check_tensors(const struct fw_predictor_model *model)
{
    const struct fw_net *net = model->net;
    const void *data;
    fw_status status = FW_OK;

    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = find_tensor(model, &net->tensors[i], &data);
    }
    for (uint32_t i = 0; i < net->n_kept && status == FW_OK; i++) {
        status = find_tensor(model, &net->kept[i], &data);
    }
    return status;
}

static fw_status put_weights(struct fw_predictor_model *model)
{
    const struct fw_net *net = model->net;
    fw_status status = FW_OK;

    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = put_tensor(model, &net->tensors[i], model->weights->parameters);
    }
    for (uint32_t i = 0; i < net->n_kept && status == FW_OK; i++) {
        status = put_tensor(model, &net->kept[i], model->weights->kept);
    }
    return status;
}

static fw_status make_net(struct fw_predictor_model *model)
{
    model->kernels = model->host->service(model->host, FW_KERNELS_ID);
    if (model->kernels == NULL) {
        return fw_faultf(model->host, FW_E_MISSING, FW_KERNELS_ID,
                         "put the plugin kernels_cpu into the search path",
                         "checkpoints are computed by " FW_KERNELS_ID ", which no plugin provides");
    }
    fw_status status = model->kernels->open(model->host, &model->session);
    if (status == FW_OK) {
        status = fw_model_build(&model->relay.host, &model->model, &model->net);
        status = status == FW_E_CONFIG ? FW_E_DATA : status;
    }
    if (status == FW_OK) {
        status = check_tensors(model);
    }
    if (status == FW_OK) {
        status = fw_net_weights_create(model->net, model->kernels, model->session, &model->weights);
    }
    if (status == FW_OK) {
        status = put_weights(model);
    }
    return status == FW_OK ? fw_net_pass_create(model->weights, BATCH, false, &model->pass)
                           : status;
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
        status = read_model(model);
    }
    if (status == FW_OK) {
        status = read_scaling(model);
    }
    if (status == FW_OK) {
        status = make_net(model);
    }
    if (status != FW_OK) {
        return status;
    }
    model->inputs = malloc(BATCH * fw_net_size(model->model.input) * sizeof *model->inputs);
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
    model->relay = (struct relay){.host = *host, .target = host, .path = model->path};
    model->relay.host.service = relay_service;
    model->relay.host.fail = relay_fail;
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
    for (uint64_t i = 0; i < batch->n_samples && status == FW_OK; i += BATCH) {
        const uint64_t n = batch->n_samples - i < BATCH ? batch->n_samples - i : BATCH;
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
