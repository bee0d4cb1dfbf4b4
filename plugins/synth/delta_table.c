/* SPDX-License-Identifier: MIT */
#include "delta_table.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rows.h"

#define CHECKPOINT 2
#define MOMENT     1768780800000.0 /* ms; a fixed one, so that bytes do not depend on the clock */
#define NULL_NAME  "__HIVE_DEFAULT_PARTITION__"

/* What the checkpoint's rows are made of. */
#define STRUCTURE                                                                                  \
    "{\"add\":{\"path\":\"VARCHAR\",\"partitionValues\":\"MAP(VARCHAR, VARCHAR)\","                \
    "\"size\":\"BIGINT\",\"modificationTime\":\"BIGINT\",\"dataChange\":\"BOOLEAN\","              \
    "\"stats\":\"VARCHAR\"},\"remove\":{\"path\":\"VARCHAR\",\"deletionTimestamp\":\"BIGINT\","    \
    "\"dataChange\":\"BOOLEAN\"},\"metaData\":{\"id\":\"VARCHAR\",\"format\":{\"provider\":"       \
    "\"VARCHAR\",\"options\":\"MAP(VARCHAR, VARCHAR)\"},\"schemaString\":\"VARCHAR\","             \
    "\"partitionColumns\":[\"VARCHAR\"],\"configuration\":\"MAP(VARCHAR, VARCHAR)\","              \
    "\"createdTime\":\"BIGINT\"},\"protocol\":{\"minReaderVersion\":\"INTEGER\","                  \
    "\"minWriterVersion\":\"INTEGER\"}}"

/* A log being written: the lines of one commit, or the rows of the checkpoint. */
struct log {
    const struct fw_sql_handle *sql;
    const struct synth_plan *plan;
    const uint64_t *part_rows;
    struct fw_text lines; /* one action each */
    size_t n_lines;
};

static const char *platform_of(const struct synth_plan *plan, int64_t part)
{
    return synth_part_kind(plan, part) == SYNTH_PART_KEYLESS
               ? NULL
               : synth_platforms[synth_part_platform(part)];
}

/* %XX for bytes of `text` that are not in `plain`; letters and digits always are. */
static void append_escaped(struct fw_text *out, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr(plain, *text) != NULL) {
            fw_text_append_len(out, text, 1);
        } else {
            fw_text_appendf(out, "%%%02X", (unsigned char)*text);
        }
    }
}

char *synth_part_name(const struct synth_plan *plan, int64_t part)
{
    struct fw_text name = {0};
    const char *platform = platform_of(plan, part);
    fw_text_append(&name, "platform_name=");
    /* Partition folders have their own escapes, which the log escapes once more. */
    append_escaped(&name, platform != NULL ? platform : NULL_NAME, " &_-");
    fw_text_appendf(&name, "/part-%05" PRId64 ".snappy.parquet", part);
    if (name.failed) {
        fw_text_finish(&name);
    }
    return name.data;
}

int64_t synth_active_files(const struct synth_plan *plan)
{
    return plan->n_parts - SYNTH_STALE_FILES;
}

/* Adds {"name": action}, taking the action; NULL, or an incomplete one, is out of memory. */
static void add_action(struct log *log, const char *name, cJSON *action)
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

/* The path of a part as the log writes it. */
static void add_path(struct log *log, cJSON *action, int64_t part)
{
    struct fw_text path = {0};
    char *name = synth_part_name(log->plan, part);
    if (name != NULL) {
        append_escaped(&path, name, "/=_-.");
    }
    if (name == NULL || path.failed ||
        cJSON_AddStringToObject(action, "path", fw_text_get(&path)) == NULL) {
        log->lines.failed = true;
    }
    fw_text_finish(&path);
    free(name);
}

static fw_status part_size(const struct log *log, int64_t part, double *ret_size)
{
    struct stat facts;
    char *name = synth_part_name(log->plan, part), *path = NULL;
    if (name == NULL || asprintf(&path, "%s/%s", log->plan->path, name) < 0) {
        free(name);
        return fw_fault_nomem(log->sql->host);
    }
    fw_status status = stat(path, &facts) == 0
                           ? FW_OK
                           : fw_faultf(log->sql->host, FW_E_IO, path, NULL,
                                       "a part that was written is gone: %s", strerror(errno));
    *ret_size = (double)facts.st_size;
    free(name);
    free(path);
    return status;
}

