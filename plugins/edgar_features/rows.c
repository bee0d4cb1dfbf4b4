/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ROWS = 2048 };

/* One batch: all of its buffers lie in one block. */
struct column {
    struct ArrowArray array;
    const void *buffers[3];
    uint8_t validity[BATCH_ROWS / 8];
    union {
        int32_t days[BATCH_ROWS];
        int32_t offsets[BATCH_ROWS + 1];
        int64_t instants[BATCH_ROWS];
        double values[BATCH_ROWS];
        uint8_t bits[BATCH_ROWS / 8];
    } of;
};

struct batch {
    struct edgar_rows *rows;
    size_t n_rows, n_columns;
    struct ArrowArray **pointers;
    const void *no_buffer;
    char *text; /* of the ciks */
    size_t text_size, text_capacity;
    struct column columns[];
};

static void release_column(struct ArrowArray *array)
{
    array->release = NULL;
}

static void free_batch(struct batch *batch)
{
    if (batch != NULL) {
        free(batch->pointers);
        free(batch->text);
    }
    free(batch);
}

/* Kept for the next batch: fresh pages for each would cost as much as filling them. */
static void release_batch(struct ArrowArray *array)
{
    struct batch *batch = array->private_data;

    free_batch(batch->rows->spare);
    batch->rows->spare = batch;
    array->release = NULL;
}

static struct batch *create_batch(struct edgar_rows *rows, size_t n_columns)
{
    struct batch *batch = calloc(1, sizeof *batch + n_columns * sizeof *batch->columns);

    if (batch == NULL) {
        return NULL;
    }
    batch->rows = rows;
    batch->n_columns = n_columns;
    batch->pointers = calloc(n_columns, sizeof(struct ArrowArray *));
    if (batch->pointers == NULL) {
        free_batch(batch);
        return NULL;
    }
    return batch;
}

/* An empty one: of its columns the bits alone must be zero. */
static struct batch *take_batch(struct edgar_rows *rows)
{
    struct batch *batch = rows->spare;

    if (batch == NULL) {
        return create_batch(rows, edgar_columns(rows->edgar));
    }
    rows->spare = NULL;
    batch->n_rows = 0;
    batch->text_size = 0;
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct column *column = &batch->columns[i];
        memset(column->validity, 0, sizeof column->validity);
        memset(column->of.bits, 0, sizeof column->of.bits);
    }
    return batch;
}

void edgar_rows_finish(struct edgar_rows *rows)
{
    free_batch(rows->spare);
    edgar_filings_finish(&rows->filings);
    edgar_tracks_destroy(rows->tracks);
    free(rows->ciks);
    free(rows->days);
}

static void set_bit(uint8_t *bits, size_t row)
{
    bits[row / 8] = (uint8_t)(bits[row / 8] | 1u << row % 8);
}

static bool put_cik(struct batch *batch, size_t row, const char *cik)
{
    size_t size = strlen(cik);

    if (batch->text_size + size > batch->text_capacity) {
        size_t capacity = 2 * (batch->text_size + size) + 16 * BATCH_ROWS;
        char *text = realloc(batch->text, capacity);
        if (text == NULL) {
            return false;
        }
        batch->text = text;
        batch->text_capacity = capacity;
    }
    memcpy(batch->text + batch->text_size, cik, size);
    batch->text_size += size;
    batch->columns[0].of.offsets[row + 1] = (int32_t)batch->text_size;
    set_bit(batch->columns[0].validity, row);
    return true;
}

static void put_instant(struct column *column, size_t row, int64_t instant)
{
    column->of.instants[row] = instant;
    set_bit(column->validity, row);
}

static void put_day(const struct edgar *edgar, struct column *column, size_t row, int32_t day)
{
    if (edgar->settings.compat) {
        put_instant(column, row, day * EDGAR_DAY_US);
    } else {
        column->of.days[row] = day;
        set_bit(column->validity, row);
    }
}

static void put_value(struct column *column, size_t row, double value)
{
    if (!isnan(value)) {
        column->of.values[row] = value;
        set_bit(column->validity, row);
    }
}

