/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ARROW_SCHEMA_H
#define FW_DUCKDB_ARROW_SCHEMA_H

#include <duckdb.h>

#include <fw/arrow.h>

/* duckdb_to_arrow_schema, of what duckdb_data_chunk_to_arrow really gives. */
duckdb_error_data arrow_schema_of(duckdb_arrow_options options, duckdb_logical_type *types,
                                  const char **names, idx_t n_columns,
                                  struct ArrowSchema *ret_schema);

#endif
