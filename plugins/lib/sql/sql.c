/* SPDX-License-Identifier: MIT */
#include "sql.h"

#include <stdlib.h>

fw_status fw_sql_handle_open(struct fw_sql_handle *ret_handle, const struct fw_host *host)
{
    struct fw_sql_handle handle = {.host = host, .api = host->service(host, FW_SQL_ID)};

    if (handle.api == NULL) {
        return fw_faultf(host, FW_E_MISSING, NULL, "add the plugin duckdb to the plugin path",
                         "nothing provides " FW_SQL_ID);
    }
    fw_status status = handle.api->open(host, &handle.session);
    if (status == FW_OK) {
        *ret_handle = handle;
    }
    return status;
}

void fw_sql_handle_close(struct fw_sql_handle *handle)
{
    if (handle->session != NULL) {
        handle->api->close(handle->session);
    }
    *handle = (struct fw_sql_handle){0};
}

fw_status fw_sql_exec(const struct fw_sql_handle *handle, const char *statements)
{
    return handle->api->exec(handle->session, statements);
}

fw_status fw_sql_exec_text(const struct fw_sql_handle *handle, const struct fw_text *text)
{
    if (text->failed) {
        return fw_fault_nomem(handle->host);
    }
    return fw_sql_exec(handle, fw_text_get(text));
}

fw_status fw_sql_execf(const struct fw_sql_handle *handle, const char *format, ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    fw_status status = fw_sql_exec_text(handle, &text);
    fw_text_finish(&text);
    return status;
}

/* How long a job works before the host may look. */
enum { WORK_MS = 500 };

fw_status fw_sql_work(const struct fw_sql_handle *handle, const struct fw_text *statement,
                      struct fw_sql_job **job)
{
    double fraction;
    fw_status status = FW_OK;

    if (*job == NULL) {
        status = statement->failed
                     ? fw_fault_nomem(handle->host)
                     : handle->api->begin(handle->session, fw_text_get(statement), job);
    }
    if (status == FW_OK) {
        status = handle->api->advance(*job, WORK_MS, &fraction);
    }
    if (status == FW_OK) {
        handle->api->finish(*job);
        *job = NULL;
    }
    return status;
}

uint64_t fw_sql_rows_changed(const struct fw_sql_handle *handle)
{
    return handle->api->rows_changed(handle->session);
}

/* A scalar subquery: the engine itself refuses a second row or column. */
static fw_status query_cell(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                            const char *type, const char *query)
{
    return fw_sql_gridf(handle, ret_grid, "SELECT CAST((%s) AS %s)", query, type);
}

static fw_status query_number(const struct fw_sql_handle *handle, struct fw_sql_grid *ret_grid,
                              const char *type, const char *query)
{
    fw_status status = query_cell(handle, ret_grid, type, query);

    if (status == FW_OK && fw_sql_cell(ret_grid, 0, 0) == NULL) {
        fw_sql_grid_finish(ret_grid);
        return fw_faultf(handle->host, FW_E_DATA, NULL, NULL,
                         "a query that must give one number gave none: %.200s", query);
    }
    return status;
}

fw_status fw_sql_int64(const struct fw_sql_handle *handle, int64_t *ret_value, const char *query)
{
    struct fw_sql_grid grid;
    fw_status status = query_number(handle, &grid, "BIGINT", query);

    if (status == FW_OK) {
        *ret_value = strtoll(fw_sql_cell(&grid, 0, 0), NULL, 10);
        fw_sql_grid_finish(&grid);
    }
    return status;
}

fw_status fw_sql_double(const struct fw_sql_handle *handle, double *ret_value, const char *query)
{
    struct fw_sql_grid grid;
    /* The engine's text of a double is its shortest round-trip form. */
    fw_status status = query_number(handle, &grid, "DOUBLE", query);

    if (status == FW_OK) {
        *ret_value = strtod(fw_sql_cell(&grid, 0, 0), NULL);
        fw_sql_grid_finish(&grid);
    }
    return status;
}

fw_status fw_sql_text(const struct fw_sql_handle *handle, char **ret_text, const char *query)
{
    struct fw_sql_grid grid;
    fw_status status = query_cell(handle, &grid, "VARCHAR", query);

    if (status == FW_OK) {
        *ret_text = grid.cells[0];
        grid.cells[0] = NULL;
        fw_sql_grid_finish(&grid);
    }
    return status;
}

fw_status fw_sql_int64f(const struct fw_sql_handle *handle, int64_t *ret_value, const char *format,
                        ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    fw_status status = text.failed ? fw_fault_nomem(handle->host)
                                   : fw_sql_int64(handle, ret_value, fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

fw_status fw_sql_textf(const struct fw_sql_handle *handle, char **ret_text, const char *format, ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    fw_status status = text.failed ? fw_fault_nomem(handle->host)
                                   : fw_sql_text(handle, ret_text, fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}
