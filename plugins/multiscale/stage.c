/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>

#include "multiscale.h"

enum { STATE_VERSION = 1 };

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "daily",
            .doc = "the daily table of offers; fastest in entity order"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "edgar",
            .doc = "the feature store of the stage edgar_features"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "offers_weekly", .file = "offers_weekly.parquet",
            .doc = "per offer and week from Monday on: the last value of each measure"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "offers_monthly", .file = "offers_monthly.parquet",
            .doc = "the same per calendar month"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "stage_table", .file = "stage_table.parquet",
            .doc = "per offer and instant: how often the amount raised has changed"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "day_to_stage", .file = "day_to_stage.parquet",
            .doc = "per entity and day: the same"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "edgar_weekly", .file = "edgar_weekly.parquet",
            .doc = "per cik and week: the features as of its last day in the store"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "edgar_monthly", .file = "edgar_monthly.parquet",
            .doc = "the same per calendar month"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "stamp", .default_value = "",
             .doc = "the freeze's stamp, for the manifest"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "variant", .default_value = "TRAIN_WIDE_FINAL",
             .doc = "the freeze's variant, for the manifest"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "stage_skip_nulls", .default_value = "false",
             .doc = "a change is one against the last amount that is known"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "the reference's 20 columns of features, with _week and _month as text"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "part_rows", .default_value = "0", .min = "0",
             .max = "100000000", .unit = "rows",
             .doc = "input rows of a part, which ends with a key; 0: by the number of columns"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .max = "100000000", .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "input out of order: rows that are sorted at once; 0: by the budget"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

static void read_settings(struct multiscale_settings *ret_settings, const struct fw_task *task)
{
    *ret_settings = (struct multiscale_settings){
        .stamp = fw_task_text(task, "stamp"),
        .variant = fw_task_text(task, "variant"),
        .stage_skip_nulls = fw_task_integer(task, "stage_skip_nulls") != 0,
        .compat = fw_task_integer(task, "compat") != 0,
        .part_rows = fw_task_integer(task, "part_rows"),
        .chunk_rows = fw_task_integer(task, "chunk_rows"),
    };
}

static fw_status open_source(struct multiscale *multiscale, struct multiscale_table *table,
                             const char *port)
{
    const struct fw_input *input = fw_task_input(multiscale->task, port);

    table->host = multiscale->host;
    table->settings = &multiscale->settings;
    return fw_source_open(&multiscale->sql, input->paths, input->n_paths, NULL, &table->source);
}

static fw_status open_wide(struct multiscale *multiscale, struct multiscale_table *table)
{
    bool is_edgar = table == &multiscale->edgar;
    bool in_sql = is_edgar && (multiscale->settings.compat || !multiscale_features_can(table));

    table->fold = is_edgar ? multiscale_features_fold : multiscale_offers_fold;
    table->fold.columns = (struct fw_wide_columns){table->names, table->n_names};
    fw_status status = in_sql     ? FW_OK
                       : is_edgar ? multiscale_features_open(table)
                                  : multiscale_offers_open(table);
    if (status != FW_OK) {
        return status;
    }
    struct fw_wide_plan plan = {
        .sql = &multiscale->sql,
        .source = table->source,
        .entity = fw_text_get(&table->entity),
        /* Of the store only what ends a week or a month comes as far as a part. */
        .weight = is_edgar && !multiscale->settings.compat ? "1 + count(*) // 6" : NULL,
        .census_columns = {table->names, 1},
        .take = is_edgar && !multiscale->settings.compat ? multiscale_edgar_take : NULL,
        .entity_column = fw_text_get(&table->entity),
        .order = fw_text_get(&table->at),
        .take_is_heavy = is_edgar, /* a window that streams must see a part as one table */
        .take_columns = {table->names, table->n_names},
        .fold = in_sql ? NULL : &table->fold,
        .gather = !table->gathers ? NULL
                  : is_edgar      ? &multiscale_features_gather
                                  : &multiscale_offers_gather,
        .outputs = table->outputs,
        .n_outputs = table->n_outputs,
        .n_columns_out = is_edgar ? table->source->n_columns : table->n_names,
        .part_rows = multiscale->settings.part_rows,
        .chunk_rows = multiscale->settings.chunk_rows,
        .self = table,
    };

    for (size_t i = 0; i < table->n_outputs; i++) {
        table->outputs[i].columns = (struct fw_wide_columns){table->names, table->n_names};
    }
    return fw_wide_open(&plan, &table->wide);
}

static fw_status open_offers(struct multiscale *multiscale)
{
    struct multiscale_table *table = &multiscale->offers;
    fw_status status = open_source(multiscale, table, "daily");

    if (status == FW_OK) {
        status = multiscale_offers_find(table, multiscale->host);
    }
    return status == FW_OK ? open_wide(multiscale, table) : status;
}

static fw_status open_edgar(struct multiscale *multiscale)
{
    struct multiscale_table *table = &multiscale->edgar;
    fw_status status = open_source(multiscale, table, "edgar");

    if (status == FW_OK) {
        status = multiscale_edgar_find(table, multiscale->host);
    }
    return status == FW_OK ? open_wide(multiscale, table) : status;
}

