/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_LEAF_H
#define FW_LIB_PARQUET_READ_LEAF_H

#include "codec.h"
#include "file.h"
#include "out.h"
#include "page.h"

/** Memory that reading uses again and again. Zero-initialise; one thread at a time. */
struct parquet_scratch {
    struct parquet_unpacker unpacker;
    struct parquet_room chunk, page, dictionary, entries;   /**< bytes; values of the dictionary */
    struct parquet_room places, borders, defs, reps, cells; /**< of a page */
    struct parquet_room made, numbers;                      /**< of parquet_decode */
};
void parquet_scratch_finish(struct parquet_scratch *scratch);

/** A leaf of a row group, of which rows are read. */
struct parquet_leaf_task {
    const struct fw_parquet_reader *reader;
    size_t group, leaf; /**< numbers in the file */
    const struct parquet_column *column;
    const uint32_t *rows; /**< of the group, ascending; NULL: the first n_rows */
    size_t n_rows;
    struct parquet_scratch *scratch;
    struct parquet_out *out;
};

static inline int64_t parquet_task_row(const struct parquet_leaf_task *task, size_t i)
{
    return task->rows != NULL ? (int64_t)task->rows[i] : (int64_t)i;
}

/** Appends the rows. What was appended before a failure stays. */
fw_status parquet_leaf_read(const struct parquet_leaf_task *task);

#endif
