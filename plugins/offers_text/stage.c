/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/log.h>
#include <fw/service/sql.h>

#include "texts.h"

enum { STATE_VERSION = 1 };

/* A text takes the room of so many columns that plans of lib/wide are made for. */
enum { COLUMNS_A_TEXT = 8 };

static fw_status open_wide(struct texts *texts)
{
    struct fw_wide_columns all = {texts->names, texts->n_names};

    texts->output = (struct fw_wide_output){fw_task_output(texts->task, "text"), all, texts_finish};
    const struct fw_wide_plan plan = {
        .sql = &texts->sql,
        .source = texts->source,
        .entity = fw_text_get(&texts->entity),
        .census_columns = {texts->names, texts->n_entity_names},
        .take = texts_take,
        .entity_column = "entity_id",
        .take_columns = all,
        .probe = texts_probe,
        .probe_columns = all,
        .outputs = &texts->output,
        .n_outputs = 1,
        .n_columns_out = 4 + COLUMNS_A_TEXT * texts->n_columns,
        .part_rows = fw_task_integer(texts->task, "part_rows"),
        .chunk_rows = fw_task_integer(texts->task, "chunk_rows"),
        .self = texts,
    };
    return fw_wide_open(&plan, &texts->wide);
}

static fw_status open_all(struct texts *texts)
{
    const struct fw_input *raw = fw_task_input(texts->task, "raw");
    fw_status status = fw_sql_handle_open(&texts->sql, texts->host);

    if (status == FW_OK) {
        status = fw_source_open(&texts->sql, raw->paths, raw->n_paths, NULL, &texts->source);
    }
    if (status == FW_OK) {
        status = texts_columns_find(texts);
    }
    if (status == FW_OK && texts->limit_rows > 0) {
        status = fw_source_limit(texts->source, texts->limit_rows);
    }
    return status == FW_OK ? open_wide(texts) : status;
}

static void destroy(void *self)
{
    struct texts *texts = self;

    fw_wide_close(texts->wide);
    texts_columns_finish(texts);
    fw_source_close(texts->source);
    fw_sql_handle_close(&texts->sql);
    free(texts);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct texts *texts = calloc(1, sizeof *texts);

    if (texts == NULL) {
        return fw_fault_nomem(host);
    }
    texts->host = host;
    texts->task = task;
    texts->compat = fw_task_integer(task, "compat") != 0;
    texts->limit_rows = fw_task_integer(task, "limit_rows");
    fw_status status = open_all(texts);
    if (status != FW_OK) {
        destroy(texts);
        return status;
    }
    *ret_self = texts;
    return FW_OK;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct texts *texts = self;
    fw_status status = fw_wide_step(texts->wide, ret);

    return status == FW_OK ? texts_manifest_write(texts) : status;
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct texts *texts = self;
    struct fw_text text = {0};

    fw_wide_save(texts->wide, &text);
    if (text.failed) {
        fw_text_finish(&text);
        return fw_fault_nomem(texts->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = text.data;
    ret->size = text.size;
    ret->release = release;
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct texts *texts = self;

    if (blob->version != STATE_VERSION) {
        return fw_faultf(texts->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is of another version of this stage; starting anew is "
                         "safe");
    }
    return fw_wide_restore(texts->wide, blob->bytes, blob->size);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw",
            .doc = "raw crawl: a Delta table, Parquet files or folders, or CSV or TSV files"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "text", .file = "offers_text",
            .doc = "keys and texts, one row per entity and day, by entity and day"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "text_columns",
             .default_value = "headline,title,description_text,company_description",
             .doc = "columns with texts, in the output's order; those that are not there are "
                    "left out; nested ones become canonical JSON"),
    FW_OFFER_KEY_PARAMS,
    FW_OFFER_KEY_PARAM("processed_column", "processed_datetime",
                       "raw column with the ingestion time; the newest row with a text wins"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "crawled_date_day as text"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "limit_rows", .default_value = "0", .min = "0",
             .unit = "rows", .doc = "read that many raw rows in file order only; 0 reads all"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "raw rows that one statement reads; 0 lets the stage choose"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "part_rows", .default_value = "0", .min = "0",
             .max = "4194304", .unit = "rows",
             .doc = "raw rows of a part, which ends with an entity; 0: by the number of texts"),
};

static const char *const required[] = {FW_SQL_ID, FW_BUDGET_ID, FW_ARTIFACT_ID};
static const char *const optional[] = {FW_LOG_ID};

static const struct fw_stage text_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .n_services_optional = FW_COUNT(optional),
    .name = "offers_text",
    .doc = "The texts of offers, one row per entity and day",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .services_optional = optional,
    .create = create,
    .step = step,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&text_stage};

FW_PLUGIN("org.fwrun.offers_text", "0.1.0", "MIT", .doc = "The table of texts", .stages = stages,
          .n_stages = FW_COUNT(stages));
