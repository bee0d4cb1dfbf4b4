/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "source/source.h"
#include "sql/fault.h"
#include "table.h"

/* A stream together with the session and the source that it reads from. */
struct reader {
    struct fw_sql_handle sql;
    struct fw_source *source;
    struct ArrowArrayStream rows;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret_schema)
{
    struct reader *self = stream->private_data;

    return self->rows.get_schema(&self->rows, ret_schema);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret_array)
{
    struct reader *self = stream->private_data;

    return self->rows.get_next(&self->rows, ret_array);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    struct reader *self = stream->private_data;

    return self->rows.get_last_error(&self->rows);
}

static void destroy(struct reader *self)
{
    if (self->rows.release != NULL) {
        self->rows.release(&self->rows);
    }
    fw_source_close(self->source);
    fw_sql_handle_close(&self->sql);
    free(self);
}

static void release(struct ArrowArrayStream *stream)
{
    destroy(stream->private_data);
    stream->release = NULL;
}

static fw_status check_columns(const struct reader *self, const struct fw_input *input,
                               const char *const *columns, uint64_t n_columns)
{
    for (uint64_t i = 0; i < n_columns; i++) {
        if (fw_source_column(self->source, columns[i]) == NULL) {
            return fw_faultf(self->sql.host, FW_E_MISSING, input->paths[0], NULL,
                             "the table at port %s has no column %s", input->port, columns[i]);
        }
    }
    return FW_OK;
}

static fw_status start_rows(struct reader *self, const char *const *columns, uint64_t n_columns)
{
    struct fw_source_slice slice = {.columns = columns, .n_columns = n_columns};
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT * EXCLUDE (" FW_SOURCE_FILE ", " FW_SOURCE_ROW ") FROM ");
    fw_source_scan(self->source, &slice, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(self->sql.host)
                     : self->sql.api->query(self->sql.session, fw_text_get(&query), &self->rows);
    fw_text_finish(&query);
    return status;
}

fw_status table_read(const struct fw_host *host, const struct fw_input *input,
                     const char *const *columns, uint64_t n_columns,
                     struct ArrowArrayStream *ret_stream)
{
    struct reader *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return fw_fault_nomem(host);
    }
    self->sql = (struct fw_sql_handle){.host = host, .api = &sql_service_table};
    fw_status status = sql_service_table.open(host, &self->sql.session);
    if (status == FW_OK) {
        status = fw_source_open(&self->sql, input->paths, input->n_paths, NULL, &self->source);
    }
    if (status == FW_OK) {
        status = check_columns(self, input, columns, n_columns);
    }
    if (status == FW_OK) {
        status = start_rows(self, columns, n_columns);
    }
    if (status != FW_OK) {
        destroy(self);
        return status;
    }
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release,
                                            .private_data = self};
    return FW_OK;
}
