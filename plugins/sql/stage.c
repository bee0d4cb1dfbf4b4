/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "query.h"
#include "views.h"

/* How long one step works on the query before it lets the host look. */
#define STEP_MS 200

struct stage {
    const struct fw_host *host;
    const struct fw_output *output;
    struct fw_sql_handle sql;
    struct sql_views views;
    struct fw_text copy;
    struct fw_sql_job *job;
};

static void stage_destroy(void *instance)
{
    struct stage *self = instance;
    if (self->job != NULL) {
        self->sql.api->finish(self->job);
    }
    sql_views_finish(&self->views);
    fw_sql_handle_close(&self->sql);
    fw_text_finish(&self->copy);
    free(self);
}

static fw_status run_setup(const struct stage *self, const struct fw_task *task)
{
    const struct fw_value *setup = fw_task_value(task, "setup");
    return setup != NULL && setup->type != FW_PARAM_UNSET ? fw_sql_exec(&self->sql, setup->text)
                                                          : FW_OK;
}

static fw_status prepare(struct stage *self, const struct fw_task *task)
{
    struct fw_text query = {0};
    size_t n_columns = 0;
    fw_status status = sql_query_read(self->host, task, &query);
    if (status == FW_OK) {
        status = fw_sql_handle_open(&self->sql, self->host);
    }
    if (status == FW_OK) {
        status = sql_views_create(&self->sql, task, &self->views);
    }
    if (status == FW_OK) {
        status = run_setup(self, task);
    }
    if (status == FW_OK) {
        status = sql_query_columns(&self->sql, &query, &n_columns);
    }
    if (status == FW_OK) {
        status = sql_query_copy(self->host, self->output, &query, n_columns, &self->copy);
    }
    fw_text_finish(&query);
    return status;
}

static fw_status stage_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    struct stage *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return fw_fault_nomem(host);
    }
    self->host = host;
    self->output = fw_task_output(task, "table");
    fw_status status = prepare(self, task);
    if (status != FW_OK) {
        stage_destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

static fw_status begin(struct stage *self)
{
    const char *path = self->output->path;
    if (sql_query_is_folder(self->output) && mkdir(path, 0777) < 0) {
        return fw_faultf(self->host, FW_E_IO, path, NULL, "the output's folder cannot be made: %s",
                         strerror(errno));
    }
    return self->sql.api->begin(self->sql.session, fw_text_get(&self->copy), &self->job);
}

static fw_status end(struct stage *self, struct fw_step *ret)
{
    const struct fw_artifact *artifact = self->host->service(self->host, FW_ARTIFACT_ID);
    uint64_t rows;
    self->sql.api->finish(self->job);
    self->job = NULL;
    rows = fw_sql_rows_changed(&self->sql);
    ret->done = ret->total = 100;
    ret->items = rows;
    return artifact->rows(self->host, "table", rows);
}

static fw_status stage_step(void *instance, struct fw_step *ret)
{
    struct stage *self = instance;
    double fraction = -1;
    fw_status status = FW_OK;
    ret->unit = "%";
    if (self->job == NULL) {
        status = begin(self);
    }
    if (status == FW_OK) {
        status = self->sql.api->advance(self->job, STEP_MS, &fraction);
    }
    if (status == FW_OK) {
        return end(self, ret);
    }
    ret->total = fraction >= 0 ? 100 : 0;
    ret->done = fraction >= 0 ? (uint64_t)(100 * fraction) : 0;
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_WILDCARD | FW_PORT_MANY | FW_PORT_OPTIONAL,
            .name = "*", .doc = "any name: the query sees the table as a view of that name"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "table", .file = "table.parquet",
            .doc = "the query's result; .parquet, .csv, .tsv (.gz) or a folder of parts"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "query",
             .doc = "one SELECT in DuckDB's dialect; its ORDER BY is the order of the output"),
    FW_PARAM(.type = FW_PARAM_FILE, .name = "query_file", .doc = "a file with the query instead"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "setup",
             .doc = "statements to run before the query, such as CREATE MACRO or CREATE TABLE"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "filename", .default_value = "false",
             .doc = "give each view a column `filename`: the row's file below the input's folder"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_delimiter",
             .doc = "CSV: character between fields; left out: tab for .tsv, comma otherwise"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_quote",
             .doc = "CSV: quoting character, empty for none; left out: double quote"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_null",
             .doc = "CSV: text that stands for NULL; left out: the empty field"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "csv_header", .default_value = "true",
             .doc = "CSV: the first line names the columns"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "csv_all_text", .default_value = "false",
             .doc = "CSV: read every column as text instead of finding types by content"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

/* Equal bytes for any number of threads, but for what a query itself leaves open: rows in no
 * order, sums of doubles. So it is declared as equal within rounding. */
const struct fw_stage sql_stage = {
    .struct_size = sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_TOLERANCE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "sql",
    .doc = "One SQL query over tables: files or outputs of other stages",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = stage_create,
    .step = stage_step,
    .destroy = stage_destroy,
};
