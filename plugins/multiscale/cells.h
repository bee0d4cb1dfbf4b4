/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_CELLS_H
#define MULTISCALE_CELLS_H

#include <fw/host.h>

#include "parquet/parquet.h"

/** A table that is to be written. */
struct cells_table {
    const struct fw_parquet_column *columns;
    size_t n_columns;
    const struct fw_parquet_text *const *texts; /**< of each column of texts, else NULL */
    size_t n_rows;

    /** Puts the cells of rows first .. first + n - 1 of a column. */
    void (*fill)(const void *self, size_t column, size_t first, size_t n, uint64_t *cells);
    const void *self;
};

/** Writes its rows in groups of one size, the last being smaller. [any thread] */
fw_status cells_write(const struct cells_table *table, const struct fw_host *host,
                      const char *path);

#endif
