/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_REPLAY_H
#define FW_LIB_DELTA_REPLAY_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "delta/file_set.h"
#include "delta/log.h"

/** The last action of a kind, and where it stands ("path:line"). */
struct fw_delta_action {
    cJSON *json;
    char *where;
};

/** A replay under way. */
struct fw_delta_replay {
    const struct fw_sql_handle *sql;
    const char *root; /**< absolute, without a trailing slash */
    const char *file; /**< of the action at hand */
    uint64_t line;    /**< its line, or its row in a checkpoint, from 1 */
    struct fw_delta_file_set files;
    struct fw_delta_action metadata;
    struct fw_delta_action protocol;
};

void fw_delta_replay_finish(struct fw_delta_replay *replay);

/** A fault of the action at hand. */
__attribute__((format(printf, 4, 5))) fw_status fw_delta_fault(const struct fw_delta_replay *replay,
                                                               fw_status status, const char *remedy,
                                                               const char *format, ...);

/**
 * Applies one line of a commit: an object with one of the members add, remove, metaData,
 * protocol; others are passed over. Takes parts out of `line`.
 */
fw_status fw_delta_apply(struct fw_delta_replay *replay, cJSON *line);

/** Applies all lines of a commit, and all rows of a checkpoint's parts. */
fw_status fw_delta_apply_commit(struct fw_delta_replay *replay, const char *path);
fw_status fw_delta_apply_checkpoint(struct fw_delta_replay *replay, const struct fw_delta_log *log);

/** Refuses a protocol that asks for more than this reader does. */
fw_status fw_delta_check_protocol(const struct fw_delta_replay *replay, struct fw_delta *delta);

/** Fills the fields and partition columns from the metadata. */
fw_status fw_delta_read_schema(const struct fw_delta_replay *replay, struct fw_delta *delta);

/** What a data type node of a schema means. */
enum fw_delta_type_result {
    FW_DELTA_TYPE_OK,
    FW_DELTA_TYPE_BAD,    /**< not what the protocol calls a type */
    FW_DELTA_TYPE_UNKNOWN /**< a type that this reader has no counterpart for */
};

/** Appends Delta's text and the engine's. `node` may be NULL. */
enum fw_delta_type_result fw_delta_type(const cJSON *node, struct fw_text *type,
                                        struct fw_text *sql_type);

#endif
