/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "attached.h"
#include "attached_table.h"
#include "job.h"
#include "parallel.h"
#include "result.h"
#include "session.h"
#include "statement.h"
#include "table.h"
#include "taken.h"

static fw_status exec(struct fw_sql_session *session, const char *statements)
{
    fw_status status = sql_session_acquire(session, "statement");

    if (status == FW_OK) {
        session->rows_changed = 0;
        status =
            sql_statement_run_all(session, session->connection, statements, &session->rows_changed);
        sql_session_release(session);
    }
    return status;
}

static fw_status detach(struct fw_sql_session *session, const char *name)
{
    return sql_table_is_attached(session, name) ? sql_table_detach(session, name)
                                                : sql_detach(session, name);
}

static uint64_t rows_changed(const struct fw_sql_session *session)
{
    return session->rows_changed;
}

const struct fw_sql sql_service_table = {
    .struct_size = (uint32_t)sizeof(struct fw_sql),
    .engine = "duckdb 1.4.4",
    .open = sql_session_open,
    .close = sql_session_close,
    .exec = exec,
    .query = sql_result_query,
    .attach = sql_attach,
    .detach = detach,
    .begin = sql_job_begin,
    .advance = sql_job_advance,
    .finish = sql_job_finish,
    .interrupt = sql_session_interrupt,
    .rows_changed = rows_changed,
    .exec_parallel = sql_parallel_exec,
    .query_parallel = sql_taken_query,
    .attach_table = sql_table_attach,
};

static const char *const libraries[] = {"libduckdb.so"};

static const struct fw_service sql_service = {
    .struct_size = (uint32_t)sizeof(struct fw_service),
    .n_libraries = FW_COUNT(libraries),
    .id = FW_SQL_ID,
    .doc = "SQL over tables larger than memory, by DuckDB",
    .libraries = libraries,
    .table = &sql_service_table,
};

static const struct fw_table table_table = {
    .struct_size = (uint32_t)sizeof(struct fw_table),
    .read = table_read,
    .write = table_write,
};

static const struct fw_service table_service = {
    .struct_size = (uint32_t)sizeof(struct fw_service),
    .n_libraries = FW_COUNT(libraries),
    .id = FW_TABLE_ID,
    .doc = "Tables of any format as Arrow streams, and back to Parquet",
    .libraries = libraries,
    .table = &table_table,
};

static const struct fw_service *const services[] = {&sql_service, &table_service};

FW_PLUGIN("org.fwrun.duckdb", "0.1.0", "MIT", .doc = "SQL and tables, by DuckDB",
          .services = services, .n_services = FW_COUNT(services));
