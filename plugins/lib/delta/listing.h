/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_LISTING_H
#define FW_LIB_DELTA_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "sql/sql.h"

/** A file of a checkpoint, as its name says. */
struct fw_delta_part {
    int64_t version;
    uint32_t part;    /**< from 1 */
    uint32_t n_parts; /**< 1: a classic checkpoint, or the manifest of a v2 one */
    char *name;
};

/** What the folder of a log holds. Zero-initialise; finish frees. */
struct fw_delta_listing {
    int64_t *commits; /**< their versions, sorted */
    size_t n_commits, commits_room;
    struct fw_delta_part *parts; /**< sorted by version, number of parts, part and name */
    size_t n_parts, parts_room;
};

fw_status fw_delta_listing_read(const struct fw_sql_handle *sql, const char *folder,
                                struct fw_delta_listing *listing);
void fw_delta_listing_finish(struct fw_delta_listing *listing);

#endif
