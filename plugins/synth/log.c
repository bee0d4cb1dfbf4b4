/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sql/fault.h"

#define MOMENT 1768780800000.0 /* ms; a fixed one, so that bytes do not depend on the clock */

fw_status synth_log_make(const struct synth_log *log)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s/_delta_log", log->folder) < 0) {
        return fw_fault_nomem(log->host);
    }
    fw_status status = mkdir(folder, 0777) == 0 || errno == EEXIST
                           ? FW_OK
                           : fw_faultf(log->host, FW_E_IO, folder, NULL,
                                       "the folder cannot be made: %s", strerror(errno));
    free(folder);
    return status;
}

void synth_log_clear(struct synth_log *log)
{
    fw_text_clear(&log->lines);
    log->n_lines = 0;
}

void synth_log_escape(struct fw_text *out, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr(plain, *text) != NULL) {
            fw_text_append_len(out, text, 1);
        } else {
            fw_text_appendf(out, "%%%02X", (unsigned char)*text);
        }
    }
}

/* Adds {"name": action}, taking the action; NULL, or an incomplete one, is out of memory. */
static void add_action(struct synth_log *log, const char *name, cJSON *action)
{
    cJSON *line = cJSON_CreateObject();
    if (action == NULL || !cJSON_AddItemToObject(line, name, action)) {
        cJSON_Delete(action);
        log->lines.failed = true;
    }
    char *text = cJSON_PrintUnformatted(line);
    log->lines.failed = log->lines.failed || text == NULL;
    if (text != NULL) {
        fw_text_append(&log->lines, text);
        fw_text_append(&log->lines, "\n");
        log->n_lines++;
    }
    cJSON_free(text);
    cJSON_Delete(line);
}

/* The path of a file as the log writes it. */
static void add_path(struct synth_log *log, cJSON *action, const char *name)
{
    struct fw_text path = {0};
    synth_log_escape(&path, name, "/=_-.");
    if (path.failed || cJSON_AddStringToObject(action, "path", fw_text_get(&path)) == NULL) {
        log->lines.failed = true;
    }
    fw_text_finish(&path);
}

static fw_status size_of(const struct synth_log *log, const char *name, double *ret_size)
{
    struct stat facts;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", log->folder, name) < 0) {
        return fw_fault_nomem(log->host);
    }
    fw_status status = stat(path, &facts) == 0
                           ? FW_OK
                           : fw_faultf(log->host, FW_E_IO, path, NULL,
                                       "a part that was written is gone: %s", strerror(errno));
    *ret_size = status == FW_OK ? (double)facts.st_size : 0;
    free(path);
    return status;
}

fw_status synth_log_add(struct synth_log *log, const struct synth_log_file *file)
{
    double size = 0;
    char stats[64];
    fw_status status = size_of(log, file->name, &size);
    if (status != FW_OK) {
        return status;
    }
    cJSON *add = cJSON_CreateObject();
    add_path(log, add, file->name);
    cJSON *values = cJSON_AddObjectToObject(add, "partitionValues");
    if (file->column != NULL) {
        cJSON_AddItemToObject(values, file->column,
                              file->value != NULL ? cJSON_CreateString(file->value)
                                                  : cJSON_CreateNull());
    }
    snprintf(stats, sizeof stats, "{\"numRecords\":%" PRIu64 "}", file->n_rows);
    cJSON_AddNumberToObject(add, "size", size);
    cJSON_AddNumberToObject(add, "modificationTime", MOMENT);
    cJSON_AddTrueToObject(add, "dataChange");
    cJSON_AddStringToObject(add, "stats", stats);
    add_action(log, "add", add);
    return FW_OK;
}

void synth_log_remove(struct synth_log *log, const char *name)
{
    cJSON *action = cJSON_CreateObject();
    add_path(log, action, name);
    cJSON_AddNumberToObject(action, "deletionTimestamp", MOMENT);
    cJSON_AddTrueToObject(action, "dataChange");
    add_action(log, "remove", action);
}

void synth_log_metadata(struct synth_log *log, uint64_t id, const char *schema,
                        const char *partition)
{
    char text[64];
    snprintf(text, sizeof text, "5ea1ed00-0000-4000-8000-%012" PRIx64, id & 0xffffffffffff);
    cJSON *metadata = cJSON_CreateObject();
    cJSON_AddStringToObject(metadata, "id", text);
    cJSON *format = cJSON_AddObjectToObject(metadata, "format");
    cJSON_AddStringToObject(format, "provider", "parquet");
    cJSON_AddObjectToObject(format, "options");
    cJSON_AddStringToObject(metadata, "schemaString", schema);
    cJSON_AddItemToObject(metadata, "partitionColumns",
                          cJSON_CreateStringArray(&partition, partition != NULL ? 1 : 0));
    cJSON_AddObjectToObject(metadata, "configuration");
    cJSON_AddNumberToObject(metadata, "createdTime", MOMENT);
    add_action(log, "metaData", metadata);
}

void synth_log_protocol(struct synth_log *log)
{
    cJSON *protocol = cJSON_CreateObject();
    cJSON_AddNumberToObject(protocol, "minReaderVersion", 1);
    cJSON_AddNumberToObject(protocol, "minWriterVersion", 2);
    add_action(log, "protocol", protocol);
}

void synth_log_info(struct synth_log *log, const char *operation)
{
    cJSON *info = cJSON_CreateObject();
    cJSON_AddNumberToObject(info, "timestamp", MOMENT);
    cJSON_AddStringToObject(info, "operation", operation);
    add_action(log, "commitInfo", info);
}

fw_status synth_log_write(const struct synth_log *log, const char *name, const char *bytes,
                          size_t size)
{
    char *path = NULL;
    if (asprintf(&path, "%s/_delta_log/%s", log->folder, name) < 0) {
        return fw_fault_nomem(log->host);
    }
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fwrite(bytes, 1, size, file) == size;
    good = (file == NULL || fclose(file) == 0) && good;
    fw_status status = good ? FW_OK
                            : fw_faultf(log->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, path,
                                        NULL, "the log cannot be written: %s", strerror(errno));
    free(path);
    return status;
}

fw_status synth_log_commit(struct synth_log *log, int version)
{
    char name[32];
    snprintf(name, sizeof name, "%020d.json", version);
    fw_status status = log->lines.failed
                           ? fw_fault_nomem(log->host)
                           : synth_log_write(log, name, fw_text_get(&log->lines), log->lines.size);
    synth_log_clear(log);
    return status;
}
