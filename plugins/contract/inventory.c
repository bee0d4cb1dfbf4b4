/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "contract.h"

static fw_status check_columns(const struct contract *c, const struct fw_source *inventory,
                               const char *path)
{
    static const char *const names[] = {"column", "non_null_rate", "approx_distinct",
                                        "avg_str_len"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (fw_source_column(inventory, names[i]) == NULL) {
            return fw_faultf(c->host, FW_E_MISSING, path,
                             "give the output `inventory` of a stage raw_profile",
                             "the inventory has no column \"%s\"", names[i]);
        }
    }
    return FW_OK;
}

static fw_status read_inventory(struct contract *c, struct contract_table *table, const char *port)
{
    const char *path = fw_task_input(c->task, port)->paths[0];
    struct fw_source *source = NULL;
    struct fw_text query = {0};
    fw_status status = fw_source_open(&c->sql, &path, 1, NULL, &source);

    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&query, "SELECT \"column\", non_null_rate, approx_distinct, avg_str_len FROM ");
    fw_source_scan(source, NULL, &query);
    status = check_columns(c, source, path);
    if (status == FW_OK) {
        status = query.failed ? fw_fault_nomem(c->host)
                              : fw_sql_grid(&c->sql, &table->inventory, fw_text_get(&query));
    }
    fw_text_finish(&query);
    fw_source_close(source);
    return status;
}

/* A contract over another table's figures would keep and remove at random. */
static fw_status check_same(const struct contract *c, const struct contract_table *table,
                            const char *port)
{
    for (size_t i = 0; i < table->source->n_columns; i++) {
        const char *name = table->source->columns[i].name;
        bool found = false;
        for (size_t k = 0; k < table->inventory.n_rows && !found; k++) {
            found = strcmp(fw_sql_cell(&table->inventory, k, 0), name) == 0;
        }
        if (!found) {
            return fw_faultf(c->host, FW_E_DATA, fw_task_input(c->task, port)->paths[0],
                             "profile the table again",
                             "the inventory has no column \"%s\", which the table of %s has", name,
                             table->name);
        }
    }
    return FW_OK;
}

fw_status contract_table_open(struct contract *c, struct contract_table *table, const char *raw,
                              const char *inventory)
{
    const struct fw_input *input = fw_task_input(c->task, raw);
    const struct fw_input *figures = fw_task_input(c->task, inventory);

    table->kept = cJSON_CreateArray();
    table->nested = cJSON_CreateArray();
    if (table->kept == NULL || table->nested == NULL) {
        return fw_fault_nomem(c->host);
    }
    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    if (figures == NULL || figures->n_paths == 0) {
        return fw_faultf(c->host, FW_E_CONFIG, NULL, "plug the output of a stage raw_profile in",
                         "the port %s needs %s, the inventory of the same table", raw, inventory);
    }
    fw_status status = fw_source_open(&c->sql, input->paths, input->n_paths, NULL, &table->source);
    if (status == FW_OK) {
        status = read_inventory(c, table, inventory);
    }
    return status == FW_OK ? check_same(c, table, inventory) : status;
}

void contract_table_close(struct contract_table *table)
{
    fw_source_close(table->source);
    fw_sql_grid_finish(&table->inventory);
    cJSON_Delete(table->kept);
    cJSON_Delete(table->nested);
}
