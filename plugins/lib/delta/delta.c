/* SPDX-License-Identifier: MIT */
#include "delta/delta.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "delta/replay.h"
#include "delta/rows.h"
#include "delta/vector.h"

bool fw_delta_is_table(const char *path)
{
    char *log = NULL;
    struct stat facts;
    if (asprintf(&log, "%s/_delta_log", path) < 0) {
        return false;
    }
    bool is = stat(log, &facts) == 0 && S_ISDIR(facts.st_mode);
    free(log);
    return is;
}

static fw_status replay_log(struct fw_delta_replay *replay, const struct fw_delta_log *log)
{
    fw_status status = fw_delta_apply_checkpoint(replay, log);
    for (int64_t v = log->first_commit; v <= log->version && status == FW_OK; v++) {
        char *path = fw_delta_log_commit(log, v);
        status =
            path != NULL ? fw_delta_apply_commit(replay, path) : fw_fault_nomem(replay->sql->host);
        free(path);
    }
    return status;
}

/*
 * One text per partition column; protocol: the empty text stands for null as well, and the column
 * is called what it would be called in the files.
 */
static bool fill_values(const struct fw_delta *delta, const cJSON *texts, char **values)
{
    for (size_t i = 0; i < delta->n_fields; i++) {
        const struct fw_delta_field *field = &delta->fields[i];
        const char *text =
            field->partition < 0
                ? NULL
                : cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(texts, field->physical));
        if (text != NULL && *text != '\0') {
            values[field->partition] = strdup(text);
            if (values[field->partition] == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* Moves what the entry owns into the file. */
static bool fill_file(const struct fw_delta *delta, struct fw_delta_entry *entry,
                      struct fw_delta_file *file)
{
    size_t root = strlen(delta->root);
    *file = entry->file;
    entry->file = (struct fw_delta_file){0};
    bool inside = strncmp(file->path, delta->root, root) == 0 && file->path[root] == '/';
    file->name = strdup(inside ? file->path + root + 1 : file->path);
    file->values = calloc(delta->n_partitions + 1, sizeof *file->values);
    return file->name != NULL && file->values != NULL &&
           fill_values(delta, entry->partition_values, file->values);
}

static int compare_names(const void *a, const void *b)
{
    const struct fw_delta_file *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static fw_status take_file(const struct fw_delta_replay *replay, struct fw_delta_entry *entry,
                           struct fw_delta *delta)
{
    fw_status status = entry->deletion_vector != NULL
                           ? fw_delta_vector_read(replay->sql->host, delta->root, entry)
                           : FW_OK;
    if (status != FW_OK) {
        return status;
    }
    return fill_file(delta, entry, &delta->files[delta->n_files++])
               ? FW_OK
               : fw_fault_nomem(replay->sql->host);
}

static fw_status take_files(const struct fw_delta_replay *replay, struct fw_delta *delta)
{
    struct fw_delta_entry **entries = fw_delta_file_set_list(&replay->files);
    delta->files = calloc(replay->files.n + 1, sizeof *delta->files);
    if (entries == NULL || delta->files == NULL) {
        free(entries);
        return fw_fault_nomem(replay->sql->host);
    }
    fw_status status = FW_OK;
    for (size_t i = 0; i < replay->files.n && status == FW_OK; i++) {
        status = take_file(replay, entries[i], delta);
    }
    free(entries);
    qsort(delta->files, delta->n_files, sizeof *delta->files, compare_names);
    return status;
}

static fw_status open_table(const struct fw_sql_handle *sql, bool wants_stats,
                            struct fw_delta *delta)
{
    struct fw_delta_log log = {0};
    fw_status status = fw_delta_log_open(sql, delta->root, &log);
    if (status != FW_OK) {
        return status;
    }
    struct fw_delta_replay replay = {.sql = sql, .root = delta->root, .wants_stats = wants_stats};
    delta->version = log.version;
    status = replay_log(&replay, &log);
    if (status == FW_OK) {
        status = fw_delta_check_protocol(&replay, delta);
    }
    if (status == FW_OK) {
        status = fw_delta_read_schema(&replay, delta);
    }
    if (status == FW_OK) {
        status = take_files(&replay, delta);
    }
    fw_delta_replay_finish(&replay);
    fw_delta_log_finish(&log);
    return status;
}

static fw_status open_root(const struct fw_sql_handle *sql, const char *root, bool wants_stats,
                           struct fw_delta **ret_delta)
{
    struct fw_delta *delta = calloc(1, sizeof *delta);
    if (delta == NULL) {
        return fw_fault_nomem(sql->host);
    }
    delta->root = realpath(root, NULL);
    fw_status status = delta->root != NULL
                           ? open_table(sql, wants_stats, delta)
                           : fw_faultf(sql->host, FW_E_IO, root, NULL,
                                       "the table's folder cannot be reached: %s", strerror(errno));
    if (status != FW_OK) {
        fw_delta_close(delta);
        return status;
    }
    *ret_delta = delta;
    return FW_OK;
}

fw_status fw_delta_open(const struct fw_sql_handle *sql, const char *root,
                        struct fw_delta **ret_delta)
{
    return open_root(sql, root, false, ret_delta);
}

fw_status fw_delta_open_with_stats(const struct fw_sql_handle *sql, const char *root,
                                   struct fw_delta **ret_delta)
{
    return open_root(sql, root, true, ret_delta);
}

static void file_finish(struct fw_delta_file *file, size_t n_values)
{
    for (size_t i = 0; file->values != NULL && i < n_values; i++) {
        free(file->values[i]);
    }
    free(file->values);
    fw_delta_rows_finish(&file->deleted);
    free(file->path);
    free(file->name);
    free(file->stats);
}

static void field_finish(struct fw_delta_field *field)
{
    free(field->name);
    free(field->type);
    free(field->sql_type);
    free(field->physical);
    free(field->physical_type);
    free(field->renamed);
}

void fw_delta_close(struct fw_delta *delta)
{
    if (delta == NULL) {
        return;
    }
    for (size_t i = 0; i < delta->n_files; i++) {
        file_finish(&delta->files[i], delta->n_partitions);
    }
    for (size_t i = 0; i < delta->n_fields; i++) {
        field_finish(&delta->fields[i]);
    }
    for (size_t i = 0; i < delta->n_nested; i++) {
        free(delta->nested[i].physical);
    }
    free(delta->nested);
    free(delta->files);
    free(delta->fields);
    free(delta->root);
    free(delta);
}
