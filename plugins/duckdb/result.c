/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_schema.h"
#include "fault.h"
#include "sql/fault.h"
#include "sql/stream.h"
#include "statement.h"

/* An Arrow stream around a streaming result; each chunk (2,048 rows at most) is a batch. */
struct sql_result {
    struct sql_statement statement;
    duckdb_result result;
    duckdb_arrow_options options;
    char *error;
    bool ended;
};

/* Keeps the text for get_last_error too; the host already has the fault. */
static int fail(struct sql_result *self, const char *message)
{
    const char *text = message != NULL ? message : "the SQL engine gave no reason";

    free(self->error);
    self->error = strdup(text);
    self->ended = true;
    return fw_status_to_errno(sql_statement_fault(&self->statement, text));
}

/* Consumes the error data. */
static int fail_data(struct sql_result *self, duckdb_error_data data)
{
    int code = fail(self, duckdb_error_data_message(data));

    duckdb_destroy_error_data(&data);
    return code;
}

static int convert_schema(struct sql_result *self, duckdb_logical_type *types, const char **names,
                          idx_t n_columns, struct ArrowSchema *ret_schema)
{
    for (idx_t i = 0; i < n_columns; i++) {
        types[i] = duckdb_column_logical_type(&self->result, i);
        names[i] = duckdb_column_name(&self->result, i);
    }
    duckdb_error_data data = arrow_schema_of(self->options, types, names, n_columns, ret_schema);
    for (idx_t i = 0; i < n_columns; i++) {
        duckdb_destroy_logical_type(&types[i]);
    }
    return duckdb_error_data_has_error(data) ? fail_data(self, data) : 0;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret_schema)
{
    struct sql_result *self = stream->private_data;
    idx_t n_columns = duckdb_column_count(&self->result);
    duckdb_logical_type *types = calloc(n_columns, sizeof *types);
    const char **names = calloc(n_columns, sizeof *names);
    int code = ENOMEM;

    if (types != NULL && names != NULL) {
        code = convert_schema(self, types, names, n_columns, ret_schema);
    } else {
        fw_fault_nomem(self->statement.session->host);
    }
    free(types);
    free(names);
    return code;
}

/*
 * The chunk after the last is NULL, as is one after an error; the result knows which. Empty
 * chunks are skipped, since some consumers take one for the end.
 */
static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret_array)
{
    struct sql_result *self = stream->private_data;
    duckdb_data_chunk chunk = NULL;

    while (!self->ended && chunk == NULL) {
        chunk = duckdb_fetch_chunk(self->result);
        if (chunk == NULL) {
            const char *message = duckdb_result_error(&self->result);
            if (message != NULL) {
                return fail(self, message);
            }
            self->ended = true;
        } else if (duckdb_data_chunk_get_size(chunk) == 0) {
            duckdb_destroy_data_chunk(&chunk);
        }
    }
    if (chunk == NULL) {
        *ret_array = (struct ArrowArray){0};
        return 0;
    }
    duckdb_error_data data = duckdb_data_chunk_to_arrow(self->options, chunk, ret_array);
    duckdb_destroy_data_chunk(&chunk);
    return duckdb_error_data_has_error(data) ? fail_data(self, data) : 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const struct sql_result *self = stream->private_data;

    return self->error;
}

static void release(struct ArrowArrayStream *stream)
{
    struct sql_result *self = stream->private_data;
    struct fw_sql_session *session = self->statement.session;

    duckdb_destroy_arrow_options(&self->options);
    duckdb_destroy_result(&self->result);
    sql_statement_finish(&self->statement);
    free(self->error);
    free(self);
    stream->release = NULL;
    sql_session_release(session);
}

static fw_status open_result(struct fw_sql_session *session, const char *statement,
                             struct sql_result *self)
{
    fw_status status = sql_statement_start(session, statement, true, &self->statement);

    if (status != FW_OK) {
        return status;
    }
    duckdb_state state = sql_statement_execute(&self->statement, &self->result);
    status = sql_statement_judge(&self->statement, state, &self->result);
    if (status != FW_OK) {
        sql_statement_finish(&self->statement);
        return status;
    }
    self->options = duckdb_result_get_arrow_options(&self->result);
    return FW_OK;
}

fw_status sql_result_query(struct fw_sql_session *session, const char *statement,
                           struct ArrowArrayStream *ret_stream)
{
    struct sql_result *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return fw_fault_nomem(session->host);
    }
    fw_status status = sql_session_acquire(session, "stream");
    if (status == FW_OK) {
        status = open_result(session, statement, self);
        if (status != FW_OK) {
            sql_session_release(session);
        }
    }
    if (status != FW_OK) {
        free(self);
        return status;
    }
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release,
                                            .private_data = self};
    return FW_OK;
}
