/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/rng.h>
#include <fw/service/sql.h>

#include "profile.h"
#include "sql/copy.h"

enum { MIN_RESERVOIR = 1000, MAX_RESERVOIR = 100000, CHUNK_ROWS = 131072, STATE_VERSION = 1 };

static void add_input(struct profile *profile, const char *name, const char *const *columns,
                      size_t n,
                      void (*keep)(const void *self, const char *rows, struct fw_text *select))
{
    profile->inputs[profile->n_inputs++] = (struct fw_fold_input){
        .name = name,
        .source = profile->source,
        .columns = columns,
        .n_columns = n,
        .limit_rows = profile->sample_rows,
        .keep = keep,
        .self = profile,
    };
}

static void add_table(struct profile *profile, const char *name,
                      void (*make)(const void *self, const struct fw_fold *fold,
                                   struct fw_text *select))
{
    profile->made[profile->n_made++] =
        (struct fw_fold_table){.name = name, .make = make, .self = profile};
}

static void set_tables(struct profile *profile)
{
    /* Without a number or time another column will do to count rows by. */
    bool any = profile->n_numbers > 0;
    size_t n_others = profile->n_values > 0 ? 1 : 0;

    add_input(profile, "numbers", any ? profile->numbers : profile->values,
              any ? profile->n_numbers : n_others, profile_keep_numbers);
    if (profile->any_number) {
        add_input(profile, "sample", profile->numbers, profile->n_numbers, profile_keep_sample);
    }
    add_table(profile, "united", profile_make_united);
    add_table(profile, "number_figures", profile_make_numbers);
    if (profile->n_values > 0) {
        add_input(profile, "texts", profile->values, profile->n_values, profile_keep_values);
        add_table(profile, "values", profile_make_values);
        add_table(profile, "top", profile_make_top);
    }
    add_table(profile, "inventory", profile_make_inventory);
    profile->made[profile->n_made - 1].path = fw_task_output(profile->task, "inventory")->path;
    profile->made[profile->n_made - 1].n_columns = 14;
}

static fw_status open_fold(struct profile *profile)
{
    fw_text_appendf(&profile->folder, "%s.work", fw_task_output(profile->task, "report")->path);
    if (profile->folder.failed) {
        return fw_fault_nomem(profile->host);
    }
    set_tables(profile);
    const struct fw_fold_plan plan = {
        .sql = &profile->sql,
        .folder = fw_text_get(&profile->folder),
        .inputs = profile->inputs,
        .n_inputs = profile->n_inputs,
        .tables = profile->made,
        .n_tables = profile->n_made,
        .chunk_rows = CHUNK_ROWS, /* the same for any budget, see struct profile */
        .within_files = true,
    };
    fw_status status = fw_sql_exec(&profile->sql, "SET threads = 1");
    return status == FW_OK ? fw_fold_open(&plan, &profile->fold) : status;
}

static fw_status open_source(struct profile *profile)
{
    const struct fw_input *raw = fw_task_input(profile->task, "raw");
    fw_status status = fw_sql_handle_open(&profile->sql, profile->host);

    if (status == FW_OK) {
        status = fw_source_open(&profile->sql, raw->paths, raw->n_paths, NULL, &profile->source);
    }
    if (status == FW_OK) {
        status = fw_source_count(profile->source, &profile->total_rows);
    }
    if (status == FW_OK && profile->sample_rows == 0 && profile->source->kind == FW_SOURCE_CSV) {
        status = fw_faultf(profile->host, FW_E_CONFIG, raw->paths[0], "set scan_sample_rows",
                           "without a scan statistics come from a table's log or the files' "
                           "footers, and CSV has neither");
    }
    if (status == FW_OK) {
        status = profile_columns_find(profile);
    }
    return status == FW_OK && profile->sample_rows == 0 ? profile_log_read(profile) : status;
}

