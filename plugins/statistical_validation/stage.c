/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/log.h>
#include <fw/service/sql.h>

#include "validation.h"

enum { ROWS_A_READ = 1 << 20 };

static void destroy(void *self)
{
    struct validation *v = self;

    validation_work_finish(&v->work);
    validation_plan_finish(v);
    fw_predictions_close(v->predictions);
    fw_sql_handle_close(&v->sql);
    free(v);
}

static const char *column_name(const struct fw_task *task, const char *parameter)
{
    const struct fw_value *value = fw_task_value(task, parameter);

    return value->type != FW_PARAM_UNSET ? value->text : NULL;
}

static fw_status check_splits(const struct validation *v)
{
    const char *splits[2] = {v->settings.split, v->settings.replicate_on};

    for (int i = 0; i < 2 && splits[i] != NULL; i++) {
        bool found = false;
        for (size_t k = 0; k < v->predictions->n_cells; k++) {
            found = found || fw_predictions_compare(v->predictions->cells[k].split, splits[i]) == 0;
        }
        if (!found) {
            return fw_faultf(v->host, FW_E_DATA, "predictions",
                             i == 0 ? "set split to one that there is"
                                    : "set replicate_on to one that there is, or to \"\"",
                             "there are no predictions of the split \"%s\"", splits[i]);
        }
    }
    return v->predictions->key != FW_PREDICTIONS_NO_KEY
               ? FW_OK
               : fw_faultf(v->host, FW_E_CONFIG, "key_column", "name the column of the rows' key",
                           "without a key the rows of two experiments cannot be paired");
}

static fw_status open_predictions(struct validation *v)
{
    const struct fw_task *task = v->task;
    const struct fw_input *input = fw_task_input(task, "predictions");
    const char *splits[2] = {v->settings.split, v->settings.replicate_on};
    const struct fw_predictions_options options = {
        .experiment = column_name(task, "experiment_column"),
        .split = column_name(task, "split_column"),
        .key = column_name(task, "key_column"),
        .y = column_name(task, "y_column"),
        .p = column_name(task, "p_column"),
        .splits = splits,
        .n_splits = v->settings.replicate_on != NULL ? 2 : 1,
    };
    fw_status status =
        fw_predictions_open(&v->sql, input->paths, input->n_paths, &options, &v->predictions);

    return status == FW_OK ? check_splits(v) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct validation *v = calloc(1, sizeof *v);

    if (v == NULL) {
        return fw_fault_nomem(host);
    }
    v->host = host;
    v->task = task;
    fw_status status = validation_settings_read(v);
    if (status == FW_OK) {
        status = fw_sql_handle_open(&v->sql, host);
    }
    if (status == FW_OK) {
        status = open_predictions(v);
    }
    if (status == FW_OK) {
        status = validation_plan_make(v);
    }
    if (status != FW_OK) {
        destroy(v);
        return status;
    }
    *ret_self = v;
    return FW_OK;
}

/* Within the first step of each process: a restored one would never come further otherwise. */
static fw_status read_rows(struct validation *v)
{
    fw_status status = FW_MORE;

    while (status == FW_MORE && !v->is_read) {
        status = fw_predictions_read(v->predictions, ROWS_A_READ);
    }
    v->is_read = v->is_read || status == FW_OK;
    return v->is_read ? FW_OK : status;
}

static fw_status work(struct validation *v)
{
    fw_status status = read_rows(v);

    if (status == FW_OK) {
        status = validation_test_step(v);
    }
    if (status == FW_OK) {
        status = validation_judge(v);
        return status == FW_OK ? validation_write(v) : status;
    }
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct validation *v = self;
    fw_status status = work(v);

    ret->total = v->n_tests * v->settings.n_replicates;
    ret->done = ret->items = v->next * v->settings.n_replicates + v->work.n_done;
    ret->unit = "replicates";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "predictions",
            .doc = "experiment, split, date or id, y, p: of two tiers or more"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "statistical_validation.json",
            .doc = "every test, what pairs of tiers come to, and the verdict"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "statistical_validation.md",
            .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "table", .file = "statistical_validation.parquet",
            .doc = "one row per test: a pair of tiers, a cell, a split"),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)
#define SHARE(name_, default_, max_, doc_)                                                         \
    FW_PARAM(.type = FW_PARAM_REAL, .name = name_, .default_value = default_, .min = "0.000001",   \
             .max = max_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "experiments",
             .default_value = "{tier}_{budget}_h{horizon},{tier}_h{horizon}",
             .doc = "templates of experiments' names that say their cell; the first that fits"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "pairs", .default_value = "",
             .doc = "tiers to compare, \"a100:a50\"; none: each tier against each smaller one"),
    TEXT("split", "val", "the split that decides"),
    TEXT("replicate_on", "test", "the split that differences are looked for again; \"\": none"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "metric", .default_value = "auc",
             .choices = "auc|average_precision|brier|log_loss",
             .doc = "what models are measured by; DeLong's test is for auc alone"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "bootstrap", .default_value = "auto",
             .choices = "auto|iid|stratified|block",
             .doc = "how rows are drawn; auto: in blocks where the horizon is beyond 1"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "block_rows", .default_value = "10", .min = "1",
             .max = "1000000", .unit = "rows", .doc = "of a block, at least; and the horizon"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "n_bootstrap", .default_value = "10000", .min = "1",
             .max = "10000000", .unit = "replicates", .doc = "of each test"),
    SHARE("alpha", "0.05", "0.5", "level of tests and intervals"),
    SHARE("power", "0.8", "0.999999", "with which the detectable difference would be found"),
    SHARE("margin", "0.02", "1000000", "differences below it do not matter: what null means"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "family", .default_value = "all", .choices = "all|pair",
             .doc = "the tests that Holm's correction is for: all on a split, or a pair's"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "seed", .default_value = "42", .min = "0",
             .doc = "of the replicates"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "compat", .default_value = "fixed",
             .choices = "fixed|ref",
             .doc = "ref: significant is each interval without 0, all draw the same rows"),
    TEXT("source", "", "where the data come from; stands in each document"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "experiment_column", .doc = "instead of experiment"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "split_column", .doc = "instead of split"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "key_column", .doc = "instead of date or id"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "y_column", .doc = "instead of y"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "p_column", .doc = "instead of p"),
};

static const char *const required[] = {FW_SQL_ID, FW_BUDGET_ID, FW_ARTIFACT_ID, FW_LOG_ID};

static const struct fw_stage validation_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "statistical_validation",
    .doc = "Whether models of two tiers differ, on the same rows and again on others",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .save = validation_save,
    .restore = validation_restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&validation_stage};

FW_PLUGIN("org.fwrun.statistical_validation", "0.1.0", "MIT",
          .doc = "Paired tests of what models predict", .stages = stages,
          .n_stages = FW_COUNT(stages));
