/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/log.h>
#include <fw/service/progress.h>
#include <fw/service/sql.h>
#include <fw/service/tmp.h>

static fw_status open_source(struct snapshot *s)
{
    const struct fw_input *raw = fw_task_input(s->task, "raw");
    const struct fw_source_options options = {
        .delim = s->settings.csv_delimiter,
        .quote = s->settings.csv_quote,
        .nullstr = s->settings.csv_null,
        .all_varchar = s->settings.csv_all_text,
    };
    return fw_source_open(&s->sql, raw->paths, raw->n_paths, &options, &s->source);
}

static fw_status find_places(struct snapshot *s)
{
    fw_text_appendf(&s->work, "%s.work", s->core->path);
    fw_text_appendf(&s->choice_path, "%s/choice", fw_text_get(&s->work));
    fw_text_appendf(&s->picks_path, "%s/picks.parquet", fw_text_get(&s->work));
    return s->work.failed || s->choice_path.failed || s->picks_path.failed ? fw_fault_nomem(s->host)
                                                                           : FW_OK;
}

static fw_status open_all(struct snapshot *s)
{
    fw_status status = find_places(s);

    if (status == FW_OK) {
        status = snapshot_contract_read(s);
    }
    if (status == FW_OK) {
        status = fw_sql_handle_open(&s->sql, s->host);
    }
    if (status == FW_OK) {
        status = open_source(s);
    }
    if (status == FW_OK) {
        status = snapshot_columns_init(&s->columns, s->host, s->source, &s->settings);
    }
    if (status == FW_OK && s->settings.limit_rows > 0) {
        status = fw_source_limit(s->source, s->settings.limit_rows);
    }
    return status == FW_OK ? snapshot_choose_open(s) : status;
}

static void destroy(void *self)
{
    struct snapshot *s = self;

    s->sql.api != NULL ? s->sql.api->finish(s->job) : (void)0;
    fw_wide_close(s->gather);
    fw_wide_close(s->choose);
    fw_picked_close(s->raw);
    snapshot_present_close(s);
    fw_source_close(s->picks);
    fw_source_close(s->choice);
    fw_source_close(s->source);
    fw_sql_handle_close(&s->sql);
    snapshot_columns_finish(&s->columns);
    free(s->facts.date_min);
    free(s->facts.date_max);
    free(s->raw_names);
    free(s->choice_names);
    cJSON_Delete(s->contract);
    free(s->contract_names);
    fw_text_finish(&s->contract_sha256);
    fw_text_finish(&s->entity);
    fw_text_finish(&s->picks_path);
    fw_text_finish(&s->choice_path);
    fw_text_finish(&s->work);
    free(s);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct snapshot *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return fw_fault_nomem(host);
    }
    s->host = host;
    s->task = task;
    s->core = fw_task_output(task, "core");
    s->static_rows = fw_task_output(task, "static");
    s->extras = fw_task_output(task, "extras");
    snapshot_settings_read(&s->settings, task);
    fw_status status = open_all(s);
    if (status != FW_OK) {
        destroy(s);
        return status;
    }
    *ret_self = s;
    return FW_OK;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw",
            .doc = "raw crawl: a Delta table, Parquet files or folders, or CSV or TSV files"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "contract",
            .doc = "the column contract, YAML: which columns to keep, instead of `columns`"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "core", .file = "offers_core_snapshot",
            .doc = "one row per entity and snapshot instant, ordered by both"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "static", .file = "offers_static.parquet",
            .doc = "the latest row of each entity, a few columns"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MAY_BE_EMPTY,
            .name = "extras", .file = "offers_extras_snapshot",
            .doc = "nested columns as canonical JSON, length and hash"),
};

static const char *const required[] = {FW_SQL_ID, FW_BUDGET_ID, FW_ARTIFACT_ID, FW_TMP_ID};
static const char *const optional[] = {FW_LOG_ID, FW_PROGRESS_ID};

static const struct fw_stage snapshot_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = SNAPSHOT_N_PARAMS,
    .n_services_required = FW_COUNT(required),
    .n_services_optional = FW_COUNT(optional),
    .name = "snapshot",
    .doc = "Raw crawl to one row per entity and instant, the newest one",
    .inputs = inputs,
    .outputs = outputs,
    .params = snapshot_params,
    .services_required = required,
    .services_optional = optional,
    .create = create,
    .step = snapshot_step,
    .save = snapshot_save,
    .restore = snapshot_restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&snapshot_stage};

FW_PLUGIN("org.fwrun.snapshot", "0.1.0", "MIT", .doc = "The offers snapshot", .stages = stages,
          .n_stages = FW_COUNT(stages));
