/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "edgar.h"
#include "report/json.h"
#include "report/report.h"

/* A failed allocation leaves no array, which the report notices. */
static void push_text(const char *text, cJSON **array)
{
    cJSON *item = cJSON_CreateString(text);

    if (*array == NULL || item == NULL || !cJSON_AddItemToArray(*array, item)) {
        cJSON_Delete(item);
        cJSON_Delete(*array);
        *array = NULL;
    }
}

static void warn(const struct edgar *edgar, cJSON **warnings, int64_t n, const char *what)
{
    const struct fw_log *log = edgar->host->service(edgar->host, FW_LOG_ID);
    struct fw_text text = {0};

    if (n > 0) {
        fw_text_appendf(&text, "%" PRId64 " %s", n, what);
        push_text(fw_text_get(&text), warnings);
        if (log != NULL) {
            log->write(edgar->host, FW_LOG_WARNING, fw_text_get(&text));
        }
    }
    fw_text_finish(&text);
}

static void set_features(struct fw_report *report, const struct edgar *edgar)
{
    cJSON *features = cJSON_CreateObject();

    for (size_t i = 0; i < edgar->n_features; i++) {
        const struct edgar_feature *feature = &edgar->features[i];
        if (cJSON_AddStringToObject(features, feature->name, feature->path) == NULL) {
            cJSON_Delete(features);
            features = NULL;
        }
    }
    fw_report_add(report, "features", features);
}

/* The first fifty. */
static void set_columns(struct fw_report *report, const struct edgar *edgar)
{
    cJSON *columns = cJSON_CreateArray();

    size_t first = edgar->first_column;

    for (size_t i = first; i < edgar->n_columns && i < first + 50; i++) {
        push_text(edgar->columns[i].name, &columns);
    }
    fw_report_add(report, "output_columns", columns);
}

static void set_arguments(struct fw_report *report, const struct edgar *edgar)
{
    cJSON *args = cJSON_CreateObject();

    cJSON_AddTrueToObject(args, "align_to_snapshots");
    cJSON_AddTrueToObject(args, "partition_by_year");
    cJSON_AddStringToObject(args, "snapshot_time_col", edgar->rules.day_column);
    if (edgar_cutoff_is_given(edgar)) {
        cJSON_AddStringToObject(args, "cutoff_col", edgar->rules.cutoff_column);
    }
    cJSON_AddNumberToObject(args, "ema_alpha", edgar->rules.alpha);
    cJSON_AddNumberToObject(args, "edgar_lag_days", (double)edgar->rules.lag_days);
    fw_report_add(report, "cmd_args", args);
}

static void set_keys(struct fw_report *report, const struct edgar *edgar)
{
    static const char *const names[] = {"snapshots_unique_keys", "snapshots_key_cols"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        cJSON *keys = cJSON_CreateArray();
        if (edgar->by_offer) {
            push_text(FW_FILING_PLATFORM, &keys);
            push_text(FW_FILING_OFFER, &keys);
        }
        push_text("cik", &keys);
        push_text("crawled_date_day", &keys);
        fw_report_add(report, names[i], keys);
    }
}

/* What was written, read back. */
static fw_status count_output(const struct edgar *edgar, int64_t *ret_rows, int64_t *ret_found)
{
    struct fw_text files = {0};
    bool any = false;

    fw_text_append(&files, "read_parquet([");
    for (size_t i = 0; i < edgar->n_parts; i++) {
        struct fw_text path = {0};
        if (edgar->parts[i].n_rows > 0) {
            edgar_part_path(edgar, edgar->parts[i].year, edgar->parts[i].number, &path);
            fw_text_append(&files, any ? ", " : "");
            fw_text_literal(&files, fw_text_get(&path));
            files.failed = files.failed || path.failed;
            any = true;
        }
        fw_text_finish(&path);
    }
    fw_text_append(&files, "], hive_partitioning = false)");
    *ret_rows = *ret_found = 0;
    fw_status status = files.failed ? fw_fault_nomem(edgar->host) : FW_OK;
    if (status == FW_OK && any) {
        status =
            fw_sql_int64f(&edgar->sql, ret_rows, "SELECT count(*) FROM %s", fw_text_get(&files));
    }
    if (status == FW_OK && any) {
        status =
            fw_sql_int64f(&edgar->sql, ret_found, "SELECT count(*) FROM %s WHERE edgar_has_filing",
                          fw_text_get(&files));
    }
    fw_text_finish(&files);
    return status;
}

