/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SQL_COPY_H
#define FW_LIB_SQL_COPY_H

#include "text.h"

/**
 * Appends a SELECT of the rows of `query`, without a semicolon, that does what fw_in_order does
 * (fw/service/sql.h). The query stands in it as it is and its first line is the statement's, so
 * that faults point into it.
 */
void fw_sql_append_in_order(struct fw_text *text, const char *query);

/** From this many columns on a table is wide: design 11.3. */
#define FW_SQL_WIDE_COLUMNS 32

/**
 * Appends "TO 'path' (FORMAT parquet, ...)" for a table of that many columns: zstd, row groups of
 * a size that depends on nothing else, the file written in place.
 */
void fw_sql_append_to_parquet(struct fw_text *text, const char *path, size_t n_columns);

#endif
