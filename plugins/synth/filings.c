/* SPDX-License-Identifier: MIT */
#include "filings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>

#include "log.h"
#include "source/source.h"

enum { STATE_VERSION = 1, ROWS_A_FILE = 40000, MIN_FILES = 4, LAST_VERSION = 1 };

/* The saved state is the number of files that are done; they are all that is kept. */
struct filings {
    const struct fw_host *host;
    const struct fw_output *output;
    struct fw_sql_handle sql;
    struct fw_source *offers;
    struct synth_filings_plan plan;
    bool ready; /* the session knows the ciks */
    int64_t n_done;
};

static void set_plan(struct synth_filings_plan *plan, const struct fw_task *task)
{
    int64_t files = fw_task_integer(task, "files");

    *plan = (struct synth_filings_plan){
        .seed = (uint64_t)fw_task_integer(task, "seed"),
        .rows = fw_task_integer(task, "rows"),
        .days = fw_task_integer(task, "days"),
        .own_percent = fw_task_integer(task, "own_percent"),
        .others = fw_task_integer(task, "others"),
    };
    plan->files = files > 0 ? files : (plan->rows + ROWS_A_FILE - 1) / ROWS_A_FILE;
    plan->files = files == 0 && plan->files < MIN_FILES ? MIN_FILES : plan->files;
}

static void filings_destroy(void *self)
{
    struct filings *filings = self;

    fw_source_close(filings->offers);
    fw_sql_handle_close(&filings->sql);
    free(filings);
}

static fw_status open_offers(struct filings *filings, const struct fw_task *task)
{
    const struct fw_input *input = fw_task_input(task, "offers");
    fw_status status =
        fw_source_open(&filings->sql, input->paths, input->n_paths, NULL, &filings->offers);

    if (status == FW_OK && fw_source_column(filings->offers, "cik") == NULL) {
        status =
            fw_faultf(filings->host, FW_E_MISSING, input->paths[0],
                      "give the table that synth_offers makes", "the offers have no column cik");
    }
    return status;
}

static fw_status filings_create(const struct fw_host *host, const struct fw_task *task,
                                void **ret_self)
{
    struct filings *filings = calloc(1, sizeof *filings);

    if (filings == NULL) {
        return fw_fault_nomem(host);
    }
    filings->host = host;
    filings->output = fw_task_output(task, "raw");
    set_plan(&filings->plan, task);
    fw_status status = fw_sql_handle_open(&filings->sql, host);
    if (status == FW_OK) {
        status = open_offers(filings, task);
    }
    if (status != FW_OK) {
        filings_destroy(filings);
        return status;
    }
    *ret_self = filings;
    return FW_OK;
}

static fw_status get_ready(struct filings *filings)
{
    static const char *const names[] = {"cik"};
    const struct fw_source_slice slice = {.columns = names, .n_columns = 1};
    const char *folder = filings->output->path;
    struct fw_text scan = {0}, text = {0};

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(filings->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, folder, NULL,
                         "the folder cannot be made: %s", strerror(errno));
    }
    fw_source_scan(filings->offers, &slice, &scan);
    synth_filings_append_prelude(&filings->plan, fw_text_get(&scan), &text);
    text.failed = text.failed || scan.failed;
    fw_status status = fw_sql_exec_text(&filings->sql, &text);
    fw_text_finish(&scan);
    fw_text_finish(&text);
    filings->ready = status == FW_OK;
    return status;
}

static void file_name(int64_t file, char *name, size_t size)
{
    snprintf(name, size, "part-%05" PRId64 ".snappy.parquet", file);
}

static fw_status write_file(struct filings *filings)
{
    char name[48];
    struct fw_text path = {0}, copy = {0};

    file_name(filings->n_done, name, sizeof name);
    fw_text_appendf(&path, "%s/%s", filings->output->path, name);
    synth_filings_append_copy(&filings->plan, filings->n_done, fw_text_get(&path), &copy);
    copy.failed = copy.failed || path.failed;
    fw_status status = fw_sql_exec_text(&filings->sql, &copy);
    fw_text_finish(&path);
    fw_text_finish(&copy);
    filings->n_done += status == FW_OK;
    return status;
}

static fw_status add_files(const struct filings *filings, struct synth_log *log, int64_t first,
                           int64_t end)
{
    const struct synth_filings_plan *plan = &filings->plan;
    fw_status status = FW_OK;

    for (int64_t file = first; file < end && status == FW_OK; file++) {
        char name[48];
        int64_t n_rows = file == plan->files ? SYNTH_FILINGS_STALE_ROWS
                                             : (file + 1) * plan->rows / plan->files -
                                                   file * plan->rows / plan->files;
        file_name(file, name, sizeof name);
        status =
            synth_log_add(log, &(struct synth_log_file){.name = name, .n_rows = (uint64_t)n_rows});
    }
    return status;
}

