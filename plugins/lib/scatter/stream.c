/* SPDX-License-Identifier: MIT */
#include "sql/stream.h"

#include <errno.h>
#include <stdlib.h>

#include "internal.h"
#include "sql/fault.h"

enum { VECTOR_ROWS = 2048, VIEW_BYTES = 24 };

/* Reads some columns of a part, all rows at once or, if they are too many, some after others. */
struct stream {
    struct fw_scatter_part *part;
    uint64_t *columns;
    size_t n_columns;
    bool is_open;  /* what follows is known */
    bool is_large; /* the columns are read anew for every batch */
    size_t next_row, rows_at_once;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret_schema)
{
    const struct stream *self = stream->private_data;
    const struct ArrowSchema *all = &self->part->scatter->schema;
    struct ArrowSchema **children = calloc(self->n_columns + 1, sizeof *children);
    struct ArrowSchema some = *all;

    if (children == NULL) {
        return ENOMEM;
    }
    for (size_t i = 0; i < self->n_columns; i++) {
        children[i] = all->children[self->columns[i]];
    }
    some.children = children;
    some.n_children = (int64_t)self->n_columns;
    int code = scatter_schema_copy(&some, true, ret_schema);
    free(children);
    return code;
}

static fw_status open_rows(struct stream *self)
{
    const struct fw_scatter_part *part = self->part;
    fw_status status = scatter_part_know(self->part);

    if (status != FW_OK) {
        return status;
    }
    uint64_t bytes = (uint64_t)part->n_rows * self->n_columns * VIEW_BYTES;
    for (size_t i = 0; i < self->n_columns; i++) {
        bytes += scatter_column_bytes(part, self->columns[i]);
    }
    self->is_large = part->n_rows > VECTOR_ROWS && bytes > part->scatter->plan.part_bytes;
    self->rows_at_once = self->is_large ? VECTOR_ROWS : part->n_rows;
    self->is_open = true;
    return FW_OK;
}

/* A part that is large is read for every batch: of that, only what was gathered is kept. */
static fw_status gather_column(struct stream *self, size_t i, size_t n, struct ArrowArray *batch)
{
    const struct fw_scatter_part *part = self->part;
    const struct fw_scatter *scatter = part->scatter;
    size_t index = self->columns[i];
    struct scatter_arena *arena = batch->private_data;
    struct scatter_arena *own = self->is_large ? scatter_arena_create() : arena;
    struct scatter_column column = {0};
    fw_status status = own != NULL ? scatter_column_read(&column, part, index, own)
                                   : fw_fault_nomem(scatter->host);

    if (status == FW_OK) {
        struct scatter_rows rows = {.sources = column.sources,
                                    .n_sources = part->n_pieces,
                                    .refs = part->refs + self->next_row,
                                    .n = n};
        int code = scatter_gather(&scatter->shapes[index], &rows, self->is_large, arena,
                                  batch->children[i]);
        if (code == ENOMEM) {
            status = fw_fault_nomem(scatter->host);
        } else if (code != 0) {
            status =
                fw_faultf(scatter->host, FW_E_DATA, scatter->schema.children[index]->name,
                          "lower part_rows", "2 GiB of one column are too much for %zu rows", n);
        }
    }
    scatter_column_finish(&column, part, index);
    if (self->is_large && own != NULL) {
        scatter_arena_drop(own);
    }
    return status;
}

static fw_status make_children(struct ArrowArray *batch, size_t n)
{
    struct ArrowArray *children = scatter_arena_alloc(batch->private_data, n * sizeof *children);

    batch->buffers = scatter_arena_alloc(batch->private_data, sizeof *batch->buffers);
    batch->children = scatter_arena_alloc(batch->private_data, n * sizeof *batch->children);
    if (children == NULL || batch->buffers == NULL || batch->children == NULL) {
        return FW_E_NOMEM;
    }
    batch->n_buffers = 1;
    for (size_t i = 0; i < n; i++) {
        batch->children[i] = &children[i];
    }
    batch->n_children = (int64_t)n;
    return FW_OK;
}

/* The next large batch is to hold about as many bytes as a part may take. */
static void adapt(struct stream *self, size_t n, uint64_t bytes)
{
    uint64_t limit = self->part->scatter->plan.part_bytes;
    uint64_t rows = limit / (bytes / n + 1) / VECTOR_ROWS * VECTOR_ROWS;

    self->next_row += n;
    if (self->is_large) {
        self->rows_at_once = rows > VECTOR_ROWS ? rows : VECTOR_ROWS;
    }
}

static fw_status gather_batch(struct stream *self, size_t n, struct ArrowArray *ret_batch)
{
    struct scatter_arena *arena = scatter_arena_create();

    if (arena == NULL) {
        return fw_fault_nomem(self->part->scatter->host);
    }
    scatter_array_init(ret_batch, arena, n);
    scatter_arena_drop(arena);
    fw_status status = make_children(ret_batch, self->n_columns);
    if (status != FW_OK) {
        fw_fault_nomem(self->part->scatter->host);
    }
    for (size_t i = 0; i < self->n_columns && status == FW_OK; i++) {
        status = gather_column(self, i, n, ret_batch);
    }
    if (status != FW_OK) {
        ret_batch->release(ret_batch);
        return status;
    }
    adapt(self, n, arena->n_bytes);
    return FW_OK;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret_batch)
{
    struct stream *self = stream->private_data;
    fw_status status = self->is_open ? FW_OK : open_rows(self);

    *ret_batch = (struct ArrowArray){0};
    if (status == FW_OK && self->next_row < self->part->n_rows) {
        size_t left = self->part->n_rows - self->next_row;
        status =
            gather_batch(self, left < self->rows_at_once ? left : self->rows_at_once, ret_batch);
    }
    return status == FW_OK ? 0 : fw_status_to_errno(status);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "rows could not be gathered for their part";
}

static void release(struct ArrowArrayStream *stream)
{
    struct stream *self = stream->private_data;

    free(self->columns);
    free(self);
    stream->release = NULL;
}

int fw_scatter_part_read(void *part, const uint64_t *columns, uint64_t n_columns,
                         struct ArrowArrayStream *ret_stream)
{
    struct stream *self = calloc(1, sizeof *self);
    uint64_t *copy = calloc(n_columns + 1, sizeof *copy);

    if (self == NULL || copy == NULL) {
        free(self);
        free(copy);
        return ENOMEM;
    }
    for (uint64_t i = 0; i < n_columns; i++) {
        copy[i] = columns[i];
    }
    *self = (struct stream){.part = part, .columns = copy, .n_columns = n_columns};
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release,
                                            .private_data = self};
    return 0;
}
