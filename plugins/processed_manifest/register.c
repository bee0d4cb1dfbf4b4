/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "file/file.h"
#include "file/paths.h"
#include "processed.h"
#include "report/json.h"
#include "report/report.h"

/** One instance of the stage; a step is a data set. */
struct registry {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    char *final, *root;
    cJSON *manifest; /**< what was there, and what is new */
    uint64_t next;
    int64_t n_added;
};

static void destroy(void *self)
{
    struct registry *registry = self;

    cJSON_Delete(registry->manifest);
    fw_sql_handle_close(&registry->sql);
    free(registry->final);
    free(registry->root);
    free(registry);
}

/* Entries are only ever added to what stands at the output's place. */
static fw_status read_previous(struct registry *registry)
{
    if (access(registry->final, F_OK) == 0) {
        return processed_read(registry->host, registry->final, &registry->manifest);
    }
    registry->manifest = cJSON_CreateObject();
    cJSON_AddItemToObject(registry->manifest, "schema_version", fw_json_int(1));
    return cJSON_AddArrayToObject(registry->manifest, "entries") != NULL
               ? FW_OK
               : fw_fault_nomem(registry->host);
}

static fw_status check_lists(const struct registry *registry)
{
    uint64_t n_data = fw_task_input(registry->task, "data")->n_paths;
    const struct fw_value *datasets = fw_task_value(registry->task, "datasets");
    const struct fw_value *tiers = fw_task_value(registry->task, "tiers");

    if (datasets->n == n_data && (tiers->n == 0 || tiers->n == n_data)) {
        return FW_OK;
    }
    return fw_faultf(registry->host, FW_E_CONFIG, "datasets",
                     "say a name, and a tier or none, for each file of `data`",
                     "%" PRIu64 " files have %" PRIu64 " names and %" PRIu64 " tiers", n_data,
                     datasets->n, tiers->n);
}

static fw_status open_all(struct registry *registry)
{
    registry->final = fw_path_final(registry->task, "manifest");
    registry->root =
        registry->final != NULL ? processed_root(registry->task, registry->final) : NULL;
    if (registry->root == NULL) {
        return fw_fault_nomem(registry->host);
    }
    fw_status status = check_lists(registry);
    if (status == FW_OK) {
        status = fw_sql_handle_open(&registry->sql, registry->host);
    }
    return status == FW_OK ? read_previous(registry) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct registry *registry = calloc(1, sizeof *registry);

    if (registry == NULL) {
        return fw_fault_nomem(host);
    }
    registry->host = host;
    registry->task = task;
    fw_status status = open_all(registry);
    if (status != FW_OK) {
        destroy(registry);
        return status;
    }
    *ret_self = registry;
    return FW_OK;
}

/* The same file under the same name is not news. */
static bool is_known(const struct registry *registry, const cJSON *entry)
{
    static const char *const same[] = {"dataset", "tier", "sha256"};
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(entry, "path");
    const cJSON *newest = processed_newest(registry->manifest, path->valuestring);

    for (size_t i = 0; i < FW_COUNT(same) && newest != NULL; i++) {
        if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(entry, same[i]),
                           cJSON_GetObjectItemCaseSensitive(newest, same[i]), true)) {
            return false;
        }
    }
    return newest != NULL;
}

static fw_status add_next(struct registry *registry)
{
    const struct fw_value *tiers = fw_task_value(registry->task, "tiers");
    uint64_t i = registry->next;
    const struct processed_data data = {
        .dataset = fw_task_value(registry->task, "datasets")->texts[i],
        .tier = tiers->n > 0 ? tiers->texts[i] : "",
        .path = fw_task_input(registry->task, "data")->paths[i],
        .version = fw_task_integer(registry->task, "version"),
        .sources = fw_task_input(registry->task, "sources"),
        .root = registry->root,
    };
    cJSON *entry = NULL;
    fw_status status = processed_entry(&registry->sql, &data, &entry);

    if (status != FW_OK) {
        return status;
    }
    registry->next++;
    if (is_known(registry, entry)) {
        cJSON_Delete(entry);
        return FW_OK;
    }
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(registry->manifest, "entries"), entry);
    registry->n_added++;
    return FW_OK;
}

static fw_status write_manifest(const struct registry *registry)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(registry->manifest, "entries");
    struct fw_report fields = {0};
    struct fw_text text = {0};

    fw_json_append(&text, registry->manifest);
    fw_text_append(&text, "\n");
    fw_status status = text.failed ? fw_fault_nomem(registry->host)
                                   : fw_file_write(registry->host,
                                                   fw_task_output(registry->task, "manifest")->path,
                                                   fw_text_get(&text), text.size);
    fw_text_finish(&text);
    fw_report_int(&fields, "entries", cJSON_GetArraySize(entries));
    fw_report_int(&fields, "entries_added", registry->n_added);
    if (status == FW_OK) {
        status = fw_report_fields(&fields, registry->host);
    }
    fw_report_finish(&fields);
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct registry *registry = self;
    uint64_t n_data = fw_task_input(registry->task, "data")->n_paths;
    fw_status status = add_next(registry);

    ret->done = ret->items = registry->next;
    ret->total = n_data;
    ret->unit = "data sets";
    if (status != FW_OK) {
        return status;
    }
    return registry->next < n_data ? FW_MORE : write_manifest(registry);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "data",
            .doc = "the files to register, one data set each"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "sources",
            .doc = "the raw files that they come from"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "manifest", .file = "manifest.json",
            .doc = "the entries that stand at its place already, and the new ones behind them"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "datasets",
             .doc = "the name of each file of `data`: SPY.dataset.a100"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "tiers", .doc = "the tier of each: a100"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "version", .default_value = "1", .min = "1",
             .doc = "the version that the entries say"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "base", .default_value = ".",
             .doc = "the folder that the paths are relative to, seen from the manifest"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

const struct fw_stage processed_manifest_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_NONE,
    .name = "processed_manifest",
    .doc = "Registers data sets with their digests in a list that only grows",
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
