/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta/path.h"
#include "delta/replay.h"

/* Integers above this are no longer exact in a double, which is what cJSON keeps. */
#define EXACT_LIMIT 9007199254740992.0

/* A member that is there and not null: a checkpoint's row spells absent members as null. */
static cJSON *member(const cJSON *object, const char *name)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

static bool whole_number(const cJSON *item, int64_t *ret_value)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > EXACT_LIMIT ||
        item->valuedouble != (double)(int64_t)item->valuedouble) {
        return false;
    }
    *ret_value = (int64_t)item->valuedouble;
    return true;
}

/* The absolute path that an add or remove is about, or a fault. The caller frees it. */
static fw_status read_path(const struct fw_delta_replay *replay, const cJSON *action,
                           char **ret_path)
{
    const char *text = cJSON_GetStringValue(member(action, "path"));
    if (text == NULL || *text == '\0') {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "%s has no path, a text was expected",
                              action->string);
    }
    switch (fw_delta_path(replay->root, text, ret_path)) {
    case FW_DELTA_PATH_OK:
        return FW_OK;
    case FW_DELTA_PATH_NOMEM:
        return fw_fault_nomem(replay->sql->host);
    case FW_DELTA_PATH_ESCAPE:
        return fw_delta_fault(replay, FW_E_DATA, NULL, "the path '%s' is not URL-encoded", text);
    case FW_DELTA_PATH_SCHEME:
        return fw_delta_fault(replay, FW_E_UNSUPPORTED, "copy the table to a local folder",
                              "the path '%s' is not on a local file system", text);
    case FW_DELTA_PATH_OUTSIDE:
    default:
        return fw_delta_fault(replay, FW_E_DATA, NULL,
                              "the path '%s' does not lie in the table's folder", text);
    }
}

/* What tells two generations of one file apart: the protocol's id of the deletion vector. */
static char *read_key(const char *path, const cJSON *vector)
{
    const char *storage = cJSON_GetStringValue(member(vector, "storageType"));
    const char *place = cJSON_GetStringValue(member(vector, "pathOrInlineDv"));
    const cJSON *offset = member(vector, "offset");
    char *key = NULL;
    int n = vector == NULL ? asprintf(&key, "%s", path)
                           : asprintf(&key, "%s\n%s%s@%.0f", path, storage != NULL ? storage : "",
                                      place != NULL ? place : "",
                                      cJSON_IsNumber(offset) ? offset->valuedouble : -1);
    return n < 0 ? NULL : key;
}

/* Rows of the file: `stats` is a JSON text, a checkpoint may have it parsed. */
static int64_t read_n_records(const cJSON *add)
{
    int64_t n = -1;
    const char *text = cJSON_GetStringValue(member(add, "stats"));
    cJSON *stats = text != NULL ? cJSON_Parse(text) : NULL;
    if (!whole_number(member(stats, "numRecords"), &n)) {
        whole_number(member(member(add, "stats_parsed"), "numRecords"), &n);
    }
    cJSON_Delete(stats);
    return n;
}

/* False: no memory. */
static bool keep_stats(const struct fw_delta_replay *replay, const cJSON *add,
                       struct fw_delta_file *file)
{
    const char *text = cJSON_GetStringValue(member(add, "stats"));

    if (!replay->wants_stats || text == NULL) {
        return true;
    }
    file->stats = strdup(text);
    return file->stats != NULL;
}

static fw_status check_values(const struct fw_delta_replay *replay, const cJSON *values)
{
    if (values != NULL && !cJSON_IsObject(values)) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "add.partitionValues is not an object");
    }
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        if (!cJSON_IsString(value) && !cJSON_IsNull(value)) {
            return fw_delta_fault(replay, FW_E_DATA, NULL,
                                  "add.partitionValues.%s is neither a text nor null",
                                  value->string);
        }
    }
    return FW_OK;
}

