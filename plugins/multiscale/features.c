/* SPDX-License-Identifier: MIT */
#include "features.h"

#include <math.h>
#include <stdlib.h>

#include "cells.h"
#include "period.h"

enum { WEEK, MONTH };

/* Of a batch: behind the columns of the store fw_file, fw_row, and what the rows are ordered by. */
enum { FILE_NUMBER, ROW_NUMBER, AT, BEHIND };

static int type_of(const struct fw_source_column *column)
{
    static const char *const names[] = {
        [FW_PARQUET_BOOLEAN] = "BOOLEAN",     [FW_PARQUET_DATE] = "DATE",
        [FW_PARQUET_TIMESTAMP] = "TIMESTAMP", [FW_PARQUET_BIGINT] = "BIGINT",
        [FW_PARQUET_DOUBLE] = "DOUBLE",       [FW_PARQUET_TEXT] = "VARCHAR"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (strcmp(column->sql_type, names[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool multiscale_features_can(const struct multiscale_table *table)
{
    bool can = true;

    for (size_t i = 0; i < table->source->n_columns; i++) {
        can = can && type_of(&table->source->columns[i]) >= 0;
    }
    return can;
}

static bool grow(struct features *features, size_t n)
{
    const size_t n_columns = features->n_columns;
    size_t n_room = features->n_room > 0 ? features->n_room : 4096;
    bool good = true;

    if (features->n_rows + n <= features->n_room) {
        return true;
    }
    while (n_room < features->n_rows + n) {
        n_room *= 2;
    }
    for (size_t i = 0; i <= n_columns && good; i++) {
        void *before = i < n_columns ? (void *)features->cells[i] : features->at;
        void *larger = reallocarray(before, n_room, sizeof(uint64_t));
        good = larger != NULL;
        if (good && i < n_columns) {
            features->cells[i] = larger;
        } else if (good) {
            features->at = larger;
        }
    }
    features->n_room = good ? n_room : features->n_room;
    return good;
}

static bool is_there(const struct ArrowArray *array, int64_t at)
{
    const uint8_t *validity = array->buffers[0];

    return validity == NULL || (validity[at / 8] >> at % 8 & 1) != 0;
}

/* A text as Arrow's views have it: short ones in place, long ones in a buffer. */
struct view {
    int32_t size;
    union {
        char whole[12];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        } part;
    } of;
};

static struct fw_parquet_text text_of(const struct ArrowArray *array, int64_t at)
{
    const struct view *view = (const struct view *)array->buffers[1] + at;
    const char *bytes =
        (size_t)view->size <= sizeof view->of.whole
            ? view->of.whole
            : (const char *)array->buffers[2 + view->of.part.buffer] + view->of.part.offset;

    return (struct fw_parquet_text){bytes, (size_t)view->size};
}

/* The text of the row before again, mostly. */
static bool take_text(struct features *features, const struct ArrowArray *array, int64_t at,
                      const uint64_t *before, uint64_t *cell)
{
    struct fw_parquet_text text = text_of(array, at);

    if (before != NULL && *before != UINT64_MAX &&
        words_is(&features->words, *before, text.bytes, text.size)) {
        *cell = *before;
        return true;
    }
    *cell = features->words.n;
    return words_add(&features->words, text.bytes, text.size);
}

static uint64_t nothing(enum fw_parquet_type type)
{
    const double nan = NAN;
    uint64_t cell = UINT64_MAX; /* of texts */

    if (type == FW_PARQUET_DOUBLE) {
        memcpy(&cell, &nan, sizeof cell);
    } else if (type == FW_PARQUET_BOOLEAN) {
        cell = FW_PARQUET_NO_BOOLEAN;
    } else if (type == FW_PARQUET_DATE) {
        cell = (uint64_t)(int64_t)INT32_MIN;
    } else if (type != FW_PARQUET_TEXT) {
        cell = (uint64_t)INT64_MIN;
    }
    return cell;
}

/* The engine hands booleans over as bytes, since plugins/lib/wide wants its types without loss. */
static uint64_t cell_of(const struct multiscale_table *table, const struct ArrowArray *array,
                        enum fw_parquet_type type, int64_t at)
{
    const uint8_t *bytes = array->buffers[1];

    if (type == FW_PARQUET_BOOLEAN) {
        return table->gathers ? bytes[at / 8] >> at % 8 & 1 : bytes[at];
    }
    return type == FW_PARQUET_DATE ? (uint64_t)(int64_t)((const int32_t *)array->buffers[1])[at]
                                   : ((const uint64_t *)array->buffers[1])[at];
}

static bool take_column(const struct multiscale_table *table, struct features *features,
                        const struct ArrowArray *array, size_t column, size_t n)
{
    const enum fw_parquet_type type =
        (enum fw_parquet_type)type_of(&table->source->columns[column]);
    uint64_t *cells = features->cells[column] + features->n_rows;
    const uint64_t none = nothing(type);
    bool good = true;

    for (size_t i = 0; i < n && good; i++) {
        int64_t at = (int64_t)i + array->offset;
        if (!is_there(array, at)) {
            cells[i] = none;
        } else if (type == FW_PARQUET_TEXT) {
            const uint64_t *before = features->n_rows + i > 0 ? cells + i - 1 : NULL;
            good = take_text(features, array, at, before, cells + i);
        } else {
            cells[i] = cell_of(table, array, type, at);
        }
    }
    return good;
}

static bool take_rows(const struct multiscale_table *table, struct features *features,
                      const struct ArrowArray *batch)
{
    const struct fw_source *source = table->source;
    const struct ArrowArray *instants = batch->children[source->n_columns + AT];
    size_t n = (size_t)batch->length;
    bool good = grow(features, n);

    for (size_t i = 0; i < source->n_columns && good; i++) {
        good = take_column(table, features, batch->children[i], i, n);
    }
    if (good) {
        memcpy(features->at + features->n_rows,
               (const int64_t *)instants->buffers[1] + instants->offset, n * sizeof *features->at);
        features->n_rows += n;
    }
    return good;
}

static int64_t period_of(int kind, int64_t at)
{
    int64_t day = period_day(at);

    return kind == WEEK ? period_week(day) : period_month(day);
}

/* The last row of a period is the one before another period or another company. */
static bool find_last(struct features *features, const uint64_t *companies, int kind)
{
    size_t n = features->n_rows;

    features->last[kind] = reallocarray(NULL, n + 1, sizeof *features->last[kind]);
    for (size_t i = 0; i < n && features->last[kind] != NULL; i++) {
        if (i + 1 == n || companies[i] != companies[i + 1] ||
            period_of(kind, features->at[i]) != period_of(kind, features->at[i + 1])) {
            features->last[kind][features->n_last[kind]++] = (uint32_t)i;
        }
    }
    return features->last[kind] != NULL;
}

static size_t column_of(const struct fw_source *source, const char *name)
{
    return (size_t)(fw_source_column(source, name) - source->columns);
}

static bool end(const struct multiscale_table *table, struct features *features)
{
    const uint64_t *companies = features->cells[column_of(table->source, "cik")];

    return find_last(features, companies, WEEK) && find_last(features, companies, MONTH);
}

static fw_status take(const void *self, void **kept, struct ArrowArray *batch)
{
    const struct multiscale_table *table = self;
    struct features *features = *kept != NULL ? *kept : calloc(1, sizeof *features);
    size_t n_columns = table->source->n_columns;
    fw_status status = FW_OK;

    if (features != NULL && *kept == NULL) {
        features->cells = calloc(n_columns, sizeof *features->cells);
        features->n_columns = n_columns;
    }
    *kept = features;
    if (features == NULL || features->cells == NULL) {
        status = fw_fault_nomem(table->host);
    } else if (batch == NULL) {
        status = end(table, features) ? FW_OK : fw_fault_nomem(table->host);
    } else if (batch->n_children != (int64_t)n_columns + BEHIND || batch->offset != 0) {
        status = fw_faultf(table->host, FW_E_INTERNAL, NULL, NULL,
                           "rows of the store came in other columns than were asked for");
    } else if (!take_rows(table, features, batch)) {
        status = fw_fault_nomem(table->host);
    }
    if (batch != NULL) {
        batch->release(batch);
    }
    return status;
}

/* The columns of a table: cik, period_start, snapshot_ts, then the store's. */
enum { CIK, PERIOD_START, SNAPSHOT_TS, FIRST };

struct layout {
    const struct features *features;
    int kind;
    size_t n;
    size_t *of; /* column of the store; cik's for the first */
    struct fw_parquet_column *columns;
    const struct fw_parquet_text **texts;
};

static void add(struct layout *layout, const char *name, int type, size_t of)
{
    layout->columns[layout->n] = (struct fw_parquet_column){name, (enum fw_parquet_type)type};
    layout->texts[layout->n] = type == FW_PARQUET_TEXT ? layout->features->words.all : NULL;
    layout->of[layout->n++] = of;
}

static bool lay_out(const struct fw_source *source, struct layout *layout)
{
    size_t n = source->n_columns + FIRST;

    layout->of = calloc(n, sizeof *layout->of);
    layout->columns = calloc(n, sizeof *layout->columns);
    layout->texts = calloc(n, sizeof *layout->texts);
    if (layout->of == NULL || layout->columns == NULL || layout->texts == NULL) {
        return false;
    }
    add(layout, "cik", FW_PARQUET_TEXT, column_of(source, "cik"));
    add(layout, "period_start", FW_PARQUET_TIMESTAMP, 0);
    add(layout, "snapshot_ts", FW_PARQUET_TIMESTAMP, 0);
    for (size_t i = 0; i < source->n_columns; i++) {
        if (!multiscale_edgar_is_key(source->columns[i].name)) {
            add(layout, source->columns[i].name, type_of(&source->columns[i]), i);
        }
    }
    return true;
}

static void fill(const void *self, size_t column, size_t first, size_t n, uint64_t *cells)
{
    const struct layout *layout = self;
    const struct features *features = layout->features;
    const uint32_t *rows = features->last[layout->kind] + first;

    for (size_t i = 0; i < n; i++) {
        if (column == PERIOD_START) {
            cells[i] = (uint64_t)(period_of(layout->kind, features->at[rows[i]]) * PERIOD_DAY);
        } else if (column == SNAPSHOT_TS) {
            cells[i] = (uint64_t)features->at[rows[i]];
        } else {
            cells[i] = features->cells[layout->of[column]][rows[i]];
        }
    }
}

static fw_status write_table(const void *self, const void *kept, size_t output, const char *path,
                             uint64_t *ret_rows)
{
    const struct multiscale_table *table = self;
    struct layout layout = {.features = kept, .kind = (int)output};
    fw_status status = FW_OK;

    if (!lay_out(table->source, &layout)) {
        status = fw_fault_nomem(table->host);
    } else {
        const struct cells_table cells = {.columns = layout.columns,
                                          .n_columns = layout.n,
                                          .texts = layout.texts,
                                          .n_rows = layout.features->n_last[output],
                                          .fill = fill,
                                          .self = &layout};
        *ret_rows = cells.n_rows;
        status = cells_write(&cells, table->host, path);
    }
    free(layout.of);
    free(layout.columns);
    free(layout.texts);
    return status;
}

static void drop(void *kept)
{
    struct features *features = kept;

    if (features != NULL) {
        free(features->last[WEEK]);
        free(features->last[MONTH]);
        for (size_t i = 0; features->cells != NULL && i < features->n_columns; i++) {
            free(features->cells[i]);
        }
        free(features->at);
        words_finish(&features->words);
        free(features->cells);
        free(features);
    }
}

const struct fw_wide_fold multiscale_features_fold = {
    .take = take, .write = write_table, .drop = drop};
