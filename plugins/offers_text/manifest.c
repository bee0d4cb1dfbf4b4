/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "report/json.h"
#include "report/report.h"
#include "texts.h"

static int64_t fact(const struct texts *texts, size_t which)
{
    return fw_wide_fact(texts->wide, which);
}

static void add_optional(struct fw_report *report, const char *name, bool is_known, int64_t value)
{
    fw_report_add(report, name, is_known ? fw_json_int(value) : cJSON_CreateNull());
}

/* What gate B reads. */
static void add_counts(const struct texts *texts, struct fw_report *report)
{
    int64_t rows = fw_wide_rows_out(texts->wide, 0);

    add_optional(report, "limit_rows", texts->limit_rows > 0, texts->limit_rows);
    add_optional(report, "raw_offers_version", texts->source->version >= 0, texts->source->version);
    fw_report_int(report, "raw_active_files", (int64_t)texts->source->n_files);
    fw_report_int(report, "raw_rows_scanned", fw_wide_rows_in(texts->wide));
    fw_report_int(report, "rows_emitted", rows);
    fw_report_int(report, "rows_all_text_null_dropped", fact(texts, TEXTS_ALL_NULL));
    fw_report_int(report, "n_unique_entity_id", fact(texts, TEXTS_ENTITIES));
    fw_report_int(report, "n_unique_entity_day", rows);
}

static void add_names(struct fw_report *report, const char *name, const char *const *names,
                      size_t n)
{
    fw_report_add(report, name, cJSON_CreateStringArray(names, (int)n));
}

static fw_status write_fields(const struct texts *texts)
{
    struct fw_report report = {0};
    const char *path = fw_task_input(texts->task, "raw")->paths[0];
    cJSON *columns = cJSON_CreateArray();

    for (size_t i = 0; i < texts->n_columns; i++) {
        cJSON *name = cJSON_CreateString(texts->columns[i]->name);
        report.failed |= !cJSON_AddItemToArray(columns, name);
    }
    fw_report_text(&report, "raw_offers_delta", path);
    add_counts(texts, &report);
    fw_report_int(&report, "rows_dropped_null_key", fw_wide_rows_unnamed(texts->wide));
    fw_report_int(&report, "rows_dropped_bad_ts", fact(texts, TEXTS_BAD_TS));
    fw_report_int(&report, "files_skipped", 0); /* what cannot be read fails the stage */
    fw_report_text(&report, "grain", "entity-day");
    fw_report_text(&report, "duckdb_version", texts->sql.api->engine);
    fw_report_add(&report, "text_columns", columns);
    add_names(&report, "missing_columns", texts->missing, texts->n_missing);
    fw_status status = fw_report_fields(&report, texts->host);
    fw_report_finish(&report);
    return status;
}

static void warn_of_dropped(const struct texts *texts)
{
    const struct fw_log *log = texts->host->service(texts->host, FW_LOG_ID);
    struct fw_text line = {0};

    fw_text_appendf(&line,
                    "of %" PRId64 " raw rows, %" PRId64 " without a key and %" PRId64
                    " without a readable day were dropped",
                    fw_wide_rows_in(texts->wide), fw_wide_rows_unnamed(texts->wide),
                    fact(texts, TEXTS_BAD_TS));
    if (log != NULL && fw_wide_rows_unnamed(texts->wide) + fact(texts, TEXTS_BAD_TS) > 0) {
        log->write(texts->host, FW_LOG_WARNING, fw_text_get(&line));
    }
    fw_text_finish(&line);
}

fw_status texts_manifest_write(const struct texts *texts)
{
    const struct fw_artifact *artifact = texts->host->service(texts->host, FW_ARTIFACT_ID);
    fw_status status = write_fields(texts);

    warn_of_dropped(texts);
    return status == FW_OK
               ? artifact->rows(texts->host, "text", (uint64_t)fw_wide_rows_out(texts->wide, 0))
               : status;
}
