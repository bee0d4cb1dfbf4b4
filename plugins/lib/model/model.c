/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include <stdarg.h>

#include <stdio.h>
#include <string.h>

#include "sql/fault.h"

#define REMEDY "take another checkpoint, or train again"

const char *const fw_model_names[FW_MODEL_KINDS] = {"resnet", "patchtst", "mlp", "logistic"};

uint32_t fw_model_loss(const struct fw_model *model)
{
    return model->outputs == 1 ? FW_NET_BINARY_ENTROPY : FW_NET_CROSS_ENTROPY;
}

static fw_status build_mlp(struct fw_net *net, const struct fw_model *model)
{
    const bool is_mlp = model->kind == FW_MODEL_MLP;
    const struct fw_mlp mlp = {.input = model->input,
                               .hidden = model->mlp.hidden,
                               .n_hidden = is_mlp ? model->mlp.n_hidden : 0,
                               .activation = model->mlp.activation,
                               .outputs = model->outputs,
                               .dropout = is_mlp ? model->mlp.dropout : 0};

    return fw_mlp_build(net, &mlp);
}

static fw_status build(struct fw_net *net, const struct fw_model *model)
{
    switch (model->kind) {
    case FW_MODEL_RESNET:
        return fw_resnet_build(net, &model->resnet);
    case FW_MODEL_PATCHTST:
        return fw_patchtst_build(net, &model->patchtst);
    default:
        return build_mlp(net, model);
    }
}

fw_status fw_model_build(const struct fw_host *host, const struct fw_model *model,
                         struct fw_net **ret_net)
{
    struct fw_net *net = NULL;
    fw_status status = fw_net_create(host, FW_F32, &net);

    if (status == FW_OK) {
        status = build(net, model);
    }
    if (status != FW_OK) {
        fw_net_destroy(net);
        return status;
    }
    *ret_net = net;
    return FW_OK;
}

/* --- as a document --- */

static void add_resnet(cJSON *document, const struct fw_resnet *resnet)
{
    cJSON *stages = cJSON_AddArrayToObject(document, "stages");

    cJSON_AddNumberToObject(document, "stem", resnet->stem);
    cJSON_AddBoolToObject(document, "norm", resnet->has_norm);
    cJSON_AddBoolToObject(document, "bias", resnet->has_bias);
    cJSON_AddNumberToObject(document, "epsilon", resnet->epsilon);
    cJSON_AddNumberToObject(document, "momentum", resnet->momentum);
    for (uint32_t i = 0; i < resnet->n_stages; i++) {
        cJSON *stage = cJSON_CreateObject();
        cJSON_AddNumberToObject(stage, "channels", resnet->stages[i].channels);
        cJSON_AddNumberToObject(stage, "blocks", resnet->stages[i].blocks);
        cJSON_AddNumberToObject(stage, "stride", resnet->stages[i].stride);
        cJSON_AddItemToArray(stages, stage);
    }
}

static void add_patchtst(cJSON *document, const struct fw_patchtst *patchtst)
{
    cJSON_AddNumberToObject(document, "patch_len", patchtst->patch);
    cJSON_AddNumberToObject(document, "patch_stride", patchtst->stride);
    cJSON_AddNumberToObject(document, "spare_positions", patchtst->spare);
    cJSON_AddNumberToObject(document, "d_model", patchtst->d_model);
    cJSON_AddNumberToObject(document, "layers", patchtst->layers);
    cJSON_AddNumberToObject(document, "heads", patchtst->heads);
    cJSON_AddNumberToObject(document, "d_ff", patchtst->d_ff);
    cJSON_AddNumberToObject(document, "dropout", patchtst->dropout);
    cJSON_AddNumberToObject(document, "head_dropout", patchtst->head_dropout);
}

static void add_mlp(cJSON *document, const struct fw_model *model)
{
    cJSON *hidden = cJSON_AddArrayToObject(document, "hidden");

    for (uint32_t i = 0; i < model->mlp.n_hidden; i++) {
        cJSON_AddItemToArray(hidden, cJSON_CreateNumber(model->mlp.hidden[i]));
    }
    cJSON_AddStringToObject(document, "activation",
                            model->mlp.activation == FW_MLP_GELU ? "gelu" : "relu");
    cJSON_AddNumberToObject(document, "dropout", model->mlp.dropout);
}

cJSON *fw_model_document(const struct fw_model *model)
{
    cJSON *document = cJSON_CreateObject();

    cJSON_AddStringToObject(document, "kind", fw_model_names[model->kind]);
    cJSON_AddNumberToObject(document, "outputs", model->outputs);
    if (model->kind == FW_MODEL_RESNET) {
        add_resnet(document, &model->resnet);
    } else if (model->kind == FW_MODEL_PATCHTST) {
        add_patchtst(document, &model->patchtst);
    } else if (model->kind == FW_MODEL_MLP) {
        add_mlp(document, model);
    }
    return document;
}

/* --- from a document --- */

/* What is being read: the first mistake stays. */
struct reading {
    const struct fw_host *host;
    const char *where;
    fw_status status;
};

__attribute__((format(printf, 2, 3))) static void say(struct reading *reading, const char *format,
                                                      ...)
{
    char sentence[256];
    va_list args;

    if (reading->status == FW_OK) {
        va_start(args, format);
        (void)vsnprintf(sentence, sizeof sentence, format, args);
        va_end(args);
        reading->status =
            fw_faultf(reading->host, FW_E_DATA, reading->where, REMEDY, "%s", sentence);
    }
}

