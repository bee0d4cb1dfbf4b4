/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "index.h"

static fw_status find_columns(struct index *index)
{
    static const char *const wanted[INDEX_N_COLUMNS] = {[INDEX_ENTITY] = "entity_id",
                                                        [INDEX_PLATFORM] = "platform_name",
                                                        [INDEX_OFFER] = "offer_id",
                                                        [INDEX_CIK] = "cik",
                                                        [INDEX_INSTANT] = "snapshot_ts"};

    for (size_t i = 0; i < INDEX_N_COLUMNS; i++) {
        index->columns[i] = fw_source_column(index->daily, wanted[i]);
        index->names[i] = wanted[i];
        if (index->columns[i] == NULL) {
            return fw_faultf(index->host, FW_E_MISSING,
                             fw_task_input(index->task, "daily")->paths[0],
                             "give the output `core` of a stage daily",
                             "the daily table has no column \"%s\"", wanted[i]);
        }
    }
    if (strcmp(index->columns[INDEX_CIK]->sql_type, "VARCHAR") != 0) {
        return fw_faultf(index->host, FW_E_DATA, fw_task_input(index->task, "daily")->paths[0],
                         "keep it as text from the raw table on",
                         "the column \"cik\" is a %s: leading zeros are lost, and no filing would "
                         "be found by it",
                         index->columns[INDEX_CIK]->sql_type);
    }
    return FW_OK;
}

static fw_status open_fold(struct index *index)
{
    const char *offer_day = fw_task_output(index->task, "offer_day")->path;
    const char *cik_day = fw_task_output(index->task, "cik_day")->path;

    fw_text_appendf(&index->folder, "%s.work", offer_day);
    if (index->folder.failed) {
        return fw_fault_nomem(index->host);
    }
    index->input = (struct fw_fold_input){.name = "daily",
                                          .source = index->daily,
                                          .columns = index->names,
                                          .n_columns = INDEX_N_COLUMNS,
                                          .keep = index_keep,
                                          .self = index};
    index->tables[INDEX_OFFER_DAY] =
        (struct fw_fold_table){"offer_day", offer_day, 7, index_make_offer_day, index};
    index->tables[INDEX_CIK_DAY] =
        (struct fw_fold_table){"cik_day", cik_day, 3, index_make_cik_day, index};
    index->tables[INDEX_FACTS] = (struct fw_fold_table){"facts", NULL, 5, index_make_facts, index};
    const struct fw_fold_plan plan = {
        .sql = &index->sql,
        .folder = fw_text_get(&index->folder),
        .inputs = &index->input,
        .n_inputs = 1,
        .tables = index->tables,
        .n_tables = INDEX_N_TABLES,
        .chunk_rows = fw_task_integer(index->task, "chunk_rows"),
    };
    return fw_fold_open(&plan, &index->fold);
}

static fw_status open_all(struct index *index)
{
    const struct fw_input *daily = fw_task_input(index->task, "daily");
    fw_status status = fw_sql_handle_open(&index->sql, index->host);

    if (status == FW_OK) {
        status = fw_source_open(&index->sql, daily->paths, daily->n_paths, NULL, &index->daily);
    }
    if (status == FW_OK) {
        status = find_columns(index);
    }
    return status == FW_OK ? open_fold(index) : status;
}

static void destroy(void *self)
{
    struct index *index = self;

    fw_fold_close(index->fold);
    fw_source_close(index->daily);
    fw_sql_handle_close(&index->sql);
    fw_text_finish(&index->folder);
    free(index);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct index *index = calloc(1, sizeof *index);

    if (index == NULL) {
        return fw_fault_nomem(host);
    }
    index->host = host;
    index->task = task;
    index->compat = fw_task_integer(task, "compat") != 0;
    index->normalize_cik = fw_task_integer(task, "normalize_cik") != 0;
    fw_status status = open_all(index);
    if (status != FW_OK) {
        destroy(index);
        return status;
    }
    *ret_self = index;
    return FW_OK;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct index *index = self;
    fw_status status = fw_fold_step(index->fold, ret);

    if (status == FW_OK) {
        status = index_manifest_write(index);
    }
    return status == FW_OK ? fw_fold_remove(index->fold) : status;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    return fw_fold_save(((struct index *)self)->fold, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    return fw_fold_restore(((struct index *)self)->fold, blob);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "daily",
            .doc = "one row per entity and day, as the stage daily writes it"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "offer_day", .file = "snapshots_offer_day.parquet",
            .doc = "the entity-days whose issuer has a CIK, by all columns"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "cik_day", .file = "snapshots_cik_day.parquet",
            .doc = "distinct CIK and instant of them, by all columns"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "normalize_cik", .default_value = "false",
             .doc = "trim the CIK and fill digits up to ten; then do so for the filings as well"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "the reference's rule: a CIK of blanks or <NA> counts as one"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "rows that one statement reads; 0 lets the stage choose"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

static const struct fw_stage index_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "snapshots_index",
    .doc = "Which offers and which issuers were seen on which day",
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

static const struct fw_stage *const stages[] = {&index_stage};

FW_PLUGIN("org.fwrun.snapshots_index", "0.1.0", "MIT", .doc = "The index of snapshots",
          .stages = stages, .n_stages = FW_COUNT(stages));
