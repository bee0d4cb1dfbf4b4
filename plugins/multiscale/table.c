/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "cells.h"
#include "made.h"
#include "period.h"

enum { MAX_COLUMNS = 7 };

enum kind { KEY, VALUE, AT, DAY, STAGE };

static const enum fw_parquet_type types[] = {
    [KEY] = FW_PARQUET_TEXT, [VALUE] = FW_PARQUET_DOUBLE, [AT] = FW_PARQUET_TIMESTAMP,
    [DAY] = FW_PARQUET_DATE, [STAGE] = FW_PARQUET_BIGINT,
};

/* The columns of a table. */
struct layout {
    const struct made *made;
    int table;
    size_t n;
    enum kind kinds[MAX_COLUMNS];
    int numbers[MAX_COLUMNS]; /* of the key's texts or of the values */
    struct fw_parquet_column columns[MAX_COLUMNS];
    const struct fw_parquet_text *texts[MAX_COLUMNS];
};

static void add(struct layout *layout, enum kind kind, int number, const char *name)
{
    layout->kinds[layout->n] = kind;
    layout->numbers[layout->n] = number;
    layout->texts[layout->n] = kind == KEY ? layout->made->words.all : NULL;
    layout->columns[layout->n++] = (struct fw_parquet_column){name, types[kind]};
}

static void lay_out(const struct multiscale_table *of, struct layout *layout)
{
    add(layout, KEY, 0, "entity_id");
    if (layout->table != MADE_DAY_TO_STAGE) {
        add(layout, KEY, 1, "platform_name");
        add(layout, KEY, 2, "offer_id");
    }
    for (size_t i = 0; i < of->n_values && layout->table <= MADE_MONTHLY; i++) {
        add(layout, VALUE, of->values[i], multiscale_values[of->values[i]]);
    }
    if (layout->table != MADE_DAY_TO_STAGE) {
        add(layout, AT, 0, "snapshot_ts");
    }
    if (layout->table > MADE_MONTHLY) {
        add(layout, DAY, 0, "snapshot_day");
        add(layout, STAGE, 0, "stage");
    }
}

static uint64_t value_of(const struct made_row *row, int number)
{
    double value = (row->has >> number & 1) != 0 ? row->values[number] : NAN;
    uint64_t cell;

    memcpy(&cell, &value, sizeof cell);
    return cell;
}

static void fill(const void *self, size_t column, size_t first, size_t n, uint64_t *cells)
{
    const struct layout *layout = self;
    const struct made_row *rows = layout->made->tables[layout->table].rows + first;
    const int number = layout->numbers[column];

    for (size_t i = 0; i < n; i++) {
        switch (layout->kinds[column]) {
        case KEY:
            cells[i] = (uint64_t)rows[i].key * MADE_KEY + (uint64_t)number;
            break;
        case VALUE:
            cells[i] = value_of(&rows[i], number);
            break;
        case AT:
            cells[i] = (uint64_t)rows[i].at;
            break;
        case DAY:
            cells[i] = (uint64_t)period_day(rows[i].at);
            break;
        case STAGE:
            cells[i] = (uint64_t)rows[i].stage;
        }
    }
}

fw_status made_write(const struct multiscale_table *of, const struct made *made, int table,
                     const char *path)
{
    struct layout layout = {.made = made, .table = table};

    lay_out(of, &layout);
    const struct cells_table cells = {.columns = layout.columns,
                                      .n_columns = layout.n,
                                      .texts = layout.texts,
                                      .n_rows = made->tables[table].n,
                                      .fill = fill,
                                      .self = &layout};
    return cells_write(&cells, of->host, path);
}
