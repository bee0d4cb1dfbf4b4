/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WIDE_INTERNAL_H
#define FW_LIB_WIDE_INTERNAL_H

#include "parquet/join.h"
#include "scatter/scatter.h"
#include "wide.h"

/**
 * A file's place among all rows: files one after another, in the order that they are read. Rows
 * that a deletion vector takes out have a place too, so that a place is a row number in a file.
 */
struct wide_span {
    size_t file; /**< index into the source's files */
    int64_t start;
    int64_t n_rows; /**< up to the last row that is not deleted */
};

/** Some entities, complete and next to each other in binary order. */
struct wide_range {
    char *start;       /**< the first of them; NULL only for a table of no rows */
    int64_t first_row; /**< if the input is in order: where their rows begin, and end */
    int64_t end_row;
    int64_t n_rows;
};

/** A finished file, for the checkpoint. */
struct wide_file {
    int64_t n_rows;
    int64_t n_bytes;
    char digest[65]; /**< hex SHA-256; "-" for a part without rows, whose file is not kept */
};

enum wide_phase { WIDE_CENSUS, WIDE_SPREAD, WIDE_PARTS, WIDE_JOIN, WIDE_DONE };

struct fw_wide {
    struct fw_wide_plan plan;
    const struct fw_host *host;
    enum wide_phase phase;
    bool is_restored;
    struct fw_sql_job *job; /**< of the census */

    /* Sizes, see layout.c. */
    int64_t part_rows, row_group_rows, chunk_rows;
    size_t n_chunks_at_once, n_parts_at_once; /**< in one step */
    uint64_t share_bytes; /**< of memory, for a chunk or a part outside the engine */

    /* From the census. */
    size_t census_next; /**< the statement to run next */
    bool may_be_in_order, in_order;
    struct wide_span *spans;
    size_t n_spans;
    struct wide_range *parts;
    size_t n_parts;
    int64_t rows_in, rows_named, n_entities;
    int64_t end_row; /**< the end of the last span */

    /* Progress. */
    int64_t next_row;           /**< everything before it is spread */
    struct fw_scatter *scatter; /**< NULL if the input is in order */
    struct ArrowSchema schema;  /**< of what is spread */
    struct ArrowSchema folded;  /**< of what the fold reads; released before the first part */
    struct wide_file *files;    /**< n_parts times n_outputs */
    size_t next_part, next_join;
    struct fw_parquet_join *join; /**< the single file that is being made, NULL between two */
    size_t next_joined;           /**< the part that it goes on with */
    int64_t facts[FW_WIDE_FACTS];
};

/* wide.c */

/** After the census: the sizes, room for the parts, and the engine's settings. */
fw_status wide_begin(struct fw_wide *wide);

/** Runs the statements of a batch side by side. FW_E_NOMEM when the building of one failed. */
fw_status wide_exec(const struct fw_wide *wide, const struct fw_text *statements, size_t n,
                    uint64_t *ret_rows);
void wide_texts_finish(struct fw_text *texts, size_t n);

/** The strings of n texts, to be freed; NULL when there is no memory, or was none for one. */
const char **wide_texts_get(const struct fw_text *texts, size_t n);

/* census.c */

/** One bounded piece of the census: FW_MORE, or FW_OK when spans and parts are known. */
fw_status wide_census_step(struct fw_wide *wide);
void wide_census_finish(struct fw_wide *wide);

/** What columns a query gives, without running it to its end. */
fw_status wide_schema_of(const struct fw_wide *wide, const struct fw_text *query,
                         struct ArrowSchema *ret_schema);

/* slice.c */

/**
 * The rows first_row.., counted over all spans, as slices of the source without columns: whole
 * files that follow each other by name, too, or rows of one file. To be freed; NULL: no memory.
 */
struct fw_source_slice *wide_slice_list(const struct fw_wide *wide, int64_t first_row,
                                        int64_t n_rows, size_t *ret_n);

/** Appends a parenthesised SELECT of the same. */
void wide_slice_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                       int64_t first_row, int64_t n_rows, struct fw_text *text);

