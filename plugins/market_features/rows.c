/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "market_features.h"

enum { BATCH_ROWS = 2048 };

/* One batch: all of its buffers lie in one block. The first column is the day. */
struct column {
    struct ArrowArray array;
    const void *buffers[2];
    union {
        int32_t days[BATCH_ROWS];
        int64_t wholes[BATCH_ROWS];
        double values[BATCH_ROWS];
    } of;
};

struct batch {
    struct ArrowArray *pointers[MARKET_COLUMNS_MAX + 1];
    const void *no_buffer;
    struct column columns[];
};

static void release_column(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    free(array->private_data);
    array->release = NULL;
}

static void put_row(const struct market *market, struct batch *batch, size_t row,
                    const double *values)
{
    batch->columns[0].of.days[row] = market->state.bar.day;
    for (size_t i = 0; i < market->n_columns; i++) {
        struct column *column = &batch->columns[i + 1];
        if (fw_indicators[i].is_whole) {
            column->of.wholes[row] = (int64_t)values[i];
        } else {
            column->of.values[row] = values[i];
        }
    }
}

static void finish_batch(struct batch *batch, size_t n_columns, size_t n_rows,
                         struct ArrowArray *ret)
{
    for (size_t i = 0; i < n_columns; i++) {
        struct column *column = &batch->columns[i];
        column->buffers[1] = &column->of;
        column->array = (struct ArrowArray){.length = (int64_t)n_rows,
                                            .n_buffers = 2,
                                            .buffers = column->buffers,
                                            .release = release_column};
        batch->pointers[i] = &column->array;
    }
    *ret = (struct ArrowArray){.length = (int64_t)n_rows,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
}

static fw_status fill(struct market *market, struct batch *batch, size_t *ret_rows)
{
    double values[MARKET_COLUMNS_MAX];
    struct fw_bar bar;
    fw_status status = FW_MORE;

    *ret_rows = 0;
    while (*ret_rows < BATCH_ROWS && (status = market_bars_next(market, &bar)) == FW_MORE) {
        status = market_day_take(market, &bar, values);
        if (status == FW_MORE) {
            put_row(market, batch, (*ret_rows)++, values);
        } else if (status != FW_OK) {
            return status;
        }
    }
    return status == FW_MORE ? FW_OK : status;
}

/*
 * On a thread of the engine; one at a time. A failure ends the stream as the end of the series
 * does: the engine has nothing to say about it.
 */
static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct market *market = stream->private_data;
    size_t n_columns = market->n_columns + 1, n_rows = 0;
    struct batch *batch = calloc(1, sizeof *batch + n_columns * sizeof *batch->columns);
    fw_status status = batch != NULL ? fill(market, batch, &n_rows)
                                     : market_fail(market, FW_E_NOMEM, NULL, NULL, "out of memory");

    if (status != FW_OK || n_rows == 0) {
        free(batch);
        *ret = (struct ArrowArray){0};
        return 0;
    }
    finish_batch(batch, n_columns, n_rows, ret);
    return 0;
}

/* The schema's parts in one block too. */
struct fields {
    struct ArrowSchema *pointers[MARKET_COLUMNS_MAX + 1];
    struct ArrowSchema of[MARKET_COLUMNS_MAX + 1];
};

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_fields(struct ArrowSchema *schema)
{
    free(schema->private_data);
    schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    const struct market *market = stream->private_data;
    struct fields *fields = calloc(1, sizeof *fields);

    if (fields == NULL) {
        return ENOMEM;
    }
    for (size_t i = 0; i <= market->n_columns; i++) {
        const struct fw_indicator *indicator = i > 0 ? &fw_indicators[i - 1] : NULL;
        fields->of[i] = (struct ArrowSchema){
            .format = indicator == NULL     ? "tdD"
                      : indicator->is_whole ? "l"
                                            : "g",
            .name = indicator == NULL ? "Date" : indicator->name,
            .release = release_field,
        };
        fields->pointers[i] = &fields->of[i];
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)market->n_columns + 1,
                                .children = fields->pointers,
                                .release = release_fields,
                                .private_data = fields};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "an allocation of the stage's own failed";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

void market_rows_stream(struct market *market, struct ArrowArrayStream *ret_stream)
{
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release_stream,
                                            .private_data = market};
}
