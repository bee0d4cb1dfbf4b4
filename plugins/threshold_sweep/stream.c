/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "threshold_sweep.h"

enum { BATCH_ROWS = 2048 };

/* Values are column by column, eight bytes each. */
struct batch {
    const void *no_buffer;
    struct ArrowArray **pointers;
    struct ArrowArray *arrays;
    const void **buffers; /* two a column */
    union sweep_value *values;
};

static void release_column(struct ArrowArray *array)
{
    array->release = NULL;
}

static void free_batch(struct batch *batch)
{
    free(batch->pointers);
    free(batch->arrays);
    free(batch->buffers);
    free(batch->values);
    free(batch);
}

static void release_batch(struct ArrowArray *array)
{
    free_batch(array->private_data);
    array->release = NULL;
}

static struct batch *make_batch(size_t n_columns)
{
    struct batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL) {
        return NULL;
    }
    batch->pointers = calloc(n_columns, sizeof *batch->pointers);
    batch->arrays = calloc(n_columns, sizeof *batch->arrays);
    batch->buffers = calloc(n_columns, 2 * sizeof *batch->buffers);
    batch->values = calloc(n_columns, BATCH_ROWS * sizeof *batch->values);
    if (batch->pointers != NULL && batch->arrays != NULL && batch->buffers != NULL &&
        batch->values != NULL) {
        return batch;
    }
    free_batch(batch);
    return NULL;
}

static size_t fill(struct sweep_table *table, struct batch *batch)
{
    union sweep_value row[SWEEP_COLUMNS_MAX];
    size_t n = 0;

    for (; n < BATCH_ROWS && table->next(table, row); n++) {
        for (size_t i = 0; i < table->n_columns; i++) {
            batch->values[i * BATCH_ROWS + n] = row[i];
        }
    }
    return n;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct sweep_table *table = stream->private_data;

    struct batch *batch = make_batch(table->n_columns);

    *ret = (struct ArrowArray){0};
    if (batch == NULL) {
        return ENOMEM;
    }
    int64_t n = (int64_t)fill(table, batch);
    if (n == 0) {
        free_batch(batch);
        return 0;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        batch->buffers[2 * i + 1] = &batch->values[i * BATCH_ROWS];
        batch->arrays[i] = (struct ArrowArray){.length = n,
                                               .n_buffers = 2,
                                               .buffers = &batch->buffers[2 * i],
                                               .release = release_column};
        batch->pointers[i] = &batch->arrays[i];
    }
    *ret = (struct ArrowArray){.length = n,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)table->n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
    return 0;
}

struct fields {
    struct ArrowSchema **pointers;
    struct ArrowSchema of[];
};

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_fields(struct ArrowSchema *schema)
{
    struct fields *fields = schema->private_data;

    free(fields->pointers);
    free(fields);
    schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    const struct sweep_table *table = stream->private_data;
    struct fields *fields = calloc(1, sizeof *fields + table->n_columns * sizeof fields->of[0]);

    if (fields == NULL ||
        (fields->pointers = calloc(table->n_columns, sizeof *fields->pointers)) == NULL) {
        free(fields);
        return ENOMEM;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        fields->of[i] = (struct ArrowSchema){.format = table->columns[i].is_whole ? "l" : "g",
                                             .name = table->columns[i].name,
                                             .release = release_field};
        fields->pointers[i] = &fields->of[i];
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)table->n_columns,
                                .children = fields->pointers,
                                .release = release_fields,
                                .private_data = fields};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "out of memory";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

void sweep_table_stream(struct sweep_table *table, struct ArrowArrayStream *ret_stream)
{
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release_stream,
                                            .private_data = table};
}
