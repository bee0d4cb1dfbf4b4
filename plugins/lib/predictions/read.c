/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "predictions/internal.h"
#include "sql/stream.h"

/* The columns of the query, none of them with a NULL. */
enum { CELL, Y, P, KEY };

#define KEYS "fw_predictions_keys"

/* Texts become numbers once, so that keys are compared and joined as numbers. */
static fw_status number_keys(const struct fw_predictions *predictions)
{
    const struct fw_predictions_private *more = predictions->more;

    return predictions->key != FW_PREDICTIONS_TEXT
               ? FW_OK
               : fw_sql_execf(more->sql,
                              "CREATE OR REPLACE TEMP TABLE " KEYS
                              " AS SELECT k, row_number() OVER "
                              "(ORDER BY k) - 1 AS n FROM (SELECT DISTINCT %s AS k %s)",
                              fw_text_get(&more->key), fw_text_get(&more->rows));
}

/* (experiment, split) to the number of the cell; one cell needs no join. */
static void append_cells(const struct fw_predictions *predictions, struct fw_text *text)
{
    fw_text_append(text, " JOIN (VALUES ");
    for (size_t i = 0; i < predictions->n_cells; i++) {
        fw_text_append(text, i > 0 ? ", (" : "(");
        fw_text_literal(text, predictions->cells[i].experiment);
        fw_text_append(text, ", ");
        fw_text_literal(text, predictions->cells[i].split);
        fw_text_appendf(text, ", %zu)", i);
    }
    fw_text_append(text, ") AS cells(e, s, cell) ON rows.e = cells.e AND rows.s = cells.s");
}

/* What cannot be used becomes not-a-number here, and is looked for once one is seen. */
static void append_query(const struct fw_predictions *predictions, struct fw_text *text)
{
    const struct fw_predictions_private *more = predictions->more;
    bool is_text = predictions->key == FW_PREDICTIONS_TEXT;
    bool is_one = predictions->n_cells == 1;

    fw_text_appendf(text,
                    "SELECT %s AS cell, CASE WHEN k IS NULL THEN 'nan'::DOUBLE ELSE coalesce(y, "
                    "'nan'::DOUBLE) END AS y, coalesce(p, 'nan'::DOUBLE) AS p, coalesce(%s, "
                    "0)::BIGINT AS k FROM (SELECT ",
                    is_one ? "0::INTEGER" : "cell::INTEGER", is_text ? "n" : "k");
    if (!is_one) {
        fw_text_appendf(text, "%s AS e, %s AS s, ", fw_text_get(&more->experiment),
                        fw_text_get(&more->split));
    }
    fw_text_appendf(text, "%s AS k, %s AS y, %s AS p %s) AS rows", fw_text_get(&more->key),
                    fw_text_get(&more->y), fw_text_get(&more->p), fw_text_get(&more->rows));
    if (!is_one) {
        append_cells(predictions, text);
    }
    if (is_text) {
        fw_text_append(text, " LEFT JOIN (SELECT k AS text, n FROM " KEYS ") AS keys ON k = text");
    }
}

static fw_status make_room(struct fw_predictions *predictions)
{
    struct fw_predictions_private *more = predictions->more;
    bool failed = (more->filled = calloc(predictions->n_cells + 1, sizeof *more->filled)) == NULL;

    for (size_t i = 0; i < predictions->n_cells && !failed; i++) {
        struct fw_predictions_cell *cell = &predictions->cells[i];
        cell->p = reallocarray(NULL, cell->n, sizeof *cell->p);
        cell->y = malloc(cell->n);
        cell->keys = predictions->key != FW_PREDICTIONS_NO_KEY
                         ? reallocarray(NULL, cell->n, sizeof *cell->keys)
                         : NULL;
        failed = cell->p == NULL || cell->y == NULL ||
                 (cell->keys == NULL && predictions->key != FW_PREDICTIONS_NO_KEY);
    }
    return failed ? fw_fault_nomem(more->sql->host) : FW_OK;
}