static double number_of(struct reading *reading, const cJSON *object, const char *name, double low,
                        double high)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsNumber(item) && item->valuedouble >= low && item->valuedouble <= high) {
        return item->valuedouble;
    }
    say(reading, "`%s` of its model is no number from %g to %g", name, low, high);
    return low;
}

static uint32_t whole_of(struct reading *reading, const cJSON *object, const char *name, double low,
                         double high)
{
    const double value = number_of(reading, object, name, low, high);

    if (value != (double)(uint32_t)value) {
        say(reading, "`%s` of its model is %g, no whole number", name, value);
    }
    return (uint32_t)value;
}

static uint32_t size_of(struct reading *reading, const cJSON *object, const char *name)
{
    return whole_of(reading, object, name, 1, FW_MODEL_SIZE_MOST);
}

static double share_of(struct reading *reading, const cJSON *object, const char *name)
{
    return number_of(reading, object, name, 0, 1);
}

static void read_resnet(struct reading *reading, const cJSON *document, struct fw_model *model)
{
    const cJSON *stages = cJSON_GetObjectItemCaseSensitive(document, "stages"), *stage;
    struct fw_resnet *resnet = &model->resnet;

    *resnet = (struct fw_resnet){
        .image = model->input,
        .classes = model->outputs,
        .stem = size_of(reading, document, "stem"),
        .has_norm = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(document, "norm")),
        .has_bias = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(document, "bias")),
        .epsilon = share_of(reading, document, "epsilon"),
        .momentum = share_of(reading, document, "momentum")};
    cJSON_ArrayForEach(stage, stages)
    {
        if (resnet->n_stages == FW_RESNET_STAGES_MAX) {
            say(reading, "its model has more than %d stages", FW_RESNET_STAGES_MAX);
            return;
        }
        resnet->stages[resnet->n_stages++] = (struct fw_resnet_stage){
            .channels = size_of(reading, stage, "channels"),
            .blocks = whole_of(reading, stage, "blocks", 1, FW_MODEL_BLOCKS_MOST),
            .stride = size_of(reading, stage, "stride")};
    }
}

static void read_patchtst(struct reading *reading, const cJSON *document, struct fw_model *model)
{
    model->patchtst = (struct fw_patchtst){
        .channels = (uint32_t)model->input.cols,
        .context = (uint32_t)model->input.rows,
        .patch = size_of(reading, document, "patch_len"),
        .stride = size_of(reading, document, "patch_stride"),
        .spare = whole_of(reading, document, "spare_positions", 0, FW_MODEL_SIZE_MOST),
        .d_model = size_of(reading, document, "d_model"),
        .layers = whole_of(reading, document, "layers", 1, FW_MODEL_LAYERS_MOST),
        .heads = size_of(reading, document, "heads"),
        .d_ff = size_of(reading, document, "d_ff"),
        .dropout = share_of(reading, document, "dropout"),
        .head_dropout = share_of(reading, document, "head_dropout")};
    if (model->outputs != 1 || model->input.channels != 1) {
        say(reading, "patchtst has one output and reads one channel, the document says %u and %u",
            model->outputs, (uint32_t)model->input.channels);
    }
}

static void read_mlp(struct reading *reading, const cJSON *document, struct fw_model *model)
{
    const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(document, "hidden"), *item;
    const char *activation =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "activation"));

    model->mlp.dropout = share_of(reading, document, "dropout");
    model->mlp.activation =
        activation != NULL && strcmp(activation, "gelu") == 0 ? FW_MLP_GELU : FW_MLP_RELU;
    cJSON_ArrayForEach(item, hidden)
    {
        const double units = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (model->mlp.n_hidden == FW_MODEL_HIDDEN_MOST ||
            !(units >= 1 && units <= FW_MODEL_SIZE_MOST) || units != (double)(uint32_t)units) {
            say(reading, "`hidden` of its model is no list of at most %d sizes",
                FW_MODEL_HIDDEN_MOST);
            return;
        }
        model->mlp.hidden[model->mlp.n_hidden++] = (uint32_t)units;
    }
}

fw_status fw_model_read(const struct fw_host *host, const char *where, const cJSON *document,
                        struct fw_net_shape input, struct fw_model *ret_model)
{
    static void (*const readers[])(struct reading *, const cJSON *,
                                   struct fw_model *) = {[FW_MODEL_RESNET] = read_resnet,
                                                         [FW_MODEL_PATCHTST] = read_patchtst,
                                                         [FW_MODEL_MLP] = read_mlp};
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "kind"));
    struct reading reading = {host, where, FW_OK};
    struct fw_model model = {.input = input};
    int i = 0;

    while (i < FW_MODEL_KINDS && (kind == NULL || strcmp(fw_model_names[i], kind) != 0)) {
        i++;
    }
    if (i == FW_MODEL_KINDS) {
        return fw_faultf(host, FW_E_DATA, where, REMEDY,
                         "its model is of no kind that is known: %s", kind != NULL ? kind : "none");
    }
    model.kind = (enum fw_model_kind)i;
    model.outputs = size_of(&reading, document, "outputs");
    if (model.kind != FW_MODEL_LOGISTIC) {
        readers[i](&reading, document, &model);
    }
    if (reading.status == FW_OK) {
        *ret_model = model;
    }
    return reading.status;
}
