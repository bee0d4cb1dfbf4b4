/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "daily.h"

struct writer {
    const struct daily *daily;
    const struct fw_artifact *artifact;
    fw_status status; /* of the first field that failed */
};

/* Takes the value; NULL stands for one that could not be allocated. */
static void field(struct writer *writer, const char *name, cJSON *value)
{
    char *json = value != NULL ? cJSON_PrintUnformatted(value) : NULL;

    cJSON_Delete(value);
    if (writer->status == FW_OK) {
        writer->status = json != NULL ? writer->artifact->field(writer->daily->host, name, json)
                                      : fw_fault_nomem(writer->daily->host);
    }
    cJSON_free(json);
}

static void field_text(struct writer *writer, const char *name, const char *value)
{
    field(writer, name, value != NULL ? cJSON_CreateString(value) : cJSON_CreateNull());
}

/* As text: a double cannot hold all integers. */
static void field_int(struct writer *writer, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    field(writer, name, cJSON_CreateRaw(text));
}

static void push(const char *text, void *arg)
{
    cJSON **array = arg;
    cJSON *item = cJSON_CreateString(text);

    if (*array == NULL || item == NULL || !cJSON_AddItemToArray(*array, item)) {
        cJSON_Delete(item);
        cJSON_Delete(*array);
        *array = NULL;
    }
}

static void field_columns(struct writer *writer, const char *name, const struct daily_table *table)
{
    cJSON *columns = cJSON_CreateArray();

    daily_columns_each(table, push, &columns);
    field(writer, name, columns);
}

static void field_parts(struct writer *writer, const char *name, const struct fw_wide *wide)
{
    cJSON *starts = cJSON_CreateArray();

    for (size_t i = 0; i < fw_wide_parts(wide); i++) {
        const char *start = fw_wide_part_start(wide, i);
        if (start != NULL) {
            push(start, &starts);
        }
    }
    field(writer, name, starts);
}

/* The manifest beside the input, which is what the stage before recorded. */
static fw_status read_parent(const struct daily *daily, cJSON **ret_parent)
{
    const char *input = fw_task_input(daily->task, "core")->paths[0];
    char *copy = strdup(input);
    struct fw_text path = {0};
    char *json = NULL;
    size_t size = 0;

    if (copy != NULL) {
        fw_text_appendf(&path, "%s/MANIFEST.json", dirname(copy));
    }
    free(copy);
    FILE *file = path.size > 0 ? fopen(fw_text_get(&path), "re") : NULL;
    bool absent = file == NULL && errno == ENOENT;
    fw_status status = FW_OK;
    if (file != NULL && getdelim(&json, &size, '\0', file) >= 0) {
        *ret_parent = cJSON_Parse(json);
    }
    if (!absent && *ret_parent == NULL) {
        status = fw_faultf(daily->host, FW_E_DATA, fw_text_get(&path),
                           "run the stage before again, or remove the file",
                           "the manifest beside the input cannot be read");
    }
    if (file != NULL) {
        fclose(file);
    }
    free(json);
    fw_text_finish(&path);
    return status;
}

/* What later stages look for at the top, whichever stage found it out. */
static void field_provenance(struct writer *writer, const cJSON *parent)
{
    static const char *const names[] = {"raw_offers_delta", "delta_version",  "active_files",
                                        "files_skipped",    "rows_scanned",   "n_unique_entities",
                                        "date_min",         "date_max",       "snapshot_col",
                                        "dropped_columns",  "nested_columns", "contract_sha256"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(parent, names[i]);
        if (value != NULL) {
            field(writer, names[i], cJSON_Duplicate(value, true));
        }
    }
    field(writer, "parent", cJSON_Duplicate(parent, true));
}

static void warn(cJSON **warnings, const struct daily *daily, const char *text)
{
    const struct fw_log *log = daily->host->service(daily->host, FW_LOG_ID);

    push(text, warnings);
    if (log != NULL) {
        log->write(daily->host, FW_LOG_WARNING, text);
    }
}

