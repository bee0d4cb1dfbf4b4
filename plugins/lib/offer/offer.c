/* SPDX-License-Identifier: MIT */
#include "offer.h"

#include <inttypes.h>
#include <string.h>

#include "instant/instant.h"

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

/* The fraction is printed when it is not zero, and then in full. */
static void timestamp_text(struct fw_text *text, const char *expression, bool nanoseconds)
{
    fw_text_appendf(text,
                    "CASE WHEN epoch_%s(%s) %% %s = 0 THEN strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S')"
                    " ELSE strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%s') END",
                    nanoseconds ? "ns" : "us", expression, nanoseconds ? "1000000000" : "1000000",
                    expression, expression, nanoseconds ? "%n" : "%f");
}

void fw_offer_append_utc_text(struct fw_text *text, const char *expression)
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

void fw_offer_append_text(struct fw_text *text, const struct fw_source_column *column)
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

void fw_offer_append_entity(struct fw_text *text, const struct fw_source_column *platform,
                            const struct fw_source_column *offer)
{
    fw_offer_append_text(text, platform);
    fw_text_append(text, " || '|' || ");
    fw_offer_append_text(text, offer);
}

void fw_offer_append_sortable(struct fw_text *text, const struct fw_source_column *column)
{
    fw_text_append(text, has_nanoseconds(column) ? "COALESCE(epoch_ns(" : "COALESCE(epoch_us(");
    if (is_timestamp(column)) {
        fw_text_identifier(text, column->name);
    } else {
        fw_instant_append(text, column);
    }
    fw_text_appendf(text, "), %" PRId64 ")", -INT64_MAX);
}

static bool contains_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(text, *words) != NULL) {
            return true;
        }
    }
    return false;
}

enum fw_offer_class fw_offer_class(const struct fw_source_column *column, bool compat)
{
    static const char *const numbers[] = {"int", "float", "double", "decimal", NULL};
    static const char *const more_numbers[] = {"long", "short", "byte", NULL};
    static const char *const times[] = {"timestamp", "date", NULL};
    if (contains_any(column->type, numbers) ||
        (!compat && contains_any(column->type, more_numbers))) {
        return FW_OFFER_NUMBER;
    }
    if (strstr(column->type, "bool") != NULL) {
        return FW_OFFER_BOOL;
    }
    return contains_any(column->type, times) ? FW_OFFER_TIME : FW_OFFER_TEXT;
}
