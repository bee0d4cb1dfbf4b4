/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "logistic.h"
#include "report/json.h"
#include "report/report.h"

static cJSON *features_of(const struct logistic *logistic, const struct logistic_model *model)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < logistic->n_columns; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", logistic->columns[i]->name);
        cJSON_AddNumberToObject(item, "mean", model->means[i]);
        cJSON_AddNumberToObject(item, "deviation", model->deviations[i]);
        cJSON_AddNumberToObject(item, "weight", model->weights[i]);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *constants_of(const struct logistic *logistic, const struct logistic_model *model)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < logistic->n_columns; i++) {
        if (model->deviations[i] == 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(logistic->columns[i]->name));
        }
    }
    return list;
}

static void add_split(cJSON *object, const struct logistic_model *model, size_t split)
{
    cJSON *item = cJSON_AddObjectToObject(object, logistic_splits[split]);

    cJSON_AddItemToObject(item, "samples", fw_json_int((int64_t)model->n[split]));
    cJSON_AddItemToObject(item, "positive", fw_json_int((int64_t)model->positive[split]));
    cJSON_AddItemToObject(item, "without_features", fw_json_int(model->without_features[split]));
    cJSON_AddItemToObject(item, "log_loss",
                          model->n[split] > 0 ? cJSON_CreateNumber(model->loss[split])
                                              : cJSON_CreateNull());
}

static cJSON *experiment(const struct logistic *logistic, const struct logistic_model *model)
{
    cJSON *item = cJSON_CreateObject();
    char name[256];

    snprintf(name, sizeof name, "%.200s_h%" PRId64, fw_task_text(logistic->task, "experiment"),
             model->horizon);
    cJSON_AddStringToObject(item, "experiment", name);
    cJSON_AddItemToObject(item, "horizon", fw_json_int(model->horizon));
    for (size_t i = 0; i < LOGISTIC_SPLITS; i++) {
        add_split(item, model, i);
    }
    cJSON_AddItemToObject(item, "iterations", fw_json_int(model->fit.iterations));
    cJSON_AddNumberToObject(item, "gradient", model->fit.gradient);
    cJSON_AddNumberToObject(item, "intercept", model->weights[logistic->n_columns]);
    cJSON_AddItemToObject(item, "constant_columns", constants_of(logistic, model));
    cJSON_AddItemToObject(item, "features", features_of(logistic, model));
    return item;
}

static void warn(const struct logistic *logistic, const char *line)
{
    const struct fw_log *log = logistic->host->service(logistic->host, FW_LOG_ID);

    if (log != NULL) {
        log->write(logistic->host, FW_LOG_WARNING, line);
    }
}

static void warn_of(const struct logistic *logistic, const struct logistic_model *model)
{
    int64_t missing = 0;
    char line[200];

    for (size_t i = 0; i < LOGISTIC_SPLITS; i++) {
        missing += model->without_features[i];
    }
    if (missing > 0) {
        snprintf(line, sizeof line,
                 "%" PRId64 " samples of horizon %" PRId64 " have no features and were left out",
                 missing, model->horizon);
        warn(logistic, line);
    }
    if (model->n[LOGISTIC_TRAIN] < logistic->n_columns) {
        snprintf(line, sizeof line,
                 "horizon %" PRId64 " has fewer training samples (%zu) than features (%zu): l2 "
                 "alone decides what the model is",
                 model->horizon, model->n[LOGISTIC_TRAIN], logistic->n_columns);
        warn(logistic, line);
    }
}

fw_status logistic_document_write(const struct logistic *logistic)
{
    const struct fw_artifact *artifact = logistic->host->service(logistic->host, FW_ARTIFACT_ID);
    const char *path = fw_task_output(logistic->task, "model")->path;
    struct fw_report report = {0};
    cJSON *experiments = cJSON_CreateArray();

    for (size_t i = 0; i < logistic->n_models; i++) {
        warn_of(logistic, &logistic->models[i]);
        cJSON_AddItemToArray(experiments, experiment(logistic, &logistic->models[i]));
    }
    fw_report_text(&report, "kind", "logistic_regression");
    fw_report_text(&report, "source", fw_task_text(logistic->task, "source"));
    fw_report_real(&report, "l2", fw_task_real(logistic->task, "l2"));
    fw_report_int(&report, "features", (int64_t)logistic->n_columns);
    fw_report_add(&report, "experiments", experiments);
    fw_status status = fw_report_write_facts(&report, logistic->host, path, NULL);
    fw_report_finish(&report);
    return status == FW_OK ? artifact->rows(logistic->host, "predictions",
                                            (uint64_t)logistic->predictions.n_rows)
                           : status;
}
