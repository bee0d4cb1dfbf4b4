/* SPDX-License-Identifier: MIT */
#include "instant/instant.h"

#include <string.h>

/*
 * The engine's own cast of text is too generous and too sparing at once: it drops an offset when
 * cast to TIMESTAMP, takes words such as 'epoch' and 'infinity', and a named time zone in one row
 * leaks into later rows of the batch that have none. So the form decides which cast is made.
 */
#define DAY_FORM  "\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}"
#define TIME_FORM "[ T]\\d{1,2}:\\d{1,2}(:\\d{1,2}(\\.\\d+)?)?"
#define ZONE_FORM "[ T]\\d{1,2}:\\d{1,2}:\\d{1,2}(\\.\\d+)?(Z| ?UTC|[+-]\\d{2}(:?\\d{2})?)"

static void append_of_text(struct fw_text *text, const char *name)
{
    struct fw_text value = {0};

    fw_text_append(&value, "trim(CAST(");
    fw_text_identifier(&value, name);
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

void fw_instant_append(struct fw_text *text, const struct fw_source_column *column)
{
    const char *type = column->sql_type;
    bool is_timestamp = strncmp(type, "TIMESTAMP", 9) == 0;
    bool has_zone = strstr(type, "ZONE") != NULL || strcmp(type, "TIMESTAMPTZ") == 0;

    if (!is_timestamp && strcmp(type, "DATE") != 0) {
        append_of_text(text, column->name);
        return;
    }
    fw_text_append(text, has_zone ? "CAST(make_timestamp(epoch_us(" : "CAST(");
    fw_text_identifier(text, column->name);
    fw_text_append(text, has_zone ? ")) AS TIMESTAMP)" : " AS TIMESTAMP)");
}

void fw_instant_append_day(struct fw_text *text, const struct fw_source_column *column,
                           const char *format)
{
    fw_text_append(text, "TRY_CAST(");
    if (format[0] != '\0' && strcmp(column->sql_type, "VARCHAR") == 0) {
        fw_text_append(text, "try_strptime(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, ", ");
        fw_text_literal(text, format);
        fw_text_append(text, ")");
    } else {
        fw_instant_append(text, column);
    }
    fw_text_append(text, " AS DATE)");
}
