/* SPDX-License-Identifier: MIT */
#include "attached.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_scan.h"
#include "fault.h"
#include "sql/fault.h"
#include "sql/stream.h"
#include "sql/text.h"
#include "statement.h"

struct sql_attached {
    struct sql_attached *next;
    char *name;
    int64_t id;
    int is_read;
    struct arrow_scan scan;
};

static struct sql_attached *find_id(const struct fw_sql_session *session, int64_t id)
{
    struct sql_attached *at = session->attached;

    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

static void bind(duckdb_bind_info info)
{
    const struct fw_sql_session *session = duckdb_bind_get_extra_info(info);
    duckdb_value id = duckdb_bind_get_parameter(info, 0);
    struct sql_attached *attached = find_id(session, duckdb_get_int64(id));

    duckdb_destroy_value(&id);
    if (attached == NULL) {
        duckdb_bind_set_error(info, "this stream was detached");
        return;
    }
    for (int64_t i = 0; i < attached->scan.schema.n_children; i++) {
        const char *name = attached->scan.schema.children[i]->name;
        duckdb_bind_add_result_column(info, name != NULL ? name : "", attached->scan.types[i]);
    }
    duckdb_bind_set_bind_data(info, attached, NULL);
}

/* One thread pulls: a stream is not to be read by two, and rows keep their order. */
static void init(duckdb_init_info info)
{
    struct sql_attached *attached = duckdb_init_get_bind_data(info);

    duckdb_init_set_max_threads(info, 1);
    if (__atomic_exchange_n(&attached->is_read, 1, __ATOMIC_SEQ_CST) != 0) {
        duckdb_init_set_error(info, "an attached stream can be read only once; "
                                    "CREATE TABLE AS keeps its rows");
    }
}

/* The class of the stream's failure would be lost inside DuckDB, so the session keeps it. */
static void read_next(duckdb_function_info info, duckdb_data_chunk output)
{
    struct fw_sql_session *session = duckdb_function_get_extra_info(info);
    struct sql_attached *attached = duckdb_function_get_bind_data(info);
    char *why = NULL;
    int code = arrow_scan_next(&attached->scan, output, &why);

    if (code != 0) {
        __atomic_store_n(&session->stream_status, fw_status_from_errno(code), __ATOMIC_SEQ_CST);
        duckdb_function_set_error(info, why != NULL ? why : strerror(code));
    }
    free(why);
}

duckdb_state sql_attached_register(struct fw_sql_session *session)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type id = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);

    duckdb_table_function_set_name(function, "fw_attached");
    duckdb_table_function_add_parameter(function, id);
    duckdb_table_function_set_extra_info(function, session, NULL);
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, init);
    duckdb_table_function_set_function(function, read_next);
    duckdb_state state = duckdb_register_table_function(session->connection, function);
    duckdb_destroy_logical_type(&id);
    duckdb_destroy_table_function(&function);
    return state;
}

static void destroy(struct sql_attached *attached)
{
    arrow_scan_finish(&attached->scan);
    free(attached->name);
    free(attached);
}

static fw_status create_view(struct fw_sql_session *session, const struct sql_attached *attached)
{
    struct fw_text text = {0};

    fw_text_append(&text, "CREATE VIEW ");
    fw_text_identifier(&text, attached->name);
    fw_text_appendf(&text, " AS FROM fw_attached(%" PRId64 ")", attached->id);
    return sql_statement_run_text(session, &text);
}

static fw_status init_scan(struct fw_sql_session *session, struct sql_attached *attached,
                           struct ArrowArrayStream *stream)
{
    char *why = NULL;
    int code = arrow_scan_init(&attached->scan, session->connection, stream, &why);
    fw_status status = FW_OK;

    if (code != 0) {
        status = fw_faultf(session->host, fw_status_from_errno(code), attached->name, NULL,
                           "a stream cannot be attached: %s", why != NULL ? why : strerror(code));
    }
    free(why);
    return status;
}

static fw_status attach(struct fw_sql_session *session, const char *name,
                        struct ArrowArrayStream *stream)
{
    struct sql_attached *attached = calloc(1, sizeof *attached);

    if (attached == NULL || (attached->name = strdup(name)) == NULL) {
        free(attached);
        return fw_fault_nomem(session->host);
    }
    attached->id = ++session->last_attached_id;
    fw_status status = init_scan(session, attached, stream);
    if (status == FW_OK) {
        attached->next = session->attached;
        session->attached = attached;
        status = create_view(session, attached);
        if (status != FW_OK) {
            session->attached = attached->next;
        }
    }
    if (status != FW_OK) {
        destroy(attached);
    }
    return status;
}

fw_status sql_attach(struct fw_sql_session *session, const char *name,
                     struct ArrowArrayStream *stream)
{
    fw_status status = sql_session_acquire(session, "statement");

    if (status == FW_OK) {
        status = attach(session, name, stream);
        sql_session_release(session);
    }
    if (stream->release != NULL) {
        stream->release(stream);
    }
    return status;
}

static fw_status drop_view(struct fw_sql_session *session, const char *name)
{
    struct fw_text text = {0};

    fw_text_append(&text, "DROP VIEW IF EXISTS ");
    fw_text_identifier(&text, name);
    return sql_statement_run_text(session, &text);
}

fw_status sql_detach(struct fw_sql_session *session, const char *name)
{
    struct sql_attached **link = &session->attached;

    while (*link != NULL && strcmp((*link)->name, name) != 0) {
        link = &(*link)->next;
    }
    struct sql_attached *attached = *link;
    if (attached == NULL) {
        return fw_faultf(session->host, FW_E_ARG, NULL, NULL, "no stream is attached as %s", name);
    }
    fw_status status = sql_session_acquire(session, "statement");
    if (status == FW_OK) {
        status = drop_view(session, name);
        *link = attached->next;
        destroy(attached);
        sql_session_release(session);
    }
    return status;
}

void sql_attached_release_all(struct fw_sql_session *session)
{
    while (session->attached != NULL) {
        struct sql_attached *attached = session->attached;
        session->attached = attached->next;
        destroy(attached);
    }
}