static void put_flag(struct column *column, size_t row, bool value)
{
    set_bit(column->validity, row);
    if (value) {
        set_bit(column->of.bits, row);
    }
}

/* Features and masks of a cik without a filing are NULL (freeze §6.4). */
static void put_track(const struct edgar *edgar, struct batch *batch, size_t row,
                      const struct edgar_track *track)
{
    size_t n = edgar->n_features;
    struct column *group = batch->columns + EDGAR_KEYS, *end = group + EDGAR_GROUPS * n;

    for (size_t i = 0; track != NULL && i < n; i++) {
        const struct edgar_measure *measure = &track->measures[i];
        put_value(&group[EDGAR_LAST * n + i], row, measure->last);
        put_value(&group[EDGAR_MEAN * n + i], row, edgar_measure_mean(measure));
        put_value(&group[EDGAR_EMA * n + i], row, measure->ema);
        put_flag(&group[EDGAR_MISSING * n + i], row, isnan(measure->last));
    }
    if (track != NULL) {
        put_instant(&batch->columns[3], row, track->filed_us);
    }
    put_flag(&end[0], row, track != NULL);
    put_flag(&end[1], row, track != NULL);
}

/* All filings up to the day's cutoff, and none after it. */
static bool work_in(struct edgar_rows *rows, int64_t cutoff_us)
{
    const struct edgar_filings *filings = &rows->filings;
    size_t *next = &rows->next_filing;

    for (; *next < filings->n && filings->filed_us[*next] <= cutoff_us; (*next)++) {
        if (!edgar_filings_apply_one(filings, *next, rows->tracks)) {
            return false;
        }
    }
    return true;
}

static bool put_row(struct edgar_rows *rows, struct batch *batch, size_t row)
{
    const struct edgar *edgar = rows->edgar;
    int32_t cik = rows->ciks[rows->next_row], day = rows->days[rows->next_row];
    int64_t cutoff_us = edgar_timeline_cutoff(edgar, day);

    if (!work_in(rows, cutoff_us) || !put_cik(batch, row, edgar->ciks[cik])) {
        return false;
    }
    put_day(edgar, &batch->columns[1], row, day);
    put_instant(&batch->columns[2], row, cutoff_us);
    put_track(edgar, batch, row, rows->tracks->of[cik]);
    rows->next_row++;
    return true;
}

static void finish_batch(struct batch *batch, struct ArrowArray *ret)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct column *column = &batch->columns[i];
        column->buffers[0] = column->validity;
        column->buffers[1] = &column->of;
        column->buffers[2] = batch->text;
        column->array = (struct ArrowArray){.length = (int64_t)batch->n_rows,
                                            .null_count = -1,
                                            .n_buffers = i == 0 ? 3 : 2,
                                            .buffers = column->buffers,
                                            .release = release_column};
        batch->pointers[i] = &column->array;
    }
    *ret = (struct ArrowArray){.length = (int64_t)batch->n_rows,
                               .n_buffers = 1,
                               .buffers = &batch->no_buffer,
                               .n_children = (int64_t)batch->n_columns,
                               .children = batch->pointers,
                               .release = release_batch,
                               .private_data = batch};
}

/* On a thread of the engine, while the stage's own waits for the statement. */
static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret)
{
    struct edgar_rows *rows = stream->private_data;
    struct batch *batch;

    if (rows->next_row == rows->n) {
        *ret = (struct ArrowArray){0};
        return 0;
    }
    batch = take_batch(rows);
    bool good = batch != NULL;
    while (good && batch->n_rows < BATCH_ROWS && rows->next_row < rows->n) {
        good = put_row(rows, batch, batch->n_rows++);
    }
    if (!good) {
        free_batch(batch);
        return ENOMEM;
    }
    finish_batch(batch, ret);
    return 0;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret)
{
    return edgar_columns_schema(((struct edgar_rows *)stream->private_data)->edgar, ret);
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

void edgar_rows_stream(struct edgar_rows *rows, struct ArrowArrayStream *ret_stream)
{
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release_stream,
                                            .private_data = rows};
}
