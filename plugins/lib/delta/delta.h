/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_DELTA_H
#define FW_LIB_DELTA_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sql/sql.h"

/** Rows of a file that are there and yet deleted, as its deletion vector says. */
struct fw_delta_rows {
    unsigned char *bits; /**< row r is bit 7 - r % 8 of byte r / 8 */
    size_t n_bytes;      /**< up to the last such row */
    int64_t n;           /**< how many rows; 0: the file has no deletion vector */
};

/** One active data file of a Delta table. */
struct fw_delta_file {
    char *path;          /**< absolute */
    char *name;          /**< decoded path below the table's folder; `path` when it lies outside */
    uint64_t size_bytes; /**< as the log says */
    int64_t n_records;   /**< as the log's statistics say, deleted rows too; -1 without them */
    char *stats; /**< the log's JSON of them; NULL: it has none, or they were not asked for */
    struct fw_delta_rows deleted;
    char **values; /**< one text per partition column, in their order; NULL is null */
};

/** One top-level column. */
struct fw_delta_field {
    char *name;
    char *type;     /**< Delta's words: "long", "decimal(10,2)", "array<struct<a:string>>" */
    char *sql_type; /**< the engine's words: "BIGINT", "DECIMAL(10,2)", "STRUCT("a" VARCHAR)[]" */
    char *physical; /**< its name in the files and in the log; `name` without a mapping */
    char *physical_type; /**< sql_type with the names that nested fields have in the files */
    char *renamed;       /**< where the types differ: how sql_type is made of the column; or NULL */
    int32_t id;          /**< the Parquet field id that finds it in the files; -1: its name does */
    bool nullable;
    bool nested;       /**< array, map or struct */
    int32_t partition; /**< index into fw_delta_file.values; -1 when the files hold the column */
};

/** What a nested field with a Parquet field id is called in the files. */
struct fw_delta_name {
    int32_t id;
    char *physical;
};

/** The newest state of a Delta table. Read only. */
struct fw_delta {
    char *root; /**< the table's folder, absolute, without a trailing slash */
    int64_t version;
    int32_t reader_version;
    struct fw_delta_file *files; /**< sorted by name, so independent of the log's order */
    size_t n_files;
    struct fw_delta_field *fields; /**< in table order; none when the metadata has no schema */
    size_t n_fields;
    struct fw_delta_name *nested; /**< of a table that finds columns by id: the nested fields */
    size_t n_nested;
    size_t n_partitions;
};

/** Whether `path` is a folder that holds a Delta log. */
bool fw_delta_is_table(const char *path);

/**
 * Replays the log below `root`: the newest complete checkpoint, classic, in parts or v2 with its
 * sidecars, and the commits after it; then reads the deletion vectors of the active files.
 * FW_E_UNSUPPORTED names what this reader does not handle (other reader features, types or
 * versions) and the file that asks for it; FW_E_DATA says file:line of what a commit should not
 * hold, FW_E_MISSING which commits are gone. Data files are not looked at. [stage thread]
 */
fw_status fw_delta_open(const struct fw_sql_handle *sql, const char *root,
                        struct fw_delta **ret_delta);

/**
 * The same with the files' statistics, kilobytes for each file of a wide table. Those that a
 * checkpoint has parsed alone (stats_parsed) are not among them.
 */
fw_status fw_delta_open_with_stats(const struct fw_sql_handle *sql, const char *root,
                                   struct fw_delta **ret_delta);

/** What the statistics say of a top-level column, over all active files, deleted rows too. */
struct fw_delta_stats {
    int64_t n_rows; /**< -1: those of a file leave the column out, or are not tight */
    int64_t n_nulls;
    bool has_range; /**< of numbers, said of each file that has any */
    double low, high;
};

/**
 * One for each field of a table that was opened with its statistics; the array is the caller's to
 * free. Of a partition column the values say it. A nested one has n_rows = -1.
 */
fw_status fw_delta_sum_stats(const struct fw_host *host, const struct fw_delta *delta,
                             struct fw_delta_stats **ret_sums);

/** Accepts NULL. */
void fw_delta_close(struct fw_delta *delta);

#endif
