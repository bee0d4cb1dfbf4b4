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

/** Paths of the sidecars that a v2 checkpoint's manifest lists, as it spells them. */
struct fw_delta_sidecars {
    char **paths;
    size_t n;
};

bool fw_delta_sidecars_add(struct fw_delta_sidecars *sidecars, const char *path);

/** A replay under way. */
struct fw_delta_replay {
    const struct fw_sql_handle *sql;
    const char *root; /**< absolute, without a trailing slash */
    const char *file; /**< of the action at hand */
    uint64_t line;    /**< its line, or its row in a checkpoint, from 1 */
    bool wants_stats;
    struct fw_delta_file_set files;
    struct fw_delta_action metadata;
    struct fw_delta_action protocol;
    struct fw_delta_sidecars
        *sidecars; /**< while a checkpoint's manifest is read, NULL otherwise */
};

void fw_delta_replay_finish(struct fw_delta_replay *replay);

/** A fault of the action at hand. */
__attribute__((format(printf, 4, 5))) fw_status fw_delta_fault(const struct fw_delta_replay *replay,
                                                               fw_status status, const char *remedy,
                                                               const char *format, ...);

/**
 * Applies one line of a commit: an object with one of the members add, remove, metaData,
 * protocol, sidecar; others are passed over. Takes parts out of `line`.
 */
fw_status fw_delta_apply(struct fw_delta_replay *replay, cJSON *line);

/** Applies all lines of a commit, and all rows of a checkpoint's parts. */
fw_status fw_delta_apply_commit(struct fw_delta_replay *replay, const char *path);
fw_status fw_delta_apply_checkpoint(struct fw_delta_replay *replay, const struct fw_delta_log *log);

/** Refuses a protocol that asks for more than this reader does. */
fw_status fw_delta_check_protocol(const struct fw_delta_replay *replay, struct fw_delta *delta);

/** Whether the protocol asks for a reader feature; version 2 stands for column mapping. */
bool fw_delta_has_feature(const struct fw_delta_replay *replay, const char *feature);

/** Fills the fields and partition columns from the metadata. */
fw_status fw_delta_read_schema(const struct fw_delta_replay *replay, struct fw_delta *delta);

/** What a data type node of a schema means. */
enum fw_delta_type_result {
    FW_DELTA_TYPE_OK,
    FW_DELTA_TYPE_BAD,    /**< not what the protocol calls a type */
    FW_DELTA_TYPE_UNKNOWN /**< a type that this reader has no counterpart for */
};

/** A data type in all its spellings: Delta's, the engine's, and the engine's of the files. */
struct fw_delta_type {
    struct fw_text type, sql_type, physical;
    bool mapped; /**< set by the caller: nested fields have other names in the files */
};

void fw_delta_type_finish(struct fw_delta_type *type);

/** Appends what the node means. `node` may be NULL. */
enum fw_delta_type_result fw_delta_type(const cJSON *node, struct fw_delta_type *type);

/** A field's name in the files, or NULL when its metadata does not say; its id, or -1. */
const char *fw_delta_physical_name(const cJSON *field);
int32_t fw_delta_field_id(const cJSON *field);

/**
 * Appends the expression that gives `value`, of a type that has the files' names, the names of
 * the schema.
 */
void fw_delta_rename(const cJSON *node, const char *value, struct fw_text *expression);

#endif