/* `entry->file.path` is set already. */
static fw_status fill_entry(const struct fw_delta_replay *replay, cJSON *add,
                            struct fw_delta_entry *entry)
{
    int64_t size = 0;
    const cJSON *vector = member(add, "deletionVector");
    if (vector != NULL && !cJSON_IsObject(vector)) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "add.deletionVector is not an object");
    }
    if (!whole_number(member(add, "size"), &size)) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "add.size is not a whole number");
    }
    fw_status status = check_values(replay, member(add, "partitionValues"));
    if (status != FW_OK) {
        return status;
    }
    entry->file.size_bytes = (uint64_t)size;
    entry->file.n_records = read_n_records(add);
    entry->partition_values = cJSON_DetachItemFromObjectCaseSensitive(add, "partitionValues");
    entry->key = read_key(entry->file.path, vector);
    const bool kept = keep_stats(replay, add, &entry->file);
    if (vector != NULL) {
        entry->deletion_vector = cJSON_DetachItemFromObjectCaseSensitive(add, "deletionVector");
        if (asprintf(&entry->where, "%s:%" PRIu64, replay->file, replay->line) < 0) {
            entry->where = NULL;
        }
    }
    return kept && entry->key != NULL && (vector == NULL || entry->where != NULL)
               ? FW_OK
               : fw_fault_nomem(replay->sql->host);
}

static fw_status apply_add(struct fw_delta_replay *replay, cJSON *add)
{
    struct fw_delta_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return fw_fault_nomem(replay->sql->host);
    }
    fw_status status = read_path(replay, add, &entry->file.path);
    if (status == FW_OK) {
        status = fill_entry(replay, add, entry);
    }
    if (status != FW_OK) {
        fw_delta_entry_destroy(entry);
        return status;
    }
    return fw_delta_file_set_add(&replay->files, entry) ? FW_OK : fw_fault_nomem(replay->sql->host);
}

static fw_status apply_remove(struct fw_delta_replay *replay, const cJSON *action)
{
    char *path = NULL;
    fw_status status = read_path(replay, action, &path);
    if (status != FW_OK) {
        return status;
    }
    char *key = read_key(path, member(action, "deletionVector"));
    free(path);
    if (key == NULL) {
        return fw_fault_nomem(replay->sql->host);
    }
    fw_delta_file_set_remove(&replay->files, key);
    return FW_OK;
}

/* Moves the action out of `line`, so that it outlives it. */
static fw_status keep(struct fw_delta_replay *replay, cJSON *line, cJSON *action,
                      struct fw_delta_action *place)
{
    char *where = NULL;
    if (asprintf(&where, "%s:%" PRIu64, replay->file, replay->line) < 0) {
        return fw_fault_nomem(replay->sql->host);
    }
    cJSON_Delete(place->json);
    free(place->where);
    place->json = cJSON_DetachItemViaPointer(line, action);
    place->where = where;
    return FW_OK;
}

static fw_status apply_sidecar(struct fw_delta_replay *replay, const cJSON *sidecar)
{
    const char *path = cJSON_GetStringValue(member(sidecar, "path"));
    if (replay->sidecars == NULL) {
        return fw_delta_fault(replay, FW_E_DATA, NULL,
                              "a sidecar outside of a checkpoint's manifest");
    }
    if (path == NULL || *path == '\0') {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "sidecar has no path, a text was expected");
    }
    return fw_delta_sidecars_add(replay->sidecars, path) ? FW_OK
                                                         : fw_fault_nomem(replay->sql->host);
}

static fw_status apply_action(struct fw_delta_replay *replay, cJSON *line, cJSON *action)
{
    static const char *const names[] = {"add", "remove", "metaData", "protocol", "sidecar"};
    size_t kind = 0;
    while (kind < sizeof names / sizeof *names && strcmp(action->string, names[kind]) != 0) {
        kind++;
    }
    if (cJSON_IsNull(action) || kind == sizeof names / sizeof *names) {
        return FW_OK;
    }
    if (!cJSON_IsObject(action)) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "%s is not a JSON object", action->string);
    }
    switch (kind) {
    case 0:
        return apply_add(replay, action);
    case 1:
        return apply_remove(replay, action);
    case 2:
        return keep(replay, line, action, &replay->metadata);
    case 3:
        return keep(replay, line, action, &replay->protocol);
    default:
        return apply_sidecar(replay, action);
    }
}

fw_status fw_delta_apply(struct fw_delta_replay *replay, cJSON *line)
{
    if (!cJSON_IsObject(line)) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "an action is not a JSON object");
    }
    fw_status status = FW_OK;
    for (cJSON *action = line->child, *next; action != NULL && status == FW_OK; action = next) {
        next = action->next;
        status = apply_action(replay, line, action);
    }
    return status;
}
