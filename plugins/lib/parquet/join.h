/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_JOIN_H
#define FW_LIB_PARQUET_JOIN_H

#include <fw/host.h>

/**
 * Makes one Parquet file of several that have the same columns, without reading a value: the row
 * groups are copied as they are, and a footer is written that finds them where they lie now.
 *
 * Failures have recorded a fault: FW_E_IO, FW_E_NOSPACE, FW_E_NOMEM; FW_E_DATA for a file that is
 * not Parquet or has other columns than the first; FW_E_UNSUPPORTED for one whose row groups are
 * numbered or encrypted, which those of the house are not. [stage thread]
 */
struct fw_parquet_join;

/** Begins a file at `path`, in place of one that is there. */
fw_status fw_parquet_join_open(const struct fw_host *host, const char *path,
                               struct fw_parquet_join **ret_join);

/** Appends the rows of the file at `path`. */
fw_status fw_parquet_join_add(struct fw_parquet_join *join, const char *path);

/** Ends the file, to which at least one has been added; close it in any case. */
fw_status fw_parquet_join_end(struct fw_parquet_join *join);

/** Accepts NULL. A file that has not been ended stays as it is. */
void fw_parquet_join_close(struct fw_parquet_join *join);

#endif
