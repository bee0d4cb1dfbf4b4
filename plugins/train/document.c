/* SPDX-License-Identifier: MIT */
#include "report/json.h"
#include "train.h"

const char *train_experiment(const struct train *train)
{
    const char *experiment = fw_task_text(train->task, "experiment");

    return experiment[0] != '\0' ? experiment : train->task->stage;
}

static cJSON *value_document(const struct fw_value *value)
{
    switch (value->type) {
    case FW_PARAM_UNSET:
        return cJSON_CreateNull();
    case FW_PARAM_BOOL:
        return cJSON_CreateBool(value->integer != 0);
    case FW_PARAM_INT:
        return fw_json_int(value->integer);
    case FW_PARAM_REAL:
        return cJSON_CreateNumber(value->real);
    case FW_PARAM_TEXT_LIST:
        return cJSON_CreateStringArray(value->texts, (int)value->n);
    case FW_PARAM_REAL_LIST:
        return cJSON_CreateDoubleArray(value->reals, (int)value->n);
    default:
        return cJSON_CreateString(value->text);
    }
}

cJSON *train_parameters_document(const struct train *train)
{
    cJSON *document = cJSON_CreateObject();

    for (uint32_t i = 0; i < train_stage.n_params; i++) {
        if ((train_stage.params[i].flags & FW_PARAM_NO_EFFECT) == 0) {
            cJSON_AddItemToObject(
                document, train_stage.params[i].name,
                value_document(fw_task_value(train->task, train_stage.params[i].name)));
        }
    }
    return document;
}

cJSON *train_scaling_document(const struct train *train)
{
    const struct fw_dataset_info *info = train->info;
    cJSON *document = cJSON_CreateObject();

    cJSON_AddNumberToObject(document, "raw_scale", info->raw_scale);
    cJSON_AddItemToObject(document, "means",
                          cJSON_CreateDoubleArray(info->means, (int)info->n_scales));
    cJSON_AddItemToObject(document, "deviations",
                          cJSON_CreateDoubleArray(info->deviations, (int)info->n_scales));
    return document;
}
