/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "edgar.h"

/*
 * What a text is as a number: NULL when it is empty, NaN when it is something else.
 * And what a JSON value is: an object stands for the first of three keys that it has, a list for
 * its first element.
 */
const char edgar_path_macros[] =
    "CREATE OR REPLACE MACRO fw_bare(t) AS "
    "replace(trim(t, E' \\t\\n\\r\\f\\v\u00a0'), ',', '');"
    "CREATE OR REPLACE MACRO fw_text_number(t) AS CASE WHEN fw_bare(t) <> '' THEN "
    "coalesce(TRY_CAST(fw_bare(t) AS DOUBLE), 'nan'::DOUBLE) END;"
    "CREATE OR REPLACE MACRO fw_json_inner(j) AS CASE json_type(j) "
    "WHEN 'OBJECT' THEN coalesce(j->'$.dollarAmount', j->'$.value', j->'$.amount') "
    "WHEN 'ARRAY' THEN j->'$[0]' ELSE j END;"
    "CREATE OR REPLACE MACRO fw_json_leaf(j) AS CASE json_type(j) WHEN 'NULL' THEN NULL "
    "WHEN 'VARCHAR' THEN fw_text_number(j->>'$') "
    "ELSE coalesce(TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE), 'nan'::DOUBLE) END;"
    "CREATE OR REPLACE MACRO fw_json_number(j) AS "
    "fw_json_leaf(fw_json_inner(fw_json_inner(j)));";

/* An expression that was found so far, and its type. */
struct place {
    const struct edgar *edgar;
    const struct fw_source_column *column;
    struct fw_text value;
    char *type; /* NULL: there is no such field */
};

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_json(const struct place *place)
{
    return strcmp(place->type, "VARCHAR") == 0 || strcmp(place->type, "JSON") == 0;
}

static bool is_list(const struct place *place)
{
    size_t size = strlen(place->type);

    return size > 2 && strcmp(place->type + size - 2, "[]") == 0;
}

/* Whether `name` is one of the alternatives "a|b" of a step; their number, or -1. */
static int alternative(const char *step, size_t size, const char *name)
{
    const char *end = step + size;

    for (int i = 0; step <= end; i++) {
        const char *bar = memchr(step, '|', (size_t)(end - step));
        size_t n = (size_t)((bar != NULL ? bar : end) - step);
        if (strlen(name) == n && memcmp(step, name, n) == 0) {
            return i;
        }
        step += n + 1;
    }
    return -1;
}

static fw_status begin(struct place *place, const char *step, size_t size)
{
    const struct fw_source *source = place->edgar->filings.source;
    int best = -1;

    for (size_t i = 0; i < source->n_columns; i++) {
        int rank = alternative(step, size, source->columns[i].name);
        if (rank >= 0 && (best < 0 || rank < best)) {
            best = rank;
            place->column = &source->columns[i];
        }
    }
    if (place->column == NULL) {
        return fw_faultf(place->edgar->host, FW_E_MISSING, step,
                         "name the column that the figures lie in: features, payload",
                         "the table of filings has no column %.*s", (int)size, step);
    }
    fw_text_identifier(&place->value, place->column->name);
    place->type = strdup(place->column->sql_type);
    return place->type != NULL ? FW_OK : fw_fault_nomem(place->edgar->host);
}

