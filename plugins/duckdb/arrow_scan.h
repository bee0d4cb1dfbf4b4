/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ARROW_SCAN_H
#define FW_DUCKDB_ARROW_SCAN_H

#include <duckdb.h>
#include <stdbool.h>

#include <fw/arrow.h>

/*
 * Reads an Arrow stream into DuckDB's chunks. A batch is converted as a whole, then copied out
 * in pieces that fit a chunk. One thread at a time.
 */
struct arrow_scan {
    duckdb_connection connection;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    duckdb_arrow_converted_schema converted;
    duckdb_logical_type *types;
    struct ArrowArray batch; /* the strings of `chunk` lie in it */
    duckdb_data_chunk chunk;
    duckdb_selection_vector rows;
    idx_t next_row;
    bool ended;
};

/*
 * Takes the stream, also on failure; reads the schema and finds the types. 0, or an errno code
 * and a text in *ret_why, to be freed. The scan is to be finished in any case.
 */
int arrow_scan_init(struct arrow_scan *scan, duckdb_connection connection,
                    struct ArrowArrayStream *stream, char **ret_why);
void arrow_scan_finish(struct arrow_scan *scan);

/*
 * Fills `output` with the next rows, as many as it holds whatever the batches' sizes are, and
 * fewer only at the end: what is written from it depends on the rows alone. Returns as
 * arrow_scan_init does.
 */
int arrow_scan_next(struct arrow_scan *scan, duckdb_data_chunk output, char **ret_why);

#endif
