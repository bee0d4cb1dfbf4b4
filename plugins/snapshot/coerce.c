/* SPDX-License-Identifier: MIT */
#include "coerce.h"

#include <inttypes.h>
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

static bool is_timestamp(const struct fw_source_column *column)
{
    return strncmp(column->sql_type, "TIMESTAMP", 9) == 0;
}

static bool has_zone(const struct fw_source_column *column)
{
    return strstr(column->sql_type, "ZONE") != NULL || strcmp(column->sql_type, "TIMESTAMPTZ") == 0;
}

static bool has_nanoseconds(const struct fw_source_column *column)
{
    return strcmp(column->sql_type, "TIMESTAMP_NS") == 0;
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
        snapshot_coerce_text(text, column);
    } else if (name_ends(column->name, "__len")) {
        fw_text_append(text, "nullif(TRY_CAST(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, " AS DOUBLE), 'nan'::DOUBLE)");
    } else if (!name_tells_time(column->name) && (class == TYPE_NUMBER || class == TYPE_BOOL)) {
        number(text, column);
    } else {
        snapshot_coerce_text(text, column);
    }
}

/* The fraction is printed when it is not zero, and then in full. */
static void timestamp_text(struct fw_text *text, const char *expression, bool nanoseconds)
{
    fw_text_appendf(text,
                    "CASE WHEN epoch_%s(%s) %% %s = 0 THEN strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S')"
                    " ELSE strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%s') END",
                    nanoseconds ? "ns" : "us", expression, nanoseconds ? "1000000000" : "1000000",
                    expression, expression, nanoseconds ? "%n" : "%f");
}

void snapshot_coerce_utc_text(struct fw_text *text, const char *expression)
{
    fw_text_append(text, "(");
    timestamp_text(text, expression, false);
    fw_text_append(text, ") || '+00:00'");
}

/* A timestamp column as TIMESTAMP in UTC, or TIMESTAMP_NS. */
static void timestamp_value(struct fw_text *text, const struct fw_source_column *column)
{
    bool zone = has_zone(column);
    fw_text_append(text, zone ? "make_timestamp(epoch_us(" : "");
    fw_text_identifier(text, column->name);
    fw_text_append(text, zone ? "))" : "");
}

void snapshot_coerce_text(struct fw_text *text, const struct fw_source_column *column)
{
    if (is_timestamp(column)) {
        struct fw_text value = {0};
        timestamp_value(&value, column);
        text->failed = text->failed || value.failed;
        fw_text_append(text, "(");
        timestamp_text(text, fw_text_get(&value), has_nanoseconds(column));
        fw_text_append(text, has_zone(column) ? ") || '+00:00'" : ")");
        fw_text_finish(&value);
        return;
    }
    fw_text_append(text, is_floating(column) ? "nullif(CAST(" : "CAST(");
    fw_text_identifier(text, column->name);
    fw_text_append(text, " AS VARCHAR)");
    fw_text_append(text, is_floating(column) ? ", 'nan')" : "");
}

/*
 * The engine's own cast of text is too generous and too sparing at once: it drops an offset when
 * cast to TIMESTAMP, takes words such as 'epoch' and 'infinity', and a named time zone in one row
 * leaks into later rows of the batch that have none. So the form decides which cast is made.
 */
#define DAY_FORM  "\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}"
#define TIME_FORM "[ T]\\d{1,2}:\\d{1,2}(:\\d{1,2}(\\.\\d+)?)?"
#define ZONE_FORM "[ T]\\d{1,2}:\\d{1,2}:\\d{1,2}(\\.\\d+)?(Z| ?UTC|[+-]\\d{2}(:?\\d{2})?)"

static void text_instant(struct fw_text *text, const struct fw_source_column *column)
{
    struct fw_text value = {0};
    fw_text_append(&value, "trim(CAST(");
    fw_text_identifier(&value, column->name);
    fw_text_append(&value, " AS VARCHAR))");
    text->failed = text->failed || value.failed;
    const char *v = fw_text_get(&value);
    fw_text_appendf(text,
                    "(CASE WHEN regexp_full_match(%s, '" DAY_FORM "(" TIME_FORM ")?')"
                    " THEN TRY_CAST(%s AS TIMESTAMP)"
                    " WHEN regexp_full_match(%s, '" DAY_FORM ZONE_FORM "')"
                    " THEN make_timestamp(epoch_us(TRY_CAST(%s AS TIMESTAMPTZ))) END)",
                    v, v, v, v);
    fw_text_finish(&value);
}

void snapshot_coerce_entity(struct fw_text *text, const struct snapshot_columns *columns)
{
    snapshot_coerce_text(text, columns->platform);
    fw_text_append(text, " || '|' || ");
    snapshot_coerce_text(text, columns->offer);
}

void snapshot_coerce_instant(struct fw_text *text, const struct fw_source_column *column)
{
    if (strcmp(column->sql_type, "DATE") == 0 || is_timestamp(column)) {
        fw_text_append(text, "CAST(");
        timestamp_value(text, column);
        fw_text_append(text, " AS TIMESTAMP)");
    } else {
        text_instant(text, column);
    }
}

void snapshot_coerce_sortable(struct fw_text *text, const struct fw_source_column *column)
{
    fw_text_append(text, has_nanoseconds(column) ? "COALESCE(epoch_ns(" : "COALESCE(epoch_us(");
    if (is_timestamp(column)) {
        fw_text_identifier(text, column->name);
    } else {
        snapshot_coerce_instant(text, column);
    }
    fw_text_appendf(text, "), %" PRId64 ")", -INT64_MAX);
}

void snapshot_coerce_present(struct fw_text *text, const struct fw_source_column *column)
{
    bool list = strncmp(column->type, "array", 5) == 0;
    fw_text_append(text, list ? "COALESCE(len(" : "");
    fw_text_identifier(text, column->name);
    fw_text_append(text, list ? ") > 0, false)" : " IS NOT NULL");
}
