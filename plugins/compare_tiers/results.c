/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "tiers.h"

/* The node at "splits.train", or NULL. */
static const cJSON *node_at(const cJSON *json, const char *path)
{
    char name[128];

    while (json != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        if (n >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, n);
        name[n] = '\0';
        json = cJSON_GetObjectItemCaseSensitive(json, name);
        path += n + (path[n] == '.');
    }
    return json;
}

/* What the parameter names, where it is a single value. */
static cJSON *facts_of(const struct tiers *t, const cJSON *json)
{
    const struct fw_value *names = fw_task_value(t->task, "confounders");
    cJSON *facts = cJSON_CreateObject();

    for (uint64_t i = 0; facts != NULL && i < names->n; i++) {
        const cJSON *node = node_at(json, names->texts[i]);
        if (node != NULL && !cJSON_IsArray(node) && !cJSON_IsObject(node)) {
            cJSON *copy = cJSON_Duplicate(node, true);
            if (copy == NULL || !cJSON_AddItemToObject(facts, names->texts[i], copy)) {
                cJSON_Delete(copy);
                cJSON_Delete(facts);
                return NULL;
            }
        }
    }
    return facts;
}

/* The reference's files say what the weights of the last epoch gave. */
static double auc_of(const struct tiers *t, const cJSON *json, double otherwise)
{
    bool is_best = strcmp(fw_task_text(t->task, "checkpoint"), "best") == 0;
    const cJSON *node = node_at(json, is_best ? "val_at_best.auc" : "val_at_last.auc");

    if (node == NULL && !is_best) {
        node = node_at(json, "val_metrics.auc");
    }
    return cJSON_IsNumber(node) ? node->valuedouble : otherwise;
}

/* The folder that a file lies in: no absolute path belongs in an output. */
static char *folder_of(const char *path)
{
    const char *end = strrchr(path, '/'), *start = end;

    while (start != NULL && start > path && start[-1] != '/') {
        start--;
    }
    return start != NULL && start < end ? strndup(start, (size_t)(end - start)) : strdup(path);
}

static bool parse(const struct tiers *t, const char *path, struct fw_cell *ret)
{
    const struct fw_value *templates = fw_task_value(t->task, "results_paths");

    for (uint64_t i = 0; i < templates->n; i++) {
        if (fw_cell_parse_path(templates->texts[i], path, ret)) {
            return true;
        }
    }
    return false;
}

static fw_status add(struct tiers *t, const char *path, const struct fw_cell *cell,
                     const char *folder)
{
    char *text = NULL;
    struct tiers_entry *entry = NULL;
    fw_status status = fw_file_read(t->host, path, &text, NULL);

    if (status != FW_OK) {
        return status;
    }
    cJSON *json = cJSON_Parse(text);
    free(text);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return fw_faultf(t->host, FW_E_DATA, path, "let the experiment run to its end again",
                         "the results are no JSON object");
    }
    status = tiers_entry_add(t, cell, folder, facts_of(t, json), &entry);
    if (status == FW_OK) {
        entry->auc = auc_of(t, json, entry->auc);
        if (entry->auc < 0 || entry->auc > 1) {
            status = fw_faultf(t->host, FW_E_DATA, path, NULL, "%g is no AUC", entry->auc);
        }
    }
    cJSON_Delete(json);
    return status;
}

fw_status tiers_results_read(struct tiers *t)
{
    const struct fw_input *input = fw_task_input(t->task, "results");
    fw_status status = FW_OK;

    for (uint64_t i = 0; input != NULL && i < input->n_paths && status == FW_OK; i++) {
        struct fw_cell cell;
        char *folder = folder_of(input->paths[i]);
        if (folder == NULL) {
            return fw_fault_nomem(t->host);
        }
        status = parse(t, input->paths[i], &cell) ? add(t, input->paths[i], &cell, folder)
                                                  : tiers_unmatched_add(t, folder);
        free(folder);
    }
    return status;
}
