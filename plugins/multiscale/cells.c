/* SPDX-License-Identifier: MIT */
#include "cells.h"

#include <stdlib.h>

#include "sql/fault.h"

static fw_status append_group(const struct cells_table *table, struct fw_parquet_file *file,
                              size_t first, struct fw_parquet_cells *cells, uint64_t *room)
{
    size_t left = table->n_rows - first;
    size_t n = left < FW_PARQUET_GROUP_ROWS ? left : FW_PARQUET_GROUP_ROWS;

    for (size_t i = 0; i < table->n_columns; i++) {
        table->fill(table->self, i, first, n, room + i * n);
        cells[i] = (struct fw_parquet_cells){room + i * n, table->texts[i]};
    }
    struct fw_parquet_block *block =
        fw_parquet_encode_cells(table->columns, table->n_columns, cells, n);
    fw_status status = block != NULL ? fw_parquet_append(file, block) : fw_fault_nomem(file->host);
    fw_parquet_block_free(block);
    return status;
}

static fw_status append_groups(const struct cells_table *table, struct fw_parquet_file *file)
{
    size_t n = table->n_rows < FW_PARQUET_GROUP_ROWS ? table->n_rows : FW_PARQUET_GROUP_ROWS;
    struct fw_parquet_cells *cells = calloc(table->n_columns, sizeof *cells);
    uint64_t *room = reallocarray(NULL, n + 1, table->n_columns * sizeof *room);
    fw_status status = cells != NULL && room != NULL ? FW_OK : fw_fault_nomem(file->host);

    for (size_t first = 0; first < table->n_rows && status == FW_OK; first += n) {
        status = append_group(table, file, first, cells, room);
    }
    free(cells);
    free(room);
    return status;
}

fw_status cells_write(const struct cells_table *table, const struct fw_host *host, const char *path)
{
    struct fw_parquet_file file;
    fw_status status = fw_parquet_open(&file, host, path, table->columns, table->n_columns);

    return fw_parquet_close(&file, status == FW_OK ? append_groups(table, &file) : status);
}
