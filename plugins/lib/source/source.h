/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SOURCE_SOURCE_H
#define FW_LIB_SOURCE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sql/sql.h"

/**
 * An input table, whatever it is stored as: one schema, a list of files in an order that depends
 * neither on listings nor on absolute paths, and SQL text that scans all of it or a slice.
 */
enum fw_source_kind {
    FW_SOURCE_DELTA,   /**< a folder with a Delta log */
    FW_SOURCE_PARQUET, /**< files, or a folder with *.parquet at any depth */
    FW_SOURCE_CSV      /**< .csv, .tsv or .txt files, plain or .gz */
};

struct fw_source_column {
    char *name;
    char *sql_type; /**< the engine's words: "BIGINT", "VARCHAR[]" */
    char *type;     /**< Delta's words: "long", "array<string>"; the same for other kinds */
    bool nested;    /**< array, map or struct */
};

struct fw_source_file {
    char *path; /**< absolute */
    char *name; /**< below the table's folder, or below the folder that all files share */
    uint64_t size_bytes;
    int64_t n_rows;    /**< as the Delta log says; -1 when nothing says it without a scan */
    int64_t n_deleted; /**< those of them that a deletion vector takes out; scans skip them */
};

/** Read only. */
struct fw_source {
    enum fw_source_kind kind;
    int64_t version; /**< of a Delta table, -1 otherwise */
    struct fw_source_column *columns;
    size_t n_columns;
    struct fw_source_file *files; /**< sorted by name */
    size_t n_files;
    struct fw_source_private *more;
};

/** How CSV is written. Zero-initialised: what the file's name suggests. */
struct fw_source_options {
    const char *delim;   /**< NULL: tab for .tsv, comma otherwise */
    const char *quote;   /**< NULL: '"'; "" switches quoting off */
    const char *nullstr; /**< NULL: the empty field is NULL */
    bool no_header;      /**< columns are then column0, column1, ... */
    bool all_varchar;    /**< false: types by content, see fw_source_open */
};

/**
 * Opens `paths`, n of them: one Delta table, or any number of Parquet files and folders, or of
 * CSV files. Each file must exist, be readable and look like what it should be.
 *
 * Schema: a Delta table's own; for Parquet the union by name over all files; for CSV the union of
 * the headers, where a column is BIGINT, DOUBLE, BOOLEAN, DATE or TIMESTAMP if every value in
 * every file converts, and VARCHAR otherwise. Numbers with a leading zero stay text.
 *
 * The strings of `options` (NULL: all defaults) are copied. The source uses `sql` later on, which
 * must live as long. [stage thread]
 */
fw_status fw_source_open(const struct fw_sql_handle *sql, const char *const *paths, size_t n_paths,
                         const struct fw_source_options *options, struct fw_source **ret_source);

/** Accepts NULL. */
void fw_source_close(struct fw_source *source);

/** The column called `name`, or NULL. */
const struct fw_source_column *fw_source_column(const struct fw_source *source, const char *name);

/** A part of a source. Zero-initialised: all of it. */
struct fw_source_slice {
    const char *const *columns; /**< in this order; n_columns = 0: all, in table order */
    size_t n_columns;
    size_t first_file;
    size_t n_files; /**< 0: up to the last */
    int64_t first_row;
    int64_t n_rows; /**< 0: all; otherwise rows first_row.. of the file `first_file` alone */
};

/* Two columns more than the table has; together they are a total order of the rows. */
#define FW_SOURCE_FILE "fw_file" /**< INTEGER, index into files */
#define FW_SOURCE_ROW  "fw_row"  /**< BIGINT, row number in the file, from 0; deleted rows count */

/**
 * Appends a parenthesised SELECT that scans the slice (NULL: everything): the columns in their
 * types, then fw_file and fw_row, rows in that order. A column that a file does not have is
 * NULL, another physical type is cast, partition columns come from the log, deleted rows are left
 * out. Unused columns cost nothing. Rows of Parquet are found through the row groups, rows of CSV
 * by reading up to them. Every column in `columns` must exist. When a statement with a scan fails,
 * its fault says which file or files the scan was of.
 */
void fw_source_scan(const struct fw_source *source, const struct fw_source_slice *slice,
                    struct fw_text *text);

/** A row, or the end of a file: where the next one begins. */
struct fw_source_place {
    size_t file;
    int64_t row;
};

/** The same for the rows from one place up to another, greater one, which is not among them. */
void fw_source_scan_range(const struct fw_source *source, const char *const *columns,
                          size_t n_columns, struct fw_source_place from, struct fw_source_place to,
                          struct fw_text *text);

/*
 * For who reads files without the engine: what the columns are in them. A Delta table may say that
 * they are found by a field id instead; then, and of CSV, there are no names to go by.
 */
bool fw_source_has_names(const struct fw_source *source);

/** The name, letter by letter; NULL for a partition column, which is in no file. */
const char *fw_source_name_in_files(const struct fw_source *source,
                                    const struct fw_source_column *column);

/** The type that the table has them in, in the engine's words. */
const char *fw_source_type_in_files(const struct fw_source *source,
                                    const struct fw_source_column *column);

/**
 * Appends what fw_source_scan does, for rows of the slice's files that were read: `table` is SQL of
 * a table with columns of those names and types, fw_file and fw_row. Which rows, and in which
 * order, is as it is in that table; the slice's files must be spelled out.
 */
void fw_source_scan_table(const struct fw_source *source, const struct fw_source_slice *slice,
                          const char *table, struct fw_text *text);

/** Appends what a person calls a row: PATH:LINE of a CSV file, whose header is line 1, else PATH,
    row N from 1 on. `file` and `row` are FW_SOURCE_FILE and FW_SOURCE_ROW. */
void fw_source_append_place(const struct fw_source *source, size_t file, int64_t row,
                            struct fw_text *text);

/** From now on the source has its first `n_rows` rows only, 1 or more, in its total order. */
fw_status fw_source_limit(struct fw_source *source, int64_t n_rows);

/**
 * Rows of each row group of one Parquet file, so that a slice can end at their borders. The
 * array is the caller's to free. FW_E_ARG for CSV.
 */
fw_status fw_source_row_groups(const struct fw_source *source, size_t file, int64_t **ret_rows,
                               size_t *ret_n);

/** Rows of one Parquet file, deleted ones too; all footers are asked once. FW_E_ARG for CSV. */
fw_status fw_source_file_rows(const struct fw_source *source, size_t file, int64_t *ret_rows);

/**
 * NULLs of each column, n_columns numbers, in one Parquet file as its footer says; -1 where it does
 * not say, and of what lies in no file. FW_E_ARG for CSV.
 */
fw_status fw_source_nulls(const struct fw_source *source, size_t file, int64_t *ret_nulls);

/** How many of the file's first rows hold its first `n` that are not deleted. */
int64_t fw_source_rows_holding(const struct fw_source *source, size_t file, int64_t n);

/** Rows of all files that are not deleted: from the footers for Parquet, counted for CSV. */
fw_status fw_source_count(const struct fw_source *source, int64_t *ret_rows);

#endif
