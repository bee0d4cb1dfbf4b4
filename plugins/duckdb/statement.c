/* SPDX-License-Identifier: MIT */
#include "statement.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "sql/fault.h"
#include "sql/text.h"

/*
 * COPY, INSERT, UPDATE and DELETE say how many rows they changed. CREATE TABLE AS counts too,
 * but only in its result, a single BIGINT.
 */
static uint64_t count_changed(duckdb_result *result)
{
    if (duckdb_result_return_type(*result) == DUCKDB_RESULT_TYPE_CHANGED_ROWS) {
        return duckdb_rows_changed(result);
    }
    if (duckdb_result_statement_type(*result) != DUCKDB_STATEMENT_TYPE_CREATE ||
        duckdb_column_count(result) != 1 || duckdb_column_type(result, 0) != DUCKDB_TYPE_BIGINT) {
        return 0;
    }
    duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
    if (chunk == NULL) {
        return 0;
    }
    uint64_t count = 0;
    if (duckdb_data_chunk_get_size(chunk) == 1) {
        const int64_t *value = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
        count = (uint64_t)*value;
    }
    duckdb_destroy_data_chunk(&chunk);
    return count;
}

fw_status sql_statement_fault(const struct sql_statement *statement, const char *message)
{
    struct fw_sql_session *session = statement->session;
    fw_status status = __atomic_exchange_n(&session->stream_status, FW_OK, __ATOMIC_SEQ_CST);

    if (status == FW_OK) {
        return sql_fault(session->host, message, statement->text);
    }
    return fw_faultf(session->host, status, NULL, NULL, "%s", message);
}

/*
 * DuckDB 1.4 leaks the whole database, threads and all, when a pending result is destroyed that
 * was not executed to its end; interrupted, the end is near.
 */
static void end_pending(struct sql_statement *statement)
{
    duckdb_result result;

    if (statement->pending != NULL && !statement->executed) {
        duckdb_interrupt(statement->connection);
        sql_statement_execute(statement, &result);
        duckdb_destroy_result(&result);
    }
    duckdb_destroy_pending(&statement->pending);
    duckdb_destroy_prepare(&statement->prepared);
    statement->executed = false;
}

void sql_statement_finish(struct sql_statement *statement)
{
    end_pending(statement);
    free(statement->text);
    *statement = (struct sql_statement){0};
}

/*
 * Starting a statement clears the connection's interrupt, so the host is asked afterwards: a
 * request that came before is seen here, one that comes later interrupts.
 */
static fw_status start_pending(struct sql_statement *statement, bool streaming)
{
    duckdb_state state = streaming
                             ? sql_pending_streaming(statement->prepared, &statement->pending)
                             : duckdb_pending_prepared(statement->prepared, &statement->pending);

    if (state != DuckDBSuccess) {
        return sql_statement_fault(statement, duckdb_pending_error(statement->pending));
    }
    return sql_session_check(statement->session);
}

static fw_status start_extracted(struct sql_statement *statement,
                                 duckdb_extracted_statements extracted, idx_t index, bool streaming)
{
    if (duckdb_prepare_extracted_statement(statement->connection, extracted, index,
                                           &statement->prepared) != DuckDBSuccess) {
        return sql_statement_fault(statement, duckdb_prepare_error(statement->prepared));
    }
    /* INSTALL and LOAD; whatever is loaded would be outside the cache key. */
    if (duckdb_prepared_statement_type(statement->prepared) == DUCKDB_STATEMENT_TYPE_LOAD) {
        return fw_faultf(statement->session->host, FW_E_UNSUPPORTED, NULL, NULL,
                         "extensions cannot be installed or loaded: %.200s", statement->text);
    }
    return start_pending(statement, streaming);
}

duckdb_state sql_statement_execute(struct sql_statement *statement, duckdb_result *ret_result)
{
    statement->executed = true;
    return duckdb_execute_pending(statement->pending, ret_result);
}

