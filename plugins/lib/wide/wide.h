/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WIDE_WIDE_H
#define FW_LIB_WIDE_WIDE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/arrow.h>
#include <fw/stage.h>
#include <fw/task.h>

#include "source/source.h"
#include "sql/sql.h"

/**
 * Makes wide tables that are ordered by entity out of wide tables in any order, part by part,
 * in memory that does not grow with the input.
 *
 * 1. Census: the entity column alone is read. It cuts the entities, in binary order, into parts
 *    of about `part_rows` weight, and tells whether the rows already lie entity after entity.
 * 2. Only if they do not: the input is read once, in chunks, and spread over temporary files in
 *    which the rows of every part lie together (plugins/lib/scatter).
 * 3. Each part, that is all rows of some entities, is gathered in order if it was spread, finished
 *    on its own and written as one Parquet file per output.
 * 4. Outputs whose name ends in ".parquet" are joined into one file at the end, others are the
 *    folder of part-00000.parquet and so on.
 *
 * As many chunks or parts are worked on at once as the budget has threads and memory, each by one
 * thread: that keeps rows in order and row groups at fixed sizes where the engine's parallel plans
 * do not (a join or a filter on two threads cuts other row groups in every run). So the bytes of a
 * part depend on the rows alone, not on threads, memory, chunks or the names of files.
 */

/** What `probe` finds out about a part. The meaning is the stage's business. */
enum { FW_WIDE_FACTS = 4 };

/** Names of columns of the source; n = 0: all of them. */
struct fw_wide_columns {
    const char *const *names;
    size_t n;
};

/** Rows of the source as `take` sees them. */
struct fw_wide_rows {
    /** A parenthesised SELECT of them: the source's columns, fw_file and fw_row. */
    const char *select;

    /** Their places among all rows of the source, where one file follows the other; a source of
        one file: places first_row .. first_row + n_rows - 1 are its row numbers. */
    int64_t first_row, n_rows;

    /** Where they lie, n_slices; each is whole files, n_rows = 0, or rows of one file. */
    const struct fw_source_slice *slices;
    size_t n_slices;

    size_t at; /**< which of those of this step: 0, or less than the threads of the budget */
};

/** One part as the callbacks see it. */
struct fw_wide_part {
    /** A parenthesised SELECT of all rows of some entities, to read from as often as needed: the
        wanted columns of the source, or what `take` made of them, fw_file and fw_row. They come
        entity after entity in binary order; within one as the files hold them or, if they had to
        be put in order, by the plan's `order`, fw_file and fw_row. Of a part in order that lies in
        several files the engine may hand over one file before the other: who needs it sorts. */
    const char *rows;

    int64_t facts[FW_WIDE_FACTS]; /**< of `probe`; 0 without one */
};

/**
 * What makes the outputs of a part in C, out of one reading of its rows: `read` instead of the
 * outputs' `finish`. What is kept of a part is the stage's, NULL at first, and has to fit into
 * memory beside that of the other parts of a step. Failures have recorded a fault.
 */
struct fw_wide_fold {
    struct fw_wide_columns columns; /**< of the source, that `read` reads */

    /** Appends the SELECT over the part's rows whose rows `take` sees in its order. NULL, in a plan
        whose `take_is_heavy`: all of them in order as they were spread, the columns of the plan's
        `take`, then `order`; texts are views. */
    void (*read)(const void *self, const struct fw_wide_part *part, struct fw_text *select);

    /** Takes a batch, also on failure; NULL: that was all. [any thread, one at a time for a part]
     */
    fw_status (*take)(const void *self, void **kept, struct ArrowArray *batch);

    /** Writes an output of the part, a Parquet file, and says how many rows it has. [any thread,
        those of a part side by side] */
    fw_status (*write)(const void *self, const void *kept, size_t output, const char *path,
                       uint64_t *ret_rows);

    /** Frees what is kept. Accepts NULL. */
    void (*drop)(void *kept);
};

/**
 * What reads rows without the engine. They are the same as `take` would make, or, of an input in
 * order, as the fold's `read` would. A plan has it if every file of the source can be read so.
 */
struct fw_wide_gather {
    /** The columns of what is spread, `order` as the last, fw_order; texts are "u" and "z". */
    fw_status (*schema)(const void *self, struct ArrowSchema *ret_schema);

    /** Reads the rows of the slices: those that are spread, or all of a part for the fold's `take`.
        Rows without an entity are left out. Failures have recorded a fault. [any thread] */
    fw_status (*rows)(const void *self, const struct fw_wide_rows *rows,
                      struct ArrowArray *ret_rows);

    /** How many rows of a file, from `row` on, had better be spread together where about `n_rows`
        should be: whole row groups are read once. */
    int64_t (*cut)(const void *self, size_t file, int64_t row, int64_t n_rows);
};