static void close_table(struct multiscale_table *table)
{
    fw_wide_close(table->wide);
    if (table->row_schema.release != NULL) {
        table->row_schema.release(&table->row_schema);
    }
    if (table->key_schema.release != NULL) {
        table->key_schema.release(&table->key_schema);
    }
    fw_text_finish(&table->entity);
    fw_text_finish(&table->at);
    fw_source_close(table->source);
}

static void multiscale_destroy(void *self)
{
    struct multiscale *multiscale = self;

    close_table(&multiscale->offers);
    close_table(&multiscale->edgar);
    fw_sql_handle_close(&multiscale->sql);
    free(multiscale);
}

static void set_outputs(struct multiscale *multiscale)
{
    const struct {
        const char *port;
        void (*finish)(const void *self, const struct fw_wide_part *part, struct fw_text *select);
        struct multiscale_table *table;
    } tables[] = {
        /* those of the offers in the order of their numbers in made.h */
        {"offers_weekly", NULL, &multiscale->offers},
        {"offers_monthly", NULL, &multiscale->offers},
        {"stage_table", NULL, &multiscale->offers},
        {"day_to_stage", NULL, &multiscale->offers},
        {"edgar_weekly", multiscale_edgar_weekly, &multiscale->edgar},
        {"edgar_monthly", multiscale_edgar_monthly, &multiscale->edgar},
    };

    for (size_t i = 0; i < FW_COUNT(tables); i++) {
        struct multiscale_table *table = tables[i].table;
        table->outputs[table->n_outputs++] = (struct fw_wide_output){
            .to = fw_task_output(multiscale->task, tables[i].port), .finish = tables[i].finish};
    }
}

static fw_status multiscale_create(const struct fw_host *host, const struct fw_task *task,
                                   void **ret_self)
{
    struct multiscale *multiscale = calloc(1, sizeof *multiscale);

    if (multiscale == NULL) {
        return fw_fault_nomem(host);
    }
    multiscale->host = host;
    multiscale->task = task;
    read_settings(&multiscale->settings, task);
    set_outputs(multiscale);
    fw_status status = fw_sql_handle_open(&multiscale->sql, host);
    if (status == FW_OK) {
        status = open_offers(multiscale);
    }
    if (status == FW_OK) {
        status = open_edgar(multiscale);
    }
    if (status != FW_OK) {
        multiscale_destroy(multiscale);
        return status;
    }
    *ret_self = multiscale;
    return FW_OK;
}

/* The offers, then the features: the sum of both is what the host sees. */
static fw_status multiscale_step(void *self, struct fw_step *ret)
{
    struct multiscale *multiscale = self;
    struct fw_step edgar = *ret;
    fw_status status = fw_wide_step(multiscale->offers.wide, ret);

    if (status != FW_OK) {
        return status;
    }
    status = fw_wide_step(multiscale->edgar.wide, &edgar);
    ret->done += edgar.done;
    ret->total += edgar.total;
    return status == FW_OK ? multiscale_manifest_write(multiscale) : status;
}

static void release_blob(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status multiscale_save(void *self, struct fw_blob *ret)
{
    struct multiscale *multiscale = self;
    struct fw_text offers = {0}, all = {0};

    fw_wide_save(multiscale->offers.wide, &offers);
    fw_text_appendf(&all, "%zu\n%s", offers.size, fw_text_get(&offers));
    fw_wide_save(multiscale->edgar.wide, &all);
    bool failed = offers.failed || all.failed;
    fw_text_finish(&offers);
    if (failed) {
        fw_text_finish(&all);
        return fw_fault_nomem(multiscale->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = all.data;
    ret->size = all.size;
    ret->private_data = all.data;
    ret->release = release_blob;
    return FW_OK;
}

static fw_status multiscale_restore(void *self, const struct fw_blob *blob)
{
    struct multiscale *multiscale = self;
    const char *bytes = blob->bytes;
    const char *line = blob->size > 0 ? memchr(bytes, '\n', blob->size) : NULL;
    size_t head = line != NULL ? (size_t)(line - bytes) + 1 : 0;
    size_t size = line != NULL ? strtoull(bytes, NULL, 10) : 0;

    if (blob->version != STATE_VERSION || line == NULL || size > blob->size - head) {
        return fw_faultf(multiscale->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is not one of this stage (version %" PRIu32 ", %" PRIu64
                         " bytes)",
                         blob->version, blob->size);
    }
    fw_status status = fw_wide_restore(multiscale->offers.wide, bytes + head, size);
    return status == FW_OK ? fw_wide_restore(multiscale->edgar.wide, bytes + head + size,
                                             blob->size - head - size)
                           : status;
}

const struct fw_stage multiscale_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "multiscale",
    .doc = "Weekly and monthly views of offers and features, and the stages of offers",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = multiscale_create,
    .step = multiscale_step,
    .save = multiscale_save,
    .restore = multiscale_restore,
    .destroy = multiscale_destroy,
};
