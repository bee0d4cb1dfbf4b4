/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "instant/instant.h"
#include "rows.h"

const char *const multiscale_values[MULTISCALE_VALUES] = {"funding_raised_usd", "funding_goal_usd",
                                                          "investors_count"};

void multiscale_append_key(const struct multiscale_table *table, struct fw_text *text)
{
    /* 2^64 and 2^40: an instant, then a file, then a row of it. */
    fw_text_appendf(text,
                    "(epoch_us(%s)::HUGEINT * 18446744073709551616 + " FW_SOURCE_FILE
                    "::HUGEINT * 1099511627776 + " FW_SOURCE_ROW ")",
                    fw_text_get(&table->at));
}

static fw_status check_text(const struct multiscale_table *table, const struct fw_host *host,
                            const char *name)
{
    const struct fw_source_column *column = fw_source_column(table->source, name);

    if (column == NULL) {
        return fw_faultf(host, FW_E_MISSING, name,
                         "give the daily table as the stage daily makes it",
                         "the daily table has no column %s", name);
    }
    return strcmp(column->sql_type, "VARCHAR") == 0
               ? FW_OK
               : fw_faultf(host, FW_E_DATA, name, "convert it, say in a stage sql before this one",
                           "the column is a %s where a text is needed", column->sql_type);
}

fw_status multiscale_offers_find(struct multiscale_table *table, const struct fw_host *host)
{
    static const char *const keys[] = {"entity_id", "platform_name", "offer_id"};
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(keys) && status == FW_OK; i++) {
        status = check_text(table, host, keys[i]);
        table->names[table->n_names++] = keys[i];
    }
    const struct fw_source_column *instant = fw_source_column(table->source, "snapshot_ts");
    if (status == FW_OK && instant == NULL) {
        status = fw_faultf(host, FW_E_MISSING, "snapshot_ts",
                           "give the daily table as the stage daily makes it",
                           "the daily table has no column snapshot_ts");
    }
    if (status != FW_OK) {
        return status;
    }
    table->names[table->n_names++] = instant->name;
    for (int i = 0; i < MULTISCALE_VALUES; i++) {
        if (fw_source_column(table->source, multiscale_values[i]) != NULL) {
            table->names[table->n_names++] = multiscale_values[i];
            table->values[table->n_values++] = i;
        }
    }
    fw_text_append(&table->entity, "entity_id");
    fw_instant_append(&table->at, instant);
    return table->at.failed || table->entity.failed ? fw_fault_nomem(host) : FW_OK;
}

fw_status multiscale_offers_open(struct multiscale_table *table)
{
    const char *types[FW_COUNT(table->names)] = {"U", "U", "U", "tsu:"};

    for (size_t i = table->n_names - table->n_values; i < table->n_names; i++) {
        types[i] = "g";
    }
    return gather_open(table, table->names, types, table->n_names, &table->row_schema,
                       &table->gathers);
}

static fw_status gather_rows(const void *self, const struct fw_wide_rows *wanted,
                             struct ArrowArray *ret_rows)
{
    const struct multiscale_table *table = self;
    struct gather_ranges ranges = {0};
    struct chosen chosen = {0};
    fw_status status = gather_find(table, wanted, &ranges);

    if (status == FW_OK) {
        status = chosen_all(table, &ranges, &chosen);
    }
    if (status == FW_OK) {
        status = rows_read(table, &ranges, &chosen, ret_rows);
    }
    chosen_finish(&chosen);
    gather_ranges_finish(&ranges);
    return status;
}

const struct fw_wide_gather multiscale_offers_gather = {.rows = gather_rows};
