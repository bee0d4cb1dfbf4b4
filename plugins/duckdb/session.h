/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_SESSION_H
#define FW_DUCKDB_SESSION_H

#include <duckdb.h>
#include <pthread.h>

#include <fw/host.h>
#include <fw/service/cancel.h>
#include <fw/service/sql.h>

/* The connections that run statements side by side, for as long as they do (parallel.c). */
struct sql_lanes {
    pthread_mutex_t mutex;
    duckdb_connection *connections;
    size_t n;
};

/*
 * One in-memory database and a connection to it. A live stream or job occupies the session:
 * `busy` names it, and every other call is refused until it has ended.
 */
struct fw_sql_session {
    const struct fw_host *host;
    const struct fw_cancel *cancel; /* NULL when the host provides none */
    duckdb_database database;
    duckdb_connection connection;
    struct sql_lanes lanes;
    const char *busy;
    bool closing; /* close() was called while busy: the last user closes */
    uint64_t rows_changed;
    struct sql_attached *attached;
    struct sql_table *tables;
    const struct sql_taker *taker; /* of query_parallel, while it runs */
    int64_t last_attached_id;
    fw_status stream_status; /* why an attached stream failed inside a statement */
};

fw_status sql_session_open(const struct fw_host *host, struct fw_sql_session **ret_session);
void sql_session_close(struct fw_sql_session *session);

/* Any thread. */
void sql_session_interrupt(struct fw_sql_session *session);

/* FW_E_CANCELLED, with its fault, once the host asks to stop. */
fw_status sql_session_check(struct fw_sql_session *session);

/* Takes the session for a stream or a job; FW_E_ARG when something else has it. */
fw_status sql_session_acquire(struct fw_sql_session *session, const char *user);
void sql_session_release(struct fw_sql_session *session);

#endif