static void warn_rows(cJSON **warnings, const struct daily *daily, int64_t n, const char *what)
{
    struct fw_text text = {0};

    if (n > 0) {
        fw_text_appendf(&text, "%" PRId64 " rows %s", n, what);
        warn(warnings, daily, fw_text_get(&text));
    }
    fw_text_finish(&text);
}

static void field_warnings(struct writer *writer)
{
    const struct daily *daily = writer->daily;
    cJSON *warnings = cJSON_CreateArray();
    struct fw_text text = {0};

    if (daily->core.keys.funding.size == 0) {
        fw_text_appendf(&text, "no column %s: delta_funding_raised and pct_change are left out",
                        daily->settings.funding_column);
        warn(&warnings, daily, fw_text_get(&text));
    }
    warn_rows(&warnings, daily, fw_wide_fact(daily->core.wide, DAILY_ROWS_WITHOUT_DAY),
              "have no day; they share one without a name, after the others of their entity");
    warn_rows(&warnings, daily, fw_wide_rows_unnamed(daily->core.wide),
              "have no entity and were left out");
    field(writer, "warnings", warnings);
    fw_text_finish(&text);
}

static void field_core(struct writer *writer)
{
    const struct daily *daily = writer->daily;
    const struct fw_wide *wide = daily->core.wide;

    field_text(writer, "output_type", "daily");
    field_text(writer, "output_base", "offers_core_daily");
    field_text(writer, "grain", "entity-day");
    field_text(writer, "partition_strategy", "parts_by_entity");
    field_text(writer, "row_policy", daily->settings.latest_row ? "latest_row" : "last_non_null");
    field_text(writer, "duckdb_version", daily->sql.api->engine);
    field_text(writer, "snapshot_dir", fw_task_input(daily->task, "core")->paths[0]);
    field_int(writer, "rows_in", fw_wide_rows_in(wide));
    field_int(writer, "rows_emitted", fw_wide_rows_out(wide, 0));
    field_int(writer, "n_entities", fw_wide_entities(wide));
    field_int(writer, "rows_of_shared_days", fw_wide_fact(wide, DAILY_ROWS_OF_SHARED_DAYS));
    field_int(writer, "rows_without_day", fw_wide_fact(wide, DAILY_ROWS_WITHOUT_DAY));
    field_int(writer, "rows_without_entity", fw_wide_rows_unnamed(wide));
    field(writer, "input_in_entity_order", cJSON_CreateBool(fw_wide_in_order(wide)));
    field_columns(writer, "output_columns", &daily->core);
    field_parts(writer, "part_starts", wide);
}

static void field_extras(struct writer *writer)
{
    const struct daily *daily = writer->daily;

    if (daily->extras.wide == NULL) {
        return;
    }
    field_text(writer, "extras_snapshot_path", fw_task_input(daily->task, "extras")->paths[0]);
    field_text(writer, "extras_daily_path", daily->extras.outputs[0].to->name);
    field_columns(writer, "extras_output_columns", &daily->extras);
    field_int(writer, "extras_rows_emitted", fw_wide_rows_out(daily->extras.wide, 0));
}

static fw_status report_rows(const struct daily *daily, const struct fw_artifact *artifact)
{
    const struct daily_table *tables[] = {&daily->core, &daily->extras};
    fw_status status = FW_OK;

    for (size_t t = 0; t < FW_COUNT(tables); t++) {
        for (size_t i = 0; tables[t]->wide != NULL && i < tables[t]->n_outputs; i++) {
            if (status == FW_OK) {
                status = artifact->rows(daily->host, tables[t]->outputs[i].to->port,
                                        (uint64_t)fw_wide_rows_out(tables[t]->wide, i));
            }
        }
    }
    return status;
}

fw_status daily_manifest_write(const struct daily *daily)
{
    struct writer writer = {.daily = daily,
                            .artifact = daily->host->service(daily->host, FW_ARTIFACT_ID)};
    cJSON *parent = NULL;

    writer.status = read_parent(daily, &parent);
    if (writer.status == FW_OK && parent != NULL) {
        field_provenance(&writer, parent);
    }
    cJSON_Delete(parent);
    field_core(&writer);
    field_extras(&writer);
    field_warnings(&writer);
    return writer.status == FW_OK ? report_rows(daily, writer.artifact) : writer.status;
}
