/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* The file asked about is mostly the one of the time before. */
static fw_status find_reader(struct fw_picked *picked, size_t file,
                             struct fw_parquet_reader **ret_reader)
{
    fw_status status = FW_OK;

    if (picked->last == NULL || picked->last_file != file) {
        fw_parquet_reader_close(picked->last);
        picked->last = NULL;
        status = picked_file_open(picked, file, &picked->last);
        picked->last_file = file;
    }
    *ret_reader = picked->last;
    return status;
}

/* A byte for each row of the group. */
static fw_status ask(const struct fw_picked *picked, const struct fw_parquet_reader *reader,
                     size_t group, uint8_t *present)
{
    fw_status status = FW_OK;

    for (int64_t i = 0; i < picked->types.n_children && status == FW_OK; i++) {
        size_t column = fw_parquet_reader_find(reader, picked->types.children[i]->name);
        if (column < fw_parquet_reader_columns(reader)) {
            status = fw_parquet_reader_present(reader, column, group, present);
        }
    }
    return status;
}

/* Of a group of n rows from `start` on. */
static void take(const uint8_t *present, int64_t start, int64_t n,
                 const struct fw_picked_present *to)
{
    int64_t row = start > to->first_row ? start : to->first_row;
    int64_t end = start + n < to->first_row + to->n_rows ? start + n : to->first_row + to->n_rows;

    for (; row < end; row++) {
        int64_t bit = row - to->first_row;
        to->bits[bit / 8] |= (uint8_t)((present[row - start] != 0) << (7 - bit % 8));
    }
}

static fw_status find_group(struct fw_picked *picked, const struct fw_parquet_reader *reader,
                            size_t group, int64_t start, const struct fw_picked_present *to)
{
    int64_t n = fw_parquet_reader_group_rows(reader, group);
    uint8_t *present = calloc((size_t)n + 1, 1);

    if (present == NULL) {
        return fw_fault_nomem(picked->sql->host);
    }
    fw_status status = ask(picked, reader, group, present);
    if (status == FW_OK) {
        take(present, start, n, to);
    } else {
        picked_fail(picked);
    }
    free(present);
    return status;
}

fw_status fw_picked_find_present(struct fw_picked *picked, size_t file, int64_t first_row,
                                 int64_t n_rows, struct fw_picked_present *ret_present)
{
    struct fw_picked_present present = {.first_row = first_row, .n_rows = n_rows};
    struct fw_parquet_reader *reader;
    fw_status status = find_reader(picked, file, &reader);
    int64_t start = 0;

    if (status != FW_OK || reader == NULL) {
        return status != FW_OK ? status : FW_MORE;
    }
    if (n_rows == 0) {
        present.n_rows = fw_parquet_reader_rows(reader) - first_row;
    }
    present.bits = calloc((size_t)present.n_rows / 8 + 1, 1);
    if (present.bits == NULL) {
        return fw_fault_nomem(picked->sql->host);
    }
    for (size_t group = 0; group < fw_parquet_reader_groups(reader) && status == FW_OK; group++) {
        int64_t n = fw_parquet_reader_group_rows(reader, group);
        if (start < first_row + present.n_rows && first_row < start + n) {
            status = find_group(picked, reader, group, start, &present);
        }
        start += n;
    }
    if (status != FW_OK) {
        free(present.bits);
        return status;
    }
    *ret_present = present;
    return FW_OK;
}