/** One result table. */
struct fw_wide_output {
    const struct fw_output *to;
    struct fw_wide_columns columns; /**< that `finish` reads, or `take` for it */

    /** Appends the SELECT whose rows, in its order, become this output of the part. NULL where
        the plan has a `fold`. */
    void (*finish)(const void *self, const struct fw_wide_part *part, struct fw_text *select);
};

/**
 * What is to be done. Everything pointed to must outlive the run. Statements run side by side with
 * a join order as written and the right side of a join in memory. Callbacks append text and do
 * nothing else, but for `enter`. [stage thread]
 */
struct fw_wide_plan {
    const struct fw_sql_handle *sql; /**< single-threaded from the census on */
    const struct fw_source *source;
    const struct fw_source *other; /**< that `take` brings rows in from; NULL: none */

    /** SQL over the source's columns: VARCHAR, the entity. Rows where it is NULL are left out. */
    const char *entity;

    /** SQL aggregate over the rows of one entity: what it weighs. NULL: count(*). */
    const char *weight;

    struct fw_wide_columns census_columns; /**< that `entity` and `weight` read */

    /**
     * Appends the SELECT over `rows` that makes the rows which parts are finished from. It may
     * leave out rows, say those that lose against others of the same chunk, and bring in columns
     * from elsewhere. It must give the column `entity_column`, equal to `entity` and never NULL,
     * and fw_file and fw_row where `probe` or `finish` read them. NULL: all rows as they are.
     */
    void (*take)(const void *self, const struct fw_wide_rows *rows, struct fw_text *select);
    const char *entity_column;

    /**
     * Called before a step with the rows that `take` will be asked about in it, to make ready what
     * its SELECT reads: it may use the session. What it made for these rows' `at` has to last until
     * it is called for the same again. `take` is also asked about no rows, n_rows = 0, for the
     * types of its columns. Failures have recorded a fault. NULL: nothing is to be made ready.
     */
    fw_status (*enter)(const void *self, const struct fw_wide_rows *rows);

    /** SQL over the rows that `take` makes: what the rows of an entity are put in order by, where
        the input is not in order; an integer, date or timestamp, NULL last. NULL: none. */
    const char *order;

    struct fw_wide_columns take_columns; /**< that `take` reads for a chunk */

    /** What `take` does is too much for the rows of a part at one go: even rows that lie entity
        after entity are taken chunk by chunk. */
    bool take_is_heavy;

    /**
     * Appends a SELECT of one row of FW_WIDE_FACTS BIGINTs, for `finish` to choose its plan by.
     * NULL: none. fw_wide_fact sums them up.
     */
    void (*probe)(const void *self, const struct fw_wide_part *part, struct fw_text *select);
    struct fw_wide_columns probe_columns;

    const struct fw_wide_fold *fold; /**< NULL: the outputs' `finish` */

    /** Used for what is spread where `take_is_heavy`, and for parts of an input in order. NULL: SQL
        is. */
    const struct fw_wide_gather *gather;

    const struct fw_wide_output *outputs; /**< the widest first */
    size_t n_outputs;
    size_t n_columns_out; /**< of the widest; sets part_rows and the row groups */
    int64_t part_rows;    /**< weight of a part; 0: by n_columns_out, 32,768 for 133 */
    int64_t chunk_rows;   /**< of the input, in memory at once, at most; 0: by the budget */
    const void *self;     /**< for the callbacks */
};

/** Whether an output is a single file, not a folder of parts. */
bool fw_wide_is_single(const struct fw_wide_output *output);

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

/* Folders for what a stage itself keeps beside its outputs. Paths may be taken by other files. */

/** Makes the folder if it is not there. */
fw_status fw_wide_make_folder(const struct fw_host *host, const char *path);

/** Removes the folder with all it holds; it is fine if there is none. */
fw_status fw_wide_remove_folder(const struct fw_host *host, const char *path);

/** Size and SHA-256 of a file, as a line of text: for a checkpoint that refers to it. */
fw_status fw_wide_append_digest(const struct fw_host *host, const char *path, struct fw_text *text);

/* After the census. */
bool fw_wide_in_order(const struct fw_wide *wide);
int64_t fw_wide_rows_in(const struct fw_wide *wide);      /**< rows of the source */
int64_t fw_wide_rows_unnamed(const struct fw_wide *wide); /**< those whose entity is NULL */
int64_t fw_wide_entities(const struct fw_wide *wide);     /**< distinct entities */
size_t fw_wide_parts(const struct fw_wide *wide);

/** The first entity of a part: the quantiles, for the manifest. NULL for a table of no rows. */
const char *fw_wide_part_start(const struct fw_wide *wide, size_t part);

/* At the end. */
int64_t fw_wide_rows_out(const struct fw_wide *wide, size_t output);
int64_t fw_wide_fact(const struct fw_wide *wide, size_t fact); /**< summed over the parts */

#endif
