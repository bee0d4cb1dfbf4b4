/* SPDX-License-Identifier: MIT */
#include "taken.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_schema.h"
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
    const struct ArrowSchema *schema;
    bool *checked; /* of each query: its columns are those of the schema */
};

static void fail(struct fw_sql_session *session, duckdb_function_info info, fw_status status)
{
    __atomic_store_n(&session->stream_status, status, __ATOMIC_SEQ_CST);
    duckdb_scalar_function_set_error(info, "the rows of a query could not be taken over");
}

static bool is_like(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
    bool same = strcmp(a->format, b->format) == 0 && a->n_children == b->n_children &&
                (a->dictionary == NULL) == (b->dictionary == NULL);

    for (int64_t i = 0; same && i < a->n_children; i++) {
        same = is_like(a->children[i], b->children[i]);
    }
    return same;
}

static bool has_columns(const struct sql_taker *taker, duckdb_data_chunk chunk, idx_t n)
{
    duckdb_logical_type *types = calloc(n + 1, sizeof *types);
    const char **names = calloc(n + 1, sizeof *names);
    struct ArrowSchema schema = {0};
    bool same = false;

    for (idx_t i = 0; types != NULL && names != NULL && i < n; i++) {
        types[i] = duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, i));
        names[i] = "";
    }
    if (types != NULL && names != NULL) {
        duckdb_error_data data = arrow_schema_of(taker->options, types, names, n, &schema);
        same = !duckdb_error_data_has_error(data) && is_like(&schema, taker->schema);
        duckdb_destroy_error_data(&data);
    }
    for (idx_t i = 0; types != NULL && i < n; i++) {
        duckdb_destroy_logical_type(&types[i]);
    }
    if (schema.release != NULL) {
        schema.release(&schema);
    }
    free(types);
    free(names);
    return same;
}

/* The number of the query is the last column; the others are the batch. */
static void drop_last(struct ArrowArray *batch)
{
    struct ArrowArray *last = batch->children[--batch->n_children];

    last->release(last);
}

/* The chunk as a batch, of the query that it says. NULL, or why it cannot be. */
static const char *convert(const struct sql_taker *taker, duckdb_data_chunk chunk,
                           uint64_t *ret_query, struct ArrowArray *ret_batch)
{
    idx_t last = duckdb_data_chunk_get_column_count(chunk) - 1;
    const uint64_t *query = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, last));

    if (!taker->checked[*query] && !has_columns(taker, chunk, last)) {
        return "Invalid Input Error: the columns of a query are not those that are expected";
    }
    taker->checked[*query] = true;
    *ret_query = *query;
    duckdb_error_data data = duckdb_data_chunk_to_arrow(taker->options, chunk, ret_batch);
    bool failed = duckdb_error_data_has_error(data);
    duckdb_destroy_error_data(&data);
    if (failed) {
        return "Out of Memory Error: a chunk could not be made a batch";
    }
    drop_last(ret_batch);
    return NULL;
}

static void taken(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output)
{
    struct fw_sql_session *session = duckdb_scalar_function_get_extra_info(info);
    const struct sql_taker *taker = session->taker;
    bool *done = duckdb_vector_get_data(output);
    struct ArrowArray batch;
    uint64_t query;

    const char *why = taker != NULL ? convert(taker, chunk, &query, &batch)
                                    : "fw_taken is for query_parallel alone";
    if (why != NULL) {
        duckdb_scalar_function_set_error(info, why);
        return;
    }
    fw_status status = taker->take(taker->arg, query, &batch);
    if (status != FW_OK) {
        fail(session, info, status);
        return;
    }
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
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
                          uint64_t n_queries, const struct ArrowSchema *schema,
                          fw_status (*take)(void *arg, uint64_t query, struct ArrowArray *batch),
                          void *arg)
{
    struct sql_taker taker = {
        .take = take, .arg = arg, .schema = schema, .checked = calloc(n_queries + 1, sizeof(bool))};
    struct fw_text *wrapped = calloc(n_queries + 1, sizeof *wrapped);
    bool complete = taker.checked != NULL && wrapped != NULL;

    for (uint64_t i = 0; complete && i < n_queries; i++) {
        fw_text_appendf(&wrapped[i],
                        "SELECT bool_and(fw_taken(*COLUMNS(*), %" PRIu64 "::UBIGINT)) FROM (%s)", i,
                        queries[i]);
    }
    duckdb_connection_get_arrow_options(session->connection, &taker.options);
    session->taker = &taker;
    fw_status status =
        complete ? run(session, wrapped, n_queries, &taker) : fw_fault_nomem(session->host);
    session->taker = NULL;
    duckdb_destroy_arrow_options(&taker.options);
    for (uint64_t i = 0; complete && i < n_queries; i++) {
        fw_text_finish(&wrapped[i]);
    }
    free(wrapped);
    free(taker.checked);
    return status;
}
