/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_TAKEN_H
#define FW_DUCKDB_TAKEN_H

#include "session.h"

/* Adds the function fw_taken to a new session. */
duckdb_state sql_taken_register(struct fw_sql_session *session);

/* fw.sql/1 query_parallel. */
fw_status sql_taken_query(struct fw_sql_session *session, const char *const *queries,
                          uint64_t n_queries, const struct ArrowSchema *schema,
                          fw_status (*take)(void *arg, uint64_t query, struct ArrowArray *batch),
                          void *arg);

#endif
