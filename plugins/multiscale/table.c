/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"
#include "period.h"

enum { BATCH_ROWS = 1 << 14, MAX_COLUMNS = 7 };

enum kind { KEY, VALUE, AT, DAY, STAGE };

static const struct {
    const char *format;
    size_t width;
} shapes[] = {
    [KEY] = {"vu", sizeof(struct made_text)}, [VALUE] = {"g", sizeof(double)},
    [AT] = {"tsu:", sizeof(int64_t)},         [DAY] = {"tdD", sizeof(int32_t)},
    [STAGE] = {"l", sizeof(int64_t)},
};

struct column {
    enum kind kind;
    int number; /* of the key's texts or of the values */
    const char *name;
};

/* The columns of a table; the schema's parts lie with them. */
struct layout {
    struct column columns[MAX_COLUMNS];
    size_t n;
    struct ArrowSchema fields[MAX_COLUMNS], *pointers[MAX_COLUMNS];
};

struct made_view {
    const struct fw_host *host;
    const struct made *made;
    int table;
    struct column columns[MAX_COLUMNS];
};

static void add(struct layout *layout, enum kind kind, int number, const char *name)
{
    layout->columns[layout->n++] = (struct column){kind, number, name};
}

static void lay_out(const struct multiscale_table *of, int table, struct layout *layout)
{
    add(layout, KEY, 0, "entity_id");
    if (table != MADE_DAY_TO_STAGE) {
        add(layout, KEY, 1, "platform_name");
        add(layout, KEY, 2, "offer_id");
    }
    for (int i = 0; i < MULTISCALE_VALUES && table <= MADE_MONTHLY; i++) {
        if (fw_source_column(of->source, multiscale_values[i]) != NULL) {
            add(layout, VALUE, i, multiscale_values[i]);
        }
    }
    if (table != MADE_DAY_TO_STAGE) {
        add(layout, AT, 0, "snapshot_ts");
    }
    if (table > MADE_MONTHLY) {
        add(layout, DAY, 0, "snapshot_day");
        add(layout, STAGE, 0, "stage");
    }
}

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    free(schema->private_data);
    schema->release = NULL;
}

static void make_schema(struct layout *layout, struct ArrowSchema *ret_schema)
{
    for (size_t i = 0; i < layout->n; i++) {
        layout->fields[i] = (struct ArrowSchema){.format = shapes[layout->columns[i].kind].format,
                                                 .name = layout->columns[i].name,
                                                 .flags = ARROW_FLAG_NULLABLE,
                                                 .release = release_field};
        layout->pointers[i] = &layout->fields[i];
    }
    *ret_schema = (struct ArrowSchema){.format = "+s",
                                       .name = "",
                                       .n_children = (int64_t)layout->n,
                                       .children = layout->pointers,
                                       .release = release_schema,
                                       .private_data = layout};
}

/* One column of a batch; `of` is a block of its own. */
struct cells {
    struct ArrowArray array;
    const void *buffers[4];
    int64_t text_size; /* of the bytes that long texts lie in */
};

struct batch {
    const void *no_buffer;
    struct ArrowArray *pointers[MAX_COLUMNS];
    struct cells cells[MAX_COLUMNS];
    void *blocks[2 * MAX_COLUMNS];
    size_t n_blocks;
};

static void *add_block(struct batch *batch, size_t size)
{
    void *block = calloc(1, size + 1);

    batch->blocks[batch->n_blocks++] = block;
    return block;
}

static void drop_batch(struct batch *batch)
{
    for (size_t i = 0; batch != NULL && i < batch->n_blocks; i++) {
        free(batch->blocks[i]);
    }
    free(batch);
}

static void release_cells(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    drop_batch(array->private_data);
    array->release = NULL;
}

static void put_texts(const struct made *made, const struct made_row *rows, size_t n, int number,
                      struct made_text *cells)
{
    for (size_t i = 0; i < n; i++) {
        cells[i] = made->keys[rows[i].key].texts[number];
    }
}

/* NULL where there is no value. */
static void put_values(const struct made_row *rows, size_t n, int number, double *cells,
                       uint8_t *validity)
{
    for (size_t i = 0; i < n; i++) {
        unsigned there = rows[i].has >> number & 1;
        cells[i] = there ? rows[i].values[number] : 0;
        validity[i / 8] |= (uint8_t)(there << i % 8);
    }
}

