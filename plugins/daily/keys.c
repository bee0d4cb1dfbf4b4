/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daily.h"

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether values of the type can be an instant, as themselves or as text. */
static bool is_time(const char *type)
{
    return strcmp(type, "VARCHAR") == 0 || strcmp(type, "DATE") == 0 ||
           has_prefix(type, "TIMESTAMP");
}

/*
 * The instant in UTC. A text is read as TIMESTAMPTZ: a cast to TIMESTAMP would drop its offset.
 */
static void append_time(const struct fw_source_column *column, struct fw_text *text)
{
    bool is_text = strcmp(column->sql_type, "VARCHAR") == 0;

    fw_text_append(text, is_text ? "CAST(TRY_CAST(" : "CAST(");
    fw_text_identifier(text, column->name);
    fw_text_append(text, is_text ? " AS TIMESTAMPTZ) AS TIMESTAMP)" : " AS TIMESTAMP)");
}

static fw_status find_time(const struct daily_table *table, const struct fw_host *host,
                           const char *name, struct fw_text *ret_time)
{
    const struct fw_source_column *column = fw_source_column(table->source, name);

    if (column == NULL) {
        fw_text_append(ret_time, "NULL::TIMESTAMP");
    } else if (is_time(column->sql_type)) {
        append_time(column, ret_time);
    } else {
        return fw_faultf(host, FW_E_DATA, name, "convert it, say in a stage sql before this one",
                         "the column is a %s where a DATE, a TIMESTAMP or a text of one is needed",
                         column->sql_type);
    }
    return FW_OK;
}

static fw_status find_entity(const struct daily_table *table, const struct fw_host *host,
                             struct fw_text *ret_entity)
{
    const struct daily_settings *settings = table->settings;
    const char *parts[] = {settings->platform_column, settings->offer_column};
    const struct fw_source_column *column =
        fw_source_column(table->source, settings->entity_column);

    if (column != NULL) {
        bool is_text = strcmp(column->sql_type, "VARCHAR") == 0;
        fw_text_append(ret_entity, is_text ? "" : "CAST(");
        fw_text_identifier(ret_entity, column->name);
        fw_text_append(ret_entity, is_text ? "" : " AS VARCHAR)");
        return FW_OK;
    }
    for (size_t i = 0; i < FW_COUNT(parts); i++) {
        if (fw_source_column(table->source, parts[i]) == NULL) {
            return fw_faultf(host, FW_E_MISSING, parts[i],
                             "name the columns with entity_column, or with platform_column and "
                             "offer_column",
                             "there is neither a column %s nor a column %s to make it of",
                             settings->entity_column, parts[i]);
        }
        fw_text_append(ret_entity, i > 0 ? " || '|' || CAST(" : "CAST(");
        fw_text_identifier(ret_entity, parts[i]);
        fw_text_append(ret_entity, " AS VARCHAR)");
    }
    return FW_OK;
}

static void find_funding(const struct daily_table *table, struct fw_text *ret_funding)
{
    const char *name = table->settings->funding_column;

    if (table->is_core && fw_source_column(table->source, name) != NULL) {
        fw_text_append(ret_funding, "nullif(TRY_CAST(");
        fw_text_identifier(ret_funding, name);
        fw_text_append(ret_funding, " AS DOUBLE), 'NaN'::DOUBLE)");
    }
}

static fw_status find_times(struct daily_keys *keys, const struct daily_table *table,
                            const struct fw_host *host)
{
    const struct daily_settings *settings = table->settings;
    struct fw_text instant = {0}, day = {0};
    fw_status status = find_time(table, host, settings->snapshot_column, &instant);

    if (status == FW_OK) {
        status = find_time(table, host, settings->day_column, &day);
    }
    if (status == FW_OK) {
        status = find_time(table, host, settings->time_column, &keys->crawled);
    }
    if (status == FW_OK) {
        status = find_time(table, host, settings->processed_column, &keys->processed);
    }
    fw_text_appendf(&keys->instant, "coalesce(%s, date_trunc('day', %s), %s)",
                    fw_text_get(&instant), fw_text_get(&day), fw_text_get(&keys->crawled));
    fw_text_appendf(&keys->day, "CAST(coalesce(%s, %s, %s) AS DATE)", fw_text_get(&day),
                    fw_text_get(&instant), fw_text_get(&keys->crawled));
    keys->day.failed |= instant.failed || day.failed;
    fw_text_finish(&instant);
    fw_text_finish(&day);
    return status;
}

static fw_status check_times(const struct daily_table *table, const struct fw_host *host)
{
    const struct daily_settings *settings = table->settings;

    if (fw_source_column(table->source, settings->snapshot_column) == NULL &&
        fw_source_column(table->source, settings->day_column) == NULL &&
        fw_source_column(table->source, settings->time_column) == NULL) {
        return fw_faultf(host, FW_E_MISSING, settings->day_column,
                         "name one of them with snapshot_column, day_column or time_column",
                         "there is no column %s, %s or %s to tell the day of a row",
                         settings->snapshot_column, settings->day_column, settings->time_column);
    }
    return FW_OK;
}

fw_status daily_keys_find(struct daily_keys *ret_keys, const struct daily_table *table,
                          const struct fw_host *host)
{
    struct daily_keys keys = {0};
    fw_status status = find_entity(table, host, &keys.entity);

    if (status == FW_OK) {
        status = check_times(table, host);
    }
    if (status == FW_OK) {
        status = find_times(&keys, table, host);
    }
    find_funding(table, &keys.funding);
    if (status == FW_OK && (keys.entity.failed || keys.instant.failed || keys.day.failed ||
                            keys.crawled.failed || keys.processed.failed || keys.funding.failed)) {
        status = fw_fault_nomem(host);
    }
    if (status == FW_OK) {
        *ret_keys = keys;
    } else {
        daily_keys_finish(&keys);
    }
    return status;
}

void daily_keys_finish(struct daily_keys *keys)
{
    fw_text_finish(&keys->entity);
    fw_text_finish(&keys->instant);
    fw_text_finish(&keys->day);
    fw_text_finish(&keys->processed);
    fw_text_finish(&keys->crawled);
    fw_text_finish(&keys->funding);
}
