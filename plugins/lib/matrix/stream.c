/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "matrix/matrix.h"

enum { BATCH_ROWS = 2048 };

/* A reading of a matrix. */
struct reading {
    const struct fw_matrix *matrix;
    const char *const *names;
    size_t next_row;
};

/* One batch or schema: children and what they point to lie in one block. */
struct column {
    struct ArrowArray array;
    const void *buffers[2];
};

struct batch {
    const void *no_buffer;
    struct ArrowArray **pointers;
    struct column columns[];
};

static void release_child(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    struct batch *batch = array->private_data;

    free(batch->pointers);
    free(batch);
    array->release = NULL;
}

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    free(schema->children[0]);
    free(schema->children);
    schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    const struct reading *reading = stream->private_data;
    size_t n = reading->matrix->n_columns;
    struct ArrowSchema *fields = calloc(n, sizeof *fields);
    struct ArrowSchema **pointers = calloc(n, sizeof(struct ArrowSchema *));

    if (fields == NULL || pointers == NULL) {
        free(fields);
        free(pointers);
        return ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        fields[i] = (struct ArrowSchema){
            .format = "g", .name = reading->names[i], .release = release_field};
        pointers[i] = &fields[i];
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)n,
                                .children = pointers,
                                .release = release_schema};
    return 0;
}

/* The columns of a batch are the matrix's own memory. */
static void fill(const struct reading *reading, size_t n_rows, struct batch *batch)
{
    for (size_t i = 0; i < reading->matrix->n_columns; i++) {
        struct column *column = &batch->columns[i];
        column->buffers[1] = fw_matrix_column(reading->matrix, i) + reading->next_row;
        column->array = (struct ArrowArray){.length = (int64_t)n_rows,
                                            .n_buffers = 2,
                                            .buffers = column->buffers,
                                            .release = release_child};
        batch->pointers[i] = &column->array;
    }
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct reading *reading = stream->private_data;
    size_t n_columns = reading->matrix->n_columns;
    size_t left = reading->matrix->n_rows - reading->next_row;
    size_t n_rows = left < BATCH_ROWS ? left : BATCH_ROWS;

    *ret = (struct ArrowArray){0};
    if (n_rows == 0) {
        return 0;
    }
    struct batch *batch = calloc(1, sizeof *batch + n_columns * sizeof *batch->columns);
    struct ArrowArray **pointers = calloc(n_columns, sizeof(struct ArrowArray *));
    if (batch == NULL || pointers == NULL) {
        free(batch);
        free(pointers);
        return ENOMEM;
    }
    batch->pointers = pointers;
    fill(reading, n_rows, batch);
    reading->next_row += n_rows;
    *ret = (struct ArrowArray){.length = (int64_t)n_rows,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "out of memory";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    free(stream->private_data);
    stream->release = NULL;
}

fw_status fw_matrix_attach(const struct fw_matrix *matrix, const struct fw_sql_handle *handle,
                           const char *name, const char *const *columns)
{
    struct reading *reading = malloc(sizeof *reading);

    if (reading == NULL) {
        return fw_fault_nomem(handle->host);
    }
    *reading = (struct reading){.matrix = matrix, .names = columns};
    struct ArrowArrayStream stream = {.get_schema = get_schema,
                                      .get_next = get_next,
                                      .get_last_error = get_last_error,
                                      .release = release_stream,
                                      .private_data = reading};
    return handle->api->attach(handle->session, name, &stream);
}
