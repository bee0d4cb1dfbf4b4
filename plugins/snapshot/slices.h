/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_SLICES_H
#define SNAPSHOT_SLICES_H

#include "settings.h"
#include "source/source.h"

/**
 * The raw table cut into pieces of bounded size: some whole small files, or a range of rows of a
 * large one. Results do not depend on the cut. Zero-initialise; finish frees.
 */
struct snapshot_slices {
    struct fw_source_slice *items;
    size_t n;
    size_t capacity;
};

/**
 * Cuts at the borders of row groups, unless chunk_rows is given: then exactly. A CSV file is one
 * slice, since finding a row in the middle of it means reading up to it. [stage thread]
 */
fw_status snapshot_slices_plan(struct snapshot_slices *ret_slices, const struct fw_sql_handle *sql,
                               const struct fw_source *source,
                               const struct snapshot_settings *settings);

void snapshot_slices_finish(struct snapshot_slices *slices);

#endif
