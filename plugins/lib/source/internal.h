/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SOURCE_INTERNAL_H
#define FW_LIB_SOURCE_INTERNAL_H

#include "delta/delta.h"
#include "source/source.h"

/** What a source needs and its users do not. */
struct fw_source_private {
    const struct fw_sql_handle *sql;
    struct fw_delta *delta;      /**< FW_SOURCE_DELTA: files and columns in the same order */
    struct fw_sql_grid *headers; /**< FW_SOURCE_CSV: each file's columns, as describe gives them */
    char *delim, *quote, *nullstr; /**< FW_SOURCE_CSV */
    bool header;
    size_t n_limited;  /**< files within fw_source_limit; 0: no limit */
    int64_t last_rows; /**< rows of the last of them that belong to the source */
    int64_t *rows; /**< of each file as its footer says, deleted ones too; NULL: not asked yet */
    bool uniform;  /**< FW_SOURCE_PARQUET: all files have the same columns, in the same types */
};

/**
 * Fills `source->files`, sorted by name: the paths themselves, and *.parquet at any depth below
 * those that are folders. Says what cannot be read by its path.
 */
fw_status fw_source_list_files(struct fw_source *source, const char *const *paths, size_t n_paths);

/** Refuses names that are not UTF-8, which no statement of the engine can hold. */
fw_status fw_source_check_names(const struct fw_source *source);

/** Checks that each file exists and begins and ends as Parquet does. */
fw_status fw_source_check_parquet(const struct fw_source *source);

/** Whether a regular file begins as Parquet does. */
bool fw_source_is_parquet(const char *path);

/** Whether the name says CSV; *ret_tabs: with tabs between the fields. */
bool fw_source_is_csv(const char *path, bool *ret_tabs);

/* Opens one kind each: fills the columns and what scanning needs. */
fw_status fw_source_open_delta(struct fw_source *source, const char *root);
fw_status fw_source_open_parquet(struct fw_source *source);
fw_status fw_source_open_csv(struct fw_source *source, const struct fw_source_options *options);

/** Adds a column, copying the texts; `type` NULL: derived from `sql_type`. False: no memory. */
bool fw_source_add_column(struct fw_source *source, const char *name, const char *sql_type,
                          const char *type);

/** Delta's words for an engine's type, to be freed; NULL when out of memory. */
char *fw_source_type(const char *sql_type);

/** Appends `read_csv(...)` of one file with all its columns as texts. */
void fw_source_append_csv(const struct fw_source *source, size_t file, struct fw_text *text);

/** Appends ['path', ...] of the files first .. first + n - 1. */
void fw_source_append_paths(const struct fw_source *source, size_t first, size_t n,
                            struct fw_text *text);

/**
 * Appends a comment from which fw.sql/1 says of a failed statement which files it was about: the
 * engine itself names the file of only about half of the damaged pages that it meets.
 */
void fw_source_append_origin(const struct fw_source *source, size_t first, size_t n,
                             struct fw_text *text);

/**
 * Checks that a Delta table that finds its columns by Parquet field id has these in its files, and
 * that nested fields have the names there that the log says: the engine finds them by name alone.
 */
fw_status fw_source_check_ids(const struct fw_source *source);

/** Whether one of the files first .. first + n - 1 has deleted rows. */
bool fw_source_has_deleted(const struct fw_source *source, size_t first, size_t n);

/**
 * Appends a condition on file_index and file_row_number of a scan that leaves the deleted rows
 * out. Files and rows of the slice must be spelled out.
 */
void fw_source_append_deleted(const struct fw_source *source, const struct fw_source_slice *slice,
                              struct fw_text *text);

/**
 * Appends " AND (...)" where the slice, whose files are spelled out, reaches the limit. `file` is
 * SQL for the number of a file within the slice, `row` for that of a row within its file.
 */
void fw_source_append_limit(const struct fw_source *source, const struct fw_source_slice *slice,
                            const char *file, const char *row, struct fw_text *text);

/** Index of the file's header that holds the column; -1: the file does not have it. */
int fw_source_header_find(const struct fw_source *source, size_t file, const char *column);

#endif
