/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daily.h"

/* Those of them that the input has, in the order of the snapshot's own static table. */
static const char *const constant_columns[] = {"cik", "link", "hash_id", "datetime_open_offering",
                                               "datetime_close_offering"};

static void add_name(struct daily_table *table, const char *name)
{
    size_t n = table->n_static_names;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(table->names[i], name) == 0) {
            return;
        }
    }
    if (fw_source_column(table->source, name) != NULL) {
        table->names[table->n_static_names++] = name;
    }
}

void daily_names_find(struct daily_table *table)
{
    const struct daily_settings *settings = table->settings;

    add_name(table, settings->entity_column);
    if (table->adds_entity) {
        add_name(table, settings->platform_column);
        add_name(table, settings->offer_column);
    }
    table->n_census_names = table->n_static_names;
    add_name(table, settings->snapshot_column);
    add_name(table, settings->day_column);
    add_name(table, settings->time_column);
    table->n_probe_names = table->n_static_names;
    add_name(table, settings->processed_column);
    add_name(table, settings->platform_column);
    add_name(table, settings->offer_column);
    for (size_t i = 0; i < FW_COUNT(constant_columns); i++) {
        add_name(table, constant_columns[i]);
    }
}

static bool is_wanted(const struct daily_table *table, const char *name)
{
    bool is_ours = strcmp(name, "link") == 0 || strcmp(name, "hash_id") == 0;

    return fw_source_column(table->source, name) != NULL && !(is_ours && table->settings->compat);
}

static void append_name(const struct daily_table *table, const char *name, struct fw_text *select)
{
    const struct fw_source_column *column = fw_source_column(table->source, name);

    if (column != NULL) {
        fw_text_append(select, ", ");
        daily_columns_append_one(column, select);
        fw_text_append(select, " AS ");
        fw_text_identifier(select, name);
    }
}

/*
 * Rows of the entity's latest instant: nearly always one, so that texts are carried and times
 * read out of texts for few rows.
 */
static void append_latest(const struct daily_table *table, const char *rows, struct fw_text *select)
{
    const char *instant = fw_text_get(&table->keys.instant);

    fw_text_appendf(select, "%s JOIN (SELECT ", rows);
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_appendf(select, " AS fw_entity, max(%s) AS fw_latest FROM %s GROUP BY 1) ON ", instant,
                    rows);
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_appendf(select, " = fw_entity AND %s IS NOT DISTINCT FROM fw_latest", instant);
}

/* The entity's latest row as it is, by the same total order as in choose.c. */
void daily_finish_static(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    const struct daily_table *table = self;

    fw_text_append(select, "SELECT ");
    fw_text_identifier(select, table->settings->entity_column);
    append_name(table, table->settings->platform_column, select);
    append_name(table, table->settings->offer_column, select);
    for (size_t i = 0; i < FW_COUNT(constant_columns); i++) {
        if (is_wanted(table, constant_columns[i])) {
            append_name(table, constant_columns[i], select);
        }
    }
    fw_text_append(select, ", fw_latest AS static_snapshot_ts FROM ");
    append_latest(table, part->rows, select);
    fw_text_appendf(select,
                    " QUALIFY row_number() OVER (PARTITION BY fw_entity ORDER BY %s DESC NULLS "
                    "LAST, %s DESC NULLS LAST, fw_file DESC, fw_row DESC) = 1 ORDER BY fw_entity",
                    fw_text_get(&table->keys.processed), fw_text_get(&table->keys.crawled));
}
