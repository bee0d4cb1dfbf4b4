/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_PARALLEL_H
#define FW_DUCKDB_PARALLEL_H

#include "session.h"

/* fw.sql/1 exec_parallel. */
fw_status sql_parallel_exec(struct fw_sql_session *session, const char *const *statements,
                            uint64_t n_statements, uint64_t *ret_rows);

/* Calls `after` when a statement has come to its end, on the thread that ran it. */
fw_status sql_parallel_exec_after(struct fw_sql_session *session, const char *const *statements,
                                  uint64_t n_statements,
                                  fw_status (*after)(void *arg, uint64_t statement), void *arg);

#endif
