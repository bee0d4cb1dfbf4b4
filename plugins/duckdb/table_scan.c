/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attached_table.h"
#include "sql/stream.h"

/* One reading of a table. */
struct scan {
    const struct sql_table *table;
    uint64_t *columns; /* of the table, in the order of the output */
    size_t n_columns;
    struct ArrowArrayStream stream;
    struct arrow_batch *batch;
    duckdb_data_chunk *whole; /* of each column that is nested: all of the batch */
    duckdb_selection_vector selection;
    int64_t next_row;
    bool ended;
};

static void bind(duckdb_bind_info info)
{
    const struct fw_sql_session *session = duckdb_bind_get_extra_info(info);
    duckdb_value id = duckdb_bind_get_parameter(info, 0);
    struct sql_table *table = session->tables;

    while (table != NULL && table->id != duckdb_get_int64(id)) {
        table = table->next;
    }
    duckdb_destroy_value(&id);
    if (table == NULL) {
        duckdb_bind_set_error(info, "this table was detached");
        return;
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        duckdb_bind_add_result_column(info, table->schema.children[i]->name,
                                      table->columns[i].type);
    }
    duckdb_bind_set_bind_data(info, table, NULL);
}

static void drop_batch(struct scan *scan)
{
    for (size_t i = 0; scan->whole != NULL && i < scan->n_columns; i++) {
        duckdb_destroy_data_chunk(&scan->whole[i]);
    }
    arrow_batch_drop(scan->batch);
    scan->batch = NULL;
    scan->next_row = 0;
}

static void destroy(void *data)
{
    struct scan *scan = data;

    drop_batch(scan);
    duckdb_destroy_selection_vector(scan->selection);
    free(scan->whole);
    if (scan->stream.release != NULL) {
        scan->stream.release(&scan->stream);
    }
    free(scan->columns);
    free(scan);
}

/* A count of rows asks for a column that is none. */
static bool find_columns(struct scan *scan, duckdb_init_info info)
{
    idx_t n = duckdb_init_get_column_count(info);

    scan->columns = calloc(n + 1, sizeof *scan->columns);
    for (idx_t i = 0; scan->columns != NULL && i < n; i++) {
        idx_t column = duckdb_init_get_column_index(info, i);
        if (column < scan->table->n_columns) {
            scan->columns[scan->n_columns++] = column;
        }
    }
    scan->whole = calloc(n + 1, sizeof *scan->whole);
    scan->selection = duckdb_create_selection_vector(duckdb_vector_size());
    return scan->columns != NULL && scan->whole != NULL;
}

/* The class of a failure would be lost inside DuckDB, so the session keeps it. */
static void keep_class(struct fw_sql_session *session, int code)
{
    __atomic_store_n(&session->stream_status, fw_status_from_errno(code), __ATOMIC_SEQ_CST);
}

/* One thread pulls, so that rows keep their order. */
static void init(duckdb_init_info info)
{
    struct scan *scan = calloc(1, sizeof *scan);
    int code = ENOMEM;

    duckdb_init_set_max_threads(info, 1);
    if (scan != NULL) {
        scan->table = duckdb_init_get_bind_data(info);
        duckdb_init_set_init_data(info, scan, destroy);
        if (find_columns(scan, info)) {
            code =
                scan->table->open(scan->table->arg, scan->columns, scan->n_columns, &scan->stream);
        }
    }
    if (code != 0) {
        keep_class(duckdb_init_get_extra_info(info), code);
        duckdb_init_set_error(info, strerror(code));
    }
}

/* Leaves no batch at the end of the stream. */
static int next_batch(struct scan *scan)
{
    struct ArrowArray array = {0};

    drop_batch(scan);
    int code = scan->stream.get_next(&scan->stream, &array);
    if (code != 0 || array.release == NULL) {
        scan->ended = true;
        return code;
    }
    scan->batch = arrow_batch_create(&array);
    return scan->batch != NULL ? 0 : ENOMEM;
}

static bool is_used_up(const struct scan *scan)
{
    return scan->batch == NULL || scan->next_row >= scan->batch->array.length;
}

/* Copies the rows out of the whole column. */
static int give_nested(struct scan *scan, duckdb_connection connection,
                       const struct arrow_rows *rows, duckdb_vector output, char **ret_why)
{
    const struct arrow_column *column = &scan->table->columns[scan->columns[rows->child]];
    const struct arrow_rows all = {rows->batch, rows->child, 0, rows->batch->array.length};
    duckdb_data_chunk *whole = &scan->whole[rows->child];
    sel_t *selected = duckdb_selection_vector_get_data_ptr(scan->selection);
    int code = *whole == NULL ? arrow_column_convert(column, connection, &all, whole, ret_why) : 0;

    for (int64_t i = 0; i < rows->n; i++) {
        selected[i] = (sel_t)(rows->first + i);
    }
    if (code == 0) {
        duckdb_vector_copy_sel(duckdb_data_chunk_get_vector(*whole, 0), output, scan->selection,
                               (idx_t)rows->n, 0, 0);
    }
    return code;
}

static int give_column(struct scan *scan, duckdb_connection connection,
                       const struct arrow_rows *rows, duckdb_vector output, char **ret_why)
{
    const struct arrow_column *column = &scan->table->columns[scan->columns[rows->child]];
    duckdb_data_chunk chunk = NULL;

    if (column->is_nested) {
        return give_nested(scan, connection, rows, output, ret_why);
    }
    int code = arrow_column_convert(column, connection, rows, &chunk, ret_why);
    if (code == 0) {
        duckdb_vector_reference_vector(output, duckdb_data_chunk_get_vector(chunk, 0));
    }
    duckdb_destroy_data_chunk(&chunk);
    return code;
}

static int give(struct scan *scan, duckdb_connection connection, duckdb_data_chunk output,
                char **ret_why)
{
    int64_t n = (int64_t)duckdb_vector_size();
    int code = 0;

    while (code == 0 && !scan->ended && is_used_up(scan)) {
        code = next_batch(scan);
    }
    if (code != 0 || scan->ended) {
        duckdb_data_chunk_set_size(output, 0);
        return code;
    }
    int64_t left = scan->batch->array.length - scan->next_row;
    struct arrow_rows rows = {
        .batch = scan->batch, .first = scan->next_row, .n = n < left ? n : left};
    for (; rows.child < scan->n_columns && code == 0; rows.child++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, rows.child);
        code = give_column(scan, connection, &rows, vector, ret_why);
    }
    scan->next_row += rows.n;
    duckdb_data_chunk_set_size(output, (idx_t)rows.n);
    return code;
}

static void read_next(duckdb_function_info info, duckdb_data_chunk output)
{
    struct fw_sql_session *session = duckdb_function_get_extra_info(info);
    struct scan *scan = duckdb_function_get_init_data(info);
    char *why = NULL;
    int code = give(scan, session->connection, output, &why);

    if (code != 0) {
        keep_class(session, code);
        duckdb_function_set_error(info, why != NULL ? why : strerror(code));
    }
    free(why);
}

void sql_table_set_scan(duckdb_table_function function)
{
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, init);
    duckdb_table_function_set_function(function, read_next);
}
