/* SPDX-License-Identifier: MIT */
#include "taken.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fault.h"
#include "parallel.h"
#include "sql/fault.h"
#include "sql/text.h"

/*
 * A result that is streamed is copied chunk by chunk inside DuckDB, which for wide rows takes as
 * long as decoding them. So a query's rows become the arguments of a function, fw_taken(columns...,
 * number of the query), which sees the chunks themselves on the thread that makes them.
 */
struct sql_taker {
    fw_status (*take)(void *arg, uint64_t query, struct ArrowArray *batch);
    void *arg;
    duckdb_arrow_options options;
};

static void fail(struct fw_sql_session *session, duckdb_function_info info, fw_status status)
{
    __atomic_store_n(&session->stream_status, status, __ATOMIC_SEQ_CST);
    duckdb_scalar_function_set_error(info, "the rows of a query could not be taken over");
}

/* The number of the query is the last column; the others are the batch. */
static void drop_last(struct ArrowArray *batch)
{
    struct ArrowArray *last = batch->children[--batch->n_children];

    last->release(last);
}

static void taken(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output)
{
    struct fw_sql_session *session = duckdb_scalar_function_get_extra_info(info);
    const struct sql_taker *taker = session->taker;
    idx_t n_columns = duckdb_data_chunk_get_column_count(chunk);
    idx_t n_rows = duckdb_data_chunk_get_size(chunk);
    bool *done = duckdb_vector_get_data(output);
    struct ArrowArray batch;

    if (taker == NULL) {
        duckdb_scalar_function_set_error(info, "fw_taken is for query_parallel alone");
        return;
    }
    const int64_t *query =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, n_columns - 1));
    uint64_t number = (uint64_t)*query;
    duckdb_error_data data = duckdb_data_chunk_to_arrow(taker->options, chunk, &batch);
    if (duckdb_error_data_has_error(data)) {
        duckdb_scalar_function_set_error(info, duckdb_error_data_message(data));
        duckdb_destroy_error_data(&data);
        return;
    }
    drop_last(&batch);
    fw_status status = taker->take(taker->arg, number, &batch);
    if (status != FW_OK) {
        fail(session, info, status);
        return;
    }
    for (idx_t i = 0; i < n_rows; i++) {
        done[i] = true;
    }
}

duckdb_state sql_taken_register(struct fw_sql_session *session)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type result = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);

    duckdb_scalar_function_set_name(function, "fw_taken");
    duckdb_scalar_function_set_varargs(function, any);
    duckdb_scalar_function_set_return_type(function, result);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_extra_info(function, session, NULL);
    duckdb_scalar_function_set_function(function, taken);
    duckdb_state state = duckdb_register_scalar_function(session->connection, function);
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_logical_type(&result);
    duckdb_destroy_scalar_function(&function);
    return state;
}

static fw_status end(void *arg, uint64_t query)
{
    const struct sql_taker *taker = arg;

    return taker->take(taker->arg, query, NULL);
}

static fw_status run(struct fw_sql_session *session, const struct fw_text *wrapped, uint64_t n,
                     struct sql_taker *taker)
{
    const char **statements = calloc(n, sizeof *statements);
    bool failed = statements == NULL;

    for (uint64_t i = 0; i < n && !failed; i++) {
        statements[i] = fw_text_get(&wrapped[i]);
        failed = wrapped[i].failed;
    }
    fw_status status = failed ? fw_fault_nomem(session->host)
                              : sql_parallel_exec_after(session, statements, n, end, taker);
    free(statements);
    return status;
}

fw_status sql_taken_query(struct fw_sql_session *session, const char *const *queries,
                          uint64_t n_queries,
                          fw_status (*take)(void *arg, uint64_t query, struct ArrowArray *batch),
                          void *arg)
{
    struct sql_taker taker = {.take = take, .arg = arg};
    struct fw_text *wrapped = calloc(n_queries + 1, sizeof *wrapped);

    if (wrapped == NULL) {
        return fw_fault_nomem(session->host);
    }
    for (uint64_t i = 0; i < n_queries; i++) {
        fw_text_appendf(&wrapped[i],
                        "SELECT bool_and(fw_taken(*COLUMNS(*), %" PRIu64 "::BIGINT)) FROM (%s)", i,
                        queries[i]);
    }
    duckdb_connection_get_arrow_options(session->connection, &taker.options);
    session->taker = &taker;
    fw_status status = run(session, wrapped, n_queries, &taker);
    session->taker = NULL;
    duckdb_destroy_arrow_options(&taker.options);
    for (uint64_t i = 0; i < n_queries; i++) {
        fw_text_finish(&wrapped[i]);
    }
    free(wrapped);
    return status;
}
