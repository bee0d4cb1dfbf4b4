/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_TABLE_H
#define FW_DUCKDB_TABLE_H

#include <fw/service/table.h>

#include "sql/sql.h"

/* fw.sql/1 as this plugin provides it. */
extern const struct fw_sql sql_service_table;

/* fw.table/1; each call works in a session of its own. */
fw_status table_read(const struct fw_host *host, const struct fw_input *input,
                     const char *const *columns, uint64_t n_columns,
                     struct ArrowArrayStream *ret_stream);
fw_status table_write(const struct fw_host *host, const struct fw_output *output, uint32_t part,
                      struct ArrowArrayStream *stream, uint64_t *ret_rows);

#endif
