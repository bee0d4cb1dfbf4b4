/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_STATEMENT_H
#define FW_DUCKDB_STATEMENT_H

#include <stdbool.h>

#include "session.h"

struct fw_text; /* sql/text.h */

/* One prepared statement and its pending execution. Zero-initialise; finish frees. */
struct sql_statement {
    struct fw_sql_session *session;
    duckdb_connection connection; /* the session's, or one of its lanes */
    duckdb_prepared_statement prepared;
    duckdb_pending_result pending;
    bool executed; /* `pending` has been run to its end, whatever that was */
    char *text;    /* for faults */
};

/*
 * Runs all statements of a script to their end on one of the session's connections. *ret_rows,
 * which may be NULL, is what the last one changed; written on success only.
 */
fw_status sql_statement_run_all(struct fw_sql_session *session, duckdb_connection connection,
                                const char *script, uint64_t *ret_rows);

/* The same on the session's own connection, and finishes the text in any case. */
fw_status sql_statement_run_text(struct fw_sql_session *session, struct fw_text *text);

/*
 * Prepares the only statement of `text` and starts it; with `streaming`, its result will be
 * produced while it is read. Refuses an empty text and more than one statement.
 */
fw_status sql_statement_start(struct fw_sql_session *session, const char *text, bool streaming,
                              struct sql_statement *ret_statement);

/*
 * Runs a started statement until its result is there, on any thread and without recording a
 * fault. The result goes to sql_statement_judge, on the stage thread.
 */
duckdb_state sql_statement_execute(struct sql_statement *statement, duckdb_result *ret_result);

/* Records why a result failed and destroys it; a good one stays the caller's. */
fw_status sql_statement_judge(struct sql_statement *statement, duckdb_state state,
                              duckdb_result *result);

/* Destroys a good result; gives the rows that its statement changed. */
uint64_t sql_statement_rows_changed(duckdb_result *result);

/* The fault of a failed pending call on the statement. */
fw_status sql_statement_fault(const struct sql_statement *statement, const char *message);

void sql_statement_finish(struct sql_statement *statement);

/* streaming.c, the only file that sees DuckDB's deprecated calls. */
duckdb_state sql_pending_streaming(duckdb_prepared_statement prepared,
                                   duckdb_pending_result *ret_pending);

#endif
