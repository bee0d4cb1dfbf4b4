/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "split.h"

static void destroy(void *self)
{
    struct split *split = self;

    if (split->job != NULL) {
        split->sql.api->finish(split->job);
    }
    fw_source_close(split->targets);
    fw_sql_handle_close(&split->sql);
    fw_text_finish(&split->load);
    fw_text_finish(&split->write);
    free(split);
}

static fw_status open_all(struct split *split)
{
    const struct fw_input *input = fw_task_input(split->task, "targets");
    fw_status status = fw_sql_handle_open(&split->sql, split->host);

    if (status == FW_OK) {
        status = fw_source_open(&split->sql, input->paths, input->n_paths, NULL, &split->targets);
    }
    return status == FW_OK ? split_load(split) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct split *split = calloc(1, sizeof *split);

    if (split == NULL) {
        return fw_fault_nomem(host);
    }
    split->host = host;
    split->task = task;
    fw_status status = open_all(split);
    if (status != FW_OK) {
        destroy(split);
        return status;
    }
    *ret_self = split;
    return FW_OK;
}

static fw_status work(struct split *split)
{
    const struct fw_text *statement = split->is_loaded ? &split->write : &split->load;
    fw_status status = fw_sql_work(&split->sql, statement, &split->job);

    if (status != FW_OK) {
        return status;
    }
    if (split->is_loaded) {
        return split_manifest(split);
    }
    split->is_loaded = true;
    status = split_place(split);
    return status == FW_OK ? FW_MORE : status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct split *split = self;
    fw_status status = work(split);

    ret->done = ret->items = (uint64_t)split->n_targets;
    ret->unit = "samples";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "targets",
            .doc = "the output of make_targets: horizon, sample, Date, row, last_row, y"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "samples", .file = "samples.parquet",
            .doc = "the targets that lie in one region, with the column split: train, val or test"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_REQUIRED, .name = "val_start",
             .doc = "first day of the validation: 2023-01-01, or the next one that has a row"),
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_REQUIRED, .name = "test_start",
             .doc = "first day of the test, the same way"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "embargo_rows", .default_value = "0", .min = "0",
             .max = "1000000", .unit = "rows",
             .doc = "rows at the begin of validation and test that no sample touches"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "context_may_cross", .default_value = "false",
             .doc = "a sample's rows before its decision may lie in the region before"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

const struct fw_stage split_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "split",
    .doc = "Which samples train, which validate and which test, by day, with no row in common",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = create,
    .step = step,
    .destroy = destroy,
};
