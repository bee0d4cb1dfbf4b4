/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ATTACHED_H
#define FW_DUCKDB_ATTACHED_H

#include "session.h"

/*
 * Arrow streams that statements read. Each is an argument of one table function, fw_attached(id),
 * and a view gives it its name.
 */

/* Adds the table function to a new session. */
duckdb_state sql_attached_register(struct fw_sql_session *session);

/* fw.sql/1 attach and detach. */
fw_status sql_attach(struct fw_sql_session *session, const char *name,
                     struct ArrowArrayStream *stream);
fw_status sql_detach(struct fw_sql_session *session, const char *name);

/* Releases all streams of a session that is closing. */
void sql_attached_release_all(struct fw_sql_session *session);

#endif
