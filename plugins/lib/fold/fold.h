/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FOLD_FOLD_H
#define FW_LIB_FOLD_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"
#include "sql/sql.h"

/**
 * Finds out about tables by reading each of them once, and goes on where it stopped.
 *
 * 1. Each input is read chunk by chunk, along its row groups. What `keep` makes of a chunk, much
 *    less than the chunk, becomes a file of the fold's folder.
 * 2. Each table is made, in turn, of what is kept of the inputs and of the tables before it.
 *
 * Every statement is worked on in pieces of half a second, by all threads of the budget; between
 * two of them lies a checkpoint. Large groups spill in the engine. What is kept lies in no order:
 * a table that is an output ends in an ORDER BY over rows that differ.
 */
struct fw_fold;

struct fw_fold_input {
    const char *name; /**< to ask for what is kept by; [a-z_]+ */
    const struct fw_source *source;
    const char *const *columns; /**< that `keep` reads; n_columns = 0: all */
    size_t n_columns;
    int64_t limit_rows; /**< read no further than the row group that holds this row; 0: all */

    /**
     * NULL, or appends a query for one BOOLEAN over what is kept of the inputs before: whether
     * this one is read at all. Its rows count in no progress.
     */
    void (*is_needed)(const void *self, const struct fw_fold *fold, struct fw_text *query);

    /** Appends a SELECT over `rows`, a parenthesised SELECT of the columns, fw_file and fw_row. */
    void (*keep)(const void *self, const char *rows, struct fw_text *select);
    const void *self;
};

struct fw_fold_table {
    const char *name;
    const char *path; /**< of a Parquet file; NULL: in the fold's folder */
    size_t n_columns; /**< of an output: sets its row groups */

    /** Appends the SELECT of its rows, which reads through fw_fold_append_rows. */
    void (*make)(const void *self, const struct fw_fold *fold, struct fw_text *select);
    const void *self;
};

/** Everything pointed to must outlive the fold. Callbacks append text and do nothing else. */
struct fw_fold_plan {
    const struct fw_sql_handle *sql;
    const char *folder; /**< beside the outputs; the first step makes it */
    const struct fw_fold_input *inputs;
    size_t n_inputs;
    const struct fw_fold_table *tables;
    size_t n_tables;
    int64_t chunk_rows; /**< 0: by the number of columns; a row group is never cut */
    bool within_files;  /**< a chunk ends where its file does, so that a fault names that file */

    /**
     * What is kept stays in the engine, which spills it, and becomes files when the fold is saved:
     * for what is small beside its input, where files cost more than they are good for. No table
     * of such a fold has a path.
     */
    bool in_memory;
};

/** Nothing is read or written yet. [stage thread, as all below] */
fw_status fw_fold_open(const struct fw_fold_plan *plan, struct fw_fold **ret_fold);

/** Accepts NULL. Files stay. */
void fw_fold_close(struct fw_fold *fold);

/** One bounded piece of work: FW_MORE, FW_OK at the end, or a failure. Fills `ret` as a step. */
fw_status fw_fold_step(struct fw_fold *fold, struct fw_step *ret);

/** Removes the folder, once nothing is read from it any more. */
fw_status fw_fold_remove(const struct fw_fold *fold);

/** As a stage's own save and restore. Saving a fold in memory first ends what is being done. */
fw_status fw_fold_save(struct fw_fold *fold, struct fw_blob *ret);
fw_status fw_fold_restore(struct fw_fold *fold, const struct fw_blob *blob);

/** Appends a parenthesised SELECT of all that is kept of an input, or of a table that is made. */
void fw_fold_append_rows(const struct fw_fold *fold, const char *name, struct fw_text *text);

/** Chunks of an input so far; 0 for one that was not needed. */
size_t fw_fold_chunks(const struct fw_fold *fold, const char *name);

/** Rows of an input that are not deleted; from the first step on. */
int64_t fw_fold_rows_in(const struct fw_fold *fold, size_t input);

#endif
