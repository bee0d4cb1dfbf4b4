/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WIDE_WIDE_H
#define FW_LIB_WIDE_WIDE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "source/source.h"
#include "sql/sql.h"

/**
 * Makes wide tables that are ordered by entity out of wide tables in any order, part by part,
 * in memory that does not grow with the input (design §11.2, §11.3).
 *
 * 1. Census: the entity column alone is read. It cuts the entities, in binary order, into parts
 *    of about `part_rows` weight, and tells whether the rows already lie entity after entity.
 * 2. Only if they do not: the input is read once, in chunks; each becomes a run, a temporary
 *    file ordered by entity, in which every part is one narrow range of small row groups.
 * 3. Each part, that is all rows of some entities, is finished on its own and written as one
 *    Parquet file per output.
 * 4. Outputs whose name ends in ".parquet" are joined into one file at the end, others are the
 *    folder of part-00000.parquet and so on.
 *
 * Work goes on in lanes: threads with an engine session of one thread each. A single thread keeps
 * rows in order and row groups at fixed sizes where DuckDB's parallel plans do not, so the bytes
 * of a part depend on the rows alone: not on threads, memory, chunks or the order of files.
 */

/** Sums that callbacks add to; kept across checkpoints. What they mean is the stage's business. */
enum { FW_WIDE_COUNTS = 8 };

/** One chunk or part as its callback sees it. */
struct fw_wide_work {
    /** The lane. What is created here (CREATE OR REPLACE TEMP TABLE) no other work sees, and it
        stays until the next work on this lane. Other threads run on other lanes meanwhile. */
    const struct fw_sql_handle *sql;

    /** A parenthesised SELECT to read from, as often as needed. */
    const char *rows;

    /** The pieces of the source that a chunk's `rows` are scanned from, none for a part that is
        read from runs: with them `take` finds what it knows about these rows alone. */
    const struct fw_source_slice *slices;
    size_t n_slices;

    /** Whether `rows` come entity after entity in binary order, as the files hold them. */
    bool in_order;

    int64_t *counts; /**< this work's own, all 0; added to the sums when the work is done */
};

/** One result table. */
struct fw_wide_output {
    const struct fw_output *to;

    /**
     * Gives the SELECT whose rows, in its order, become this output of the part. `work->rows` are
     * all rows of the part's entities: the columns that `take` selected. Called for one output
     * after another, in the order of the table, so a later one may use what an earlier one left
     * in the lane. [lane thread]
     */
    fw_status (*finish)(const void *self, const struct fw_wide_work *work,
                        struct fw_text *ret_select);
};

/** What is to be done. Everything pointed to must outlive the run. */
struct fw_wide_plan {
    const struct fw_sql_handle *sql; /**< becomes the first lane */
    const struct fw_source *source;

    const char *const *columns; /**< of the source, that `take` wants to see; n = 0: all */
    size_t n_columns;

    /** SQL over the source's columns: VARCHAR, the entity. Rows where it is NULL are left out. */
    const char *entity;

    /** SQL aggregate over the rows of one entity: what it weighs. NULL: count(*). */
    const char *weight;

    /**
     * Gives the SELECT over `work->rows` (the source's columns, fw_file, fw_row) that makes the
     * rows which the parts are finished from. It may leave rows out, say those that lose against
     * others of the same chunk. It must give a column `entity_column`, equal to `entity`, and
     * keep fw_file and fw_row. NULL: all rows as they are. Rows whose entity is NULL are still
     * in `work->rows`, to be counted; they must not come out. [lane thread]
     */
    fw_status (*take)(const void *self, const struct fw_wide_work *work,
                      struct fw_text *ret_select);
    const char *entity_column; /**< in what `take` gives, or in the source */

    const struct fw_wide_output *outputs;
    size_t n_outputs;
    size_t n_columns_out; /**< of the widest output; sets part_rows and the row groups */
    int64_t part_rows;    /**< weight of a part; 0: by n_columns_out, 32,768 for 133 */
    int64_t chunk_rows;   /**< of the input, at once in memory; 0: by the budget */
    const void *self;     /**< for the callbacks, read only while the run goes on */
};

struct fw_wide;

/** Nothing is read or written yet. [stage thread, as all below] */
fw_status fw_wide_open(const struct fw_wide_plan *plan, struct fw_wide **ret_wide);

/** Accepts NULL. Files stay. */
void fw_wide_close(struct fw_wide *wide);

/** One bounded piece of work: FW_MORE, FW_OK at the end, or a failure. Fills `ret` as a step. */
fw_status fw_wide_step(struct fw_wide *wide, struct fw_step *ret);

/**
 * Appends the state between two steps: lines of text that name the finished files with their
 * sizes and digests. To be kept in a blob, alone or between a stage's own lines.
 */
void fw_wide_save(const struct fw_wide *wide, struct fw_text *text);

/**
 * Goes on from there, before the first step. FW_E_STATE, with a fault that says what differs,
 * when the state is of another version or plan, or when a file it names is not as it was.
 */
fw_status fw_wide_restore(struct fw_wide *wide, const char *text, size_t size);

/** After the census. */
bool fw_wide_in_order(const struct fw_wide *wide);
int64_t fw_wide_rows_in(const struct fw_wide *wide);  /**< rows of the source */
int64_t fw_wide_entities(const struct fw_wide *wide); /**< distinct entities */
size_t fw_wide_parts(const struct fw_wide *wide);

/** The first entity of a part: the quantiles, for the manifest. NULL for a table of no rows. */
const char *fw_wide_part_start(const struct fw_wide *wide, size_t part);

/** At the end. */
int64_t fw_wide_rows_out(const struct fw_wide *wide, size_t output);
int64_t fw_wide_count(const struct fw_wide *wide, size_t count);

#endif
