/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/gate.h>
#include <fw/service/kernels.h>
#include <fw/service/sql.h>

#include "compare.h"
#include "sql/fault.h"

static void destroy(void *self)
{
    struct compare *compare = self;
    if (compare->model != NULL) {
        compare->arms.items[compare->arm].predictor->close(compare->model);
    }
    compare_intervals_finish(&compare->intervals);
    compare_scores_finish(&compare->scores);
    compare_given_close(&compare->given);
    compare_set_close(&compare->set);
    compare_arms_finish(&compare->arms);
    free(compare);
}

static fw_status open_all(struct compare *compare)
{
    const struct compare_own own = {.kind = "predictions"};
    const bool classes = strcmp(fw_task_text(compare->task, "task"), "classification") == 0;
    fw_status status = compare_arms_read(compare->host, compare->task, &own, &compare->arms);
    if (status == FW_OK && compare->arms.n == 0) {
        status = fw_faultf(compare->host, FW_E_CONFIG, "arms", NULL, "there is nothing to compare");
    }
    if (status == FW_OK) {
        status = compare_set_open(compare->host, compare->task, classes, &compare->set);
    }
    if (status == FW_OK && compare->set.n >= (uint64_t)FW_PAIR_ROWS_MAX) {
        status = fw_faultf(compare->host, FW_E_UNSUPPORTED, compare->set.path, NULL,
                           "%llu samples are more than can be compared",
                           (unsigned long long)compare->set.n);
    }
    if (status == FW_OK) {
        status = compare_scores_init(compare->host, compare->task, &compare->set, compare->arms.n,
                                     &compare->scores);
    }
    if (status == FW_OK) {
        status = compare_intervals_init(compare->host, compare->task, &compare->scores,
                                        &compare->intervals);
    }
    return status == FW_OK ? compare_check_arms(compare) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct compare *compare = calloc(1, sizeof *compare);
    if (compare == NULL) {
        return fw_fault_nomem(host);
    }
    compare->host = host;
    compare->task = task;
    compare->chunk = (uint64_t)fw_task_integer(task, "chunk");
    compare->batch = (uint64_t)fw_task_integer(task, "batch");
    fw_status status = open_all(compare);
    if (status != FW_OK) {
        destroy(compare);
        return status;
    }
    *ret_self = compare;
    return FW_OK;
}

/* A chunk of an arm, else some replicates. */
static fw_status work(struct compare *compare)
{
    if (compare->arm == compare->arms.n) {
        fw_status status = compare_intervals_step(&compare->intervals);
        return status == FW_E_NOMEM ? fw_fault_nomem(compare->host) : status;
    }
    fw_status status = compare_predict(compare);
    return status == FW_OK ? FW_MORE : status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct compare *compare = self;
    fw_status status = work(compare);
    ret->done = ret->items = compare->arm * compare->set.n + compare->at;
    ret->total = compare->arms.n * compare->set.n;
    ret->unit = "samples";
    if (status == FW_OK || status == COMPARE_TRIPPED) {
        ret->items += status == COMPARE_TRIPPED;
        return compare_write(compare);
    }
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "data",
            .doc = "the test set, .npz: arrays whose first axis counts samples"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "table",
            .doc = "instead of data: the test set, a row per sample"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "models",
            .doc = "a file for each arm, in their order; arms of kind predictions have none"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "predictions",
            .doc = "answers made before, for a table: experiment, split, keys, y, p"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "result", .file = "result.json",
            .doc = "arms, metrics with intervals, paired differences, in full precision"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "comparison.md",
            .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "metrics",
            .file = "comparison_metrics.csv", .doc = "model, metric, value, lower, upper"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "pairs",
            .file = "comparison_pairs.csv",
            .doc = "a, b, metric, method, difference, lower, upper, p, p_holm"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "plot",
            .file = "comparison.svg", .doc = "each metric with its intervals"),
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "blocked", .file = "red",
            .doc = "a note, where a guard ended the comparison"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "task", .default_value = "classification",
             .choices = "classification|regression", .doc = "what the models answer"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "arms",
             .doc =
                 "NAME=KIND or NAME=KIND/logits of each model; kinds: onnx, weights, checkpoint, "
                 "npz, ...; NAME=predictions/EXPERIMENT of answers made before"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "inputs", .default_value = "x",
             .doc = "of a tensor: its arrays, in the order of the models' inputs"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "target", .default_value = "y",
             .doc = "array, or columns of a table: classes from 0 (of a table texts too), or "
                    "numbers"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "columns",
             .doc = "of a table: the features, in the models' order; else all other numbers"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "include_ohlcv", .default_value = "true",
             .doc = "without columns: take Open, High, Low, Close and Volume too"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "id_columns",
             .doc =
                 "of a table: what makes a row unique; samples are in its order, and predictions "
                 "are joined by it; none: the table's own order"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "split_column", .default_value = "",
             .doc = "of a table: samples are the rows that have `split` there; none: all rows"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "split", .default_value = "test",
             .doc = "which part of the table, and of predictions"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "labels",
             .doc = "of a table whose target is text: the classes in the models' order; else the "
                    "texts of the samples, sorted"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "input_scale", .default_value = "1",
             .doc = "what numbers are multiplied by on their way to a model that takes reals"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "classes", .default_value = "0", .min = "0",
             .max = "1048576", .doc = "how many there are; 0: as many as the target shows"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "area_classes", .default_value = "20", .min = "2",
             .max = "1024", .unit = "classes",
             .doc = "up to so many the areas under ROC curves are measured: 12 bytes a class, "
                    "sample and arm"),
    FW_PARAM(.type = FW_PARAM_INT, .flags = FW_PARAM_NO_EFFECT, .name = "chunk",
             .default_value = "4096", .min = "1", .max = "1073741824", .unit = "samples",
             .doc = "of a step; between two lies a checkpoint"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "batch", .default_value = "128", .min = "1",
             .max = "1048576", .unit = "samples",
             .doc = "at a time through a model; halved where memory runs out"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "n_bootstrap", .default_value = "2000", .min = "100",
             .max = "1000000", .unit = "replicates", .doc = "of the test set, for the intervals"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "block_rows", .default_value = "1", .min = "1",
             .max = "1073741824", .unit = "samples",
             .doc = "drawn together, where neighbours depend on each other"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "alpha", .default_value = "0.05", .min = "0.0001",
             .max = "0.5", .doc = "intervals are of 1 - alpha"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "source", .default_value = "",
             .doc = "where the data come from; stands in each document"),
};

static const char *const required[] = {FW_BUDGET_ID, FW_GATE_ID, FW_ARTIFACT_ID,
                                       FW_PREDICTOR_ID "*"};
/* For predictors, and for tables. */
static const char *const optional[] = {FW_KERNELS_ID, FW_SQL_ID};

const struct fw_stage compare_models_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "compare_models",
    .doc = "Models on one test set: metrics, paired intervals, and guards against empty answers",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .services_optional = optional,
    .n_services_optional = FW_COUNT(optional),
    .create = create,
    .step = step,
    .save = compare_save,
    .restore = compare_restore,
    .destroy = destroy,
};
