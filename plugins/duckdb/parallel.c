/* SPDX-License-Identifier: MIT */
#include "parallel.h"

#include <stdlib.h>

#include <fw/service/budget.h>

#include "fault.h"
#include "sql/fault.h"
#include "statement.h"
#include "thread.h"

/* The statements that are left, and what came of those that are done. */
struct batch {
    struct fw_sql_session *session;
    const char *const *statements;
    uint64_t n_statements;
    uint64_t next; /* atomic */
    uint64_t *rows;
    fw_status (*after)(void *arg, uint64_t statement); /* NULL: nothing follows a statement */
    void *arg;
    fw_status status; /* the first failure, atomic */
};

struct lane {
    struct batch *batch;
    duckdb_connection connection;
    pthread_t thread;
};

static void note_failure(struct batch *batch, fw_status status)
{
    fw_status expected = FW_OK;

    if (__atomic_compare_exchange_n(&batch->status, &expected, status, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        sql_session_interrupt(batch->session);
    }
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    struct batch *batch = lane->batch;

    while (__atomic_load_n(&batch->status, __ATOMIC_SEQ_CST) == FW_OK) {
        uint64_t i = __atomic_fetch_add(&batch->next, 1, __ATOMIC_SEQ_CST);
        if (i >= batch->n_statements) {
            break;
        }
        fw_status status =
            sql_statement_run_all(batch->session, lane->connection, batch->statements[i],
                                  batch->rows != NULL ? &batch->rows[i] : NULL);
        if (status == FW_OK && batch->after != NULL) {
            status = batch->after(batch->arg, i);
        }
        if (status != FW_OK) {
            note_failure(batch, status);
        }
    }
    return NULL;
}

static fw_status open_lanes(struct fw_sql_session *session, duckdb_connection *connections,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (duckdb_connect(session->database, &connections[i]) != DuckDBSuccess) {
            return sql_fault(session->host, NULL, "a connection of exec_parallel");
        }
    }
    pthread_mutex_lock(&session->lanes.mutex);
    session->lanes.connections = connections;
    session->lanes.n = n;
    pthread_mutex_unlock(&session->lanes.mutex);
    return FW_OK;
}

static void close_lanes(struct fw_sql_session *session, duckdb_connection *connections, size_t n)
{
    pthread_mutex_lock(&session->lanes.mutex);
    session->lanes.connections = NULL;
    session->lanes.n = 0;
    pthread_mutex_unlock(&session->lanes.mutex);
    for (size_t i = 0; i < n; i++) {
        duckdb_disconnect(&connections[i]);
    }
}

/* The calling thread is a lane too; lanes whose thread cannot be made are done without. */
static void run_lanes(struct batch *batch, const duckdb_connection *connections, struct lane *lanes,
                      size_t n)
{
    size_t n_started = 1;

    for (size_t i = 0; i < n; i++) {
        lanes[i] = (struct lane){.batch = batch, .connection = connections[i]};
    }
    while (n_started < n &&
           sql_thread_start(&lanes[n_started].thread, run_lane, &lanes[n_started]) == 0) {
        n_started++;
    }
    run_lane(&lanes[0]);
    for (size_t i = 1; i < n_started; i++) {
        pthread_join(lanes[i].thread, NULL);
    }
}

static fw_status run_batch(struct batch *batch, size_t n_lanes)
{
    duckdb_connection *connections = calloc(n_lanes, sizeof(duckdb_connection));
    struct lane *lanes = calloc(n_lanes, sizeof *lanes);
    fw_status status = FW_E_NOMEM;

    if (connections == NULL || lanes == NULL) {
        fw_fault_nomem(batch->session->host);
    } else {
        status = open_lanes(batch->session, connections, n_lanes);
        if (status == FW_OK) {
            run_lanes(batch, connections, lanes, n_lanes);
            status = batch->status;
        }
        close_lanes(batch->session, connections, n_lanes);
    }
    free(lanes);
    free(connections);
    return status;
}

static fw_status run_as_one(struct batch *batch)
{
    struct fw_sql_session *session = batch->session;
    const struct fw_budget *budget = session->host->service(session->host, FW_BUDGET_ID);
    uint64_t n_lanes = budget->limits(session->host)->threads;

    if (batch->n_statements == 0) {
        return FW_OK;
    }
    fw_status status = sql_session_acquire(session, "statement");
    if (status == FW_OK) {
        status = run_batch(batch, n_lanes < batch->n_statements ? n_lanes : batch->n_statements);
        session->rows_changed = 0;
        sql_session_release(session);
    }
    return status;
}

fw_status sql_parallel_exec(struct fw_sql_session *session, const char *const *statements,
                            uint64_t n_statements, uint64_t *ret_rows)
{
    struct batch batch = {.session = session,
                          .statements = statements,
                          .n_statements = n_statements,
                          .rows = ret_rows};

    return run_as_one(&batch);
}

fw_status sql_parallel_exec_after(struct fw_sql_session *session, const char *const *statements,
                                  uint64_t n_statements,
                                  fw_status (*after)(void *arg, uint64_t statement), void *arg)
{
    struct batch batch = {.session = session,
                          .statements = statements,
                          .n_statements = n_statements,
                          .after = after,
                          .arg = arg};

    return run_as_one(&batch);
}
