/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "file/paths.h"
#include "freeze.h"
#include "report/json.h"
#include "sql/fault.h"
#include "yaml/yaml.h"

static bool add(cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && cJSON_AddItemToObject(object, name, value)) {
        return true;
    }
    cJSON_Delete(value);
    return false;
}

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return value != NULL && add(object, name, cJSON_CreateString(value));
}

/* Adds a path as it is below the root. */
static bool add_path(const struct freeze *freeze, cJSON *object, const char *name, const char *path)
{
    return path != NULL && add_text(object, name, fw_path_below(freeze->root, path));
}

static bool add_input(const struct freeze *freeze, cJSON *object, const char *name,
                      const char *port)
{
    return add_path(freeze, object, name, fw_task_input(freeze->task, port)->paths[0]);
}

static bool add_digests(cJSON *entry, const struct freeze_product *product)
{
    char outputs[65];

    return add_text(entry, "manifest_sha256", product->sha256) &&
           freeze_outputs_digest(product->manifest, outputs) &&
           (*outputs == '\0' || add_text(entry, "outputs_sha256", outputs));
}

static bool add_product(const struct freeze *freeze, cJSON *tree, enum freeze_part part)
{
    const struct freeze_product *product = &freeze->products[part];
    cJSON *entry = cJSON_AddObjectToObject(tree, product->key);

    return add_path(freeze, entry, "dir", product->dir) && add_digests(entry, product);
}

static bool add_index(const struct freeze *freeze, cJSON *tree)
{
    cJSON *entry = cJSON_AddObjectToObject(tree, freeze->products[FREEZE_INDEX].key);

    return add_input(freeze, entry, "cik_day", "cik_day") &&
           add_digests(entry, &freeze->products[FREEZE_INDEX]) &&
           add_input(freeze, entry, "offer_day", "offer_day_index");
}

static bool add_analysis(const struct freeze *freeze, cJSON *tree)
{
    cJSON *entry = cJSON_AddObjectToObject(tree, "analysis");
    char *candidates = fw_path_final(freeze->task, "candidates");
    char *dir = candidates != NULL ? fw_path_folder(candidates) : NULL;
    bool done = add_input(freeze, entry, "column_manifest", "column_manifest") &&
                add_path(freeze, entry, "dir", dir) &&
                add_path(freeze, entry, "freeze_candidates", candidates) &&
                add_input(freeze, entry, "offer_day_coverage_exact", "offer_day") &&
                add_input(freeze, entry, "raw_cardinality_coverage", "cardinality");

    free(dir);
    free(candidates);
    return done;
}

/* Keys in alphabetical order. */
static cJSON *build(const struct freeze *freeze)
{
    cJSON *tree = cJSON_CreateObject();
    bool done =
        tree != NULL && add_analysis(freeze, tree) && add_product(freeze, tree, FREEZE_EDGAR) &&
        add_product(freeze, tree, FREEZE_MULTISCALE) && add_product(freeze, tree, FREEZE_DAILY) &&
        add_product(freeze, tree, FREEZE_SNAPSHOT) && add_product(freeze, tree, FREEZE_TEXT) &&
        add_index(freeze, tree) && add_text(tree, "stamp", freeze->stamp) &&
        add_text(tree, "variant", fw_task_text(freeze->task, "variant"));

    if (!done) {
        cJSON_Delete(tree);
        return NULL;
    }
    return tree;
}

/* What stands at `from` now also goes to the output; nothing when nothing is there. */
static fw_status copy(const struct freeze *freeze, const char *from, const struct fw_output *to)
{
    char *bytes = NULL;
    size_t size = 0;

    if (from == NULL) {
        return fw_fault_nomem(freeze->host);
    }
    if (!freeze_exists(from)) {
        return FW_OK;
    }
    fw_status status = fw_file_read(freeze->host, from, &bytes, &size);
    if (status == FW_OK) {
        status = fw_file_write(freeze->host, to->path, bytes, size);
    }
    free(bytes);
    return status;
}

static bool are_equal(const struct freeze *freeze, const char *a, const char *b, bool *ret_equal)
{
    char *x = NULL, *y = NULL;
    size_t x_size = 0, y_size = 0;
    bool done = fw_file_read(freeze->host, a, &x, &x_size) == FW_OK &&
                fw_file_read(freeze->host, b, &y, &y_size) == FW_OK;

    *ret_equal = done && x_size == y_size && memcmp(x, y, x_size) == 0;
    free(x);
    free(y);
    return done;
}

/*
 * The pointer that is replaced is kept. Written again with the same content, a pointer is not its
 * own predecessor: the one before it stays.
 */
static fw_status keep_previous(const struct freeze *freeze)
{
    const struct fw_output *previous = fw_task_output(freeze->task, "previous");
    char *pointer = fw_path_final(freeze->task, "pointer");
    char *older = previous != NULL ? fw_path_final(freeze->task, "previous") : NULL;
    bool equal = false;
    fw_status status = FW_OK;

    if (pointer != NULL && freeze_exists(pointer) &&
        !are_equal(freeze, pointer, fw_task_output(freeze->task, "pointer")->path, &equal)) {
        status = FW_E_IO;
    }
    if (status == FW_OK && previous != NULL) {
        status = copy(freeze, equal ? older : pointer, previous);
    }
    free(older);
    free(pointer);
    return status;
}

fw_status freeze_pointer_write(const struct freeze *freeze)
{
    cJSON *tree = build(freeze);

    if (tree == NULL) {
        return fw_fault_nomem(freeze->host);
    }
    fw_status status =
        fw_yaml_write(freeze->host, fw_task_output(freeze->task, "pointer")->path, tree);
    cJSON_Delete(tree);
    return status == FW_OK ? keep_previous(freeze) : status;
}

static cJSON *number(int64_t value)
{
    return value < 0 ? cJSON_CreateNull() : fw_json_int(value);
}

static cJSON *describe(const struct freeze *freeze, const struct freeze_product *product)
{
    const struct freeze_facts *facts = &product->facts;
    const char *name = fw_path_below(freeze->root, product->path);
    int64_t bytes = freeze_bytes(product->dir);
    cJSON *item = cJSON_CreateObject();
    bool done =
        add_text(item, "entry", product->key) &&
        add_text(item, "path", name != NULL ? name : product->path) &&
        add(item, "exists", cJSON_CreateBool(freeze_exists(product->path))) &&
        add(item, "manifest_exists", cJSON_CreateBool(facts->has_manifest)) &&
        add(item, "size_mb",
            bytes < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)bytes / 1e6)) &&
        add(item, "built_at",
            facts->built_at != NULL ? cJSON_CreateString(facts->built_at) : cJSON_CreateNull()) &&
        add(item, "rows_emitted", number(facts->rows_emitted)) &&
        add(item, "rows_scanned", number(facts->rows_scanned)) &&
        add(item, "delta_version", number(facts->delta_version));

    if (!done) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

void freeze_status_report(struct freeze *freeze)
{
    cJSON *entries = cJSON_CreateArray();
    bool done = entries != NULL;

    for (size_t i = 0; done && i < FREEZE_N_PARTS; i++) {
        done = cJSON_AddItemToArray(entries, describe(freeze, &freeze->products[i]));
    }
    fw_report_text(&freeze->status, "stamp", freeze->stamp);
    fw_report_bool(&freeze->status, "all_ok", done && fw_report_passed(&freeze->status));
    fw_report_add(&freeze->status, "entries", entries);
}
