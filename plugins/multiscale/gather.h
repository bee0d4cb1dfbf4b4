/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_GATHER_H
#define MULTISCALE_GATHER_H

#include <fw/arrow.h>

#include "multiscale.h"
#include "parquet/read.h"

/** Rows of one file that lie side by side. */
struct gather_range {
    size_t file;
    int64_t first, n;
};

/** The rows of some slices, file by file. Zero-initialised; finish it. */
struct gather_ranges {
    struct gather_range *all;
    size_t n;
};

/**
 * Whether every file of the source has columns of these names and types and can be read by
 * plugins/lib/parquet; if so *ret_schema, the caller's to release, is that of the columns. If not
 * the log says why, and the engine reads them.
 */
fw_status gather_open(const struct multiscale_table *table, const char *const *names,
                      const char *const *types, size_t n, struct ArrowSchema *ret_schema,
                      bool *ret_can);

fw_status gather_find(const struct multiscale_table *table, const struct fw_wide_rows *rows,
                      struct gather_ranges *ret_ranges);
void gather_ranges_finish(struct gather_ranges *ranges);

/** Reads the columns of `schema`: of range i all rows, or n_rows[i] of them, one range's behind the
    other's in `rows`, which are numbers in the file. */
fw_status gather_read(const struct multiscale_table *table, const struct ArrowSchema *schema,
                      const struct gather_ranges *ranges, const int64_t *rows, const size_t *n_rows,
                      struct ArrowArray *ret_array);

/** As fw_wide_gather's. */
int64_t gather_cut(const void *table, size_t file, int64_t row, int64_t n_rows);

#endif
