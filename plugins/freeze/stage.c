/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>

#include "file/file.h"
#include "file/paths.h"
#include "freeze.h"
#include "source/source.h"

#define PRODUCT(port_, doc_)                                                                       \
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = port_, .doc = doc_)
#define REPORT(port_, doc_) FW_PORT(.kind = FW_KIND_DOCUMENT, .name = port_, .doc = doc_)

static const struct fw_port inputs[] = {
    PRODUCT("snapshot", "the snapshot's core table; MANIFEST.json lies beside it, as for all"),
    PRODUCT("daily", "the daily table"),
    PRODUCT("offer_day_index", "snapshots_offer_day"),
    PRODUCT("cik_day", "snapshots_cik_day"),
    PRODUCT("edgar", "the features of filings"),
    PRODUCT("multiscale", "one of the tables of multiscale"),
    PRODUCT("text", "the offers' texts; of any stamp"),
    REPORT("column_manifest", "the report of gate A"),
    REPORT("cardinality", "the report of gate B"),
    REPORT("offer_day", "the report of gate C"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "pointer", .file = "FULL_SCALE_POINTER.yaml",
            .doc = "what readers of the freeze read, and nothing else"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "previous",
            .file = "FULL_SCALE_POINTER.yaml.prev", .doc = "the pointer that this one replaced"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "candidates", .file = "freeze_candidates.json",
            .doc = "folders that could be the freeze, and which of them are"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "candidates_markdown", .file = "freeze_candidates.md",
            .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "status", .file = "freeze_pointer_status.json",
            .doc = "what the pointer points to"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "status_markdown", .file = "freeze_pointer_status.md",
            .doc = "the same to read"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "stamp", .flags = FW_PARAM_REQUIRED,
             .doc = "which freeze this is; every path but the texts' must hold it"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "variant", .default_value = "TRAIN_WIDE_FINAL",
             .doc = "what kind of freeze it is, for its readers"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "base", .default_value = "../../../..",
             .doc = "the folder that the pointer's paths are relative to, seen from the pointer"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "candidates_folder", .default_value = "runs",
             .doc = "where other freezes are looked for, below that folder"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "candidates_of", .default_value = "stamp",
             .choices = "stamp|any",
             .doc =
                 "which candidates may be selected: those of the stamp, or any; a selection that "
                 "is not what is frozen writes no pointer"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "target_rows", .default_value = "0", .min = "0",
             .unit = "rows", .doc = "rows of the raw table; 0: those that gate B counted"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

static void freeze_destroy(void *self)
{
    struct freeze *freeze = self;

    for (size_t i = 0; i < FREEZE_N_PARTS; i++) {
        free(freeze->products[i].path);
        free(freeze->products[i].dir);
        cJSON_Delete(freeze->products[i].manifest);
    }
    for (size_t i = 0; i < FW_COUNT(freeze->gates); i++) {
        cJSON_Delete(freeze->gates[i]);
    }
    fw_report_finish(&freeze->candidates);
    fw_report_finish(&freeze->status);
    free(freeze->root);
    free(freeze);
}

static fw_status open_product(struct freeze *freeze, enum freeze_part part)
{
    static const char *const names[FREEZE_N_PARTS][2] = {
        [FREEZE_SNAPSHOT] = {"offers_core_snapshot", "snapshot"},
        [FREEZE_DAILY] = {"offers_core_daily", "daily"},
        [FREEZE_INDEX] = {"snapshots_index", "offer_day_index"},
        [FREEZE_EDGAR] = {"edgar_store_full_daily", "edgar"},
        [FREEZE_MULTISCALE] = {"multiscale_full", "multiscale"},
        [FREEZE_TEXT] = {"offers_text", "text"},
    };
    struct freeze_product *product = &freeze->products[part];
    const struct fw_input *input = fw_task_input(freeze->task, names[part][1]);

    product->key = names[part][0];
    product->port = names[part][1];
    product->path = fw_path_normal(input->paths[0]);
    product->dir = product->path != NULL ? fw_path_folder(product->path) : NULL;
    if (product->dir == NULL) {
        return fw_fault_nomem(freeze->host);
    }
    fw_status status =
        freeze_manifest_read(freeze->host, product->dir, &product->manifest, product->sha256);
    product->facts = freeze_facts_of(product->manifest);
    return status;
}

static fw_status open_report(struct freeze *freeze, size_t i, const char *port)
{
    const char *path = fw_task_input(freeze->task, port)->paths[0];
    char *bytes = NULL;
    fw_status status = fw_file_read(freeze->host, path, &bytes, NULL);

    if (status != FW_OK) {
        return status;
    }
    freeze->gates[i] = cJSON_Parse(bytes);
    free(bytes);
    return freeze->gates[i] != NULL
               ? FW_OK
               : fw_faultf(freeze->host, FW_E_DATA, path, "give the JSON report of a gate",
                           "this is not JSON");
}

static fw_status find_root(struct freeze *freeze)
{
    char *pointer = fw_path_final(freeze->task, "pointer");
    char *folder = pointer != NULL ? fw_path_folder(pointer) : NULL;
    char *path = NULL;

    if (folder != NULL &&
        asprintf(&path, "%s/%s", folder, fw_task_text(freeze->task, "base")) < 0) {
        path = NULL;
    }
    freeze->root = path != NULL ? fw_path_normal(path) : NULL;
    free(path);
    free(folder);
    free(pointer);
    return freeze->root != NULL ? FW_OK : fw_fault_nomem(freeze->host);
}

static void find_target(struct freeze *freeze)
{
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(freeze->gates[1], "raw_offers");

    freeze->target_rows = fw_task_integer(freeze->task, "target_rows");
    if (freeze->target_rows == 0) {
        freeze->target_rows = freeze_number(raw, "row_count_total");
    }
    if (freeze->target_rows < 0) {
        freeze->target_rows = freeze_number(freeze->gates[1], "raw_offers_total_rows");
    }
}

static fw_status open_all(struct freeze *freeze)
{
    static const char *const reports[] = {"column_manifest", "cardinality", "offer_day"};
    fw_status status = find_root(freeze);

    freeze->stamp = fw_task_text(freeze->task, "stamp");
    freeze->any_stamp = strcmp(fw_task_text(freeze->task, "candidates_of"), "any") == 0;
    if (status == FW_OK && *freeze->stamp == '\0') {
        status = fw_faultf(freeze->host, FW_E_CONFIG, "stamp", NULL, "the stamp is empty");
    }
    for (size_t i = 0; status == FW_OK && i < FREEZE_N_PARTS; i++) {
        status = open_product(freeze, (enum freeze_part)i);
    }
    for (size_t i = 0; status == FW_OK && i < FW_COUNT(reports); i++) {
        status = open_report(freeze, i, reports[i]);
    }
    find_target(freeze);
    return status;
}

static fw_status freeze_create(const struct fw_host *host, const struct fw_task *task,
                               void **ret_self)
{
    struct freeze *freeze = calloc(1, sizeof *freeze);

    if (freeze == NULL) {
        return fw_fault_nomem(host);
    }
    freeze->host = host;
    freeze->task = task;
    freeze->candidates.title = "Freeze candidates";
    freeze->status.title = "What the pointer points to";
    fw_status status = open_all(freeze);
    if (status != FW_OK) {
        freeze_destroy(freeze);
        return status;
    }
    *ret_self = freeze;
    return FW_OK;
}

/* The rows that a manifest states against those that are in the files. */
static fw_status check_rows(struct freeze *freeze, enum freeze_part part)
{
    const struct freeze_product *product = &freeze->products[part];
    const struct fw_input *input = fw_task_input(freeze->task, product->port);
    struct fw_sql_handle sql = {0};
    struct fw_source *source = NULL;
    int64_t rows = 0;
    fw_status status = fw_sql_handle_open(&sql, freeze->host);

    if (status == FW_OK) {
        status = fw_source_open(&sql, input->paths, input->n_paths, NULL, &source);
    }
    if (status == FW_OK) {
        status = fw_source_count(source, &rows);
    }
    if (status == FW_OK && rows != product->facts.rows_emitted) {
        fw_report_fail(&freeze->status, "%s holds %" PRId64 " rows, its manifest says %" PRId64,
                       product->key, rows, product->facts.rows_emitted);
    }
    fw_source_close(source);
    fw_sql_handle_close(&sql);
    return status;
}

/* One sentence with everything that stands against a pointer. */
static fw_status refuse(const struct freeze *freeze)
{
    char *reasons = fw_report_reasons(&freeze->status);
    fw_status status =
        reasons != NULL
            ? fw_faultf(freeze->host, FW_E_DATA, "pointer",
                        "run the steps of this stamp again; the pointer that was there stays",
                        "no pointer is written: %s", reasons)
            : fw_fault_nomem(freeze->host);

    free(reasons);
    return status;
}

static fw_status write_reports(struct freeze *freeze)
{
    const struct fw_task *task = freeze->task;
    fw_status status = fw_report_write_facts(&freeze->candidates, freeze->host,
                                             fw_task_output(task, "candidates")->path,
                                             fw_task_output(task, "candidates_markdown")->path);

    if (status != FW_OK) {
        return status;
    }
    freeze_status_report(freeze);
    return fw_report_write_facts(&freeze->status, freeze->host,
                                 fw_task_output(task, "status")->path,
                                 fw_task_output(task, "status_markdown")->path);
}

static fw_status set_fields(const struct freeze *freeze)
{
    const struct fw_artifact *artifact = freeze->host->service(freeze->host, FW_ARTIFACT_ID);
    cJSON *stamp = cJSON_CreateString(freeze->stamp);
    char *json = stamp != NULL ? cJSON_PrintUnformatted(stamp) : NULL;
    fw_status status =
        json != NULL ? artifact->field(freeze->host, "stamp", json) : fw_fault_nomem(freeze->host);

    cJSON_free(json);
    cJSON_Delete(stamp);
    return status;
}

static fw_status freeze_step(void *self, struct fw_step *ret)
{
    struct freeze *freeze = self;
    fw_status status = FW_OK;

    freeze_check(freeze);
    status = check_rows(freeze, FREEZE_SNAPSHOT);
    if (status == FW_OK) {
        status = check_rows(freeze, FREEZE_DAILY);
    }
    if (status == FW_OK) {
        status = freeze_candidates_report(freeze);
    }
    if (status == FW_OK && !fw_report_passed(&freeze->status)) {
        status = refuse(freeze);
    }
    if (status == FW_OK) {
        status = freeze_pointer_write(freeze);
    }
    if (status == FW_OK) {
        status = write_reports(freeze);
    }
    ret->unit = "products";
    ret->done = ret->total = ret->items = FREEZE_N_PARTS;
    return status == FW_OK ? set_fields(freeze) : status;
}

/* What it says of times and of other folders is not of its inputs: hence no determinism. */
const struct fw_stage freeze_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_NONE,
    .name = "freeze",
    .doc = "The pointer to one freeze, written when all gates passed and all of it is of one stamp",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = freeze_create,
    .step = freeze_step,
    .destroy = freeze_destroy,
};