static fw_status add_add(struct log *log, int64_t part)
{
    double size = 0;
    char stats[64];
    const char *platform = platform_of(log->plan, part);
    fw_status status = part_size(log, part, &size);
    if (status != FW_OK) {
        return status;
    }
    cJSON *add = cJSON_CreateObject();
    add_path(log, add, part);
    cJSON *values = cJSON_AddObjectToObject(add, "partitionValues");
    cJSON_AddItemToObject(values, "platform_name",
                          platform != NULL ? cJSON_CreateString(platform) : cJSON_CreateNull());
    snprintf(stats, sizeof stats, "{\"numRecords\":%" PRIu64 "}", log->part_rows[part]);
    cJSON_AddNumberToObject(add, "size", size);
    cJSON_AddNumberToObject(add, "modificationTime", MOMENT);
    cJSON_AddTrueToObject(add, "dataChange");
    cJSON_AddStringToObject(add, "stats", stats);
    add_action(log, "add", add);
    return FW_OK;
}

static void add_remove(struct log *log, int64_t part)
{
    cJSON *action = cJSON_CreateObject();
    add_path(log, action, part);
    cJSON_AddNumberToObject(action, "deletionTimestamp", MOMENT);
    cJSON_AddTrueToObject(action, "dataChange");
    add_action(log, "remove", action);
}

static void append_field(struct fw_text *text, const char *name, const char *type, bool nested)
{
    const char *quote = nested ? "" : "\"";
    fw_text_appendf(text, "%s{\"name\":\"%s\",\"type\":%s%s%s,\"nullable\":true,\"metadata\":{}}",
                    text->data[text->size - 1] == '[' ? "" : ",", name, quote, type, quote);
}

static void append_schema(const struct synth_plan *plan, struct fw_text *text)
{
    static const char *const keys[][2] = {
        {"platform_name", "string"},         {"offer_id", "string"},
        {"crawled_date_day", "string"},      {"crawled_date", "timestamp"},
        {"processed_datetime", "timestamp"}, {"cik", "string"},
        {"funding_goal_usd", "double"},      {"funding_raised_usd", "double"},
        {"investors_count", "long"},         {"is_funded", "boolean"},
    };
    fw_text_append(text, "{\"type\":\"struct\",\"fields\":[");
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !text->failed; i++) {
        append_field(text, keys[i][0], keys[i][1], false);
    }
    for (size_t i = 0; i < synth_n_columns && !text->failed; i++) {
        append_field(text, synth_columns[i].name, synth_type(plan->kinds[i]), false);
    }
    for (size_t i = 0; i < synth_n_nested && !text->failed; i++) {
        append_field(text, synth_nested[i].name, synth_nested[i].type, true);
    }
    fw_text_append(text, "]}");
}

static void add_metadata(struct log *log)
{
    char id[64];
    static const char *const columns[] = {"platform_name"};
    struct fw_text schema = {0};
    append_schema(log->plan, &schema);
    log->lines.failed = log->lines.failed || schema.failed;
    snprintf(id, sizeof id, "5ea1ed00-0000-4000-8000-%012" PRIx64,
             log->plan->seed & 0xffffffffffff);
    cJSON *metadata = cJSON_CreateObject();
    cJSON_AddStringToObject(metadata, "id", id);
    cJSON *format = cJSON_AddObjectToObject(metadata, "format");
    cJSON_AddStringToObject(format, "provider", "parquet");
    cJSON_AddObjectToObject(format, "options");
    cJSON_AddStringToObject(metadata, "schemaString", fw_text_get(&schema));
    cJSON_AddItemToObject(metadata, "partitionColumns", cJSON_CreateStringArray(columns, 1));
    cJSON_AddObjectToObject(metadata, "configuration");
    cJSON_AddNumberToObject(metadata, "createdTime", MOMENT);
    add_action(log, "metaData", metadata);
    fw_text_finish(&schema);
}

static void add_protocol(struct log *log)
{
    cJSON *protocol = cJSON_CreateObject();
    cJSON_AddNumberToObject(protocol, "minReaderVersion", 1);
    cJSON_AddNumberToObject(protocol, "minWriterVersion", 2);
    add_action(log, "protocol", protocol);
}

static void add_commit_info(struct log *log, const char *operation)
{
    cJSON *info = cJSON_CreateObject();
    cJSON_AddNumberToObject(info, "timestamp", MOMENT);
    cJSON_AddStringToObject(info, "operation", operation);
    add_action(log, "commitInfo", info);
}

static fw_status write_file(const struct log *log, const char *name, const char *bytes, size_t size)
{
    char *path = NULL;
    if (asprintf(&path, "%s/_delta_log/%s", log->plan->path, name) < 0) {
        return fw_fault_nomem(log->sql->host);
    }
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fwrite(bytes, 1, size, file) == size;
    good = (file == NULL || fclose(file) == 0) && good;
    fw_status status =
        good ? FW_OK
             : fw_faultf(log->sql->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, path, NULL,
                         "the log cannot be written: %s", strerror(errno));
    free(path);
    return status;
}

