/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>

#include "edgar.h"
#include "wide/wide.h"

enum { STATE_VERSION = 2 };

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "filings",
            .doc = "one row per filing: a Delta table, Parquet or CSV"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "index",
            .doc = "the ciks and days that features are wanted of: snapshots_cik_day, or by offer, "
                   "snapshots_offer_day"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "features", .file = "edgar_features",
            .doc =
                "one row per row of the index, by day and cik; snapshot_year=YYYY/part-0.parquet"),
};

static const struct fw_param params[] = {
    FW_FILING_PARAMS,
    FW_PARAM(.type = FW_PARAM_INT, .name = "part_rows", .default_value = "500000", .min = "1",
             .max = "100000000", .unit = "rows",
             .doc = "rows of a file and filings of a step, whole days; a larger year is cut"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "262144", .min = "1",
             .max = "100000000", .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "rows of an input that are read at once"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

static void edgar_destroy(void *self)
{
    struct edgar *edgar = self;

    edgar_timeline_close(edgar);
    edgar_columns_close(edgar);
    edgar_features_close(edgar);
    edgar_intake_close(&edgar->index);
    edgar_intake_close(&edgar->filings);
    fw_sql_handle_close(&edgar->sql);
    fw_text_finish(&edgar->files);
    free(edgar);
}

static fw_status open_inputs(struct edgar *edgar)
{
    fw_status status = fw_sql_handle_open(&edgar->sql, edgar->host);

    if (status == FW_OK) {
        status = edgar_intake_open(edgar, &edgar->index, "index");
    }
    if (status == FW_OK) {
        status = edgar_intake_open(edgar, &edgar->filings, "filings");
    }
    if (status == FW_OK) {
        status = edgar_keys_check(edgar);
    }
    if (status == FW_OK) {
        edgar->by_offer = fw_source_column(edgar->index.source, FW_FILING_PLATFORM) != NULL &&
                          fw_source_column(edgar->index.source, FW_FILING_OFFER) != NULL;
        status = edgar_features_open(edgar);
    }
    return status == FW_OK ? edgar_columns_open(edgar) : status;
}

static fw_status edgar_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    struct edgar *edgar = calloc(1, sizeof *edgar);

    if (edgar == NULL) {
        return fw_fault_nomem(host);
    }
    edgar->host = host;
    edgar->task = task;
    edgar->output = fw_task_output(task, "features");
    edgar->index.table = "fw_rows";
    edgar->index.append = edgar_keys_append_index;
    edgar->filings.table = "fw_filings";
    edgar->filings.append = edgar_keys_append_filings;
    fw_filing_rules_read(&edgar->rules, task);
    edgar->part_rows = fw_task_integer(task, "part_rows");
    edgar->chunk_rows = fw_task_integer(task, "chunk_rows");
    fw_status status = open_inputs(edgar);
    if (status != FW_OK) {
        edgar_destroy(edgar);
        return status;
    }
    *ret_self = edgar;
    return FW_OK;
}

/* Replaces what an earlier attempt left: a rerun never adds to it. */
static fw_status start(struct edgar *edgar)
{
    fw_status status = fw_wide_remove_folder(edgar->host, edgar->output->path);

    if (status == FW_OK) {
        status = fw_wide_make_folder(edgar->host, edgar->output->path);
    }
    edgar->started = status == FW_OK;
    return status;
}

/* The tables of this session; after a restart, with what was taken in before. */
static fw_status make_tables(struct edgar *edgar)
{
    fw_status status = edgar->ciks == NULL ? edgar_keys_make(edgar) : FW_OK;

    while (status == FW_OK && edgar->index.n_taken < edgar->index.n_done) {
        status = edgar_intake_step(edgar, &edgar->index);
    }
    while (status == FW_OK && edgar->filings.n_taken < edgar->filings.n_done) {
        status = edgar_intake_step(edgar, &edgar->filings);
    }
    return status;
}

/* The parts; after a restart, with the filings before those that are written. */
static fw_status make_timeline(struct edgar *edgar)
{
    fw_status status = edgar->tracks == NULL ? edgar_timeline_open(edgar) : FW_OK;

    if (status != FW_OK || edgar->n_parts_done == 0) {
        return status;
    }
    if (edgar->n_parts_done > edgar->n_parts) {
        return fw_faultf(edgar->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint has %zu parts where there are %zu", edgar->n_parts_done,
                         edgar->n_parts);
    }
    int32_t day = edgar->parts[edgar->n_parts_done - 1].last_day;
    return edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, day), NULL);
}

static fw_status write_parts(struct edgar *edgar)
{
    fw_status status = make_timeline(edgar);

    if (status == FW_OK && edgar->n_parts_done == edgar->n_parts) {
        return edgar_manifest_write(edgar);
    }
    status = status == FW_OK ? edgar_part_write(edgar) : status;
    return status == FW_OK ? FW_MORE : status;
}

static fw_status work(struct edgar *edgar)
{
    fw_status status = edgar->started ? FW_OK : start(edgar);

    if (status == FW_OK) {
        status = make_tables(edgar);
    }
    if (status != FW_OK) {
        return status;
    }
    if (edgar->index.n_done < edgar->index.n_chunks) {
        status = edgar_intake_step(edgar, &edgar->index);
    } else if (edgar->filings.n_done < edgar->filings.n_chunks) {
        status = edgar_intake_step(edgar, &edgar->filings);
    } else {
        return write_parts(edgar);
    }
    return status == FW_OK ? FW_MORE : status;
}

static fw_status edgar_step(void *self, struct fw_step *ret)
{
    struct edgar *edgar = self;
    fw_status status = work(edgar);

    ret->done = edgar->index.n_done + edgar->filings.n_done + edgar->n_parts_done;
    ret->total = edgar->tracks == NULL
                     ? 0
                     : edgar->index.n_chunks + edgar->filings.n_chunks + edgar->n_parts;
    ret->items = (uint64_t)edgar->index.rows_kept;
    ret->unit = "chunks";
    return status;
}

static void release_blob(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status edgar_save(void *self, struct fw_blob *ret)
{
    struct fw_text state = {0};
    fw_status status = edgar_state_save(self, &state);

    if (status != FW_OK) {
        fw_text_finish(&state);
        return status;
    }
    ret->version = STATE_VERSION;
    ret->bytes = state.data;
    ret->size = state.size;
    ret->private_data = state.data;
    ret->release = release_blob;
    return FW_OK;
}

static fw_status edgar_restore(void *self, const struct fw_blob *blob)
{
    struct edgar *edgar = self;

    if (blob->version != STATE_VERSION) {
        return fw_faultf(edgar->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is of version %" PRIu32 ", not %d", blob->version,
                         STATE_VERSION);
    }
    return edgar_state_restore(edgar, blob->bytes, blob->size);
}

const struct fw_stage edgar_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "edgar_features",
    .doc = "Running figures of each company's filings as of every day of the index",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = edgar_create,
    .step = edgar_step,
    .save = edgar_save,
    .restore = edgar_restore,
    .destroy = edgar_destroy,
};