/** How many rows a chunk that begins at `first_row` has. */
int64_t wide_slice_chunk(const struct fw_wide *wide, int64_t first_row);

/* take.c */

/** Rows that go through `take` at one go; `at` counts those of a step. */
struct wide_chunk {
    size_t at;
    int64_t first_row, n_rows;
};

/** Has the plan make ready what `take` reads. */
fw_status wide_take_enter(const struct fw_wide *wide, const struct wide_chunk *chunk);

/** Appends a parenthesised SELECT of what the plan takes of the chunk. */
void wide_take_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                      const struct wide_chunk *chunk, struct fw_text *text);

/* spread.c: input out of order, on its way to the parts */

/** Whether rows are spread without the engine. */
static inline bool wide_gathers(const struct fw_wide *wide)
{
    return wide->plan.gather != NULL && wide->plan.take_is_heavy;
}

/** Finds the columns that go there. */
fw_status wide_spread_open(struct fw_wide *wide);

/** The next chunks are spread. FW_MORE, or FW_OK when all rows are. */
fw_status wide_spread_step(struct fw_wide *wide);

/** Makes a part's rows readable, by that SELECT, until they are detached. */
fw_status wide_spread_attach(struct fw_wide *wide, size_t part, struct fw_scatter_part **ret_rows);
void wide_spread_append(size_t part, struct fw_text *text);
fw_status wide_spread_detach(struct fw_wide *wide, size_t part, struct fw_scatter_part *rows);

/* part.c */

/** The parts of one step: next_part and those after it. */
struct wide_batch {
    struct fw_wide *wide;
    size_t n;
    struct fw_wide_part *parts;
    struct fw_scatter_part **rows; /**< of parts that were spread */
    uint64_t *n_rows;              /**< output by output, in each part by part */
    void **kept;                   /**< by the fold, of each part */
    int64_t *n_read;               /**< by the fold: rows of each part */
};

/** Has `write` append to `text` what it makes of the columns of the batch's part `at`. */
void wide_part_select(const struct wide_batch *batch, size_t at,
                      const struct fw_wide_columns *columns,
                      void (*write)(const void *, const struct fw_wide_part *, struct fw_text *),
                      struct fw_text *text);

/* gather.c: rows that are read without the engine, each chunk or part on a thread */

/** Chunks on their way to the parts. */
fw_status wide_gather_spread(struct fw_wide *wide, const struct wide_chunk *chunks, size_t n);

/** The batch's parts, each into what its fold keeps. */
fw_status wide_gather_parts(const struct wide_batch *batch);

/* fold.c */

/** Reads the batch's parts and writes each output of each part. */
fw_status wide_fold_write(const struct wide_batch *batch);

/** The next parts are finished. FW_MORE, or FW_OK after the last. */
fw_status wide_part_step(struct fw_wide *wide);
struct wide_file *wide_part_file(const struct fw_wide *wide, size_t part, size_t output);

/* join.c */

/** Makes the outputs that are one file. FW_MORE, or FW_OK when all outputs are in place. */
fw_status wide_join_step(struct fw_wide *wide);

/* layout.c */

/** Sets the sizes that can be seen in the outputs: they depend on the plan alone. */
void wide_layout_init(struct fw_wide *wide);

/** Sets the sizes that cannot: they depend on the budget. */
void wide_layout_fit(struct fw_wide *wide);

/* place.c: where files lie. Paths are appended; calls that fail have recorded a fault. */

void wide_place_parts(const struct fw_wide *wide, size_t output, struct fw_text *path);
void wide_place_part(const struct fw_wide *wide, size_t part, size_t output, struct fw_text *path);
void wide_place_spread(const struct fw_wide *wide, struct fw_text *path);

/** Empty folders for spread rows and parts, whatever an earlier attempt left there. */
fw_status wide_place_prepare(const struct fw_wide *wide);
fw_status wide_place_remove_spread(const struct fw_wide *wide);
fw_status wide_place_remove_parts(const struct fw_wide *wide, size_t output);

/** Size and digest of a file. */
fw_status wide_place_measure(const struct fw_host *host, const char *path,
                             struct wide_file *ret_file);

#endif
