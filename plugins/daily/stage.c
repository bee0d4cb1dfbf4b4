/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>

#include "daily.h"

enum { STATE_VERSION = 1 };

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "core",
            .doc = "the snapshot: Parquet, Delta or CSV; fastest in entity order"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "extras",
            .doc = "the snapshot's nested columns"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "core", .file = "offers_core_daily",
            .doc = "one row per entity and day, with counts and changes, by entity and day"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "static", .file = "offers_static.parquet",
            .doc = "the latest row of each entity, columns that do not change"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MAY_BE_EMPTY,
            .name = "extras", .file = "offers_extras_daily",
            .doc = "extras, one row per entity and day; written when they are given"),
};

#define COLUMN(name_, default_, doc_)                                                              \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "row_policy", .default_value = "last_non_null",
             .choices = "last_non_null|latest_row",
             .doc = "several rows of a day: each column's last value, or the last row as it is"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "the reference's 139 columns, latest_row, and no link or hash_id in static"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "text_structure", .default_value = "false",
             .doc = "add text_len, num_tokens_est, num_urls and num_hashtags of the offer's texts"),
    COLUMN("entity_column", "entity_id",
           "the entity; where the table has none it is made of platform and offer"),
    COLUMN("platform_column", "platform_name", "the platform's name"),
    COLUMN("offer_column", "offer_id", "the offer's id"),
    COLUMN("snapshot_column", "snapshot_ts",
           "the snapshot's instant; where it is missing, day_column, then time_column count"),
    COLUMN("day_column", "crawled_date_day",
           "the day; where it is missing, snapshot_column, then time_column count"),
    COLUMN("time_column", "crawled_date", "the crawl's instant; decides between ties"),
    COLUMN("processed_column", "processed_datetime", "the ingestion time; decides between ties"),
    COLUMN("funding_column", "funding_raised_usd",
           "the amount that delta_funding_raised and pct_change are made of"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "part_rows", .default_value = "0", .min = "0",
             .max = "100000000", .unit = "rows",
             .doc = "input rows of a part, which ends with an entity; 0: by the number of columns"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .max = "100000000", .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "input out of order: rows that are read at once; 0: by the budget"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

static void read_settings(struct daily_settings *ret_settings, const struct fw_task *task)
{
    bool compat = fw_task_integer(task, "compat") != 0;

    *ret_settings = (struct daily_settings){
        .entity_column = fw_task_text(task, "entity_column"),
        .platform_column = fw_task_text(task, "platform_column"),
        .offer_column = fw_task_text(task, "offer_column"),
        .snapshot_column = fw_task_text(task, "snapshot_column"),
        .day_column = fw_task_text(task, "day_column"),
        .time_column = fw_task_text(task, "time_column"),
        .processed_column = fw_task_text(task, "processed_column"),
        .funding_column = fw_task_text(task, "funding_column"),
        .latest_row = compat || strcmp(fw_task_text(task, "row_policy"), "latest_row") == 0,
        .text_structure = fw_task_integer(task, "text_structure") != 0,
        .compat = compat,
        .part_rows = fw_task_integer(task, "part_rows"),
        .chunk_rows = fw_task_integer(task, "chunk_rows"),
    };
}

static fw_status open_wide(struct daily *daily, struct daily_table *table)
{
    bool takes = table->adds_entity || table->converts_entity;
    struct fw_wide_plan plan = {
        .sql = &daily->sql,
        .source = table->source,
        .entity = fw_text_get(&table->keys.entity),
        .census_columns = {table->names, table->n_census_names},
        .probe_columns = {table->names, table->n_probe_names},
        .take = takes ? daily_take : NULL,
        .entity_column = table->settings->entity_column,
        .order = fw_text_get(&table->keys.day),
        .probe = daily_probe,
        .outputs = table->outputs,
        .n_outputs = table->n_outputs,
        .n_columns_out = table->source->n_columns,
        .part_rows = table->settings->part_rows,
        .chunk_rows = table->settings->chunk_rows,
        .self = table,
    };

    return fw_wide_open(&plan, &table->wide);
}

static fw_status open_table(struct daily *daily, struct daily_table *table, const char *port)
{
    const struct fw_input *input = fw_task_input(daily->task, port);
    const char *entity = daily->settings.entity_column;

    table->settings = &daily->settings;
    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    fw_status status =
        fw_source_open(&daily->sql, input->paths, input->n_paths, NULL, &table->source);
    if (status == FW_OK) {
        const struct fw_source_column *column = fw_source_column(table->source, entity);
        table->adds_entity = column == NULL;
        table->converts_entity = column != NULL && strcmp(column->sql_type, "VARCHAR") != 0;
        daily_names_find(table);
        table->outputs[1].columns = (struct fw_wide_columns){table->names, table->n_static_names};
        status = daily_keys_find(&table->keys, table, daily->host);
    }
    if (status == FW_OK) {
        status = daily_columns_check(table, daily->host);
    }
    return status == FW_OK ? open_wide(daily, table) : status;
}

static void close_table(struct daily_table *table)
{
    fw_wide_close(table->wide);
    daily_keys_finish(&table->keys);
    fw_source_close(table->source);
}

static void daily_destroy(void *self)
{
    struct daily *daily = self;

    close_table(&daily->core);
    close_table(&daily->extras);
    fw_sql_handle_close(&daily->sql);
    free(daily);
}

static void set_outputs(struct daily *daily)
{
    daily->core.is_core = true;
    daily->core.n_outputs = 2;
    daily->core.outputs[0] =
        (struct fw_wide_output){.to = fw_task_output(daily->task, "core"), .finish = daily_finish};
    daily->core.outputs[1] = (struct fw_wide_output){.to = fw_task_output(daily->task, "static"),
                                                     .finish = daily_finish_static};
    daily->extras.n_outputs = 1;
    daily->extras.outputs[0] = (struct fw_wide_output){.to = fw_task_output(daily->task, "extras"),
                                                       .finish = daily_finish};
}

static fw_status daily_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    struct daily *daily = calloc(1, sizeof *daily);

    if (daily == NULL) {
        return fw_fault_nomem(host);
    }
    daily->host = host;
    daily->task = task;
    read_settings(&daily->settings, task);
    set_outputs(daily);
    fw_status status = fw_sql_handle_open(&daily->sql, host);
    if (status == FW_OK) {
        status = open_table(daily, &daily->core, "core");
    }
    if (status == FW_OK && daily->extras.outputs[0].to != NULL) {
        status = open_table(daily, &daily->extras, "extras");
    }
    if (status != FW_OK) {
        daily_destroy(daily);
        return status;
    }
    *ret_self = daily;
    return FW_OK;
}

