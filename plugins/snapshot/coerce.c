/* SPDX-License-Identifier: MIT */
#include "coerce.h"

#include <string.h>

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
    enum fw_offer_class class = fw_offer_class(column, columns->compat);
    if (stays_text(column, columns)) {
        fw_offer_append_text(text, column);
    } else if (name_ends(column->name, "__len")) {
        fw_text_append(text, "nullif(TRY_CAST(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, " AS DOUBLE), 'nan'::DOUBLE)");
    } else if (!name_tells_time(column->name) &&
               (class == FW_OFFER_NUMBER || class == FW_OFFER_BOOL)) {
        number(text, column);
    } else {
        fw_offer_append_text(text, column);
    }
}

void snapshot_coerce_present(struct fw_text *text, const struct fw_source_column *column)
{
    bool list = strncmp(column->type, "array", 5) == 0;
    fw_text_append(text, list ? "len(" : "");
    fw_text_identifier(text, column->name);
    fw_text_append(text, list ? ") > 0" : " IS NOT NULL");
}

/* The engine's own functions take a value as it lies; fw_json_length has it laid out anew. */
void snapshot_coerce_length(struct fw_text *text, const struct fw_source_column *column)
{
    bool is_map = strncmp(column->type, "map", 3) == 0;
    bool is_list = strncmp(column->type, "array", 5) == 0;

    fw_text_append(text, is_list ? "len(" : is_map ? "cardinality(" : "fw_json_length(");
    fw_text_identifier(text, column->name);
    fw_text_append(text, is_list || is_map ? ")::DOUBLE" : ")");
}
