/* SPDX-License-Identifier: MIT */
#include "delta_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "rows.h"

#define CHECKPOINT 2
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

/* The log of one crawl. */
struct history {
    const struct fw_sql_handle *sql;
    const struct synth_plan *plan;
    const uint64_t *part_rows;
    struct synth_log log;
};

static const char *platform_of(const struct synth_plan *plan, int64_t part)
{
    return synth_part_kind(plan, part) == SYNTH_PART_KEYLESS
               ? NULL
               : synth_platforms[synth_part_platform(part)];
}

char *synth_part_name(const struct synth_plan *plan, int64_t part)
{
    struct fw_text name = {0};
    const char *platform = platform_of(plan, part);
    fw_text_append(&name, "platform_name=");
    /* Partition folders have their own escapes, which the log escapes once more. */
    synth_log_escape(&name, platform != NULL ? platform : NULL_NAME, " &_-");
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

static fw_status add_part(struct history *history, int64_t part)
{
    char *name = synth_part_name(history->plan, part);
    const struct synth_log_file file = {.name = name,
                                        .column = "platform_name",
                                        .value = platform_of(history->plan, part),
                                        .n_rows = history->part_rows[part]};
    fw_status status =
        name != NULL ? synth_log_add(&history->log, &file) : fw_fault_nomem(history->sql->host);
    free(name);
    return status;
}

static void remove_part(struct history *history, int64_t part)
{
    char *name = synth_part_name(history->plan, part);
    if (name != NULL) {
        synth_log_remove(&history->log, name);
    }
    history->log.lines.failed = history->log.lines.failed || name == NULL;
    free(name);
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

static void add_metadata(struct history *history)
{
    struct fw_text schema = {0};
    append_schema(history->plan, &schema);
    history->log.lines.failed = history->log.lines.failed || schema.failed;
    synth_log_metadata(&history->log, history->plan->seed, fw_text_get(&schema), "platform_name");
    fw_text_finish(&schema);
}

/* Files first .. end - 1, as adds. */
static fw_status add_adds(struct history *history, int64_t first, int64_t end)
{
    fw_status status = FW_OK;
    for (int64_t part = first; part < end && status == FW_OK; part++) {
        status = add_part(history, part);
    }
    return status;
}

static fw_status copy_checkpoint(struct history *history)
{
    struct fw_text copy = {0};
    fw_text_append(&copy, "COPY (SELECT unnest(from_json(line, '" STRUCTURE
                          "')) FROM (SELECT unnest(string_split(");
    fw_text_literal(&copy, fw_text_get(&history->log.lines));
    fw_text_append(&copy, ", chr(10))) AS line) WHERE line <> '') TO ");
    char *path = NULL;
    if (asprintf(&path, "%s/_delta_log/%020d.checkpoint.parquet", history->plan->path, CHECKPOINT) <
        0) {
        copy.failed = true;
    } else {
        fw_text_literal(&copy, path);
    }
    fw_text_append(&copy, " (FORMAT parquet, USE_TMP_FILE false)");
    copy.failed = copy.failed || history->log.lines.failed;
    fw_status status = fw_sql_exec_text(history->sql, &copy);
    fw_text_finish(&copy);
    free(path);
    return status;
}

/* The state after commit 2; `half` is the first part that a later commit adds. */
static fw_status write_checkpoint(struct history *history, int64_t half, int64_t stale)
{
    char hint[96];
    synth_log_protocol(&history->log);
    add_metadata(history);
    fw_status status = add_adds(history, 0, half);
    if (status == FW_OK) {
        status = add_part(history, stale + 1);
    }
    if (status != FW_OK) {
        return status;
    }
    remove_part(history, stale);
    int size = snprintf(hint, sizeof hint, "{\"version\":%d,\"size\":%zu}", CHECKPOINT,
                        history->log.n_lines);
    status = copy_checkpoint(history);
    synth_log_clear(&history->log);
    return status == FW_OK ? synth_log_write(&history->log, "_last_checkpoint", hint, (size_t)size)
                           : status;
}

/* Commit 2: one that the checkpoint covers and that is still there. */
static fw_status write_evolution(struct history *history, int64_t half, int64_t stale)
{
    synth_log_info(&history->log, "WRITE");
    add_metadata(history);
    remove_part(history, stale);
    fw_status status = add_adds(history, SYNTH_PLATFORMS, half);
    return status == FW_OK ? synth_log_commit(&history->log, CHECKPOINT) : status;
}

static fw_status write_rest(struct history *history, int64_t half, int64_t stale)
{
    synth_log_info(&history->log, "WRITE");
    fw_status status = add_adds(history, half, stale);
    if (status == FW_OK) {
        status = synth_log_commit(&history->log, CHECKPOINT + 1);
    }
    if (status == FW_OK) {
        synth_log_info(&history->log, "DELETE");
        remove_part(history, stale + 1);
        status = synth_log_commit(&history->log, CHECKPOINT + 2);
    }
    if (status == FW_OK) {
        synth_log_info(&history->log, "WRITE");
        status = add_adds(history, stale + SYNTH_STALE_FILES, history->plan->n_parts);
    }
    return status == FW_OK ? synth_log_commit(&history->log, SYNTH_VERSION) : status;
}

fw_status synth_write_log(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                          const uint64_t *part_rows)
{
    struct history history = {.sql = sql,
                              .plan = plan,
                              .part_rows = part_rows,
                              .log = {.host = sql->host, .folder = plan->path}};
    const int64_t stale = plan->n_slices * SYNTH_PLATFORMS;
    const int64_t half = (plan->n_slices + 1) / 2 * SYNTH_PLATFORMS;
    fw_status status = synth_log_make(&history.log);
    if (status == FW_OK) {
        status = write_evolution(&history, half, stale);
    }
    if (status == FW_OK) {
        status = write_checkpoint(&history, half, stale);
    }
    if (status == FW_OK) {
        status = write_rest(&history, half, stale);
    }
    fw_text_finish(&history.log.lines);
    return status;
}