static void destroy(void *self)
{
    struct profile *profile = self;

    fw_fold_close(profile->fold);
    profile_columns_finish(profile);
    fw_source_close(profile->source);
    fw_sql_handle_close(&profile->sql);
    fw_text_finish(&profile->folder);
    free(profile->log);
    free(profile);
}

static void read_settings(struct profile *profile)
{
    const struct fw_rng *rng = profile->host->service(profile->host, FW_RNG_ID);
    int64_t share;

    profile->mode = fw_task_text(profile->task, "mode");
    profile->sample_rows = fw_task_integer(profile->task, "scan_sample_rows");
    profile->top_k = fw_task_integer(profile->task, "top_k");
    profile->seed = rng->seed(profile->host, 0);
    share = profile->sample_rows / 10;
    profile->reservoir = share < MIN_RESERVOIR   ? MIN_RESERVOIR
                         : share > MAX_RESERVOIR ? MAX_RESERVOIR
                                                 : share;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct profile *profile = calloc(1, sizeof *profile);

    if (profile == NULL) {
        return fw_fault_nomem(host);
    }
    profile->host = host;
    profile->task = task;
    read_settings(profile);
    fw_status status = open_source(profile);
    if (status == FW_OK && profile->sample_rows > 0) {
        status = profile_thresholds_find(profile);
        if (status == FW_OK) {
            status = open_fold(profile);
        }
    }
    if (status != FW_OK) {
        destroy(profile);
        return status;
    }
    *ret_self = profile;
    return FW_OK;
}

static fw_status write_known(const struct profile *profile)
{
    struct fw_text copy = {0};

    fw_text_append(&copy, "COPY (");
    profile_make_known(profile, &copy);
    fw_text_append(&copy, ") ");
    fw_sql_append_to_parquet(&copy, fw_task_output(profile->task, "inventory")->path, 14);
    fw_status status = fw_sql_exec_text(&profile->sql, &copy);
    fw_text_finish(&copy);
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct profile *profile = self;
    fw_status status;

    if (profile->fold == NULL) {
        status = write_known(profile);
        ret->done = ret->total = ret->items = profile->source->n_columns;
        ret->unit = "columns";
    } else {
        status = fw_fold_step(profile->fold, ret);
    }
    if (status == FW_OK) {
        status = profile_pages_write(profile);
        if (status == FW_OK && profile->fold != NULL) {
            status = fw_fold_remove(profile->fold);
        }
    }
    return status;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    struct profile *profile = self;

    if (profile->fold != NULL) {
        return fw_fold_save(profile->fold, ret);
    }
    ret->version = STATE_VERSION; /* one step does it all */
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct profile *profile = self;

    return profile->fold != NULL ? fw_fold_restore(profile->fold, blob) : FW_OK;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw",
            .doc = "a raw table: Delta, Parquet or CSV"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "raw_profile.json",
            .doc = "what is known of each column"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "raw_profile.md",
            .doc = "the same to read, by kind of column"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "inventory", .file = "raw_inventory.parquet",
            .doc = "one row per column of the raw table"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "mode", .default_value = "offers",
             .choices = "offers|edgar", .doc = "which table it is, for the reports"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "scan_sample_rows", .default_value = "10000000",
             .min = "0", .unit = "rows",
             .doc = "read to the end of the row group that holds this row; 0: read no row, take "
                    "what a Delta table's log and the files' footers say"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "top_k", .default_value = "50", .min = "0",
             .max = "10000", .doc = "most frequent values of a text or flag to list"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "distinct_max", .default_value = "200000", .min = "1",
             .doc = "more distinct values than that are an overflow"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_RNG_ID};

static const struct fw_stage profile_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "raw_profile",
    .doc = "What each column of a raw table holds: an inventory from one scan of a sample",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&profile_stage};

FW_PLUGIN("org.fwrun.raw_profile", "0.1.0", "MIT", .doc = "Inventory of a raw table",
          .stages = stages, .n_stages = FW_COUNT(stages));