static fw_status start(struct fw_predictions *predictions)
{
    struct fw_predictions_private *more = predictions->more;
    struct fw_text text = {0};
    fw_status status = make_room(predictions);

    if (status == FW_OK) {
        status = number_keys(predictions);
    }
    if (status != FW_OK) {
        return status;
    }
    append_query(predictions, &text);
    status = text.failed
                 ? fw_fault_nomem(more->sql->host)
                 : more->sql->api->query(more->sql->session, fw_text_get(&text), &more->stream);
    fw_text_finish(&text);
    more->is_open = status == FW_OK;
    return status;
}

/* Column `i` of the batch from its first row on. */
#define COLUMN(batch, i, type)                                                                     \
    ((const type *)(batch)->children[i]->buffers[1] + (batch)->children[i]->offset)

static fw_status take_rows(struct fw_predictions *predictions, const struct ArrowArray *batch)
{
    struct fw_predictions_private *more = predictions->more;
    const int32_t *cells = COLUMN(batch, CELL, int32_t);
    const double *y = COLUMN(batch, Y, double), *p = COLUMN(batch, P, double);
    const int64_t *keys = COLUMN(batch, KEY, int64_t);
    bool good = true;

    for (int64_t i = 0; i < batch->length; i++) {
        struct fw_predictions_cell *cell = &predictions->cells[cells[i]];
        size_t at = more->filled[cells[i]]++;
        if (at >= cell->n) {
            return fw_faultf(more->sql->host, FW_E_DATA, more->source->files[0].path, "run again",
                             "the table has more rows than a moment ago");
        }
        good = good && (y[i] == 0 || y[i] == 1) && p[i] >= 0 && p[i] <= 1;
        cell->p[at] = p[i];
        cell->y[at] = y[i] == 1;
        if (cell->keys != NULL) {
            cell->keys[at] = keys[i];
        }
    }
    predictions->n_read += (size_t)batch->length;
    return good ? FW_OK : FW_E_DATA;
}

static void stop(struct fw_predictions_private *more)
{
    more->stream.release(&more->stream);
    more->is_open = false;
}

/* FW_MORE: a batch was taken. FW_OK: there was none. */
static fw_status fetch(struct fw_predictions *predictions)
{
    struct fw_predictions_private *more = predictions->more;
    struct ArrowArray batch;
    int code = more->stream.get_next(&more->stream, &batch);

    if (code != 0) {
        return fw_stream_fault(more->sql->host, &more->stream, code);
    }
    if (batch.release == NULL) {
        return FW_OK;
    }
    fw_status status = take_rows(predictions, &batch);
    batch.release(&batch);
    if (status != FW_E_DATA) {
        return status == FW_OK ? FW_MORE : status;
    }
    stop(more);
    return fw_predictions_refuse_values(predictions);
}

static fw_status check_keys(struct fw_predictions *predictions)
{
    fw_status status = FW_OK;
    size_t twice;

    for (size_t i = 0; i < predictions->n_cells && status == FW_OK; i++) {
        struct fw_predictions_cell *cell = &predictions->cells[i];
        if (cell->keys == NULL) {
            continue;
        }
        status = fw_predictions_order(cell, &twice);
        if (status != FW_OK) {
            return fw_fault_nomem(predictions->more->sql->host);
        }
        if (twice != SIZE_MAX) {
            status = fw_predictions_refuse_key(predictions, cell, cell->keys[twice]);
        }
    }
    return status;
}

fw_status fw_predictions_read(struct fw_predictions *predictions, size_t n_rows)
{
    struct fw_predictions_private *more = predictions->more;
    size_t begun = predictions->n_read;
    fw_status status = FW_MORE;

    if (predictions->n_cells == 0) {
        return FW_OK;
    }
    if (more->filled == NULL) {
        status = start(predictions);
        if (status != FW_OK) {
            return status;
        }
    }
    do {
        status = fetch(predictions);
    } while (status == FW_MORE && predictions->n_read - begun < n_rows);
    if (status != FW_OK) {
        return status;
    }
    stop(more);
    if (predictions->n_read != predictions->n_rows) {
        return fw_faultf(more->sql->host, FW_E_DATA, more->source->files[0].path, "run again",
                         "the table has fewer rows than a moment ago: %zu of %zu",
                         predictions->n_read, predictions->n_rows);
    }
    return check_keys(predictions);
}
