/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cardinality.h"
#include "yaml/yaml.h"

static bool has_name(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys, times and texts tell nothing about an offer's state. */
static bool is_structured(const struct fw_source_column *column)
{
    static const char *const others[] = {
        "entity_id",        "platform_name",       "offer_id", "snapshot_ts", "crawled_date",
        "crawled_date_day", "processed_datetime",  "headline", "title",       "description",
        "description_text", "company_description", NULL};
    static const char *const endings[] = {"__json", "__len", "__hash", NULL};

    for (size_t i = 0; endings[i] != NULL; i++) {
        if (strstr(column->name, endings[i]) != NULL) {
            return false;
        }
    }
    return !column->nested && !has_name(others, column->name);
}

static bool list_has(const cJSON *part, const char *list, const char *name)
{
    const cJSON *item = NULL;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(part, list))
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the contract asks of the snapshot or the daily table, but not of the texts. */
static bool is_wanted(const cJSON *contract, const char *name)
{
    static const char *const parts[] = {"offers_core_snapshot", "offers_core_daily"};
    bool wanted = contract == NULL;

    for (size_t i = 0; i < FW_COUNT(parts); i++) {
        const cJSON *part = cJSON_GetObjectItemCaseSensitive(contract, parts[i]);
        wanted |= list_has(part, "must_keep", name) || list_has(part, "high_value", name) ||
                  list_has(part, "derived_structured", name);
    }
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(contract, "offers_text");
    return wanted && !list_has(text, "must_keep", name);
}

static void append_has_value(struct fw_text *text, const struct fw_source_column *column)
{
    bool may_be_nan =
        strcmp(column->sql_type, "DOUBLE") == 0 || strcmp(column->sql_type, "FLOAT") == 0;

    fw_text_append(text, text->size > 0 ? " OR (" : "CASE WHEN (");
    fw_text_identifier(text, column->name);
    fw_text_append(text, " IS NOT NULL");
    if (may_be_nan) {
        fw_text_append(text, " AND NOT isnan(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, ")");
    }
    fw_text_append(text, ")");
}

static void add_columns(struct cardinality *c, const cJSON *contract)
{
    struct cardinality_table *raw = &c->tables[CARDINALITY_RAW];
    size_t n_keys = raw->n_names;

    for (size_t i = 0; i < raw->source->n_columns; i++) {
        const struct fw_source_column *column = &raw->source->columns[i];
        bool is_key = false;
        for (size_t k = 0; k < n_keys; k++) {
            is_key |= strcmp(raw->names[k], column->name) == 0;
        }
        if (!is_key && is_structured(column) && is_wanted(contract, column->name)) {
            raw->names[raw->n_names++] = column->name;
            append_has_value(&raw->pairs.valid, column);
            c->n_structured++;
        }
    }
    /* Of a condition the engine looks at a column only where those before it have no value. */
    fw_text_append(&raw->pairs.valid,
                   raw->pairs.valid.size > 0 ? " THEN true ELSE false END" : "false");
}

fw_status cardinality_signal_find(struct cardinality *c)
{
    const struct fw_input *input = fw_task_input(c->task, "contract");
    cJSON *contract = NULL;
    fw_status status = FW_OK;

    if (input != NULL && input->n_paths > 0) {
        status = fw_yaml_read(c->host, input->paths[0], &contract);
    }
    if (status == FW_OK) {
        add_columns(c, contract);
    }
    cJSON_Delete(contract);
    return status;
}
