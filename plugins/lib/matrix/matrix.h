/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_MATRIX_MATRIX_H
#define FW_LIB_MATRIX_MATRIX_H

#include <stddef.h>

#include "sql/sql.h"

/**
 * A table of doubles in memory, column by column as the engine and BLAS have them. Zero-initialise;
 * finish frees. [stage thread]
 */
struct fw_matrix {
    double *cells;
    size_t n_rows, n_columns;
};

/** Room for that many, all 0. FW_E_NOMEM with a fault. */
fw_status fw_matrix_init(struct fw_matrix *ret_matrix, const struct fw_host *host, size_t n_rows,
                         size_t n_columns);
void fw_matrix_finish(struct fw_matrix *matrix);

static inline double *fw_matrix_column(const struct fw_matrix *matrix, size_t column)
{
    return matrix->cells + column * matrix->n_rows;
}

/**
 * Fills the first columns of `matrix` with the rows of a query, whose columns are all DOUBLE, none
 * of them NULL: FW_E_INTERNAL when it gives other columns or another number of rows.
 */
fw_status fw_matrix_read(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                         const char *query);

/**
 * Makes the matrix a view called `name` with these column names, to be read once (attach). Neither
 * is copied: they must outlive the reading.
 */
fw_status fw_matrix_attach(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                           const char *name, const char *const *columns);

#endif
