/* SPDX-License-Identifier: MIT */
#include "coerce.h"

#include <string.h>

enum type_class { TYPE_NUMBER, TYPE_BOOL, TYPE_TIME, TYPE_TEXT };

static bool contains_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(text, *words) != NULL) {
            return true;
        }
    }
    return false;
}

/*
 * By the Delta type's words, tried in the order of freeze §0.4. The reference does not know
 * long, short and byte, so there these come out as text.
 */
static enum type_class class_of(const struct fw_source_column *column, bool compat)
{
    static const char *const numbers[] = {"int", "float", "double", "decimal", NULL};
    static const char *const more_numbers[] = {"long", "short", "byte", NULL};
    static const char *const times[] = {"timestamp", "date", NULL};
    if (contains_any(column->type, numbers) ||
        (!compat && contains_any(column->type, more_numbers))) {
        return TYPE_NUMBER;
    }
    if (strstr(column->type, "bool") != NULL) {
        return TYPE_BOOL;
    }
    return contains_any(column->type, times) ? TYPE_TIME : TYPE_TEXT;
}

static bool is_floating(const struct fw_source_column *column)
{
    return strcmp(column->sql_type, "DOUBLE") == 0 || strcmp(column->sql_type, "FLOAT") == 0;
}

/* Names are matched without case, as the engine does. */
static bool name_ends(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);
    return size >= end_size && strcasecmp(name + size - end_size, end) == 0;
}

static bool name_tells_time(const char *name)
{
    return strcasestr(name, "date") != NULL || strcasestr(name, "timestamp") != NULL;
}

static bool stays_text(const struct fw_source_column *column,
                       const struct snapshot_columns *columns)
{
    return column == columns->processed || name_ends(column->name, "__json") ||
           name_ends(column->name, "__hash");
}

static void number(struct fw_text *text, const struct fw_source_column *column)
{
    fw_text_append(text, is_floating(column) ? "nullif(CAST(" : "TRY_CAST(");
    fw_text_identifier(text, column->name);
    fw_text_append(text, " AS DOUBLE)");
    fw_text_append(text, is_floating(column) ? ", 'nan'::DOUBLE)" : "");
}

void snapshot_coerce_scalar(struct fw_text *text, const struct fw_source_column *column,
                            const struct snapshot_columns *columns)
{
    enum type_class class = class_of(column, columns->compat);
    if (stays_text(column, columns)) {
        fw_offer_append_text(text, column);
    } else if (name_ends(column->name, "__len")) {
        fw_text_append(text, "nullif(TRY_CAST(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, " AS DOUBLE), 'nan'::DOUBLE)");
    } else if (!name_tells_time(column->name) && (class == TYPE_NUMBER || class == TYPE_BOOL)) {
        number(text, column);
    } else {
        fw_offer_append_text(text, column);
    }
}

void snapshot_coerce_present(struct fw_text *text, const struct fw_source_column *column)
{
    bool list = strncmp(column->type, "array", 5) == 0;
    fw_text_append(text, list ? "COALESCE(len(" : "");
    fw_text_identifier(text, column->name);
    fw_text_append(text, list ? ") > 0, false)" : " IS NOT NULL");
}
