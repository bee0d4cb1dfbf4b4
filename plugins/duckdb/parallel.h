/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_PARALLEL_H
#define FW_DUCKDB_PARALLEL_H

#include "session.h"

/* fw.sql/1 exec_parallel. */
fw_status sql_parallel_exec(struct fw_sql_session *session, const char *const *statements,
                            uint64_t n_statements, uint64_t *ret_rows);

#endif