static void set_inputs(struct fw_report *report, const struct edgar *edgar)
{
    const struct fw_source *source = edgar->filings.source;

    fw_report_text(report, "raw_edgar_delta", fw_task_input(edgar->task, "filings")->paths[0]);
    fw_report_add(report, "raw_edgar_delta_version",
                  source->version >= 0 ? fw_json_int(source->version) : cJSON_CreateNull());
    fw_report_int(report, "raw_edgar_active_files", (int64_t)source->n_files);
    fw_report_int(report, "files_skipped", 0);
    fw_report_text(report, "snapshots_index_path", fw_task_input(edgar->task, "index")->paths[0]);
    set_keys(report, edgar);
}

struct counts {
    int64_t index_rows, index_ciks, filing_rows, unfiled, output_rows, found;
};

static fw_status count(const struct edgar *edgar, struct counts *ret)
{
    fw_status status = fw_source_count(edgar->index.source, &ret->index_rows);

    if (status == FW_OK) {
        status = fw_source_count(edgar->filings.source, &ret->filing_rows);
    }
    if (status == FW_OK) {
        status =
            fw_sql_int64(&edgar->sql, &ret->index_ciks, "SELECT count(DISTINCT k) FROM fw_rows");
    }
    if (status == FW_OK) {
        status = fw_sql_int64(&edgar->sql, &ret->unfiled,
                              "SELECT count(*) FROM fw_filings WHERE filed IS NULL");
    }
    return status == FW_OK ? count_output(edgar, &ret->output_rows, &ret->found) : status;
}

static void set_counts(struct fw_report *report, const struct edgar *edgar,
                       const struct counts *counts)
{
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"snapshots_index_rows", counts->index_rows},
        {"snapshots_unique_cik", counts->index_ciks},
        {"snapshots_rows_dropped", counts->index_rows - edgar->index.rows_kept},
        {"raw_edgar_rows", counts->filing_rows},
        {"filings_of_other_ciks", counts->filing_rows - edgar->filings.rows_kept},
        {"filings_without_date", counts->unfiled},
        {"filings_applied", edgar->n_filings - edgar->n_same_instant},
        {"filings_of_same_instant", edgar->n_same_instant},
        {"values_not_numbers", edgar->n_not_numbers},
        {"values_not_finite", edgar->n_not_finite},
        {"output_rows", counts->output_rows},
        {"rows_with_filing", counts->found},
    };

    for (size_t i = 0; i < FW_COUNT(numbers); i++) {
        fw_report_int(report, numbers[i].name, numbers[i].value);
    }
}

static void set_warnings(struct fw_report *report, const struct edgar *edgar,
                         const struct counts *counts)
{
    cJSON *warnings = cJSON_CreateArray();
    struct fw_text text = {0};
    int64_t n_absent = 0;

    fw_text_append(&text, "features have no field in the table of filings:");
    for (size_t i = 0; i < edgar->n_features; i++) {
        if (edgar->features[i].absent) {
            fw_text_appendf(&text, " %s", edgar->features[i].name);
            n_absent++;
        }
    }
    warn(edgar, &warnings, n_absent, fw_text_get(&text));
    warn(edgar, &warnings, counts->index_rows - edgar->index.rows_kept,
         "rows of the index have no cik or no day and were left out");
    warn(edgar, &warnings, counts->unfiled, "filings have no date and were left out");
    warn(edgar, &warnings, edgar->n_not_finite, "values are infinite");
    fw_report_add(report, "warnings", warnings);
    fw_text_finish(&text);
}

static fw_status write_fields(const struct edgar *edgar, const struct counts *counts)
{
    struct fw_report report = {0};

    fw_report_text(&report, "output_type", "edgar_features");
    fw_report_text(&report, "grain", edgar->by_offer ? "offer-day" : "cik-day");
    fw_report_text(&report, "partition_strategy", "snapshot_year");
    fw_report_text(&report, "duckdb_version", edgar->sql.api->engine);
    set_inputs(&report, edgar);
    set_features(&report, edgar);
    set_columns(&report, edgar);
    set_arguments(&report, edgar);
    set_counts(&report, edgar, counts);
    set_warnings(&report, edgar, counts);
    fw_status status = fw_report_fields(&report, edgar->host);
    fw_report_finish(&report);
    return status;
}

fw_status edgar_manifest_write(const struct edgar *edgar)
{
    const struct fw_artifact *artifact = edgar->host->service(edgar->host, FW_ARTIFACT_ID);
    struct counts counts = {0};
    fw_status status = count(edgar, &counts);

    if (status == FW_OK && counts.output_rows != edgar->index.rows_kept) {
        status = fw_faultf(edgar->host, FW_E_INTERNAL, edgar->output->path, NULL,
                           "%" PRId64 " rows can be read back of %" PRId64 " written",
                           counts.output_rows, edgar->index.rows_kept);
    }
    if (status == FW_OK) {
        status = write_fields(edgar, &counts);
    }
    return status == FW_OK ? artifact->rows(edgar->host, "features", (uint64_t)counts.output_rows)
                           : status;
}
