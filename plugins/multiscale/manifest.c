/* SPDX-License-Identifier: MIT */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/artifact.h>

#include "file/file.h"
#include "multiscale.h"
#include "report/json.h"
#include "report/report.h"

/* The manifest of the stage that made an input; without one *ret_manifest is NULL. */
struct origin {
    char *path;
    cJSON *manifest;
};

static void origin_finish(struct origin *origin)
{
    free(origin->path);
    cJSON_Delete(origin->manifest);
}

static fw_status origin_find(const struct multiscale *multiscale, const char *port,
                             struct origin *ret_origin)
{
    const struct fw_host *host = multiscale->host;
    char *input = strdup(fw_task_input(multiscale->task, port)->paths[0]), *bytes = NULL;
    struct fw_text path = {0};

    if (input != NULL) {
        fw_text_appendf(&path, "%s/MANIFEST.json", dirname(input));
    }
    free(input);
    if (path.data == NULL || path.failed) {
        fw_text_finish(&path);
        return fw_fault_nomem(host);
    }
    ret_origin->path = path.data;
    if (access(path.data, F_OK) != 0) {
        return FW_OK;
    }
    fw_status status = fw_file_read(host, path.data, &bytes, NULL);
    ret_origin->manifest = status == FW_OK ? cJSON_Parse(bytes) : NULL;
    free(bytes);
    if (status == FW_OK && ret_origin->manifest == NULL) {
        status =
            fw_faultf(host, FW_E_DATA, path.data, "run the stage before again, or remove the file",
                      "the manifest beside the input cannot be read");
    }
    return status;
}

/* What the manifest of the source says under these names; null for what it does not say. */
static void add_source(struct fw_report *report, const char *name, const struct origin *origin,
                       const char *const *facts)
{
    cJSON *source = cJSON_CreateObject();

    for (; *facts != NULL; facts++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(origin->manifest, *facts);
        cJSON *copy = value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
        report->failed = report->failed || !cJSON_AddItemToObject(source, *facts, copy);
    }
    fw_report_add(report, name, source);
}

static void add_origins(struct fw_report *report, const struct origin *daily,
                        const struct origin *edgar)
{
    static const char *const of_daily[] = {"delta_version", "active_files", "rows_scanned",
                                           "rows_emitted", NULL};
    static const char *const of_edgar[] = {"raw_edgar_delta_version", "raw_edgar_active_files",
                                           "output_rows", NULL};
    cJSON *nested = cJSON_CreateObject();

    add_source(report, "source_offers_daily", daily, of_daily);
    add_source(report, "source_edgar", edgar, of_edgar);
    if (daily->manifest != NULL) {
        cJSON_AddStringToObject(nested, "offers_core_daily", daily->path);
    }
    if (edgar->manifest != NULL) {
        cJSON_AddStringToObject(nested, "edgar_features", edgar->path);
    }
    fw_report_add(report, "nested_manifests", nested);
}

/* The first fifty names. */
static fw_status describe(const struct multiscale *multiscale, const struct fw_output *output,
                          cJSON *table)
{
    struct fw_text query = {0};
    struct fw_sql_grid columns = {0};
    bool single = strchr(output->name, '.') != NULL;

    fw_text_append(&query, "SELECT * FROM read_parquet(");
    if (single) {
        fw_text_literal(&query, output->path);
    } else {
        struct fw_text pattern = {0};
        fw_text_appendf(&pattern, "%s/*.parquet", output->path);
        fw_text_literal(&query, fw_text_get(&pattern));
        fw_text_finish(&pattern);
    }
    fw_text_append(&query, ", hive_partitioning = false)");
    fw_status status = query.failed
                           ? fw_fault_nomem(multiscale->host)
                           : fw_sql_describe(&multiscale->sql, &columns, fw_text_get(&query));
    fw_text_finish(&query);
    if (status != FW_OK) {
        return status;
    }
    cJSON_AddItemToObject(table, "num_columns", fw_json_int((int64_t)columns.n_rows));
    cJSON *names = cJSON_AddArrayToObject(table, "columns");
    for (size_t i = 0; i < columns.n_rows && i < 50; i++) {
        cJSON_AddItemToArray(names, cJSON_CreateString(fw_sql_cell(&columns, i, 0)));
    }
    fw_sql_grid_finish(&columns);
    return FW_OK;
}

static fw_status add_tables(const struct multiscale *multiscale,
                            const struct multiscale_table *table, cJSON *tables)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < table->n_outputs && status == FW_OK; i++) {
        const struct fw_output *output = table->outputs[i].to;
        cJSON *entry = cJSON_AddObjectToObject(tables, output->name);
        cJSON_AddStringToObject(entry, "path", output->name);
        cJSON_AddItemToObject(entry, "num_rows", fw_json_int(fw_wide_rows_out(table->wide, i)));
        status = describe(multiscale, output, entry);
    }
    return status;
}

static fw_status report_rows(const struct multiscale *multiscale)
{
    const struct fw_artifact *artifact =
        multiscale->host->service(multiscale->host, FW_ARTIFACT_ID);
    const struct multiscale_table *const tables[] = {&multiscale->offers, &multiscale->edgar};
    fw_status status = FW_OK;

    for (size_t t = 0; t < FW_COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t]->n_outputs && status == FW_OK; i++) {
            status = artifact->rows(multiscale->host, tables[t]->outputs[i].to->port,
                                    (uint64_t)fw_wide_rows_out(tables[t]->wide, i));
        }
    }
    return status;
}

static fw_status write_fields(const struct multiscale *multiscale, const struct origin *daily,
                              const struct origin *edgar)
{
    struct fw_report report = {0};
    cJSON *tables = cJSON_CreateObject();

    fw_report_text(&report, "artifact", "multiscale_full");
    fw_report_text(&report, "stamp", multiscale->settings.stamp);
    fw_report_text(&report, "variant", multiscale->settings.variant);
    fw_report_text(&report, "duckdb_version", multiscale->sql.api->engine);
    fw_report_text(&report, "offers_core_daily",
                   fw_task_input(multiscale->task, "daily")->paths[0]);
    fw_report_text(&report, "edgar_dir", fw_task_input(multiscale->task, "edgar")->paths[0]);
    add_origins(&report, daily, edgar);
    fw_report_int(&report, "parquet_count",
                  (int64_t)(multiscale->offers.n_outputs + multiscale->edgar.n_outputs));
    fw_report_int(&report, "offers_rows_in", fw_wide_rows_in(multiscale->offers.wide));
    fw_report_int(&report, "offers_rows_without_entity",
                  fw_wide_rows_unnamed(multiscale->offers.wide));
    fw_report_int(&report, "edgar_rows_in", fw_wide_rows_in(multiscale->edgar.wide));
    fw_status status = add_tables(multiscale, &multiscale->offers, tables);
    if (status == FW_OK) {
        status = add_tables(multiscale, &multiscale->edgar, tables);
    }
    fw_report_add(&report, "output_tables", tables);
    if (status == FW_OK) {
        status = fw_report_fields(&report, multiscale->host);
    }
    fw_report_finish(&report);
    return status;
}

fw_status multiscale_manifest_write(const struct multiscale *multiscale)
{
    struct origin daily = {0}, edgar = {0};
    fw_status status = origin_find(multiscale, "daily", &daily);

    if (status == FW_OK) {
        status = origin_find(multiscale, "edgar", &edgar);
    }
    if (status == FW_OK) {
        status = write_fields(multiscale, &daily, &edgar);
    }
    origin_finish(&daily);
    origin_finish(&edgar);
    return status == FW_OK ? report_rows(multiscale) : status;
}
