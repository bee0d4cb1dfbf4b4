/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "sql/fault.h"

fw_status checkpoint_refuse(const struct fw_predictor_model *model, const char *what)
{
    return fw_faultf(model->host, FW_E_DATA, model->path, CHECKPOINT_REMEDY,
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
        return checkpoint_refuse(model, "format \"fwrun-checkpoint/1\"");
    }
    if (!size_of(data, "channels", &input.channels) || !size_of(data, "rows", &input.rows) ||
        !size_of(data, "cols", &input.cols)) {
        return checkpoint_refuse(model, "shape of data");
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
        return checkpoint_refuse(model, "scaling");
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
            return checkpoint_refuse(model, "scaling");
        }
        model->means[i] = mean->valuedouble;
        model->deviations[i] = deviation->valuedouble;
    }
    return FW_OK;
}

fw_status checkpoint_read(struct fw_predictor_model *model)
{
    fw_status status = read_model(model);

    return status == FW_OK ? read_scaling(model) : status;
}