static fw_status write_commit(struct log *log, int version)
{
    char name[32];
    snprintf(name, sizeof name, "%020d.json", version);
    fw_status status = log->lines.failed
                           ? fw_fault_nomem(log->sql->host)
                           : write_file(log, name, fw_text_get(&log->lines), log->lines.size);
    fw_text_clear(&log->lines);
    log->n_lines = 0;
    return status;
}

/* Files first .. end - 1, as adds. */
static fw_status add_adds(struct log *log, int64_t first, int64_t end)
{
    fw_status status = FW_OK;
    for (int64_t part = first; part < end && status == FW_OK; part++) {
        status = add_add(log, part);
    }
    return status;
}

static fw_status copy_checkpoint(struct log *log)
{
    struct fw_text copy = {0};
    fw_text_append(&copy, "COPY (SELECT unnest(from_json(line, '" STRUCTURE
                          "')) FROM (SELECT unnest(string_split(");
    fw_text_literal(&copy, fw_text_get(&log->lines));
    fw_text_append(&copy, ", chr(10))) AS line) WHERE line <> '') TO ");
    char *path = NULL;
    if (asprintf(&path, "%s/_delta_log/%020d.checkpoint.parquet", log->plan->path, CHECKPOINT) <
        0) {
        copy.failed = true;
    } else {
        fw_text_literal(&copy, path);
    }
    fw_text_append(&copy, " (FORMAT parquet, USE_TMP_FILE false)");
    copy.failed = copy.failed || log->lines.failed;
    fw_status status = fw_sql_exec_text(log->sql, &copy);
    fw_text_finish(&copy);
    free(path);
    return status;
}

/* The state after commit 2; `half` is the first part that a later commit adds. */
static fw_status write_checkpoint(struct log *log, int64_t half, int64_t stale)
{
    char hint[96];
    add_protocol(log);
    add_metadata(log);
    fw_status status = add_adds(log, 0, half);
    if (status == FW_OK) {
        status = add_add(log, stale + 1);
    }
    if (status != FW_OK) {
        return status;
    }
    add_remove(log, stale);
    int size =
        snprintf(hint, sizeof hint, "{\"version\":%d,\"size\":%zu}", CHECKPOINT, log->n_lines);
    status = copy_checkpoint(log);
    fw_text_clear(&log->lines);
    log->n_lines = 0;
    return status == FW_OK ? write_file(log, "_last_checkpoint", hint, (size_t)size) : status;
}

/* Commit 2: one that the checkpoint covers and that is still there. */
static fw_status write_evolution(struct log *log, int64_t half, int64_t stale)
{
    add_commit_info(log, "WRITE");
    add_metadata(log);
    add_remove(log, stale);
    fw_status status = add_adds(log, SYNTH_PLATFORMS, half);
    return status == FW_OK ? write_commit(log, CHECKPOINT) : status;
}

static fw_status write_rest(struct log *log, int64_t half, int64_t stale)
{
    add_commit_info(log, "WRITE");
    fw_status status = add_adds(log, half, stale);
    if (status == FW_OK) {
        status = write_commit(log, CHECKPOINT + 1);
    }
    if (status == FW_OK) {
        add_commit_info(log, "DELETE");
        add_remove(log, stale + 1);
        status = write_commit(log, CHECKPOINT + 2);
    }
    if (status == FW_OK) {
        add_commit_info(log, "WRITE");
        status = add_adds(log, stale + SYNTH_STALE_FILES, log->plan->n_parts);
    }
    return status == FW_OK ? write_commit(log, SYNTH_VERSION) : status;
}

fw_status synth_write_log(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                          const uint64_t *part_rows)
{
    struct log log = {.sql = sql, .plan = plan, .part_rows = part_rows};
    const int64_t stale = plan->n_slices * SYNTH_PLATFORMS;
    const int64_t half = (plan->n_slices + 1) / 2 * SYNTH_PLATFORMS;
    char *folder = NULL;
    if (asprintf(&folder, "%s/_delta_log", plan->path) < 0) {
        return fw_fault_nomem(sql->host);
    }
    fw_status status = mkdir(folder, 0777) == 0 || errno == EEXIST
                           ? FW_OK
                           : fw_faultf(sql->host, FW_E_IO, folder, NULL,
                                       "the folder cannot be made: %s", strerror(errno));
    free(folder);
    if (status == FW_OK) {
        status = write_evolution(&log, half, stale);
    }
    if (status == FW_OK) {
        status = write_checkpoint(&log, half, stale);
    }
    if (status == FW_OK) {
        status = write_rest(&log, half, stale);
    }
    fw_text_finish(&log.lines);
    return status;
}