/* The core, then the extras: the sum of both is what the host sees. */
static fw_status daily_step(void *self, struct fw_step *ret)
{
    struct daily *daily = self;
    struct fw_step extras = *ret;
    fw_status status = fw_wide_step(daily->core.wide, ret);

    if (status != FW_OK) {
        return status;
    }
    if (daily->extras.wide != NULL) {
        status = fw_wide_step(daily->extras.wide, &extras);
        ret->done += extras.done;
        ret->total += extras.total;
    }
    return status == FW_OK ? daily_manifest_write(daily) : status;
}

static void release_blob(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status daily_save(void *self, struct fw_blob *ret)
{
    struct daily *daily = self;
    struct fw_text core = {0}, all = {0};

    fw_wide_save(daily->core.wide, &core);
    fw_text_appendf(&all, "%zu\n%s", core.size, fw_text_get(&core));
    if (daily->extras.wide != NULL) {
        fw_wide_save(daily->extras.wide, &all);
    }
    bool failed = core.failed || all.failed;
    fw_text_finish(&core);
    if (failed) {
        fw_text_finish(&all);
        return fw_fault_nomem(daily->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = all.data;
    ret->size = all.size;
    ret->private_data = all.data;
    ret->release = release_blob;
    return FW_OK;
}

static fw_status refuse(const struct daily *daily, const struct fw_blob *blob)
{
    return fw_faultf(daily->host, FW_E_STATE, NULL, NULL,
                     "the checkpoint is not one of this stage (version %" PRIu32 ", %" PRIu64
                     " bytes)",
                     blob->version, blob->size);
}

static fw_status daily_restore(void *self, const struct fw_blob *blob)
{
    struct daily *daily = self;
    const char *bytes = blob->bytes;
    const char *line = blob->size > 0 ? memchr(bytes, '\n', blob->size) : NULL;

    if (blob->version != STATE_VERSION || line == NULL) {
        return refuse(daily, blob);
    }
    size_t head = (size_t)(line - bytes) + 1;
    size_t core_size = strtoull(bytes, NULL, 10);
    if (core_size > blob->size - head) {
        return refuse(daily, blob);
    }
    size_t extras_size = blob->size - head - core_size;
    fw_status status = fw_wide_restore(daily->core.wide, bytes + head, core_size);
    if (status == FW_OK && daily->extras.wide != NULL) {
        status = fw_wide_restore(daily->extras.wide, bytes + head + core_size, extras_size);
    }
    return status;
}

const struct fw_stage daily_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "daily",
    .doc = "One row per entity and day out of snapshots, with changes since the day before",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = daily_create,
    .step = daily_step,
    .save = daily_save,
    .restore = daily_restore,
    .destroy = daily_destroy,
};
