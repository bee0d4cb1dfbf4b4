/* SPDX-License-Identifier: MIT */
#include "attached_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "sql/fault.h"
#include "sql/stream.h"
#include "sql/text.h"
#include "statement.h"

static void destroy(struct sql_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        arrow_column_finish(&table->columns[i]);
    }
    if (table->schema.release != NULL) {
        table->schema.release(&table->schema);
    }
    free(table->columns);
    free(table->name);
    free(table);
}

static struct sql_table **find(struct fw_sql_session *session, const char *name)
{
    struct sql_table **link = &session->tables;

    while (*link != NULL && strcmp((*link)->name, name) != 0) {
        link = &(*link)->next;
    }
    return link;
}

bool sql_table_is_attached(const struct fw_sql_session *session, const char *name)
{
    const struct sql_table *table = session->tables;

    while (table != NULL && strcmp(table->name, name) != 0) {
        table = table->next;
    }
    return table != NULL;
}

static fw_status create_view(struct fw_sql_session *session, const struct sql_table *table)
{
    struct fw_text text = {0};

    fw_text_append(&text, "CREATE VIEW ");
    fw_text_identifier(&text, table->name);
    fw_text_appendf(&text, " AS FROM fw_attached_table(%" PRId64 ")", table->id);
    return sql_statement_run_text(session, &text);
}

static fw_status find_columns(struct fw_sql_session *session, struct sql_table *table)
{
    table->columns = calloc((size_t)table->schema.n_children + 1, sizeof *table->columns);
    if (table->columns == NULL) {
        return fw_fault_nomem(session->host);
    }
    for (int64_t i = 0; i < table->schema.n_children; i++) {
        const struct ArrowSchema *field = table->schema.children[i];
        char *why = NULL;
        table->n_columns++;
        int code = arrow_column_init(&table->columns[i], session->connection, field, &why);
        if (code != 0) {
            fw_status status = fw_faultf(session->host, fw_status_from_errno(code), table->name,
                                         NULL, "a table with the column %s cannot be attached: %s",
                                         field->name, why != NULL ? why : strerror(code));
            free(why);
            return status;
        }
    }
    return FW_OK;
}

static fw_status attach(struct fw_sql_session *session, struct sql_table *table)
{
    fw_status status =
        table->name != NULL ? find_columns(session, table) : fw_fault_nomem(session->host);

    if (status == FW_OK) {
        table->id = ++session->last_attached_id;
        table->next = session->tables;
        session->tables = table;
        status = create_view(session, table);
        if (status != FW_OK) {
            session->tables = table->next;
        }
    }
    if (status != FW_OK) {
        destroy(table);
    }
    return status;
}

fw_status sql_table_attach(struct fw_sql_session *session, const char *name,
                           struct ArrowSchema *schema,
                           int (*open)(void *arg, const uint64_t *columns, uint64_t n_columns,
                                       struct ArrowArrayStream *ret_stream),
                           void *arg)
{
    fw_status status = sql_session_acquire(session, "statement");
    struct sql_table *table = status == FW_OK ? calloc(1, sizeof *table) : NULL;

    if (table == NULL) {
        schema->release(schema);
        if (status == FW_OK) {
            sql_session_release(session);
            status = fw_fault_nomem(session->host);
        }
        return status;
    }
    *table = (struct sql_table){.name = strdup(name), .schema = *schema, .open = open, .arg = arg};
    schema->release = NULL;
    status = attach(session, table);
    sql_session_release(session);
    return status;
}

fw_status sql_table_detach(struct fw_sql_session *session, const char *name)
{
    struct fw_text text = {0};
    fw_status status = sql_session_acquire(session, "statement");

    if (status == FW_OK) {
        struct sql_table **link = find(session, name);
        struct sql_table *table = *link;
        fw_text_append(&text, "DROP VIEW IF EXISTS ");
        fw_text_identifier(&text, name);
        status = sql_statement_run_text(session, &text);
        *link = table->next;
        destroy(table);
        sql_session_release(session);
    }
    return status;
}

void sql_table_release_all(struct fw_sql_session *session)
{
    while (session->tables != NULL) {
        struct sql_table *table = session->tables;
        session->tables = table->next;
        destroy(table);
    }
}

duckdb_state sql_table_register(struct fw_sql_session *session)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type id = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);

    duckdb_table_function_set_name(function, "fw_attached_table");
    duckdb_table_function_add_parameter(function, id);
    duckdb_table_function_set_extra_info(function, session, NULL);
    duckdb_table_function_supports_projection_pushdown(function, true);
    sql_table_set_scan(function);
    duckdb_state state = duckdb_register_table_function(session->connection, function);
    duckdb_destroy_logical_type(&id);
    duckdb_destroy_table_function(&function);
    return state;
}
