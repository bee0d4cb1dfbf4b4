/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_RESULT_H
#define FW_DUCKDB_RESULT_H

#include "session.h"

/* Runs one statement and hands its streaming result over as an Arrow stream. */
fw_status sql_result_query(struct fw_sql_session *session, const char *statement,
                           struct ArrowArrayStream *ret_stream);

#endif
