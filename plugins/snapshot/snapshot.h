/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <fw/task.h>

#include "columns.h"
#include "settings.h"
#include "slices.h"

/*
 * How the stage works. The raw table has some twenty rows for each that is kept, and a row is
 * wide, so the choice is made on a few narrow columns and only winners are read in full:
 *
 *     keys     each slice of the raw table → its best row per entity and instant
 *     merge    these → the best row of the whole table
 *     rank     winners ordered by entity and instant; a row's place is its rank
 *     pick     the same, ordered by where the rows lie in the raw table
 *     gather   each slice again → its winners in full, with their rank
 *     core     ranks n .. n + part_rows - 1 → one part file; likewise extras
 *
 * Each arrow is a COPY statement between Parquet files, so memory does not grow with the table,
 * and what is finished survives a restart. No statement sorts more than one part or one unit of
 * gathered rows in full width.
 */

/* A contiguous stretch of the picks whose rows are gathered by one statement. */
struct snapshot_unit {
    struct fw_source_slice slice;
    int64_t first_file, first_row; /**< position of the first pick */
    int64_t last_file, last_row;   /**< position of the last one */
};

/** What is known once the winners are ranked. */
struct snapshot_facts {
    int64_t rows_scanned;
    int64_t rows_dropped_null_key;
    int64_t rows_dropped_bad_ts;
    int64_t rows_emitted;
    int64_t n_extras;
    int64_t n_entities;
    char *date_min; /**< YYYY-MM-DD; NULL without rows; so the next */
    char *date_max;
};

struct snapshot {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_output *core;
    const struct fw_output *static_rows;
    const struct fw_output *extras; /**< NULL: not wanted */
    struct snapshot_settings settings;
    struct fw_sql_handle sql;
    struct fw_source *source;
    struct snapshot_columns columns;
    struct snapshot_slices slices;
    char *work; /**< folder for what lies between the phases, beside the core output */

    size_t phase; /**< index into the phases (phases.h) */
    size_t index; /**< of the phase's next statement */
    struct fw_sql_job *job;

    size_t n_merges; /**< known from the phase merge on */
    bool planned;    /**< the members below are there, from the phase gather on */
    struct snapshot_facts facts;
    int64_t unit_rows; /**< picks in a unit, at most */
    struct snapshot_unit *units;
    size_t n_units;
    size_t n_parts;
};

/** Whether gathered rows are sorted at once, because many parts are going to look for theirs. */
bool snapshot_sorts_runs(const struct snapshot *s);

/** Whether an output is a single file, not a folder of parts. */
bool snapshot_is_single_file(const struct fw_output *output);

#endif
