/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool make_children(struct scatter_cells *cells, const struct scatter_shape *shape)
{
    cells->children =
        shape->n_children > 0 ? calloc(shape->n_children, sizeof *cells->children) : NULL;
    return shape->n_children == 0 || cells->children != NULL;
}

void scatter_cells_finish(struct scatter_cells *cells, const struct scatter_shape *shape)
{
    for (size_t i = 0; cells->children != NULL && i < shape->n_children; i++) {
        scatter_cells_finish(&cells->children[i], &shape->children[i]);
    }
    free(cells->children);
    cells->children = NULL;
}

/* A slice of a struct or of a fixed-size list says nothing of it in its children. */
static int64_t child_offset(const struct scatter_shape *shape, int64_t offset)
{
    return shape->kind == SCATTER_STRUCT ? offset : 0;
}

bool scatter_cells_of_array(struct scatter_cells *cells, const struct scatter_shape *shape,
                            const struct ArrowArray *array, int64_t offset)
{
    *cells = (struct scatter_cells){.offset = (uint64_t)(array->offset + offset),
                                    .n_rows = (uint64_t)array->length};
    if (shape->kind != SCATTER_NULL && array->null_count != 0) {
        cells->validity = array->buffers[0];
    }
    switch (shape->kind) {
    case SCATTER_BITS:
    case SCATTER_FIXED:
        cells->values = array->buffers[1];
        break;
    case SCATTER_BYTES:
        cells->bytes = array->buffers[2] != NULL ? array->buffers[2] : ""; /* all are empty */
        cells->offsets = array->buffers[1];
        break;
    case SCATTER_LIST:
        cells->offsets = array->buffers[1];
        break;
    default:
        break;
    }
    bool complete = make_children(cells, shape);
    for (size_t i = 0; i < shape->n_children && complete; i++) {
        complete =
            scatter_cells_of_array(&cells->children[i], &shape->children[i], array->children[i],
                                   child_offset(shape, (int64_t)cells->offset));
    }
    return complete;
}

/* What is left of the bytes of a piece. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static const void *take(struct reader *in, uint64_t size)
{
    uint64_t padded = (size + 7) / 8 * 8;

    if (in->failed || size > in->left || padded > in->left) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *at = in->at;
    in->at += padded;
    in->left -= padded;
    return at;
}

static uint64_t take_number(struct reader *in)
{
    const uint64_t *number = take(in, sizeof *number);

    return number != NULL ? *number : 0;
}

static void take_texts(struct reader *in, struct scatter_cells *cells)
{
    cells->n_entries = take_number(in);
    uint64_t size = take_number(in);
    if (cells->n_entries < cells->n_rows) {
        cells->index_width = scatter_index_width(cells->n_entries);
        cells->index = take(in, cells->n_rows * cells->index_width);
    }
    cells->offsets = take(in, (cells->n_entries + 1) * sizeof *cells->offsets);
    cells->bytes = take(in, size);
}

static bool take_cells(struct reader *in, struct scatter_cells *cells,
                       const struct scatter_shape *shape)
{
    uint64_t head = take_number(in);

    *cells = (struct scatter_cells){.n_rows = head >> 1};
    if ((head & 1) != 0) {
        cells->validity = take(in, (cells->n_rows + 7) / 8);
    }
    switch (shape->kind) {
    case SCATTER_BITS:
        cells->values = take(in, (cells->n_rows + 7) / 8);
        break;
    case SCATTER_FIXED:
        cells->values = take(in, cells->n_rows * shape->width);
        break;
    case SCATTER_BYTES:
        take_texts(in, cells);
        break;
    case SCATTER_LIST:
        cells->offsets = take(in, (cells->n_rows + 1) * sizeof *cells->offsets);
        break;
    default:
        break;
    }
    bool complete = make_children(cells, shape);
    for (size_t i = 0; i < shape->n_children && complete; i++) {
        complete = take_cells(in, &cells->children[i], &shape->children[i]);
    }
    return complete;
}

int scatter_cells_of_bytes(struct scatter_cells *cells, const struct scatter_shape *shape,
                           const uint8_t *bytes, size_t size)
{
    struct reader in = {bytes, size, false};

    if (!take_cells(&in, cells, shape)) {
        return ENOMEM;
    }
    return in.failed || in.left > 0 ? EINVAL : 0;
}

static uint64_t own_bytes(const struct scatter_shape *shape, const struct ArrowArray *array)
{
    uint64_t n = (uint64_t)array->length;

    switch (shape->kind) {
    case SCATTER_NULL:
    case SCATTER_STRUCT:
    case SCATTER_FIXED_LIST:
        return n / 8;
    case SCATTER_BITS:
        return n / 4;
    case SCATTER_FIXED:
        return n * shape->width + n / 8;
    case SCATTER_LIST:
        return n * sizeof(int32_t) + n / 8;
    case SCATTER_BYTES:
        break;
    }
    const int32_t *offsets = array->buffers[1];
    uint64_t text =
        n > 0 ? (uint64_t)(offsets[array->offset + array->length] - offsets[array->offset]) : 0;
    return n * sizeof(int32_t) + n / 8 + text;
}

uint64_t scatter_array_bytes(const struct scatter_shape *shape, const struct ArrowArray *array)
{
    uint64_t bytes = own_bytes(shape, array);

    for (size_t i = 0; i < shape->n_children; i++) {
        bytes += scatter_array_bytes(&shape->children[i], array->children[i]);
    }
    return bytes;
}