/* Commit 0 has the first half and the stale file, which commit 1 takes out again. */
static fw_status write_log(const struct filings *filings)
{
    const struct synth_filings_plan *plan = &filings->plan;
    struct synth_log log = {.host = filings->host, .folder = filings->output->path};
    struct fw_text schema = {0};
    char stale[48];
    fw_status status = synth_log_make(&log);

    synth_filings_append_schema(&schema);
    synth_log_protocol(&log);
    synth_log_metadata(&log, plan->seed, fw_text_get(&schema), NULL);
    log.lines.failed = log.lines.failed || schema.failed;
    if (status == FW_OK) {
        status = add_files(filings, &log, 0, plan->files / 2);
    }
    if (status == FW_OK) {
        status = add_files(filings, &log, plan->files, plan->files + 1);
    }
    if (status == FW_OK) {
        status = synth_log_commit(&log, 0);
    }
    synth_log_info(&log, "WRITE");
    file_name(plan->files, stale, sizeof stale);
    synth_log_remove(&log, stale);
    if (status == FW_OK) {
        status = add_files(filings, &log, plan->files / 2, plan->files);
    }
    if (status == FW_OK) {
        status = synth_log_commit(&log, LAST_VERSION);
    }
    fw_text_finish(&log.lines);
    fw_text_finish(&schema);
    return status;
}

static fw_status finish(const struct filings *filings)
{
    const struct fw_artifact *artifact = filings->host->service(filings->host, FW_ARTIFACT_ID);
    char json[96];
    fw_status status = write_log(filings);

    snprintf(json, sizeof json, "{\"files\":%" PRId64 ",\"delta_version\":%d}", filings->plan.files,
             LAST_VERSION);
    if (status == FW_OK) {
        status = artifact->field(filings->host, "synth", json);
    }
    return status == FW_OK ? artifact->rows(filings->host, "raw", (uint64_t)filings->plan.rows)
                           : status;
}

static fw_status work(struct filings *filings)
{
    fw_status status = filings->ready ? FW_OK : get_ready(filings);

    if (status == FW_OK && filings->n_done > filings->plan.files) {
        return finish(filings);
    }
    status = status == FW_OK ? write_file(filings) : status;
    return status == FW_OK ? FW_MORE : status;
}

static fw_status filings_step(void *self, struct fw_step *ret)
{
    struct filings *filings = self;
    fw_status status = work(filings);
    int64_t done = filings->n_done < filings->plan.files ? filings->n_done : filings->plan.files;

    ret->done = (uint64_t)filings->n_done;
    ret->total = (uint64_t)filings->plan.files + 1;
    ret->items = (uint64_t)(done * filings->plan.rows / filings->plan.files);
    ret->unit = "files";
    return status;
}

static void release_blob(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status filings_save(void *self, struct fw_blob *ret)
{
    struct filings *filings = self;
    int64_t *state = malloc(sizeof *state);

    if (state == NULL) {
        return fw_fault_nomem(filings->host);
    }
    *state = filings->n_done;
    ret->version = STATE_VERSION;
    ret->bytes = state;
    ret->size = sizeof *state;
    ret->private_data = state;
    ret->release = release_blob;
    return FW_OK;
}

static fw_status filings_restore(void *self, const struct fw_blob *blob)
{
    struct filings *filings = self;
    int64_t n_done = -1;

    if (blob->version == STATE_VERSION && blob->size == sizeof n_done) {
        memcpy(&n_done, blob->bytes, sizeof n_done);
    }
    if (n_done < 0 || n_done > filings->plan.files + 1) {
        return fw_faultf(filings->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is not one of this stage (version %" PRIu32 ", %" PRIu64
                         " bytes)",
                         blob->version, blob->size);
    }
    filings->n_done = n_done;
    return FW_OK;
}

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "offers",
            .doc = "a table with a column cik: the companies that file, say synth_offers's raw"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "raw", .file = "filings",
            .doc = "a Delta table, one row per filing"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "rows", .default_value = "4000", .min = "100",
             .max = "1000000000", .unit = "rows", .doc = "filings in all"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "own_percent", .default_value = "40", .min = "0",
             .max = "100", .unit = "%", .doc = "of them that are of companies with offers"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "others", .default_value = "1000", .min = "1",
             .max = "7000000", .doc = "companies without offers that file, too"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "days", .default_value = "730", .min = "1",
             .max = "36500", .unit = "days",
             .doc = "length of the calendar, from 2021-04-18 on, a year before the first crawl"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "files", .default_value = "0", .min = "0",
             .max = "100000", .doc = "data files; 0: by rows"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "seed", .default_value = "42", .min = "0",
             .doc = "another seed gives other filings"),
};

const struct fw_stage synth_filings = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "synth_filings",
    .doc = "Generates filings of the companies behind a crawl, and of others",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = filings_create,
    .step = filings_step,
    .save = filings_save,
    .restore = filings_restore,
    .destroy = filings_destroy,
};
