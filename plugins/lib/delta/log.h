/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_LOG_H
#define FW_LIB_DELTA_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "sql/sql.h"

/**
 * Which files of a Delta log to read: the parts of one checkpoint, or none, and then the commits
 * first_commit .. version, each one `<20 digits>.json`.
 */
struct fw_delta_log {
    char *folder;
    int64_t checkpoint; /**< its version, -1 without one */
    char **parts;       /**< its files: one, Parquet or a v2 manifest as JSON, or numbered ones */
    size_t n_parts;
    int64_t first_commit;
    int64_t version; /**< the newest; first_commit - 1 when the checkpoint is the newest */
};

/**
 * Chooses them by listing the folder. `_last_checkpoint` says which checkpoint was finished last;
 * when it is missing, corrupt or points to nothing the newest complete one is taken. Missing
 * commits are FW_E_MISSING.
 */
fw_status fw_delta_log_open(const struct fw_sql_handle *sql, const char *root,
                            struct fw_delta_log *ret_log);
void fw_delta_log_finish(struct fw_delta_log *log);

/** Path of a commit; NULL when out of memory. */
char *fw_delta_log_commit(const struct fw_delta_log *log, int64_t version);

#endif
