/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "dataset/internal.h"
#include "sql/fault.h"

void fw_dataset_table_finish(struct fw_dataset_table *table)
{
    fw_matrix_finish(&table->cells);
    free(table->columns);
    fw_source_close(table->source);
}

void fw_dataset_number(struct fw_text *text, const char *expression)
{
    fw_text_appendf(text, "coalesce(CAST(%s AS DOUBLE), 'nan'::DOUBLE)", expression);
}

void fw_dataset_features(const struct fw_dataset_table *table, struct fw_text *text)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        struct fw_text name = {0};
        fw_text_identifier(&name, table->columns[i]->name);
        fw_text_append(text, ", ");
        fw_dataset_number(text, fw_text_get(&name));
        text->failed = text->failed || name.failed;
        fw_text_finish(&name);
    }
}

fw_status fw_dataset_table_read(struct fw_dataset_table *table, const struct fw_text *query,
                                size_t n_columns, const char *condition)
{
    struct fw_text count = {0};
    int64_t n_rows = 0;

    fw_text_append(&count, "SELECT count(*) FROM ");
    fw_source_scan(table->source, NULL, &count);
    fw_text_append(&count, condition != NULL ? condition : "");
    fw_status status = query->failed || count.failed
                           ? fw_fault_nomem(table->sql->host)
                           : fw_sql_int64(table->sql, &n_rows, fw_text_get(&count));
    fw_text_finish(&count);
    if (status == FW_OK) {
        status = fw_matrix_init(&table->cells, table->sql->host, (size_t)n_rows, n_columns);
    }
    return status == FW_OK ? fw_matrix_read(&table->cells, table->sql, fw_text_get(query)) : status;
}

fw_status fw_dataset_name_columns(struct fw_dataset *set, const struct fw_dataset_table *table)
{
    set->columns = calloc(table->n_columns, sizeof(char *));
    for (size_t i = 0; set->columns != NULL && i < table->n_columns; i++) {
        set->columns[i] = strdup(table->columns[i]->name);
        if (set->columns[i] == NULL) {
            return fw_fault_nomem(set->host);
        }
    }
    set->info.columns = (const char *const *)set->columns;
    return set->columns != NULL ? FW_OK : fw_fault_nomem(set->host);
}

void fw_dataset_take_features(struct fw_dataset *set, const struct fw_dataset_table *table,
                              size_t first_column)
{
    for (size_t column = 0; column < table->n_columns; column++) {
        const double *cells = fw_matrix_column(&table->cells, first_column + column);
        for (size_t row = 0; row < table->cells.n_rows; row++) {
            set->floats[row * table->n_columns + column] = (float)cells[row];
        }
    }
}
