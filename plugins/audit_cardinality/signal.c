/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cardinality.h"
#include "yaml/yaml.h"

/* So many columns are tried before all are. */
enum { MANY_NARROW = 2 };

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

/* The names of the columns that count, in the table's order. */
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
            c->n_structured++;
        }
    }
}

/* Moves the column with the fewest NULLs to the front; false where the footer says of none. */
static bool pick_best(const struct fw_source *source, const int64_t *nulls, const char **names,
                      size_t n, bool *ret_is_full)
{
    int64_t least = -1;
    size_t best = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t its = nulls[fw_source_column(source, names[i]) - source->columns];
        if (its >= 0 && (least < 0 || its < least)) {
            least = its;
            best = i;
        }
    }
    if (least < 0) {
        return false;
    }
    const char *name = names[best];
    memmove(names + 1, names, best * sizeof *names);
    names[0] = name;
    *ret_is_full = least == 0;
    return true;
}

/*
 * A crawl fills some column in every row. Such a one decides for all entity-days, and a hundred
 * others need not be decoded. Which ones are tried changes no verdict.
 */
static fw_status pick_narrow(const struct fw_host *host, const struct fw_source *source,
                             const char **names, size_t n, size_t *ret_n)
{
    int64_t *nulls = calloc(source->n_columns, sizeof *nulls);
    bool is_full = false;

    if (nulls == NULL) {
        return fw_fault_nomem(host);
    }
    fw_status status = fw_source_nulls(source, 0, nulls);
    size_t picked = 0;
    while (status == FW_OK && !is_full && picked < n && picked < MANY_NARROW &&
           pick_best(source, nulls, names + picked, n - picked, &is_full)) {
        picked++;
    }
    free(nulls);
    *ret_n = picked > 0 ? picked : n;
    return status;
}

/* Of a condition the engine looks at a column only where those before it have no value. */
static void append_signal(struct fw_text *text, const struct fw_source *source,
                          const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        append_has_value(text, fw_source_column(source, names[i]));
    }
    fw_text_append(text, text->size > 0 ? " THEN true ELSE false END" : "false");
}

static fw_status make_signal(struct cardinality *c, size_t n_keys)
{
    struct cardinality_table *raw = &c->tables[CARDINALITY_RAW];
    const char **names = raw->names + n_keys;
    size_t n = raw->n_names - n_keys, n_narrow = n;
    fw_status status = FW_OK;

    if (raw->source->kind != FW_SOURCE_CSV && raw->source->n_files > 0) {
        status = pick_narrow(c->host, raw->source, names, n, &n_narrow);
    }
    append_signal(&raw->pairs.valid, raw->source, names, n_narrow);
    if (n_narrow < n) {
        append_signal(&raw->pairs.rest, raw->source, names, n);
    }
    raw->pairs.n_narrow = n_keys + n_narrow;
    return status;
}

fw_status cardinality_signal_find(struct cardinality *c)
{
    const struct fw_input *input = fw_task_input(c->task, "contract");
    size_t n_keys = c->tables[CARDINALITY_RAW].n_names;
    cJSON *contract = NULL;
    fw_status status = FW_OK;

    if (input != NULL && input->n_paths > 0) {
        status = fw_yaml_read(c->host, input->paths[0], &contract);
    }
    if (status == FW_OK) {
        add_columns(c, contract);
        status = make_signal(c, n_keys);
    }
    cJSON_Delete(contract);
    return status;
}
