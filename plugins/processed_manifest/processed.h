/* SPDX-License-Identifier: MIT */
#ifndef PROCESSED_MANIFEST_PROCESSED_H
#define PROCESSED_MANIFEST_PROCESSED_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "sql/sql.h"

/** Of a file's bytes, in hex. */
struct processed_digests {
    char md5[33], sha256[65];
};

/* digest.c */

/** Reads the file once; FW_E_MISSING and FW_E_IO with a fault. */
fw_status processed_digest(const struct fw_host *host, const char *path,
                           struct processed_digests *ret_digests);

/* entry.c */

/** What one entry says of a file, and where that is; all borrowed. */
struct processed_data {
    const char *dataset, *tier, *path;
    int64_t version;
    const struct fw_input *sources; /**< NULL: none said */
    const char *root;               /**< what the manifest's paths are relative to, absolute */
};

/** An entry of a manifest for the file as it is now. */
fw_status processed_entry(const struct fw_sql_handle *sql, const struct processed_data *data,
                          cJSON **ret_entry);

/** A path as a manifest has it: below the root, else absolute. Borrowed. */
const char *processed_name(const char *root, const char *path);

/** The newest entry of that path; NULL without one. */
const cJSON *processed_newest(const cJSON *manifest, const char *path);

/**
 * Reads a manifest. FW_E_DATA unless it is one: {"schema_version": 1, "entries": [...]}, each entry
 * with the texts `path` and `md5`.
 */
fw_status processed_read(const struct fw_host *host, const char *path, cJSON **ret_manifest);

/** The folder that the paths of a manifest are relative to, by the parameter `base`; the caller
    frees. NULL: out of memory. */
char *processed_root(const struct fw_task *task, const char *manifest);

/* register.c, verify.c */

extern const struct fw_stage processed_manifest_stage;
extern const struct fw_stage verify_processed_manifest_stage;

#endif