/* The fields of a struct, with their types, are what the engine unnests it into. */
static fw_status describe(const struct place *place, struct fw_sql_grid *ret_fields)
{
    const struct fw_source_slice slice = {.columns = (const char *const[]){place->column->name},
                                          .n_columns = 1};
    struct fw_text query = {0};

    fw_text_appendf(&query, "SELECT unnest(%s) FROM ", fw_text_get(&place->value));
    fw_source_scan(place->edgar->filings.source, &slice, &query);
    fw_status status = query.failed
                           ? fw_fault_nomem(place->edgar->host)
                           : fw_sql_describe(&place->edgar->sql, ret_fields, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

static void append_extract(struct place *place, const char *name)
{
    struct fw_text value = {0};

    fw_text_appendf(&value, "struct_extract(%s, ", fw_text_get(&place->value));
    fw_text_literal(&value, name);
    fw_text_append(&value, ")");
    fw_text_finish(&place->value);
    place->value = value;
}

/* Into the field of a struct that the step names. */
static fw_status descend(struct place *place, const char *step, size_t size)
{
    struct fw_sql_grid fields;
    fw_status status = describe(place, &fields);
    int best = -1;
    size_t found = 0;

    if (status != FW_OK) {
        return status;
    }
    for (size_t i = 0; i < fields.n_rows; i++) {
        int rank = alternative(step, size, fw_sql_cell(&fields, i, 0));
        if (rank >= 0 && (best < 0 || rank < best)) {
            best = rank;
            found = i;
        }
    }
    free(place->type);
    place->type = best >= 0 ? strdup(fw_sql_cell(&fields, found, 1)) : NULL;
    if (best >= 0 && place->type == NULL) {
        status = fw_fault_nomem(place->edgar->host);
    } else if (best >= 0) {
        append_extract(place, fw_sql_cell(&fields, found, 0));
    }
    fw_sql_grid_finish(&fields);
    return status;
}

/* One step into a JSON text: the first key that is there, even if it holds null. */
static void append_json_step(struct fw_text *value, const char *step, size_t size)
{
    struct fw_text next = {0}, key = {0};
    const char *end = step + size;

    fw_text_append(&next, "coalesce(");
    for (const char *at = step; at <= end;) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        size_t n = (size_t)((bar != NULL ? bar : end) - at);
        fw_text_clear(&key);
        fw_text_appendf(&key, "$.\"%.*s\"", (int)n, at);
        fw_text_appendf(&next, "%sjson_extract(%s, ", at > step ? ", " : "", fw_text_get(value));
        fw_text_literal(&next, fw_text_get(&key));
        fw_text_append(&next, ")");
        at += n + 1;
    }
    fw_text_append(&next, ")");
    next.failed = next.failed || key.failed || value->failed;
    fw_text_finish(&key);
    fw_text_finish(value);
    *value = next;
}

/* The rest of the path leads into JSON text; the reference takes that for no payload. */
static void end_in_json(struct place *place, const char *rest)
{
    struct fw_text value = {0};

    if (place->edgar->rules.compat) {
        free(place->type);
        place->type = NULL;
        return;
    }
    fw_text_appendf(&value, "TRY_CAST(%s AS JSON)", fw_text_get(&place->value));
    while (*rest != '\0') {
        size_t size = strcspn(rest, ".");
        append_json_step(&value, rest, size);
        rest += size + (rest[size] == '.');
    }
    fw_text_clear(&place->value);
    fw_text_appendf(&place->value, "fw_json_number(%s)", fw_text_get(&value));
    place->value.failed = place->value.failed || value.failed;
    fw_text_finish(&value);
}

/* The number that a value stands for, once it is no object and no list. */
static void end_in_scalar(struct place *place)
{
    static const char *const numbers[] = {"DECIMAL",   "BIGINT",   "INTEGER", "SMALLINT",
                                          "TINYINT",   "HUGEINT",  "UBIGINT", "UINTEGER",
                                          "USMALLINT", "UTINYINT", "UHUGEINT"};
    bool is_floating = strcmp(place->type, "DOUBLE") == 0 || strcmp(place->type, "FLOAT") == 0;
    bool is_number = is_floating;
    struct fw_text value = {0};

    for (size_t i = 0; i < FW_COUNT(numbers); i++) {
        is_number = is_number || has_prefix(place->type, numbers[i]);
    }
    fw_text_append(&value, is_floating ? "nullif(CAST("
                           : is_number ? "CAST("
                                       : "fw_text_number(CAST(");
    fw_text_append(&value, fw_text_get(&place->value));
    fw_text_append(&value, is_number ? " AS DOUBLE)" : " AS VARCHAR))");
    fw_text_append(&value, is_floating ? ", 'nan'::DOUBLE)" : "");
    value.failed = value.failed || place->value.failed;
    fw_text_finish(&place->value);
    place->value = value;
}

/* An object stands for one of its fields, a list for its first element. */
static fw_status end_in_value(struct place *place)
{
    static const char fields[] = "dollarAmount|value|amount";
    fw_status status = FW_OK;

    while (status == FW_OK && place->type != NULL) {
        if (has_prefix(place->type, "STRUCT(") && !is_list(place)) {
            status = descend(place, fields, sizeof fields - 1);
        } else if (is_list(place)) {
            place->type[strlen(place->type) - 2] = '\0';
            fw_text_append(&place->value, "[1]");
        } else if (strcmp(place->type, "JSON") == 0) {
            end_in_json(place, "");
            return FW_OK;
        } else {
            end_in_scalar(place);
            return FW_OK;
        }
    }
    return status;
}

static fw_status find(struct place *place, const char *path)
{
    size_t size = strcspn(path, ".");
    fw_status status = begin(place, path, size);

    for (path += size; status == FW_OK && *path == '.'; path += size) {
        path++;
        size = strcspn(path, ".");
        if (is_json(place)) {
            end_in_json(place, path);
            return FW_OK;
        }
        if (!has_prefix(place->type, "STRUCT(") || is_list(place)) {
            free(place->type);
            place->type = NULL;
        } else {
            status = descend(place, path, size);
        }
        if (place->type == NULL) {
            return status;
        }
    }
    return status == FW_OK ? end_in_value(place) : status;
}

fw_status edgar_path_find(const struct edgar *edgar, const char *path, struct fw_text *value,
                          bool *ret_absent)
{
    struct place place = {.edgar = edgar};
    fw_status status = find(&place, path);

    if (status == FW_OK) {
        *ret_absent = place.type == NULL;
        fw_text_append(value, place.type != NULL ? fw_text_get(&place.value) : "NULL::DOUBLE");
        value->failed = value->failed || place.value.failed;
    }
    fw_text_finish(&place.value);
    free(place.type);
    return status;
}
