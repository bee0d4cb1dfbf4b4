/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_DELTA_H
#define FW_LIB_DELTA_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sql/sql.h"

/** One active data file of a Delta table. */
struct fw_delta_file {
    char *path;          /**< absolute */
    char *name;          /**< decoded path below the table's folder; `path` when it lies outside */
    uint64_t size_bytes; /**< as the log says */
    int64_t n_records;   /**< as the log's statistics say; -1 when they do not */
    char **values;       /**< one text per partition column, in their order; NULL is null */
};

/** One top-level column. */
struct fw_delta_field {
    char *name;
    char *type;     /**< Delta's words: "long", "decimal(10,2)", "array<struct<a:string>>" */
    char *sql_type; /**< the engine's words: "BIGINT", "DECIMAL(10,2)", "STRUCT("a" VARCHAR)[]" */
    bool nullable;
    bool nested;       /**< array, map or struct */
    int32_t partition; /**< index into fw_delta_file.values; -1 when the files hold the column */
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
    size_t n_partitions;
};

/** Whether `path` is a folder that holds a Delta log. */
bool fw_delta_is_table(const char *path);

/**
 * Replays the log below `root`: the newest complete checkpoint, classic or in parts, and the
 * commits after it. FW_E_UNSUPPORTED names what this reader does not handle (deletion vectors,
 * column mapping, type widening, v2 checkpoints, other reader features or versions) and the file
 * that asks for it; FW_E_DATA says file:line of what a commit should not hold, FW_E_MISSING
 * which commits are gone. Data files are not looked at. [stage thread]
 */
fw_status fw_delta_open(const struct fw_sql_handle *sql, const char *root,
                        struct fw_delta **ret_delta);

/** Accepts NULL. */
void fw_delta_close(struct fw_delta *delta);

#endif