static void put_cells(const struct made_row *rows, size_t n, enum kind kind, void *cells)
{
    int64_t *wholes = cells;
    int32_t *days = cells;

    for (size_t i = 0; i < n; i++) {
        if (kind == DAY) {
            days[i] = (int32_t)period_day(rows[i].at);
        } else {
            wholes[i] = kind == AT ? rows[i].at : rows[i].stage;
        }
    }
}

static bool fill(const struct made_view *view, const struct column *column, size_t first, size_t n,
                 struct batch *batch, struct cells *cells)
{
    const struct made_row *rows = view->made->tables[view->table].rows + first;
    void *values = add_block(batch, n * shapes[column->kind].width);
    uint8_t *validity = column->kind == VALUE ? add_block(batch, n / 8 + 1) : NULL;

    if (values == NULL || (column->kind == VALUE && validity == NULL)) {
        return false;
    }
    if (column->kind == KEY) {
        put_texts(view->made, rows, n, column->number, values);
        cells->text_size = (int64_t)view->made->n_bytes;
        cells->buffers[2] = view->made->bytes;
        cells->buffers[3] = &cells->text_size;
    } else if (column->kind == VALUE) {
        put_values(rows, n, column->number, values, validity);
        cells->buffers[0] = validity;
    } else {
        put_cells(rows, n, column->kind, values);
    }
    cells->buffers[1] = values;
    cells->array = (struct ArrowArray){.length = (int64_t)n,
                                       .null_count = column->kind == VALUE ? -1 : 0,
                                       .n_buffers = column->kind == KEY ? 4 : 2,
                                       .buffers = cells->buffers,
                                       .release = release_cells};
    return true;
}

/* A reading of some of the columns. */
struct reading {
    const struct made_view *view;
    const struct column *columns[MAX_COLUMNS];
    size_t n_columns, next_row;
};

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct reading *reading = stream->private_data;
    size_t left = reading->view->made->tables[reading->view->table].n - reading->next_row;
    size_t n = left < BATCH_ROWS ? left : BATCH_ROWS;

    *ret = (struct ArrowArray){0};
    if (n == 0) {
        return 0;
    }
    struct batch *batch = calloc(1, sizeof *batch);
    bool complete = batch != NULL;
    for (size_t i = 0; i < reading->n_columns && complete; i++) {
        complete =
            fill(reading->view, reading->columns[i], reading->next_row, n, batch, &batch->cells[i]);
        batch->pointers[i] = &batch->cells[i].array;
    }
    if (!complete) {
        drop_batch(batch);
        fw_fault_nomem(reading->view->host);
        return ENOMEM;
    }
    *ret = (struct ArrowArray){.length = (int64_t)n,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)reading->n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
    reading->next_row += n;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "there is no memory for a batch";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    free(stream->private_data);
    stream->release = NULL;
}

static int open_reading(void *arg, const uint64_t *columns, uint64_t n_columns,
                        struct ArrowArrayStream *ret_stream)
{
    const struct made_view *view = arg;
    struct reading *reading = calloc(1, sizeof *reading);

    if (reading == NULL) {
        fw_fault_nomem(view->host);
        return ENOMEM;
    }
    reading->view = view;
    reading->n_columns = (size_t)n_columns;
    for (size_t i = 0; i < reading->n_columns; i++) {
        reading->columns[i] = &view->columns[columns[i]];
    }
    *ret_stream = (struct ArrowArrayStream){.get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release_stream,
                                            .private_data = reading};
    return 0;
}

fw_status made_table(const struct multiscale_table *of, struct made *made, int table,
                     struct fw_wide_table *ret_table)
{
    struct layout *layout = calloc(1, sizeof *layout);
    struct made_view *view = calloc(1, sizeof *view);

    free(made->views[table]);
    made->views[table] = view;
    if (layout == NULL || view == NULL) {
        free(layout);
        return fw_fault_nomem(of->host);
    }
    lay_out(of, table, layout);
    *view = (struct made_view){.host = of->host, .made = made, .table = table};
    memcpy(view->columns, layout->columns, sizeof view->columns);
    make_schema(layout, &ret_table->schema);
    ret_table->open = open_reading;
    ret_table->arg = view;
    return FW_OK;
}
