/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sql.h"
#include "stream.h"

static bool is_valid(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *validity = column->buffers[0];
    int64_t bit = row + column->offset;

    return validity == NULL || (validity[bit / 8] >> (bit % 8) & 1) != 0;
}

/* An Arrow "u" column: a NUL-terminated copy of one cell. */
static char *copy_cell(const struct ArrowArray *column, int64_t row)
{
    const int32_t *offsets = (const int32_t *)column->buffers[1] + column->offset;
    const char *bytes = column->buffers[2];
    size_t size = (size_t)(offsets[row + 1] - offsets[row]);
    char *copy = malloc(size + 1);

    if (copy != NULL) {
        memcpy(copy, bytes + offsets[row], size);
        copy[size] = '\0';
    }
    return copy;
}

static bool append_batch(struct fw_sql_grid *grid, const struct ArrowArray *batch)
{
    size_t n_new = (size_t)batch->length * grid->n_columns;
    size_t n_old = grid->n_rows * grid->n_columns;
    char **cells = realloc(grid->cells, (n_old + n_new) * sizeof *cells);

    if (cells == NULL) {
        return false;
    }
    grid->cells = cells;
    memset(cells + n_old, 0, n_new * sizeof *cells);
    grid->n_rows += (size_t)batch->length;
    for (size_t i = 0; i < n_new; i++) {
        const struct ArrowArray *column = batch->children[i % grid->n_columns];
        int64_t row = (int64_t)(i / grid->n_columns);
        if (!is_valid(column, row)) {
            continue;
        }
        cells[n_old + i] = copy_cell(column, row);
        if (cells[n_old + i] == NULL) {
            return false;
        }
    }
    return true;
}

static fw_status read_stream(const struct fw_host *host, struct ArrowArrayStream *stream,
                             struct fw_sql_grid *grid)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int code = stream->get_schema(stream, &schema);

    if (code != 0) {
        return fw_stream_fault(host, stream, code);
    }
    grid->n_columns = (size_t)schema.n_children;
    schema.release(&schema);
    while ((code = stream->get_next(stream, &batch)) == 0 && batch.release != NULL) {
        bool appended = batch.length == 0 || append_batch(grid, &batch);
        batch.release(&batch);
        if (!appended) {
            return fw_fault_nomem(host);
        }
    }
    return code == 0 ? FW_OK : fw_stream_fault(host, stream, code);
}

static fw_status fetch(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                       const char *statement)
{
    struct ArrowArrayStream stream;
    struct fw_sql_grid grid = {0};
    fw_status status = handle->api->query(handle->session, statement, &stream);

    if (status != FW_OK) {
        return status;
    }
    status = read_stream(handle->host, &stream, &grid);
    stream.release(&stream);
    if (status != FW_OK) {
        fw_sql_grid_finish(&grid);
        return status;
    }
    *ret_grid = grid;
    return FW_OK;
}

static fw_status fetch_text(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                            struct fw_text *statement)
{
    fw_status status = statement->failed ? fw_fault_nomem(handle->host)
                                         : fetch(handle, ret_grid, fw_text_get(statement));

    fw_text_finish(statement);
    return status;
}

fw_status fw_sql_grid(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                      const char *query)
{
    struct fw_text statement = {0};

    fw_text_appendf(&statement, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (%s\n)", query);
    return fetch_text(handle, ret_grid, &statement);
}

fw_status fw_sql_gridf(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                       const char *format, ...)
{
    struct fw_text query = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&query, format, args);
    va_end(args);
    fw_status status = query.failed ? fw_fault_nomem(handle->host)
                                    : fw_sql_grid(handle, ret_grid, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status fw_sql_describe(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                          const char *query)
{
    return fw_sql_gridf(handle, ret_grid, "SELECT column_name, column_type FROM (DESCRIBE %s\n)",
                        query);
}

const char *fw_sql_cell(const struct fw_sql_grid *grid, size_t row, size_t column)
{
    return grid->cells[row * grid->n_columns + column];
}

void fw_sql_grid_finish(struct fw_sql_grid *grid)
{
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++) {
        free(grid->cells[i]);
    }
    free(grid->cells);
    *grid = (struct fw_sql_grid){0};
}
