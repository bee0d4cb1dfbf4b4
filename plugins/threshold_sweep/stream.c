/* SPDX-License-Identifier: MIT */
#include "threshold_sweep.h"

static size_t fill(void *self, void *const *columns, size_t room)
{
    struct sweep_table *table = self;
    union sweep_value row[SWEEP_COLUMNS_MAX];
    size_t n = 0;

    for (; n < room && table->next(table, row); n++) {
        for (size_t i = 0; i < table->n_columns; i++) {
            ((union sweep_value *)columns[i])[n] = row[i];
        }
    }
    return n;
}

void sweep_table_stream(struct sweep_table *table, struct ArrowArrayStream *ret_stream)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        table->named[i] =
            (struct fw_rows_column){table->columns[i].name, table->columns[i].is_whole ? "l" : "g"};
    }
    table->rows = (struct fw_rows){
        .columns = table->named, .n_columns = table->n_columns, .fill = fill, .self = table};
    fw_rows_stream(&table->rows, ret_stream);
}
