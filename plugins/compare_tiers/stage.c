/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/log.h>
#include <fw/service/sql.h>

#include "tiers.h"

enum { STATE_VERSION = 1 };

static void destroy(void *self)
{
    struct tiers *t = self;

    tiers_grid_finish(t);
    fw_predictions_close(t->predictions);
    fw_sql_handle_close(&t->sql);
    free(t);
}

static fw_status check_templates(const struct tiers *t, const char *parameter)
{
    const struct fw_value *templates = fw_task_value(t->task, parameter);

    for (uint64_t i = 0; i < templates->n; i++) {
        const char *fault = fw_cell_template_fault(templates->texts[i]);
        if (fault != NULL) {
            return fw_faultf(t->host, FW_E_CONFIG, parameter,
                             "write templates such as \"{tier}_{budget}_h{horizon}\"",
                             "\"%s\" does not say which cell an experiment is: %s",
                             templates->texts[i], fault);
        }
    }
    return FW_OK;
}

static fw_status open_inputs(struct tiers *t)
{
    fw_status status = check_templates(t, "experiments");

    if (status == FW_OK) {
        status = check_templates(t, "results_paths");
    }
    if (status == FW_OK) {
        status = fw_sql_handle_open(&t->sql, t->host);
    }
    if (status == FW_OK) {
        status = tiers_results_read(t);
    }
    if (status == FW_OK) {
        status = tiers_predictions_open(t);
    }
    if (status == FW_OK) {
        status = tiers_statistics_read(t);
    }
    return status == FW_OK ? tiers_grid_make(t) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct tiers *t = calloc(1, sizeof *t);

    if (t == NULL) {
        return fw_fault_nomem(host);
    }
    t->host = host;
    t->task = task;
    t->split = fw_task_text(task, "split");
    t->source = fw_task_text(task, "source");
    t->equal_within = fw_task_real(task, "equal_within");
    t->unmatched = cJSON_CreateArray();
    fw_status status = t->unmatched != NULL ? open_inputs(t) : fw_fault_nomem(host);
    if (status != FW_OK) {
        destroy(t);
        return status;
    }
    *ret_self = t;
    return FW_OK;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct tiers *t = self;
    fw_status status = tiers_predictions_measure(t);

    if (status == FW_OK) {
        status = tiers_write(t);
    }
    ret->done = ret->items = t->next;
    ret->total = t->n_entries;
    ret->unit = "experiments";
    return status;
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

/* How far the entries are, and each one's AUC and facts: a list. */
static fw_status save(void *self, struct fw_blob *ret)
{
    const struct tiers *t = self;
    cJSON *list = cJSON_CreateArray();
    bool done = list != NULL;

    for (size_t i = 0; i < t->next && done; i++) {
        struct fw_text auc = {0};
        cJSON *entry = cJSON_CreateObject();
        fw_text_appendf(&auc, "%a", t->entries[i].auc);
        done = entry != NULL && !auc.failed &&
               cJSON_AddStringToObject(entry, "auc", fw_text_get(&auc)) != NULL &&
               cJSON_AddItemToObject(entry, "facts", cJSON_Duplicate(t->entries[i].facts, true));
        done = cJSON_AddItemToArray(list, entry) && done;
        fw_text_finish(&auc);
    }
    char *text = done ? cJSON_PrintUnformatted(list) : NULL;
    cJSON_Delete(list);
    if (text == NULL) {
        return fw_fault_nomem(t->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = text;
    ret->size = strlen(text);
    ret->release = release;
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct tiers *t = self;
    cJSON *list =
        blob->version == STATE_VERSION ? cJSON_ParseWithLength(blob->bytes, blob->size) : NULL;
    bool fits = cJSON_IsArray(list) && (size_t)cJSON_GetArraySize(list) <= t->n_entries;

    for (cJSON *entry = fits ? list->child : NULL; entry != NULL; entry = entry->next) {
        const cJSON *auc = cJSON_GetObjectItemCaseSensitive(entry, "auc");
        cJSON *facts = cJSON_DetachItemFromObjectCaseSensitive(entry, "facts");
        fits = fits && cJSON_IsString(auc) && facts != NULL;
        if (fits) {
            cJSON_Delete(t->entries[t->next].facts);
            t->entries[t->next].facts = facts;
            t->entries[t->next++].auc = strtod(auc->valuestring, NULL);
        } else {
            cJSON_Delete(facts);
        }
    }
    cJSON_Delete(list);
    return fits ? FW_OK
                : fw_faultf(t->host, FW_E_STATE, NULL, NULL,
                            "the checkpoint is of another version or another task");
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "predictions",
            .doc = "experiment, split, date or id, y, p"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "results",
            .doc = "results.json of experiments, in folders that say which"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "statistics",
            .doc = "the report of statistical_validation, for intervals"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "tier_comparison.json",
            .doc = "cells, means, differences, findings, what is missing and what else differs"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "tier_comparison.md",
            .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "table", .file = "tier_comparison.parquet",
            .doc = "one row per tier, budget and horizon"),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)
#define LIST(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    LIST("experiments", "{tier}_{budget}_h{horizon},{tier}_h{horizon}",
         "templates of experiments' names that say their cell; the first that fits"),
    LIST("results_paths",
         "a20=phase6a_{budget}_h{horizon}/results.json,"
         "a50=s1_*_{budget}_h{horizon}_a50/results.json,"
         "a50=s2_horizon_{budget}_h{horizon}_a50/results.json,"
         "a100=s1_*_{budget}_h{horizon}/results.json",
         "templates of the ends of results' paths"),
    LIST("tiers", "", "that must be there, beside those that are"),
    LIST("budgets", "", "likewise"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "horizons", .default_value = "",
             .doc = "likewise"),
    TEXT("base", "", "the tier that others are compared with; none: the smallest"),
    TEXT("split", "val", "of the predictions"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "checkpoint", .default_value = "last",
             .choices = "last|best",
             .doc = "whose AUC results say: of the last epoch, or the best"),
    LIST("channels", "", "of a tier's models, \"a20=25\"; else as results or the name say"),
    LIST("confounders",
         "num_features,hyperparameters.batch_size,hyperparameters.epochs,hyperparameters.dropout,"
         "splits.train,splits.val,data_md5,best_epoch",
         "what results say that may be behind a difference"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "equal_within", .default_value = "0.001", .min = "0",
             .max = "1", .doc = "budgets closer than that are equal"),
    TEXT("source", "", "where the data come from; stands in each document"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "experiment_column", .doc = "instead of experiment"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "split_column", .doc = "instead of split"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "key_column", .doc = "instead of date or id"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "y_column", .doc = "instead of y"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "p_column", .doc = "instead of p"),
};

static const char *const required[] = {FW_SQL_ID, FW_BUDGET_ID, FW_ARTIFACT_ID, FW_LOG_ID};

static const struct fw_stage tiers_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "compare_tiers",
    .doc = "The AUC of every tier, budget and horizon side by side",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&tiers_stage};

FW_PLUGIN("org.fwrun.compare_tiers", "0.1.0", "MIT", .doc = "Tiers of features side by side",
          .stages = stages, .n_stages = FW_COUNT(stages));
