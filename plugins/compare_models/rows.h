/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_ROWS_H
#define COMPARE_ROWS_H

#include "sql/sql.h"

/*
 * Rows of a query as they come: FW_SOURCE_FILE, FW_SOURCE_ROW, then columns that are DOUBLE and
 * never NULL. The session is busy while they are open. All zero is valid, and closed.
 */
struct compare_rows {
    const struct fw_sql_handle *sql;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t at; /* in the batch */
};

/* Some of them, columns of n numbers each; valid until the next call. */
struct compare_run {
    uint64_t n;
    const int32_t *files;
    const int64_t *rows;
    const struct ArrowArray *batch;
    int64_t at;
};

static inline const double *compare_run_column(const struct compare_run *run, size_t column)
{
    const struct ArrowArray *array = run->batch->children[column + 2];
    return (const double *)array->buffers[1] + array->offset + run->at;
}

fw_status compare_rows_open(struct compare_rows *rows, const struct fw_sql_handle *sql,
                            const struct fw_text *query);
void compare_rows_close(struct compare_rows *rows);
bool compare_rows_are_open(const struct compare_rows *rows);

/* Up to `most` rows more; n = 0 behind the last. */
fw_status compare_rows_next(struct compare_rows *rows, uint64_t most, struct compare_run *ret);

#endif
