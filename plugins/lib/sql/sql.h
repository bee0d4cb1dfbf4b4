/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SQL_SQL_H
#define FW_LIB_SQL_SQL_H

#include <fw/host.h>
#include <fw/service/sql.h>

#include "fault.h"
#include "text.h"

/**
 * What stages do with fw.sql/1 all the time. A handle binds the service, a session and the
 * host that faults go to; every call has recorded its fault when it returns a failure.
 * [stage thread]
 */
struct fw_sql_handle {
    const struct fw_host *host;
    const struct fw_sql *api;
    struct fw_sql_session *session;
};

/** Opens a session. The host must have fw.sql/1 (services_required). */
fw_status fw_sql_handle_open(struct fw_sql_handle *ret_handle, const struct fw_host *host);

/** Closes the session; a zeroed or closed handle is fine. */
void fw_sql_handle_close(struct fw_sql_handle *handle);

fw_status fw_sql_exec(const struct fw_sql_handle *handle, const char *statements);
__attribute__((format(printf, 2, 3))) fw_status fw_sql_execf(const struct fw_sql_handle *handle,
                                                             const char *format, ...);

/** Runs what a text holds; a text whose building failed is FW_E_NOMEM. */
fw_status fw_sql_exec_text(const struct fw_sql_handle *handle, const struct fw_text *text);

/**
 * Works on one statement for a step's time: begins it when *job is NULL. FW_MORE while there is
 * more to do; at the end the job is freed and *job NULL again. A stage that is destroyed before
 * gives the job to `api->finish`.
 */
fw_status fw_sql_work(const struct fw_sql_handle *handle, const struct fw_text *statement,
                      struct fw_sql_job **job);

/** Rows written or changed by the last statement. */
uint64_t fw_sql_rows_changed(const struct fw_sql_handle *handle);

/*
 * One cell. The query, without a semicolon, must give one column and at most one row; its value
 * is cast to BIGINT, DOUBLE or VARCHAR by the engine. A NULL, or no row, is FW_E_DATA for the
 * numbers and *ret_text = NULL for the text, which the caller frees.
 */
fw_status fw_sql_int64(const struct fw_sql_handle *handle, int64_t *ret_value, const char *query);
fw_status fw_sql_double(const struct fw_sql_handle *handle, double *ret_value, const char *query);
fw_status fw_sql_text(const struct fw_sql_handle *handle, char **ret_text, const char *query);

__attribute__((format(printf, 3, 4))) fw_status
fw_sql_int64f(const struct fw_sql_handle *handle, int64_t *ret_value, const char *format, ...);
__attribute__((format(printf, 3, 4))) fw_status
fw_sql_textf(const struct fw_sql_handle *handle, char **ret_text, const char *format, ...);

/** A rectangle of texts, row by row; cells may be NULL. Zero-initialise; finish frees. */
struct fw_sql_grid {
    char **cells;
    size_t n_rows;
    size_t n_columns;
};

/**
 * Fetches the whole result of a query, without a semicolon, as texts; for results that fit
 * into memory with ease. *ret_grid is written on success only.
 */
fw_status fw_sql_grid(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                      const char *query);
__attribute__((format(printf, 3, 4))) fw_status fw_sql_gridf(const struct fw_sql_handle *handle,
                                                             struct fw_sql_grid *ret_grid,
                                                             const char *format, ...);
const char *fw_sql_cell(const struct fw_sql_grid *grid, size_t row, size_t column);
void fw_sql_grid_finish(struct fw_sql_grid *grid);

/** Names and types ("BIGINT") of a query's columns: a grid of two columns, one row each. */
fw_status fw_sql_describe(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                          const char *query);

#endif
