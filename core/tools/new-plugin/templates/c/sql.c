/* SPDX-License-Identifier: MIT */
#include "fw/service/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/sdk.h"
#include "fw/service/table.h"

/* Counts the rows of a table for each value of a column, in SQL. */

enum { STEP_MS = 200 };

struct instance {
    const struct fw_host *host;
    const struct fw_sql *sql;
    const struct fw_output *output;
    struct fw_sql_session *session;
    struct fw_sql_job *job;
    uint64_t n_steps;
    char statement[8192];
};

static void destroy(void *opaque)
{
    struct instance *self = opaque;
    self->sql->finish(self->job);
    self->sql->close(self->session);
    free(self);
}

/* `text` with each quote doubled, between quotes: '...' for a string, "..." for a name. */
static void append_quoted(struct instance *self, char quote, const char *text)
{
    char *at = self->statement + strlen(self->statement);
    const char *end = self->statement + sizeof self->statement - 3;
    *at++ = quote;
    for (; *text != '\0' && at < end; text++) {
        *at++ = *text;
        if (*text == quote) {
            *at++ = quote;
        }
    }
    *at++ = quote;
    *at = '\0';
}

static void append(struct instance *self, const char *text)
{
    strncat(self->statement, text, sizeof self->statement - strlen(self->statement) - 1);
}

/* What is added next must fit behind what is there: paths and names are at most 4 KiB long. */
static fw_status write_statement(struct instance *self, const char *column)
{
    if (strlen(column) + strlen(self->output->path) > sizeof self->statement / 2) {
        return FW_FAIL(self->host, FW_E_CONFIG, .what = "the column's name is too long",
                       .value = column, .remedy = "set the parameter column");
    }
    append(self, "COPY (SELECT ");
    append_quoted(self, '"', column);
    append(self, ", count(*) AS n_rows FROM input GROUP BY ALL ORDER BY ALL) TO ");
    append_quoted(self, '\'', self->output->path);
    append(self, " (FORMAT parquet)");
    return FW_OK;
}

/* The table service reads whatever a table may be: Parquet, CSV, a Delta table, several files. */
static fw_status attach_input(struct instance *self, const struct fw_task *task)
{
    const struct fw_table *table = self->host->service(self->host, FW_TABLE_ID);
    const char *column = fw_task_value(task, "column")->text;
    struct ArrowArrayStream rows;
    fw_status status = table->read(self->host, fw_task_input(task, "in"), &column, 1, &rows);
    status = status == FW_OK ? self->sql->attach(self->session, "input", &rows) : status;
    return status == FW_OK ? write_statement(self, column) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the stage");
    }
    self->host = host;
    self->sql = host->service(host, FW_SQL_ID);
    self->output = fw_task_output(task, "out");
    fw_status status = self->sql->open(host, &self->session);
    status = status == FW_OK ? attach_input(self, task) : status;
    if (status != FW_OK) {
        destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

static fw_status finish(struct instance *self, struct fw_step *ret)
{
    self->sql->finish(self->job);
    self->job = NULL;
    ret->items = self->sql->rows_changed(self->session);
    const struct fw_artifact *artifact = self->host->service(self->host, FW_ARTIFACT_ID);
    return artifact->rows(self->host, self->output->port, ret->items);
}

static fw_status step(void *opaque, struct fw_step *ret)
{
    struct instance *self = opaque;
    fw_status status = FW_OK;
    if (self->job == NULL) {
        status = self->sql->begin(self->session, self->statement, &self->job);
    }
    double fraction = -1;
    status = status == FW_OK ? self->sql->advance(self->job, STEP_MS, &fraction) : status;
    ret->done = ++self->n_steps;
    ret->total = fraction > 0 ? (uint64_t)((double)self->n_steps / fraction) : 0;
    return status == FW_OK ? finish(self, ret) : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "in", .doc = "The rows"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "out", .file = "plugin_name.parquet",
            .doc = "Each value with its number of rows, n_rows"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "column", .default_value = "name",
             .doc = "The column whose values are counted"),
};
static const char *const services[] = {FW_SQL_ID, FW_TABLE_ID, FW_ARTIFACT_ID};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof stage,
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "plugin_name",
    .doc = "Counts the rows for each value of a column",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = create,
    .step = step,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&stage};

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT",
          .doc = "Counts the rows for each value of a column", .stages = stages,
          .n_stages = FW_COUNT(stages));
