/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ARROW_COLUMN_H
#define FW_DUCKDB_ARROW_COLUMN_H

#include <duckdb.h>
#include <stdbool.h>

#include <fw/arrow.h>

/*
 * One column of an Arrow table as DuckDB reads it, without a copy. DuckDB 1.4 ties the life of a
 * converted batch to its first column alone; columns that are converted one by one each keep
 * their own hold of it.
 */
struct arrow_column {
    duckdb_arrow_converted_schema converted;
    duckdb_logical_type type;
    bool is_nested;
};

/* A batch whose columns are held one by one; freed with the last that is let go. */
struct arrow_batch {
    struct ArrowArray array;
    uint64_t n_users; /* atomic */
};

/*
 * `field` must outlive the column. 0, or an errno code and a text in *ret_why, to be freed. Finish
 * in any case.
 */
int arrow_column_init(struct arrow_column *column, duckdb_connection connection,
                      const struct ArrowSchema *field, char **ret_why);
void arrow_column_finish(struct arrow_column *column);

/* Rows of a batch's child. */
struct arrow_rows {
    struct arrow_batch *batch;
    size_t child;
    int64_t first, n;
};

/*
 * The rows as a chunk of one column, which refers to the batch. As init. DuckDB 1.4 forgets where a
 * slice begins in a struct in a struct: of a column that is nested, only all rows are right.
 */
int arrow_column_convert(const struct arrow_column *column, duckdb_connection connection,
                         const struct arrow_rows *rows, duckdb_data_chunk *ret_chunk,
                         char **ret_why);

/* Takes the array. NULL when there is no memory; the array is then released. */
struct arrow_batch *arrow_batch_create(struct ArrowArray *array);

/* Accepts NULL. */
void arrow_batch_drop(struct arrow_batch *batch);

#endif
