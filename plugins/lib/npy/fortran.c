/* SPDX-License-Identifier: MIT */
/*
 * A column-major array read row-major: its columns follow each other in the file, each with the
 * first axis whole. They pass through a block of bounded size and their items go where they belong.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { BLOCK_BYTES = 1 << 22 };

/* The columns in the file's order, and where each lies in a row of the result. */
struct columns {
    const struct fw_npy_header *header;
    uint64_t index[FW_NPY_MAX_DIMS];
    uint64_t stride[FW_NPY_MAX_DIMS]; /* in items of a row */
    uint64_t at;
};

static void columns_init(struct columns *columns, const struct fw_npy_header *header)
{
    uint64_t stride = 1;

    *columns = (struct columns){.header = header};
    for (unsigned axis = header->n_dims; axis-- > 1;) {
        columns->stride[axis] = stride;
        stride *= header->shape[axis];
    }
}

static void columns_next(struct columns *columns)
{
    for (unsigned axis = 1; axis < columns->header->n_dims; axis++) {
        columns->at += columns->stride[axis];
        if (++columns->index[axis] < columns->header->shape[axis]) {
            return;
        }
        columns->at -= columns->index[axis] * columns->stride[axis];
        columns->index[axis] = 0;
    }
}

/* Items [first, first + n) of the columns in `block`. */
static void scatter(struct columns *columns, const char *block, uint64_t n_columns,
                    const uint64_t range[2], char *to)
{
    const struct fw_npy_header *header = columns->header;
    size_t item = header->item_bytes;
    uint64_t row_items = header->n_items / header->shape[0];

    for (uint64_t i = 0; i < n_columns; i++) {
        const char *from = block + (i * header->shape[0] + range[0]) * item;
        for (uint64_t row = 0; row < range[1]; row++) {
            memcpy(to + (row * row_items + columns->at) * item, from + row * item, item);
        }
        columns_next(columns);
    }
}

fw_status npy_read_fortran(struct fw_npy *npy, uint64_t first, uint64_t n, void *buffer)
{
    const struct fw_npy_header *header = &npy->header;
    const uint64_t range[2] = {first, n};
    struct columns columns;
    fw_status status = FW_OK;

    if (n == 0 || header->n_items == 0) {
        return FW_OK;
    }
    uint64_t column_bytes = header->shape[0] * header->item_bytes;
    uint64_t n_columns = header->n_items / header->shape[0];
    uint64_t at_once = column_bytes > BLOCK_BYTES ? 1 : BLOCK_BYTES / column_bytes;
    at_once = at_once < n_columns ? at_once : n_columns;
    char *block = malloc(at_once * column_bytes);
    if (block == NULL) {
        return npz_fault(npy->npz, FW_E_NOMEM, npy->member->name, "out of memory");
    }
    columns_init(&columns, header);
    for (uint64_t done = 0; status == FW_OK && done < n_columns; done += at_once) {
        uint64_t size = n_columns - done < at_once ? n_columns - done : at_once;
        status = npy_stream_read(&npy->stream, npy->items_at + done * column_bytes, block,
                                 size * column_bytes);
        if (status == FW_OK) {
            scatter(&columns, block, size, range, buffer);
        }
    }
    free(block);
    return status;
}
