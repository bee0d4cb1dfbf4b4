/* SPDX-License-Identifier: MIT */
#include "arrow_column.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_empty.h"

static void keep_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
    array->release = NULL;
}

/* Consumes the error data. */
static int fail_data(duckdb_error_data data, char **ret_why)
{
    *ret_why = strdup(duckdb_error_data_message(data));
    duckdb_destroy_error_data(&data);
    return EINVAL;
}

struct arrow_batch *arrow_batch_create(struct ArrowArray *array)
{
    struct arrow_batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL) {
        array->release(array);
        return NULL;
    }
    batch->array = *array;
    batch->n_users = 1;
    array->release = NULL;
    return batch;
}

void arrow_batch_drop(struct arrow_batch *batch)
{
    if (batch != NULL && __atomic_sub_fetch(&batch->n_users, 1, __ATOMIC_ACQ_REL) == 0) {
        batch->array.release(&batch->array);
        free(batch);
    }
}

/* Some rows of one column, as a batch of one column. */
struct slice {
    struct arrow_batch *batch;
    struct ArrowArray column, *child;
    const void *validity; /* of the batch: none */
};

static void release_slice(struct ArrowArray *array)
{
    struct slice *slice = array->private_data;

    arrow_batch_drop(slice->batch);
    free(slice);
    array->release = NULL;
}

static void init_parent(struct ArrowArray *parent, struct slice *slice)
{
    *parent = (struct ArrowArray){.length = slice->column.length,
                                  .n_buffers = 1,
                                  .buffers = &slice->validity,
                                  .n_children = 1,
                                  .children = &slice->child,
                                  .release = release_slice,
                                  .private_data = slice};
    slice->child = &slice->column;
    slice->column.release = keep_array;
}

/* Takes the parent. */
static int convert(const struct arrow_column *column, duckdb_connection connection,
                   struct ArrowArray *parent, duckdb_data_chunk *ret_chunk, char **ret_why)
{
    duckdb_error_data data =
        duckdb_data_chunk_from_arrow(connection, parent, column->converted, ret_chunk);

    if (parent->release != NULL) {
        parent->release(parent);
    }
    return duckdb_error_data_has_error(data) ? fail_data(data, ret_why) : 0;
}

int arrow_column_convert(const struct arrow_column *column, duckdb_connection connection,
                         const struct arrow_rows *rows, duckdb_data_chunk *ret_chunk,
                         char **ret_why)
{
    struct slice *slice = calloc(1, sizeof *slice);
    struct ArrowArray parent;

    if (slice == NULL) {
        return ENOMEM;
    }
    slice->batch = rows->batch;
    __atomic_add_fetch(&rows->batch->n_users, 1, __ATOMIC_RELAXED);
    slice->column = *rows->batch->array.children[rows->child];
    slice->column.offset += rows->batch->array.offset + rows->first;
    slice->column.length = rows->n;
    init_parent(&parent, slice);
    return convert(column, connection, &parent, ret_chunk, ret_why);
}

/* DuckDB tells a type only by a vector of it. */
static int find_type(struct arrow_column *column, duckdb_connection connection,
                     const struct ArrowSchema *parent_schema, char **ret_why)
{
    struct ArrowArray empty;
    duckdb_data_chunk chunk = NULL;
    int code = ENOMEM;

    if (arrow_empty_init(&empty, parent_schema)) {
        struct ArrowArray borrowed = empty;
        borrowed.release = keep_array;
        code = convert(column, connection, &borrowed, &chunk, ret_why);
    }
    if (code == 0) {
        column->type = duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, 0));
    }
    duckdb_destroy_data_chunk(&chunk);
    arrow_empty_finish(&empty);
    return code;
}

int arrow_column_init(struct arrow_column *column, duckdb_connection connection,
                      const struct ArrowSchema *field, char **ret_why)
{
    struct ArrowSchema borrowed = *field, *child = &borrowed;
    struct ArrowSchema parent = {
        .format = "+s", .name = "", .n_children = 1, .children = &child, .release = keep_schema};

    *column = (struct arrow_column){0};
    column->is_nested = field->n_children > 0;
    borrowed.release = keep_schema;
    duckdb_error_data data = duckdb_schema_from_arrow(connection, &parent, &column->converted);
    if (duckdb_error_data_has_error(data)) {
        return fail_data(data, ret_why);
    }
    return find_type(column, connection, &parent, ret_why);
}

void arrow_column_finish(struct arrow_column *column)
{
    duckdb_destroy_logical_type(&column->type);
    duckdb_destroy_arrow_converted_schema(&column->converted);
}
