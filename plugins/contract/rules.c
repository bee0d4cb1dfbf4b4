/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "contract.h"

/* Never removed, however rare: keys, times, what is predicted, the issuer, the filing. */
static const char *const protected_columns[] = {"entity_id",
                                                "platform_name",
                                                "offer_id",
                                                "snapshot_ts",
                                                "crawled_date",
                                                "crawled_date_day",
                                                "processed_datetime",
                                                "cik",
                                                "funding_goal_usd",
                                                "funding_raised_usd",
                                                "investors_count",
                                                "is_funded",
                                                "filed_date",
                                                "accession_number",
                                                "acceptance_datetime",
                                                "form_type",
                                                "submission_offering_data"};

static bool is_protected(const struct contract *c, const char *name)
{
    const struct fw_value *more = fw_task_value(c->task, "protected");

    for (size_t i = 0; i < FW_COUNT(protected_columns); i++) {
        if (strcmp(protected_columns[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; more->type != FW_PARAM_UNSET && i < more->n; i++) {
        if (strcmp(more->texts[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static double number(const struct fw_sql_grid *grid, size_t row, size_t column)
{
    const char *text = fw_sql_cell(grid, row, column);

    return text != NULL ? strtod(text, NULL) : -1;
}

static struct contract_figures find(const struct contract_table *table, const char *name)
{
    const struct fw_sql_grid *grid = &table->inventory;
    size_t row = 0;

    while (strcmp(fw_sql_cell(grid, row, 0), name) != 0) {
        row++; /* contract_table_open has checked that it is there */
    }
    return (struct contract_figures){number(grid, row, 1), number(grid, row, 2),
                                     number(grid, row, 3)};
}

static void remember(struct contract *c, const struct contract_table *table, const char *name,
                     const struct fw_text *reason)
{
    cJSON *item = cJSON_CreateObject();

    if (reason->failed || cJSON_AddStringToObject(item, "table", table->name) == NULL ||
        cJSON_AddStringToObject(item, "column", name) == NULL ||
        cJSON_AddStringToObject(item, "reason", fw_text_get(reason)) == NULL ||
        !cJSON_AddItemToArray(c->removed, item)) {
        cJSON_Delete(item);
        c->report.failed = true;
    }
}

/* What is not known removes nothing. */
static void find_reason(const struct contract *c, const struct contract_figures *figures,
                        struct fw_text *reason)
{
    double least = fw_task_real(c->task, "non_null_min");
    int64_t most = fw_task_integer(c->task, "categorical_distinct_max");
    double long_text = fw_task_real(c->task, "free_text_chars");

    if (figures->non_null_rate >= 0 && figures->non_null_rate < least) {
        fw_text_appendf(reason, "non_null_rate %.6g is below %.6g", figures->non_null_rate, least);
    } else if (figures->n_distinct > (double)most && figures->mean_chars >= long_text) {
        fw_text_appendf(reason, "%.0f distinct values of %.1f characters: free text",
                        figures->n_distinct, figures->mean_chars);
    }
}

fw_status contract_apply(struct contract *c, struct contract_table *table)
{
    struct fw_text reason = {0};

    for (size_t i = 0; table->source != NULL && i < table->source->n_columns; i++) {
        const struct fw_source_column *column = &table->source->columns[i];
        struct contract_figures figures = find(table, column->name);
        fw_text_clear(&reason);
        if (!c->compat && !is_protected(c, column->name)) {
            find_reason(c, &figures, &reason);
        }
        if (reason.size > 0 || reason.failed) {
            remember(c, table, column->name, &reason);
            continue;
        }
        if (column->nested) {
            c->report.failed |= !contract_push(table->nested, column->name);
        }
        /* In the reference a nested column is one of those that must be kept. */
        if (!column->nested || c->compat) {
            c->report.failed |= !contract_push(table->kept, column->name);
        }
    }
    fw_text_finish(&reason);
    return c->report.failed ? fw_fault_nomem(c->host) : FW_OK;
}