fw_status sql_statement_judge(struct sql_statement *statement, duckdb_state state,
                              duckdb_result *result)
{
    if (state == DuckDBSuccess) {
        return FW_OK;
    }
    fw_status status = sql_statement_fault(statement, duckdb_result_error(result));
    duckdb_destroy_result(result);
    return status;
}

uint64_t sql_statement_rows_changed(duckdb_result *result)
{
    uint64_t rows = count_changed(result);

    duckdb_destroy_result(result);
    return rows;
}

static fw_status parse(struct sql_statement *statement, duckdb_extracted_statements *ret_extracted,
                       idx_t *ret_count)
{
    *ret_count = duckdb_extract_statements(statement->connection, statement->text, ret_extracted);
    if (*ret_count == 0) {
        const char *message = duckdb_extract_statements_error(*ret_extracted);
        if (message == NULL) {
            return fw_faultf(statement->session->host, FW_E_CONFIG, NULL, NULL,
                             "there is no statement in: %.200s", statement->text);
        }
        return sql_statement_fault(statement, message);
    }
    return FW_OK;
}

static fw_status begin_statement(struct fw_sql_session *session, duckdb_connection connection,
                                 const char *text, struct sql_statement *ret_statement)
{
    *ret_statement =
        (struct sql_statement){.session = session, .connection = connection, .text = strdup(text)};
    return ret_statement->text == NULL ? fw_fault_nomem(session->host) : FW_OK;
}

fw_status sql_statement_start(struct fw_sql_session *session, const char *text, bool streaming,
                              struct sql_statement *ret_statement)
{
    struct sql_statement statement;
    duckdb_extracted_statements extracted = NULL;
    idx_t count;
    fw_status status = begin_statement(session, session->connection, text, &statement);

    if (status == FW_OK) {
        status = parse(&statement, &extracted, &count);
    }
    if (status == FW_OK && count > 1) {
        status = fw_faultf(session->host, FW_E_CONFIG, NULL, "run them one by one",
                           "one statement was wanted, and there are several in: %.200s", text);
    }
    if (status == FW_OK) {
        status = start_extracted(&statement, extracted, 0, streaming);
    }
    duckdb_destroy_extracted(&extracted);
    if (status == FW_OK) {
        *ret_statement = statement;
    } else {
        sql_statement_finish(&statement);
    }
    return status;
}

static fw_status run_extracted(struct sql_statement *statement,
                               duckdb_extracted_statements extracted, idx_t index,
                               uint64_t *ret_rows)
{
    fw_status status = start_extracted(statement, extracted, index, false);
    duckdb_result result;

    if (status == FW_OK) {
        duckdb_state state = sql_statement_execute(statement, &result);
        status = sql_statement_judge(statement, state, &result);
    }
    if (status == FW_OK) {
        *ret_rows = sql_statement_rows_changed(&result);
    }
    end_pending(statement);
    return status;
}

fw_status sql_statement_run_all(struct fw_sql_session *session, duckdb_connection connection,
                                const char *script, uint64_t *ret_rows)
{
    struct sql_statement statement;
    duckdb_extracted_statements extracted = NULL;
    idx_t count = 0;
    uint64_t rows = 0;
    fw_status status = begin_statement(session, connection, script, &statement);

    if (status == FW_OK) {
        status = parse(&statement, &extracted, &count);
    }
    for (idx_t i = 0; i < count && status == FW_OK; i++) {
        status = run_extracted(&statement, extracted, i, &rows);
    }
    duckdb_destroy_extracted(&extracted);
    sql_statement_finish(&statement);
    if (status == FW_OK && ret_rows != NULL) {
        *ret_rows = rows;
    }
    return status;
}

fw_status sql_statement_run_text(struct fw_sql_session *session, struct fw_text *text)
{
    fw_status status =
        text->failed ? fw_fault_nomem(session->host)
                     : sql_statement_run_all(session, session->connection, fw_text_get(text), NULL);

    fw_text_finish(text);
    return status;
}
