/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include <fw/service/budget.h>
#include <fw/service/log.h>
#include <fw/service/tmp.h>

#include "attached.h"
#include "fault.h"
#include "json_functions.h"
#include "sql/fault.h"

struct setting {
    const char *name;
    const char *value;
};

/*
 * Nothing is loaded from or written to the user's home, nothing is pinned to a core that a
 * stage beside this one may be pinned to, and the rows keep their order. Progress is tracked
 * (duckdb_query_progress needs the bar) and never printed. Default collation is binary.
 */
static const struct setting fixed_settings[] = {
    {"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},   {"allow_unsigned_extensions", "false"},
    {"allow_persistent_secrets", "false"},     {"pin_threads", "off"},
    {"preserve_insertion_order", "true"},      {"default_collation", ""},
};

static const char session_statements[] = "SET TimeZone = 'UTC';"
                                         "SET enable_progress_bar = true;"
                                         "SET enable_progress_bar_print = false;";

static fw_status set_all(const struct fw_host *host, duckdb_config config,
                         const struct setting *settings, size_t n_settings)
{
    for (size_t i = 0; i < n_settings; i++) {
        if (duckdb_set_config(config, settings[i].name, settings[i].value) != DuckDBSuccess) {
            return fw_faultf(host, FW_E_INTERNAL, NULL, "link the DuckDB that scripts/setup pins",
                             "DuckDB %s refuses the setting %s = %s", duckdb_library_version(),
                             settings[i].name, settings[i].value);
        }
    }
    return FW_OK;
}

/* Where a session spills, and how much of it there may be. */
struct spill {
    char folder[4096];
    uint64_t size_bytes;
};

/* Every session spills into a folder of its own: DuckDB deletes the folder when it closes. */
static fw_status plan_spill(const struct fw_sql_session *session, uint64_t temp_bytes,
                            struct spill *ret_spill)
{
    const struct fw_host *host = session->host;
    const struct fw_tmp *tmp = host->service(host, FW_TMP_ID);
    const char *base = tmp != NULL ? tmp->dir(host) : NULL;
    struct statvfs disk;

    if (base == NULL || statvfs(base, &disk) != 0) {
        return fw_faultf(host, FW_E_IO, base, "see resources.temp and root of the pipeline",
                         "there is no folder to spill into");
    }
    int written = snprintf(ret_spill->folder, sizeof ret_spill->folder, "%s/duckdb-%" PRIxPTR, base,
                           (uintptr_t)session);
    if (written < 0 || (size_t)written >= sizeof ret_spill->folder) {
        return fw_faultf(host, FW_E_CONFIG, base, "choose a shorter folder for temporary files",
                         "the path of the temporary folder is too long");
    }
    /* A tenth of the disk is left to the outputs when the pipeline sets no limit. */
    ret_spill->size_bytes =
        temp_bytes != 0 ? temp_bytes : (uint64_t)disk.f_bavail * disk.f_frsize / 10 * 9;
    return FW_OK;
}

static fw_status configure(const struct fw_sql_session *session, duckdb_config config)
{
    const struct fw_host *host = session->host;
    const struct fw_budget *budget = host->service(host, FW_BUDGET_ID);
    const struct fw_limits *limits = budget != NULL ? budget->limits(host) : NULL;
    char memory[32], threads[16], spill_size[32];
    struct spill spill;

    if (limits == NULL) {
        return fw_faultf(host, FW_E_MISSING, NULL, NULL, "the host provides no " FW_BUDGET_ID);
    }
    fw_status status = plan_spill(session, limits->temp_bytes, &spill);
    if (status != FW_OK) {
        return status;
    }
    snprintf(memory, sizeof memory, "%" PRIu64 "B", limits->engine_bytes);
    snprintf(threads, sizeof threads, "%" PRIu32, limits->threads);
    snprintf(spill_size, sizeof spill_size, "%" PRIu64 "B", spill.size_bytes);
    const struct setting settings[] = {
        {"memory_limit", memory},
        {"threads", threads},
        {"temp_directory", spill.folder},
        {"max_temp_directory_size", spill_size},
    };
    status = set_all(host, config, fixed_settings, FW_COUNT(fixed_settings));
    return status == FW_OK ? set_all(host, config, settings, FW_COUNT(settings)) : status;
}

static fw_status open_database(struct fw_sql_session *session, duckdb_config config)
{
    const struct fw_host *host = session->host;
    char *message = NULL;
    duckdb_result result;

    if (duckdb_open_ext(NULL, &session->database, config, &message) != DuckDBSuccess) {
        fw_status status = sql_fault(host, message, NULL);
        duckdb_free(message);
        return status;
    }
    if (duckdb_connect(session->database, &session->connection) != DuckDBSuccess) {
        return sql_fault(host, NULL, "connect");
    }
    fw_status status = FW_OK;
    if (duckdb_query(session->connection, session_statements, &result) != DuckDBSuccess) {
        status = sql_fault(host, duckdb_result_error(&result), session_statements);
    }
    duckdb_destroy_result(&result);
    if (status == FW_OK && (json_functions_register(session->connection) != DuckDBSuccess ||
                            sql_attached_register(session) != DuckDBSuccess)) {
        status = sql_fault(host, NULL, "registration of the functions fw_*");
    }
    return status;
}

static void destroy(struct fw_sql_session *session)
{
    if (session->cancel != NULL) {
        session->cancel->on_request(session->host, NULL, session);
    }
    sql_attached_release_all(session);
    duckdb_disconnect(&session->connection);
    duckdb_close(&session->database);
    free(session);
}

static void on_request(void *arg)
{
    sql_session_interrupt(arg);
}

fw_status sql_session_open(const struct fw_host *host, struct fw_sql_session **ret_session)
{
    struct fw_sql_session *session = calloc(1, sizeof *session);
    duckdb_config config = NULL;

    if (session == NULL || duckdb_create_config(&config) != DuckDBSuccess) {
        free(session);
        return fw_fault_nomem(host);
    }
    session->host = host;
    fw_status status = configure(session, config);
    if (status == FW_OK) {
        status = open_database(session, config);
    }
    duckdb_destroy_config(&config);
    if (status != FW_OK) {
        destroy(session);
        return status;
    }
    session->cancel = host->service(host, FW_CANCEL_ID);
    if (session->cancel != NULL) {
        session->cancel->on_request(host, on_request, session);
    }
    *ret_session = session;
    return FW_OK;
}

void sql_session_close(struct fw_sql_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->busy == NULL) {
        destroy(session);
        return;
    }
    /* Closing now would pull the database from under the user's feet. */
    const struct fw_log *log = session->host->service(session->host, FW_LOG_ID);
    char text[160];
    snprintf(text, sizeof text,
             FW_SQL_ID ": a session was closed while a %s of it is alive; it stays open until "
                       "that has ended (a defect of the stage)",
             session->busy);
    if (log != NULL) {
        log->write(session->host, FW_LOG_ERROR, text);
    }
    session->closing = true;
}

void sql_session_interrupt(struct fw_sql_session *session)
{
    duckdb_interrupt(session->connection);
}

fw_status sql_session_check(struct fw_sql_session *session)
{
    if (session->cancel == NULL || session->cancel->requested(session->host) == 0) {
        return FW_OK;
    }
    return fw_faultf(session->host, FW_E_CANCELLED, NULL, NULL, "the SQL engine was interrupted");
}

fw_status sql_session_acquire(struct fw_sql_session *session, const char *user)
{
    if (session->busy != NULL) {
        return fw_faultf(session->host, FW_E_ARG, NULL,
                         "release the stream or finish the job first, or open a second session",
                         "a %s was wanted of an SQL session that a live %s occupies", user,
                         session->busy);
    }
    session->busy = user;
    return FW_OK;
}

void sql_session_release(struct fw_sql_session *session)
{
    session->busy = NULL;
    if (session->closing) {
        destroy(session);
    }
}
