/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include <fw/service/budget.h>
#include <fw/service/tmp.h>

#include "fault.h"
#include "sql/fault.h"
#include "sql/text.h"

/*
 * Nothing is loaded from or written to the user's home, nothing is pinned to a core that a
 * stage beside this one may be pinned to, and the rows keep their order. Files are read about
 * once, so caching them takes memory and gives nothing. Default collation is binary.
 */
static const char *const fixed_settings[][2] = {
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"allow_unsigned_extensions", "false"},
    {"allow_persistent_secrets", "false"},
    {"enable_external_file_cache", "false"},
    {"pin_threads", "off"},
    {"preserve_insertion_order", "true"},
    {"default_collation", ""},
};

static fw_status configure(const struct fw_host *host, duckdb_config config, const char *name,
                           const char *value)
{
    if (duckdb_set_config(config, name, value) == DuckDBSuccess) {
        return FW_OK;
    }
    return fw_faultf(host, FW_E_INTERNAL, NULL, "link the DuckDB that scripts/setup pins",
                     "DuckDB %s refuses the setting %s = %s", duckdb_library_version(), name,
                     value);
}

static const struct fw_limits *limits_of(const struct fw_host *host)
{
    const struct fw_budget *budget = host->service(host, FW_BUDGET_ID);

    return budget != NULL ? budget->limits(host) : NULL;
}

fw_status sql_settings_configure(const struct fw_host *host, duckdb_config config)
{
    const struct fw_limits *limits = limits_of(host);
    char memory[32], threads[16];
    fw_status status = FW_OK;

    if (limits == NULL) {
        return fw_faultf(host, FW_E_MISSING, NULL, NULL, "the host provides no " FW_BUDGET_ID);
    }
    for (size_t i = 0; i < FW_COUNT(fixed_settings) && status == FW_OK; i++) {
        status = configure(host, config, fixed_settings[i][0], fixed_settings[i][1]);
    }
    if (status == FW_OK) {
        snprintf(memory, sizeof memory, "%" PRIu64 "B", limits->engine_bytes);
        status = configure(host, config, "memory_limit", memory);
    }
    if (status == FW_OK) {
        snprintf(threads, sizeof threads, "%" PRIu32, limits->threads);
        status = configure(host, config, "threads", threads);
    }
    return status;
}

/*
 * Each session spills into a folder of its own, since DuckDB deletes the folder when it closes.
 * Given at open, DuckDB 1.4 shows max_temp_directory_size and does not obey it; set later, it
 * does. Without a limit by the pipeline a tenth of the disk is left to the outputs.
 */
static fw_status append_spill(struct fw_text *text, const struct fw_sql_session *session)
{
    const struct fw_host *host = session->host;
    const struct fw_tmp *tmp = host->service(host, FW_TMP_ID);
    const char *base = tmp != NULL ? tmp->dir(host) : NULL;
    uint64_t temp_bytes = limits_of(host)->temp_bytes;
    struct fw_text folder = {0};
    struct statvfs disk;

    if (base == NULL || statvfs(base, &disk) != 0) {
        return fw_faultf(host, FW_E_IO, base, "see resources.temp and root of the pipeline",
                         "there is no folder to spill into");
    }
    if (temp_bytes == 0) {
        temp_bytes = (uint64_t)disk.f_bavail * disk.f_frsize / 10 * 9;
    }
    fw_text_appendf(&folder, "%s/duckdb-%" PRIxPTR, base, (uintptr_t)session);
    fw_text_append(text, "SET temp_directory = ");
    fw_text_literal(text, fw_text_get(&folder));
    fw_text_appendf(text, "; SET max_temp_directory_size = '%" PRIu64 "B'; ", temp_bytes);
    text->failed |= folder.failed;
    fw_text_finish(&folder);
    return FW_OK;
}

/* duckdb_query_progress knows nothing unless there is a bar, which need not be printed. */
fw_status sql_settings_apply(struct fw_sql_session *session)
{
    struct fw_text text = {0};
    duckdb_result result;
    fw_status status = append_spill(&text, session);

    fw_text_append(&text, "SET GLOBAL TimeZone = 'UTC'; SET enable_progress_bar_print = false; "
                          "SET enable_progress_bar = true");
    if (status == FW_OK && text.failed) {
        status = fw_fault_nomem(session->host);
    }
    if (status == FW_OK) {
        if (duckdb_query(session->connection, fw_text_get(&text), &result) != DuckDBSuccess) {
            status = sql_fault(session->host, duckdb_result_error(&result), fw_text_get(&text));
        }
        duckdb_destroy_result(&result);
    }
    fw_text_finish(&text);
    return status;
}
