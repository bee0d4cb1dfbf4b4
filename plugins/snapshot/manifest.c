/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "snapshot.h"

struct writer {
    const struct snapshot *s;
    const struct fw_artifact *artifact;
    fw_status status; /* of the first field that failed */
};

/* Takes the value; NULL stands for one that could not be allocated. */
static void field(struct writer *w, const char *name, cJSON *value)
{
    char *json = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
    cJSON_Delete(value);
    if (w->status == FW_OK) {
        w->status =
            json != NULL ? w->artifact->field(w->s->host, name, json) : fw_fault_nomem(w->s->host);
    }
    free(json);
}

/* Integers are written as text: a double cannot hold all of them. */
static void integer(struct writer *w, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    field(w, name, cJSON_CreateRaw(text));
}

static void string(struct writer *w, const char *name, const char *value)
{
    field(w, name, value != NULL ? cJSON_CreateString(value) : cJSON_CreateNull());
}

/* Appends to an array; a failed allocation empties *array for good. */
static void push(cJSON **array, cJSON *item)
{
    if (*array == NULL || item == NULL || !cJSON_AddItemToArray(*array, item)) {
        cJSON_Delete(item);
        cJSON_Delete(*array);
        *array = NULL;
    }
}

static void push_derived(cJSON **array, const char *name)
{
    static const char *const suffixes[] = {"json", "len", "hash"};
    for (size_t i = 0; i < FW_COUNT(suffixes); i++) {
        struct fw_text text = {0};
        fw_text_appendf(&text, "%s__%s", name, suffixes[i]);
        push(array, text.failed ? NULL : cJSON_CreateString(fw_text_get(&text)));
        fw_text_finish(&text);
    }
}

static cJSON *keys(void)
{
    return cJSON_CreateStringArray(snapshot_keys, SNAPSHOT_N_KEYS);
}

static void write_columns(struct writer *w)
{
    const struct snapshot_columns *columns = &w->s->columns;
    cJSON *core = keys();
    cJSON *extras = keys();
    cJSON *nested = cJSON_CreateArray();
    cJSON *derived = cJSON_CreateArray();
    for (size_t i = 0; i < columns->n_scalars; i++) {
        push(&core, cJSON_CreateString(columns->scalars[i]->name));
    }
    for (size_t i = 0; i < columns->n_nested; i++) {
        push(&nested, cJSON_CreateString(columns->nested[i]->name));
        push_derived(&derived, columns->nested[i]->name);
        push_derived(&extras, columns->nested[i]->name);
    }
    field(w, "output_columns", core);
    field(w, "extras_output_columns", extras);
    field(w, "nested_columns", nested);
    field(w, "derived_nested_columns", derived);
}

static void push_dropped(cJSON **array, const char *column, const char *reason)
{
    cJSON *item = cJSON_CreateObject();
    if (item != NULL && (cJSON_AddStringToObject(item, "column", column) == NULL ||
                         cJSON_AddStringToObject(item, "reason", reason) == NULL)) {
        cJSON_Delete(item);
        item = NULL;
    }
    push(array, item);
}

static void write_dropped(struct writer *w)
{
    const struct snapshot_columns *columns = &w->s->columns;
    cJSON *dropped = cJSON_CreateArray();
    for (size_t i = 0; i < columns->n_missing; i++) {
        push_dropped(&dropped, columns->missing[i], "missing_in_raw");
    }
    for (size_t i = 0; i < columns->n_nested; i++) {
        push_dropped(&dropped, columns->nested[i]->name, "nested_routed_to_extras");
    }
    field(w, "dropped_columns", dropped);
}

static void write_source(struct writer *w)
{
    const struct snapshot *s = w->s;
    string(w, "raw_offers_delta", fw_task_input(s->task, "raw")->paths[0]);
    if (s->source->version >= 0) {
        integer(w, "delta_version", s->source->version);
    } else {
        string(w, "delta_version", NULL);
    }
    integer(w, "active_files", (int64_t)s->source->n_files);
    integer(w, "files_skipped", 0); /* a file that cannot be read fails the stage */
    string(w, "contract_sha256", s->contract != NULL ? fw_text_get(&s->contract_sha256) : NULL);
    string(w, "duckdb_version", s->sql.api->engine);
    string(w, "snapshot_col", s->columns.instant->name);
}

static void write_facts(struct writer *w)
{
    const struct snapshot *s = w->s;
    integer(w, "rows_scanned", s->facts.rows_scanned);
    integer(w, "rows_emitted", s->facts.rows_emitted);
    integer(w, "rows_dropped_null_key", s->facts.rows_dropped_null_key);
    integer(w, "rows_dropped_bad_ts", s->facts.rows_dropped_bad_ts);
    integer(w, "n_unique_entities", s->facts.n_entities);
    string(w, "date_min", s->facts.date_min);
    string(w, "date_max", s->facts.date_max);
    string(w, "grain", "entity-day");
    string(w, "output_base", "offers_core_snapshot");
    string(w, "partition_strategy",
           fw_wide_is_single(&s->outputs[0]) ? "single_file" : "parts_by_entity");
}

/* Where the parts begin: the quantiles of the entities. */
static void write_bounds(struct writer *w)
{
    const struct fw_wide *wide = w->s->gather;
    cJSON *bounds = cJSON_CreateArray();

    for (size_t i = 0; i < fw_wide_parts(wide); i++) {
        if (fw_wide_part_start(wide, i) != NULL) {
            push(&bounds, cJSON_CreateString(fw_wide_part_start(wide, i)));
        }
    }
    field(w, "partition_bounds", bounds);
}

static void write_rows(struct writer *w)
{
    const struct snapshot *s = w->s;
    const struct {
        const struct fw_output *output;
        int64_t rows;
    } outputs[] = {{s->core, s->facts.rows_emitted},
                   {s->static_rows, s->facts.n_entities},
                   {s->extras, s->facts.n_extras}};
    for (size_t i = 0; i < FW_COUNT(outputs) && w->status == FW_OK; i++) {
        if (outputs[i].output != NULL) {
            w->status =
                w->artifact->rows(s->host, outputs[i].output->port, (uint64_t)outputs[i].rows);
        }
    }
}

static void warn_of_dropped(const struct snapshot *s)
{
    const struct fw_log *log = s->host->service(s->host, FW_LOG_ID);
    const struct snapshot_facts *facts = &s->facts;
    char text[200];
    if (log == NULL || facts->rows_dropped_null_key + facts->rows_dropped_bad_ts == 0) {
        return;
    }
    snprintf(text, sizeof text,
             "of %" PRId64 " raw rows, %" PRId64 " without \"platform\" or \"offer\" and %" PRId64
             " without a readable day were dropped",
             facts->rows_scanned, facts->rows_dropped_null_key, facts->rows_dropped_bad_ts);
    log->write(s->host, FW_LOG_WARNING, text);
}

fw_status snapshot_manifest_write(const struct snapshot *s)
{
    struct writer w = {.s = s, .artifact = s->host->service(s->host, FW_ARTIFACT_ID)};
    write_source(&w);
    write_facts(&w);
    write_columns(&w);
    write_dropped(&w);
    write_bounds(&w);
    write_rows(&w);
    warn_of_dropped(s);
    return w.status;
}
