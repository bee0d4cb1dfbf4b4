/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ATTACHED_TABLE_H
#define FW_DUCKDB_ATTACHED_TABLE_H

#include "arrow_column.h"
#include "session.h"

/*
 * Tables that statements read from their maker, as often as they want: each is an argument of one
 * table function, fw_attached_table(id), and a view gives it its name.
 */
struct sql_table {
    struct sql_table *next;
    char *name;
    int64_t id;
    struct ArrowSchema schema;
    struct arrow_column *columns;
    size_t n_columns;
    int (*open)(void *arg, const uint64_t *columns, uint64_t n_columns,
                struct ArrowArrayStream *ret_stream);
    void *arg;
};

/* Adds the table function to a new session. */
duckdb_state sql_table_register(struct fw_sql_session *session);

/* fw.sql/1 attach_table, and detach of what it attached. */
fw_status sql_table_attach(struct fw_sql_session *session, const char *name,
                           struct ArrowSchema *schema,
                           int (*open)(void *arg, const uint64_t *columns, uint64_t n_columns,
                                       struct ArrowArrayStream *ret_stream),
                           void *arg);
bool sql_table_is_attached(const struct fw_sql_session *session, const char *name);
fw_status sql_table_detach(struct fw_sql_session *session, const char *name);

/* Forgets all tables of a session that is closing. */
void sql_table_release_all(struct fw_sql_session *session);

/* table_scan.c: what the table function does. */
void sql_table_set_scan(duckdb_table_function function);

#endif
