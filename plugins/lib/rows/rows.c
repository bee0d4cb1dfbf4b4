/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdint.h>

#include <errno.h>
#include <stdlib.h>

enum { BATCH_ROWS = 2048, CELL_BYTES = sizeof(int64_t) };

struct column {
    struct ArrowArray array;
    const void *buffers[2];
};

struct batch {
    const void *no_buffer;
    struct column *columns;
    struct ArrowArray **pointers;
    void **cells; /* of each column; all in the block of the first */
};

static void release_column(struct ArrowArray *array)
{
    array->release = NULL;
}

static void drop(struct batch *batch)
{
    if (batch->cells != NULL) {
        free(batch->cells[0]);
    }
    free(batch->cells);
    free(batch->pointers);
    free(batch->columns);
    free(batch);
}

static void release_batch(struct ArrowArray *array)
{
    drop(array->private_data);
    array->release = NULL;
}

static struct batch *make_batch(size_t n_columns)
{
    struct batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL) {
        return NULL;
    }
    batch->columns = calloc(n_columns, sizeof *batch->columns);
    batch->pointers = calloc(n_columns, sizeof *batch->pointers);
    batch->cells = calloc(n_columns, sizeof *batch->cells);
    char *cells = calloc(n_columns, BATCH_ROWS * CELL_BYTES);
    if (batch->columns == NULL || batch->pointers == NULL || batch->cells == NULL ||
        cells == NULL) {
        free(cells);
        drop(batch);
        return NULL;
    }
    for (size_t i = 0; i < n_columns; i++) {
        batch->cells[i] = cells + i * BATCH_ROWS * CELL_BYTES;
        batch->columns[i].buffers[1] = batch->cells[i];
        batch->pointers[i] = &batch->columns[i].array;
    }
    return batch;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    const struct fw_rows *rows = stream->private_data;
    struct batch *batch = make_batch(rows->n_columns);

    *ret = (struct ArrowArray){0};
    if (batch == NULL) {
        return ENOMEM;
    }
    int64_t n = (int64_t)rows->fill(rows->self, batch->cells, BATCH_ROWS);
    if (n == 0) {
        drop(batch);
        return 0;
    }
    for (size_t i = 0; i < rows->n_columns; i++) {
        batch->columns[i].array = (struct ArrowArray){.length = n,
                                                      .n_buffers = 2,
                                                      .buffers = batch->columns[i].buffers,
                                                      .release = release_column};
    }
    *ret = (struct ArrowArray){.length = n,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)rows->n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
    return 0;
}

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    free(schema->private_data);
    free(schema->children);
    schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    const struct fw_rows *rows = stream->private_data;
    struct ArrowSchema *fields = calloc(rows->n_columns, sizeof *fields);
    struct ArrowSchema **pointers = calloc(rows->n_columns, sizeof *pointers);

    if (fields == NULL || pointers == NULL) {
        free(fields);
        free(pointers);
        return ENOMEM;
    }
    for (size_t i = 0; i < rows->n_columns; i++) {
        fields[i] = (struct ArrowSchema){.format = rows->columns[i].format,
                                         .name = rows->columns[i].name,
                                         .release = release_field};
        pointers[i] = &fields[i];
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)rows->n_columns,
                                .children = pointers,
                                .release = release_schema,
                                .private_data = fields};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "an allocation of the stage's own failed";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    const struct fw_rows *rows = stream->private_data;

    stream->release = NULL;
    if (rows->finish != NULL) {
        rows->finish(rows->self);
    }
}

void fw_rows_stream(const struct fw_rows *rows, struct ArrowArrayStream *ret_stream)
{
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release_stream,
                                            .private_data = (void *)(uintptr_t)rows};
}
