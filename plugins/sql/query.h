/* SPDX-License-Identifier: MIT */
#ifndef FW_SQL_QUERY_H
#define FW_SQL_QUERY_H

#include <fw/task.h>

#include "sql/sql.h"

/** The user's query, from `query` or `query_file`, without semicolons at its end. */
fw_status sql_query_read(const struct fw_host *host, const struct fw_task *task,
                         struct fw_text *ret_query);

/** Whether the output is a folder of parts; it has to be there before the copy. */
bool sql_query_is_folder(const struct fw_output *output);

/** Checks the query against the tables that are there and counts its columns. */
fw_status sql_query_columns(const struct fw_sql_handle *sql, const struct fw_text *query,
                            size_t *ret_n);

/**
 * The COPY statement that writes the result in the form that the output's name asks for: .csv and
 * .tsv (also .gz), .parquet, or a folder with one Parquet part. Its bytes do not depend on the
 * number of threads.
 */
fw_status sql_query_copy(const struct fw_host *host, const struct fw_output *output,
                         const struct fw_text *query, size_t n_columns,
                         struct fw_text *ret_statement);

#endif
