/* SPDX-License-Identifier: MIT */
#include "matrix/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "sql/stream.h"

fw_status fw_matrix_init(struct fw_matrix *ret_matrix, const struct fw_host *host, size_t n_rows,
                         size_t n_columns)
{
    size_t n_cells;

    if (__builtin_mul_overflow(n_rows, n_columns, &n_cells)) {
        return fw_fault_nomem(host);
    }
    double *cells = calloc(n_cells > 0 ? n_cells : 1, sizeof *cells);
    if (cells == NULL) {
        return fw_fault_nomem(host);
    }
    *ret_matrix = (struct fw_matrix){cells, n_rows, n_columns};
    return FW_OK;
}

void fw_matrix_finish(struct fw_matrix *matrix)
{
    free(matrix->cells);
    *matrix = (struct fw_matrix){0};
}

static fw_status refuse(const struct fw_sql_handle *handle, const char *query)
{
    return fw_faultf(handle->host, FW_E_INTERNAL, NULL, NULL,
                     "the query gives other rows or columns than the matrix has: %.200s", query);
}

/* Whether a batch is doubles without NULL; the engine gives no more children than the query says.
 */
static bool fits(const struct fw_matrix *matrix, const struct ArrowArray *batch, size_t row)
{
    for (int64_t i = 0; i < batch->n_children; i++) {
        if (batch->children[i]->null_count > 0) {
            return false;
        }
    }
    return batch->n_children <= (int64_t)matrix->n_columns &&
           (size_t)batch->length <= matrix->n_rows - row;
}

static void copy(const struct fw_matrix *matrix, const struct ArrowArray *batch, size_t row)
{
    for (int64_t i = 0; i < batch->n_children; i++) {
        const struct ArrowArray *column = batch->children[i];
        const double *values = (const double *)column->buffers[1] + column->offset;
        memcpy(fw_matrix_column(matrix, (size_t)i) + row, values,
               (size_t)batch->length * sizeof *values);
    }
}

static fw_status read_all(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                          const char *query, struct ArrowArrayStream *stream)
{
    size_t row = 0;

    for (;;) {
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code != 0) {
            return fw_stream_fault(handle->host, stream, code);
        }
        if (batch.release == NULL) {
            return row == matrix->n_rows ? FW_OK : refuse(handle, query);
        }
        bool good = fits(matrix, &batch, row);
        if (good) {
            copy(matrix, &batch, row);
            row += (size_t)batch.length;
        }
        batch.release(&batch);
        if (!good) {
            return refuse(handle, query);
        }
    }
}

static fw_status check_schema(const struct fw_sql_handle *handle, const char *query,
                              struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema;
    int code = stream->get_schema(stream, &schema);
    bool good = true;

    if (code != 0) {
        return fw_stream_fault(handle->host, stream, code);
    }
    for (int64_t i = 0; i < schema.n_children; i++) {
        good = good && strcmp(schema.children[i]->format, "g") == 0;
    }
    schema.release(&schema);
    return good ? FW_OK : refuse(handle, query);
}

fw_status fw_matrix_read(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                         const char *query)
{
    struct ArrowArrayStream stream;
    fw_status status = handle->api->query(handle->session, query, &stream);

    if (status != FW_OK) {
        return status;
    }
    status = check_schema(handle, query, &stream);
    if (status == FW_OK) {
        status = read_all(matrix, handle, query, &stream);
    }
    stream.release(&stream);
    return status;
}
