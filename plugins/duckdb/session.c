/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include <fw/service/log.h>

#include "attached.h"
#include "attached_table.h"
#include "fault.h"
#include "in_order.h"
#include "json_functions.h"
#include "settings.h"
#include "sql/fault.h"
#include "taken.h"
#include "terminate.h"
#include "thread.h"

static fw_status open_database(struct fw_sql_session *session, duckdb_config config)
{
    const struct fw_host *host = session->host;
    char *message = NULL;

    if (duckdb_open_ext(NULL, &session->database, config, &message) != DuckDBSuccess) {
        fw_status status = sql_fault(host, message, NULL);
        duckdb_free(message);
        return status;
    }
    if (duckdb_connect(session->database, &session->connection) != DuckDBSuccess) {
        return sql_fault(host, NULL, "connect");
    }
    fw_status status = sql_settings_apply(session);
    if (status == FW_OK && (json_functions_register(session->connection) != DuckDBSuccess ||
                            in_order_register(session->connection) != DuckDBSuccess ||
                            sql_attached_register(session) != DuckDBSuccess ||
                            sql_table_register(session) != DuckDBSuccess ||
                            sql_taken_register(session) != DuckDBSuccess)) {
        status = sql_fault(host, NULL, "registration of the functions fw_*");
    }
    return status;
}

static void *close_engine(void *arg)
{
    struct fw_sql_session *session = arg;

    duckdb_disconnect(&session->connection);
    duckdb_close(&session->database);
    return NULL;
}

/*
 * A stage in C++ that throws closes its session in a destructor. DuckDB 1.4 asks whether the
 * calling thread has an exception under way, and if so leaves a connection's tasks running, which
 * then use what is freed. No exception is under way in a thread that does nothing else.
 */
static void close_aside(struct fw_sql_session *session)
{
    pthread_t thread;

    if (sql_thread_start(&thread, close_engine, session) == 0) {
        pthread_join(thread, NULL);
    } else {
        close_engine(session);
    }
}

static void destroy(struct fw_sql_session *session)
{
    if (session->cancel != NULL) {
        session->cancel->on_request(session->host, NULL, session);
    }
    sql_attached_release_all(session);
    sql_table_release_all(session);
    close_aside(session);
    pthread_mutex_destroy(&session->lanes.mutex);
    free(session);
    sql_terminate_unwatch();
}

static void on_request(void *arg)
{
    sql_session_interrupt(arg);
}

fw_status sql_session_open(const struct fw_host *host, struct fw_sql_session **ret_session)
{
    struct fw_sql_session *session = calloc(1, sizeof *session);
    duckdb_config config = NULL;

    if (session == NULL || duckdb_create_config(&config) != DuckDBSuccess) {
        free(session);
        return fw_fault_nomem(host);
    }
    session->host = host;
    pthread_mutex_init(&session->lanes.mutex, NULL);
    sql_terminate_watch();
    fw_status status = sql_settings_configure(host, config);
    if (status == FW_OK) {
        status = open_database(session, config);
    }
    duckdb_destroy_config(&config);
    if (status != FW_OK) {
        destroy(session);
        return status;
    }
    session->cancel = host->service(host, FW_CANCEL_ID);
    if (session->cancel != NULL) {
        session->cancel->on_request(host, on_request, session);
    }
    *ret_session = session;
    return FW_OK;
}

void sql_session_close(struct fw_sql_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->busy == NULL) {
        destroy(session);
        return;
    }
    /* Closing now would pull the database from under the user's feet. */
    const struct fw_log *log = session->host->service(session->host, FW_LOG_ID);
    char text[160];
    snprintf(text, sizeof text,
             FW_SQL_ID ": a session was closed while a %s of it is alive; it stays open until "
                       "that has ended (a defect of the stage)",
             session->busy);
    if (log != NULL) {
        log->write(session->host, FW_LOG_ERROR, text);
    }
    session->closing = true;
}

void sql_session_interrupt(struct fw_sql_session *session)
{
    duckdb_interrupt(session->connection);
    pthread_mutex_lock(&session->lanes.mutex);
    for (size_t i = 0; i < session->lanes.n; i++) {
        duckdb_interrupt(session->lanes.connections[i]);
    }
    pthread_mutex_unlock(&session->lanes.mutex);
}

fw_status sql_session_check(struct fw_sql_session *session)
{
    if (session->cancel == NULL || session->cancel->requested(session->host) == 0) {
        return FW_OK;
    }
    return fw_faultf(session->host, FW_E_CANCELLED, NULL, NULL, "the SQL engine was interrupted");
}

fw_status sql_session_acquire(struct fw_sql_session *session, const char *user)
{
    if (session->busy != NULL) {
        return fw_faultf(session->host, FW_E_ARG, NULL,
                         "release the stream or finish the job first, or open a second session",
                         "a %s was wanted of an SQL session that a live %s occupies", user,
                         session->busy);
    }
    session->busy = user;
    return FW_OK;
}

void sql_session_release(struct fw_sql_session *session)
{
    session->busy = NULL;
    if (session->closing) {
        destroy(session);
    }
}
