/* SPDX-License-Identifier: MIT */
#include "arrow_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_empty.h"

static int fail_stream(struct arrow_scan *scan, int code, char **ret_why)
{
    const char *text = scan->stream.get_last_error(&scan->stream);

    *ret_why = strdup(text != NULL ? text : "its producer gives no reason");
    return code;
}

/* Consumes the error data. */
static int fail_data(duckdb_error_data data, char **ret_why)
{
    *ret_why = strdup(duckdb_error_data_message(data));
    duckdb_destroy_error_data(&data);
    return EINVAL;
}

static void keep(struct ArrowArray *array)
{
    array->release = NULL;
}

/*
 * DuckDB 1.4 ties the life of a converted batch to the first column's vector alone, so it gets a
 * borrowed copy, and the batch outlives the chunk here. Its conversion also ignores an offset of
 * the batch itself, which is therefore carried into the columns.
 */
static int convert(struct arrow_scan *scan, const struct ArrowArray *batch, char **ret_why)
{
    struct ArrowArray *columns = calloc((size_t)batch->n_children + 1, sizeof *columns);
    struct ArrowArray **children = calloc((size_t)batch->n_children + 1, sizeof *children);
    struct ArrowArray borrowed = *batch;
    duckdb_error_data data = NULL;
    int code = ENOMEM;

    if (columns != NULL && children != NULL) {
        for (int64_t i = 0; i < batch->n_children; i++) {
            columns[i] = *batch->children[i];
            columns[i].offset += batch->offset;
            columns[i].length = batch->length;
            children[i] = &columns[i];
        }
        borrowed.children = children;
        borrowed.offset = 0;
        borrowed.release = keep;
        data = duckdb_data_chunk_from_arrow(scan->connection, &borrowed, scan->converted,
                                            &scan->chunk);
        code = duckdb_error_data_has_error(data) ? fail_data(data, ret_why) : 0;
    }
    free(columns);
    free(children);
    return code;
}

static int find_types(struct arrow_scan *scan, char **ret_why)
{
    struct ArrowArray empty;
    int code = ENOMEM;

    if (arrow_empty_init(&empty, &scan->schema)) {
        code = convert(scan, &empty, ret_why);
    }
    arrow_empty_finish(&empty);
    if (code != 0) {
        return code;
    }
    for (int64_t i = 0; i < scan->schema.n_children; i++) {
        duckdb_vector column = duckdb_data_chunk_get_vector(scan->chunk, (idx_t)i);
        scan->types[i] = duckdb_vector_get_column_type(column);
    }
    duckdb_destroy_data_chunk(&scan->chunk);
    return 0;
}

static int read_schema(struct arrow_scan *scan, char **ret_why)
{
    int code = scan->stream.get_schema(&scan->stream, &scan->schema);

    if (code != 0) {
        scan->schema.release = NULL;
        return fail_stream(scan, code, ret_why);
    }
    duckdb_error_data data =
        duckdb_schema_from_arrow(scan->connection, &scan->schema, &scan->converted);
    if (duckdb_error_data_has_error(data)) {
        return fail_data(data, ret_why);
    }
    scan->types = calloc((size_t)scan->schema.n_children + 1, sizeof(duckdb_logical_type));
    return scan->types == NULL ? ENOMEM : find_types(scan, ret_why);
}

int arrow_scan_init(struct arrow_scan *scan, duckdb_connection connection,
                    struct ArrowArrayStream *stream, char **ret_why)
{
    *scan = (struct arrow_scan){.connection = connection,
                                .stream = *stream,
                                .rows = duckdb_create_selection_vector(duckdb_vector_size())};
    stream->release = NULL;
    return read_schema(scan, ret_why);
}

static void drop_batch(struct arrow_scan *scan)
{
    duckdb_destroy_data_chunk(&scan->chunk);
    if (scan->batch.release != NULL) {
        scan->batch.release(&scan->batch);
        scan->batch.release = NULL;
    }
    scan->next_row = 0;
}

void arrow_scan_finish(struct arrow_scan *scan)
{
    drop_batch(scan);
    for (int64_t i = 0; scan->types != NULL && i < scan->schema.n_children; i++) {
        duckdb_destroy_logical_type(&scan->types[i]);
    }
    free(scan->types);
    duckdb_destroy_arrow_converted_schema(&scan->converted);
    duckdb_destroy_selection_vector(scan->rows);
    if (scan->schema.release != NULL) {
        scan->schema.release(&scan->schema);
    }
    if (scan->stream.release != NULL) {
        scan->stream.release(&scan->stream);
    }
    *scan = (struct arrow_scan){0};
}

/* Leaves no batch at the end of the stream. */
static int next_batch(struct arrow_scan *scan, char **ret_why)
{
    do {
        drop_batch(scan);
        int code = scan->stream.get_next(&scan->stream, &scan->batch);
        if (code != 0) {
            scan->batch.release = NULL;
            return fail_stream(scan, code, ret_why);
        }
    } while (scan->batch.release != NULL && scan->batch.length == 0);
    scan->ended = scan->batch.release == NULL;
    return scan->ended ? 0 : convert(scan, &scan->batch, ret_why);
}

/* Copies the next n rows of the batch behind the first `n_before` of the output. */
static void copy_rows(struct arrow_scan *scan, duckdb_data_chunk output, idx_t n_before, idx_t n)
{
    sel_t *rows = duckdb_selection_vector_get_data_ptr(scan->rows);

    for (idx_t i = 0; i < n; i++) {
        rows[i] = (sel_t)(scan->next_row + i);
    }
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(output); i++) {
        duckdb_vector_copy_sel(duckdb_data_chunk_get_vector(scan->chunk, i),
                               duckdb_data_chunk_get_vector(output, i), scan->rows, n, 0, n_before);
    }
    scan->next_row += n;
}

static idx_t rows_left(const struct arrow_scan *scan)
{
    return scan->chunk == NULL ? 0 : duckdb_data_chunk_get_size(scan->chunk) - scan->next_row;
}

int arrow_scan_next(struct arrow_scan *scan, duckdb_data_chunk output, char **ret_why)
{
    idx_t size = 0, capacity = duckdb_vector_size();

    while (size < capacity) {
        int code = rows_left(scan) == 0 && !scan->ended ? next_batch(scan, ret_why) : 0;
        if (code != 0) {
            return code;
        }
        idx_t n = rows_left(scan);
        if (n == 0) {
            break;
        }
        n = n < capacity - size ? n : capacity - size;
        copy_rows(scan, output, size, n);
        size += n;
    }
    duckdb_data_chunk_set_size(output, size);
    return 0;
}
