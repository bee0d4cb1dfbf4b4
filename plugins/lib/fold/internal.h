/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FOLD_INTERNAL_H
#define FW_LIB_FOLD_INTERNAL_H

#include "fold/fold.h"

/** Goes through the rows of a source in chunks that end with row groups. */
struct fold_cut {
    struct fw_source_place next; /**< where the next chunk begins */
    int64_t *groups;             /**< rows of the row groups of the file `groups_of` */
    size_t n_groups, groups_of;
    bool within_files; /**< a chunk ends where its file does, if not before */
};

struct fw_fold {
    struct fw_fold_plan plan;
    const struct fw_host *host;
    struct fw_sql_job *job;
    bool is_restored;
    bool is_counted;
    int64_t *rows_in; /**< of each input */

    /* Progress. Inputs come first, then tables. */
    size_t input;         /**< that is being read */
    size_t table;         /**< that is being made */
    size_t *n_chunks;     /**< finished files of each input */
    struct fold_cut cut;  /**< in `input` */
    int64_t rows_done;    /**< of all inputs; deleted rows count */
    int64_t input_rows;   /**< of them those of `input` */
    struct fw_text files; /**< a line for each finished file: size, digest */
    size_t n_filed;       /**< of all that is kept, so many are files: the rest is in the engine */

    /* Of the chunk that is being read. */
    struct fw_source_place chunk_end;
    int64_t chunk_rows;
};

/* cut.c */

/** Finds the end of the chunk that begins at cut->next, and its rows, 0 at the source's end. */
fw_status fold_cut_find(struct fold_cut *cut, const struct fw_source *source, int64_t wanted,
                        struct fw_source_place *ret_end, int64_t *ret_rows);
void fold_cut_finish(struct fold_cut *cut);

/* kept.c: what is kept are the chunks of the inputs, then the tables, numbered as they are made. */

size_t fold_kept_chunk(const struct fw_fold *fold, size_t input, size_t i);
size_t fold_kept_table(const struct fw_fold *fold, size_t table);

/** How many there are. */
size_t fold_kept_count(const struct fw_fold *fold);

/** Appends the path of a file. */
void fold_kept_path(const struct fw_fold *fold, size_t kept, struct fw_text *path);

/** Appends the statement that makes it of a SELECT: a file, or a table of the engine. */
void fold_kept_append_make(const struct fw_fold *fold, size_t kept, const struct fw_text *select,
                           size_t n_columns, struct fw_text *text);

/** A file was made: appends its line to `files`. */
fw_status fold_kept_note(const struct fw_fold *fold, size_t kept, struct fw_text *files);

/** Moves all that the engine has into files. */
fw_status fold_kept_file(struct fw_fold *fold);

/* fold.c */

/** Waits for the statement that is being worked on. */
fw_status fold_settle(struct fw_fold *fold);

#endif
