/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include <string.h>

#include "report/json.h"
#include "train.h"

/* Rows of the position table beyond the patches, which the published nets have. */
enum { SPARE_POSITIONS = 10 };

static uint32_t whole(const struct train *train, const char *param)
{
    return (uint32_t)fw_task_integer(train->task, param);
}

static bool is(const struct train *train, const char *param, const char *choice)
{
    return strcmp(fw_task_text(train->task, param), choice) == 0;
}

static fw_status read_resnet(const struct train *train, struct fw_model *model)
{
    const struct fw_resnet_width width = {.base = whole(train, "base_width"),
                                          .stages = whole(train, "stages"),
                                          .blocks = whole(train, "blocks"),
                                          .mult = fw_task_real(train->task, "width_mult"),
                                          .min_channels = whole(train, "min_channels")};

    model->resnet = fw_resnet_of(model->input, model->outputs, &width, is(train, "norm", "batch"));
    return FW_OK;
}

static fw_status read_patchtst(const struct train *train, struct fw_model *model)
{
    if (model->outputs != 1) {
        return fw_faultf(train->host, FW_E_CONFIG, "model", "choose mlp or resnet",
                         "patchtst tells two classes of a table apart; the data have %u",
                         train->info->n_classes);
    }
    model->patchtst = (struct fw_patchtst){
        .channels = (uint32_t)train->info->cols,
        .context = (uint32_t)train->info->rows,
        .patch = whole(train, "patch_len"),
        .stride = whole(train, "patch_stride"),
        .spare = SPARE_POSITIONS,
        .d_model = whole(train, "d_model"),
        .layers = whole(train, "layers"),
        .heads = whole(train, "heads"),
        .d_ff = whole(train, "d_ff"),
        .dropout = fw_task_real(train->task, "dropout"),
        .head_dropout = fw_task_real(train->task, "head_dropout"),
    };
    return FW_OK;
}

static fw_status read_mlp(const struct train *train, struct fw_model *model)
{
    const struct fw_value *value = fw_task_value(train->task, "hidden");

    for (uint64_t i = 0; i < value->n; i++) {
        if (i == FW_MODEL_HIDDEN_MOST || !(value->reals[i] >= 1 && value->reals[i] <= 1 << 20) ||
            value->reals[i] != (double)(uint32_t)value->reals[i]) {
            return fw_faultf(train->host, FW_E_CONFIG, "hidden", NULL,
                             "%g is no number of units, or there are more than %d layers",
                             value->reals[i], FW_MODEL_HIDDEN_MOST);
        }
        model->mlp.hidden[i] = (uint32_t)value->reals[i];
    }
    model->mlp.n_hidden = (uint32_t)value->n;
    model->mlp.activation = is(train, "activation", "gelu") ? FW_MLP_GELU : FW_MLP_RELU;
    model->mlp.dropout = fw_task_real(train->task, "dropout");
    return FW_OK;
}

static fw_status read_logistic(const struct train *train, struct fw_model *model)
{
    (void)train;
    (void)model;
    return FW_OK;
}

fw_status train_model_build(struct train *train)
{
    static fw_status (*const readers[FW_MODEL_KINDS])(const struct train *, struct fw_model *) = {
        [FW_MODEL_RESNET] = read_resnet,
        [FW_MODEL_PATCHTST] = read_patchtst,
        [FW_MODEL_MLP] = read_mlp,
        [FW_MODEL_LOGISTIC] = read_logistic};
    const struct fw_dataset_info *info = train->info;
    struct fw_model *model = &train->model;

    *model = (struct fw_model){.input = {info->channels, info->rows, info->cols},
                               .outputs = info->binary ? 1 : info->n_classes};
    for (int i = 0; i < FW_MODEL_KINDS; i++) {
        if (is(train, "model", fw_model_names[i])) {
            model->kind = (enum fw_model_kind)i;
        }
    }
    train->columns = model->outputs;
    train->loss_kind = fw_model_loss(model);
    fw_status status = readers[model->kind](train, model);
    return status == FW_OK ? fw_model_build(&train->relay.host, model, &train->net) : status;
}

cJSON *train_model_document(const struct train *train)
{
    cJSON *document = fw_model_document(&train->model);

    cJSON_AddItemToObject(document, "parameters", fw_json_int((int64_t)train->net->n_parameters));
    return document;
}

static cJSON *names_of(const char *const *names, uint64_t n)
{
    return names != NULL ? cJSON_CreateStringArray(names, (int)n) : cJSON_CreateNull();
}

cJSON *train_data_document(const struct train *train)
{
    const struct fw_dataset_info *info = train->info;
    cJSON *document = cJSON_CreateObject();

    cJSON_AddStringToObject(document, "kind", info->kind);
    cJSON_AddNumberToObject(document, "channels", (double)info->channels);
    cJSON_AddNumberToObject(document, "rows", (double)info->rows);
    cJSON_AddNumberToObject(document, "cols", (double)info->cols);
    cJSON_AddNumberToObject(document, "classes", info->n_classes);
    cJSON_AddBoolToObject(document, "binary", info->binary);
    cJSON_AddItemToObject(document, "features", names_of(info->columns, info->cols));
    cJSON_AddItemToObject(document, "class_names", names_of(info->class_names, info->n_classes));
    return document;
}
