/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "matrix/matrix.h"
#include "rows/rows.h"

/* A reading of a matrix. */
struct reading {
    struct fw_rows rows;
    const struct fw_matrix *matrix;
    size_t next_row;
    struct fw_rows_column columns[];
};

static size_t fill(void *self, void *const *columns, size_t room)
{
    struct reading *reading = self;
    size_t left = reading->matrix->n_rows - reading->next_row;
    size_t n = left < room ? left : room;

    for (size_t i = 0; i < reading->matrix->n_columns; i++) {
        memcpy(columns[i], fw_matrix_column(reading->matrix, i) + reading->next_row,
               n * sizeof(double));
    }
    reading->next_row += n;
    return n;
}

fw_status fw_matrix_attach(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                           const char *name, const char *const *columns)
{
    size_t n = matrix->n_columns;
    struct reading *reading = calloc(1, sizeof *reading + n * sizeof *reading->columns);
    struct ArrowArrayStream stream;

    if (reading == NULL) {
        return fw_fault_nomem(handle->host);
    }
    reading->matrix = matrix;
    for (size_t i = 0; i < n; i++) {
        reading->columns[i] = (struct fw_rows_column){columns[i], "g"};
    }
    reading->rows = (struct fw_rows){
        .columns = reading->columns, .n_columns = n, .fill = fill, .finish = free, .self = reading};
    fw_rows_stream(&reading->rows, &stream);
    return handle->api->attach(handle->session, name, &stream);
}
