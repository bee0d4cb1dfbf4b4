/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_SQL_H
#define FW_SERVICE_SQL_H

#include "fw/arrow.h"
#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_SQL_ID "fw.sql/1"

/** One in-memory database with its own limits and temporary folder. One thread at a time. */
struct fw_sql_session;

/** A statement that is being executed piece by piece. */
struct fw_sql_job;

/**
 * An SQL engine for tables that need not fit into memory. Provided by a plugin.
 *
 * Every session has TimeZone 'UTC', binary collation, insertion order preserved, no network
 * and no extension loading; it spills into the host's temporary folder and is limited to the
 * budget's threads and engine_bytes. Dialect: DuckDB's. Four functions are added:
 *
 *     fw_canonical_json(any) -> VARCHAR   keys sorted by code point at every level, ASCII only,
 *                                         no blanks, shortest round-trip numbers; NULL -> NULL
 *     fw_json_length(any) -> DOUBLE       elements of a list, entries of a map, fields of a
 *                                         struct, 1 for anything else; NULL -> NULL
 *     fw_in_order('query') -> table       the query's rows, for COPY ... TO a Parquet file
 *                                         whose bytes are to be the same in every run
 *     fw_no_rows() -> table               no rows of a BOOLEAN column fw_no_rows: what
 *                                         fw_in_order unites the query with
 *
 * A plain COPY with two or more threads cuts row groups where the threads happen to be; only
 * one whose query ends in ORDER BY is repeatable by itself. fw_in_order costs nothing but the
 * last pipeline's threads, which exec_parallel makes good with a file per thread.
 *
 * Failures are recorded through the host given to `open`: FW_E_NOMEM when the engine ran out of
 * memory, FW_E_NOSPACE when the disk or its share of it did, FW_E_CANCELLED after an interrupt,
 * FW_E_CONFIG when the statement itself is wrong (syntax, names, types), FW_E_DATA when a value
 * is, FW_E_MISSING when no file matches, FW_E_IO, FW_E_UNSUPPORTED or FW_E_INTERNAL otherwise;
 * always with the engine's own sentence and the statement's beginning. A statement out of a file
 * may say so in a block comment right before it, on the same line, that holds "file: PATH" and
 * nothing else; its faults say PATH:LINE instead. The host's cancel request interrupts what runs.
 * [stage thread] unless said otherwise.
 */
struct fw_sql {
    uint32_t struct_size;
    uint32_t reserved;
    const char *engine; /**< "duckdb 1.4.4" */

    fw_status (*open)(const struct fw_host *host, struct fw_sql_session **ret_session);

    /** Accepts NULL. No stream or job of the session may be alive. */
    void (*close)(struct fw_sql_session *session);

    /** Runs one or more statements to their end; their results are dropped. */
    fw_status (*exec)(struct fw_sql_session *session, const char *statements);

    /**
     * Runs one statement and gives its result as a stream that is produced while it is read,
     * in batches of at most a few thousand rows. The session can do nothing else until the
     * stream is released. Texts are "u", HUGEINT (what sum() gives of integers) is a decimal
     * of 38 digits, an ENUM a dictionary.
     */
    fw_status (*query)(struct fw_sql_session *session, const char *statement,
                       struct ArrowArrayStream *ret_stream);

    /**
     * Makes `stream` readable in statements as a view called `name`, until `detach`. Takes
     * the stream, also on failure. It can be read once.
     */
    fw_status (*attach)(struct fw_sql_session *session, const char *name,
                        struct ArrowArrayStream *stream);
    fw_status (*detach)(struct fw_sql_session *session, const char *name);

    /** Starts one statement whose result is dropped (COPY, CREATE TABLE AS). */
    fw_status (*begin)(struct fw_sql_session *session, const char *statement,
                       struct fw_sql_job **ret_job);

    /**
     * Lets the job work for `budget_ms`. FW_MORE while there is more to do; FW_OK at the end;
     * *ret_fraction is 0 to 1, or negative when the engine cannot tell. The engine's threads go
     * on between two calls.
     */
    fw_status (*advance)(struct fw_sql_job *job, uint32_t budget_ms, double *ret_fraction);

    /** Ends a job, finished or not, and frees it. Accepts NULL. */
    void (*finish)(struct fw_sql_job *job);

    /** Makes what runs in the session fail soon with FW_E_CANCELLED. [any thread] */
    void (*interrupt)(struct fw_sql_session *session);

    /**
     * Rows that the last statement run by `exec` or a finished job wrote or changed (COPY,
     * INSERT, CREATE TABLE AS), 0 for others.
     */
    uint64_t (*rows_changed)(const struct fw_sql_session *session);

    /**
     * Runs n statements side by side, as many at once as the budget has threads, to write
     * several part files at a time. Each has a connection of its own: it sees the session's
     * tables and views, not its temporary ones. All have ended when this returns; the first
     * failure is the one reported, and interrupts the others. `ret_rows`, n numbers or NULL, is
     * what rows_changed says of each.
     */
    fw_status (*exec_parallel)(struct fw_sql_session *session, const char *const *statements,
                               uint64_t n_statements, uint64_t *ret_rows);

    /**
     * Runs n queries side by side as exec_parallel does, and hands their rows over in batches of
     * at most a few thousand, in no order that is promised. `take` owns the batch, also where it
     * fails; NULL says that the query has no more. It is called on the thread that runs the query,
     * which runs one at a time. Its failure ends all of them; it has recorded a fault. Batches
     * may outlive the session. `schema` is what `take` expects, as `query` gives it; a query of
     * other columns is FW_E_DATA (so is one of a bare NULL, which has no type until it is cast).
     */
    fw_status (*query_parallel)(struct fw_sql_session *session, const char *const *queries,
                                uint64_t n_queries, const struct ArrowSchema *schema,
                                fw_status (*take)(void *arg, uint64_t query,
                                                  struct ArrowArray *batch),
                                void *arg);

    /**
     * Makes a table readable in statements as a view called `name`, until `detach`; it can be
     * read as often as wanted, also by several statements at once. Takes the schema, also on
     * failure. `open` gives a stream of the columns of these numbers (n may be 0: of rows
     * without columns); 0 or an errno code, with a fault recorded. [open: any thread] The stream's
     * batches are not copied; each is of a multiple of 2,048 rows, but for the last.
     */
    fw_status (*attach_table)(struct fw_sql_session *session, const char *name,
                              struct ArrowSchema *schema,
                              int (*open)(void *arg, const uint64_t *columns, uint64_t n_columns,
                                          struct ArrowArrayStream *ret_stream),
                              void *arg);
};
FW_ASSERT_NO_TAIL(struct fw_sql, attach_table);

FW_END_DECLS

#endif
