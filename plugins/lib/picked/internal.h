/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PICKED_INTERNAL_H
#define FW_LIB_PICKED_INTERNAL_H

#include <fw/arrow.h>

#include "parquet/read.h"
#include "picked.h"

/** What is known of a file. */
enum { PICKED_UNKNOWN, PICKED_READ, PICKED_LEFT };

/** Some of a table's places that lie in one file. */
struct picked_run {
    size_t file;
    bool is_read;    /**< false: the engine reads it */
    size_t first, n; /**< of the rows that are read; n = 0: none */
    int64_t first_row, end_row;
};

struct picked_table {
    struct fw_picked *picked;
    bool is_attached;
    struct picked_run *runs; /**< in the order of the files */
    size_t n_runs;
    int64_t *rows; /**< that are read, run after run */
    size_t n_rows;
};

struct fw_picked {
    const struct fw_sql_handle *sql;
    const struct fw_source *source;
    const char *const *columns;
    size_t n_columns;
    struct ArrowSchema types; /**< of the columns that lie in the files, under their names there */
    struct fw_parquet_batch *batch; /**< of those, to try files on; NULL: there are none */
    struct fw_host quiet;           /**< records no fault: it is asked whether it can be created */
    uint8_t *files;                 /**< what is known of each */
    char **reasons;                 /**< those that have been said */
    size_t n_reasons;
    struct picked_table *tables;
    size_t n_tables;
    bool has_failed;
    struct fw_parquet_reader *last; /**< of the file last asked about by fw_picked_find_present */
    size_t last_file;
};

/* file.c */

/** To the log, once for each reason: what is read by the engine, and why. */
fw_status picked_say(struct fw_picked *picked, const char *path, const char *reason);

/** *ret_reader, the caller's to close, is NULL where the engine has to read the file. */
fw_status picked_file_open(struct fw_picked *picked, size_t file,
                           struct fw_parquet_reader **ret_reader);

/** A file that is known to be read. [any thread] */
fw_status picked_file_read(struct fw_picked *picked, size_t file,
                           struct fw_parquet_reader **ret_reader);

/* table.c */

void picked_table_finish(struct picked_table *table, size_t at);

/* schema.c */

/** The columns of a table: `types`, fw_file and fw_row. The caller's to release. */
fw_status picked_schema(const struct fw_picked *picked, struct ArrowSchema *ret_schema);

/* stream.c */

/** As fw.sql/1's attach_table wants it; `table` is a struct picked_table. [any thread] */
int picked_stream_open(void *table, const uint64_t *columns, uint64_t n_columns,
                       struct ArrowArrayStream *ret_stream);

/** A fault has said what cannot be read. [any thread] */
void picked_fail(struct fw_picked *picked);

#endif
