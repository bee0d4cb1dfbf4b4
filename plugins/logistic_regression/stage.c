/* SPDX-License-Identifier: MIT */
#include <cblas.h>
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "logistic.h"
#include "sql/copy.h"

static void destroy(void *self)
{
    struct logistic *logistic = self;

    if (logistic->job != NULL) {
        logistic->sql.api->finish(logistic->job);
    }
    fw_source_close(logistic->features);
    fw_source_close(logistic->samples);
    fw_sql_handle_close(&logistic->sql);
    fw_text_finish(&logistic->load_features);
    fw_text_finish(&logistic->load_samples);
    fw_text_finish(&logistic->write);
    for (size_t i = 0; i < logistic->n_models; i++) {
        logistic_model_finish(&logistic->models[i]);
    }
    free(logistic->models);
    free(logistic->columns);
    fw_matrix_finish(&logistic->predictions);
    free(logistic);
}

static fw_status open_source(const struct logistic *logistic, const char *port,
                             struct fw_source **ret)
{
    const struct fw_input *input = fw_task_input(logistic->task, port);

    return fw_source_open(&logistic->sql, input->paths, input->n_paths, NULL, ret);
}

static fw_status open_all(struct logistic *logistic)
{
    fw_status status = fw_sql_handle_open(&logistic->sql, logistic->host);

    if (status == FW_OK) {
        status = open_source(logistic, "features", &logistic->features);
    }
    if (status == FW_OK) {
        status = open_source(logistic, "samples", &logistic->samples);
    }
    if (status == FW_OK) {
        status = logistic_columns_choose(logistic);
    }
    return status == FW_OK ? logistic_rows_load(logistic) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct logistic *logistic = calloc(1, sizeof *logistic);

    if (logistic == NULL) {
        return fw_fault_nomem(host);
    }
    /* Sums that threads share out would depend on how many there are. The number is the process's:
       put back, it would change under another instance, so whoever wants another one says so. */
    openblas_set_num_threads(1);
    logistic->host = host;
    logistic->task = task;
    fw_status status = open_all(logistic);
    if (status != FW_OK) {
        destroy(logistic);
        return status;
    }
    *ret_self = logistic;
    return FW_OK;
}

/* The predictions as the contract has them (docs/reference/tables.md). */
static fw_status make_output(struct logistic *logistic)
{
    static const char *const names[] = {"horizon", "split", "day", "y", "p"};
    struct fw_text query = {0};
    fw_status status =
        fw_matrix_attach(&logistic->predictions, &logistic->sql, "fw_predicted", names);

    fw_text_append(&query, "SELECT ");
    fw_text_literal(&query, fw_task_text(logistic->task, "experiment"));
    fw_text_append(&query, " || '_h' || horizon::BIGINT AS experiment, ['train', 'val', "
                           "'test'][split::INTEGER + 1] AS split, DATE '1970-01-01' + day::INTEGER "
                           "AS date, y::INTEGER AS y, p FROM fw_predicted");
    fw_text_append(&logistic->write, "COPY (");
    fw_sql_append_in_order(&logistic->write, fw_text_get(&query));
    fw_text_append(&logistic->write, ") ");
    fw_sql_append_to_parquet(&logistic->write, fw_task_output(logistic->task, "predictions")->path,
                             FW_COUNT(names));
    logistic->write.failed = logistic->write.failed || query.failed;
    fw_text_finish(&query);
    return status;
}

static fw_status fit_next(struct logistic *logistic)
{
    fw_status status = logistic_model_make(logistic);

    if (status != FW_OK || logistic->n_fitted < logistic->n_models) {
        return status == FW_OK ? FW_MORE : status;
    }
    return make_output(logistic);
}

/* FW_OK when the phase is over. */
static fw_status work(struct logistic *logistic)
{
    fw_status status;

    switch (logistic->phase) {
    case LOGISTIC_FEATURES:
        return fw_sql_work(&logistic->sql, &logistic->load_features, &logistic->job);
    case LOGISTIC_SAMPLES:
        status = fw_sql_work(&logistic->sql, &logistic->load_samples, &logistic->job);
        return status == FW_OK ? logistic_rows_check(logistic) : status;
    case LOGISTIC_FIT:
        return fit_next(logistic);
    default:
        return fw_sql_work(&logistic->sql, &logistic->write, &logistic->job);
    }
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct logistic *logistic = self;
    fw_status status = work(logistic);

    ret->done = logistic->n_fitted;
    ret->total = logistic->n_models;
    ret->items = logistic->n_predicted;
    ret->unit = "models";
    if (status != FW_OK) {
        return status;
    }
    return logistic->phase++ == LOGISTIC_WRITE ? logistic_document_write(logistic) : FW_MORE;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "features",
            .doc = "a day and numbers, one row a day: the output of market_features or "
                   "combine_dataset"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "samples",
            .doc = "horizon, split, Date, y: the output of split"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "predictions", .file = "predictions.parquet",
            .doc = "experiment, split, date, y, p: a row for each sample"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "model", .file = "model.json",
            .doc = "per horizon the weights, with what the features were standardised by"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_REQUIRED, .name = "experiment",
             .doc = "what the experiments' names begin with: a20 gives a20_h1, a20_h2, ..."),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "columns",
             .doc = "the features, in the model's order; else all columns that are numbers"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "include_ohlcv", .default_value = "false",
             .doc = "without columns: take Open, High, Low, Close and Volume too"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "l2", .default_value = "1", .min = "0",
             .doc = "how large weights are held back: 1/C of scikit-learn"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "tolerance", .default_value = "1e-9", .min = "1e-14",
             .max = "1", .doc = "largest part of the gradient per row at which it has converged"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "max_iterations", .default_value = "100", .min = "1",
             .max = "100000", .doc = "steps of Newton's method; more are an error"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "date_column", .default_value = "Date",
             .doc = "the day of the features; found without regard to case too"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "date_format", .default_value = "",
             .doc = "of dates that are text, as in strptime: %m/%d/%Y; else 2019-03-01"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "source", .default_value = "",
             .doc = "where the data come from; stands in the model"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

const struct fw_stage logistic_regression_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "logistic_regression",
    .doc = "Logistic regression on standardised features, one model a horizon",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = create,
    .step = step,
    .destroy = destroy,
};
