/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "callbacks.h"
#include "sql/stream.h"

enum { EPOCHS_MOST = 1000000, LOST_AFTER = 3 };

void callbacks_record_finish(struct callbacks_record *record)
{
    for (size_t role = 0; role < CALLBACKS_ROLES; role++) {
        free(record->series[role].step);
    }
    free(record->epochs);
    free(record->room);
}

static fw_status make_room(struct callbacks *c, struct callbacks_run *run,
                           struct callbacks_record *record)
{
    int64_t n, most = 0;
    fw_status status = fw_sql_int64(&c->sql, &n, "SELECT count(*) FROM " CALLBACKS_ROWS);

    run->numbers.n_records = status == FW_OK ? (uint64_t)n : 0;
    for (int role = CALLBACKS_LOSS; role < CALLBACKS_ROLES && status == FW_OK; role++) {
        struct callbacks_series *series = &record->series[role];
        status = fw_sql_int64f(&c->sql, &n, "SELECT count(r%d) FROM " CALLBACKS_ROWS, role);
        if (status != FW_OK) {
            break;
        }
        series->step = calloc((size_t)n + 1, 3 * sizeof *series->step);
        if (series->step == NULL) {
            return fw_fault_nomem(c->host);
        }
        series->epoch = series->step + n + 1;
        series->value = series->epoch + n + 1;
        most = n > most ? n : most;
    }
    if (status == FW_OK) {
        record->room = calloc((size_t)most + 1, 4 * sizeof *record->room);
        status = record->room != NULL ? FW_OK : fw_fault_nomem(c->host);
    }
    return status;
}

/* The double of a row, and whether there is one. */
static bool cell(const struct ArrowArray *batch, int role, int64_t row, double *ret)
{
    const struct ArrowArray *column = batch->children[role];
    const uint8_t *valid = column->buffers[0];
    int64_t at = column->offset + row;

    *ret = ((const double *)column->buffers[1])[at];
    return valid == NULL || (valid[at / 8] >> (at % 8) & 1) != 0;
}

static fw_status refuse(const struct callbacks *c, const struct callbacks_run *run, uint64_t row,
                        enum callbacks_role role, const char *what)
{
    return fw_faultf(
        c->host, FW_E_DATA, run->path, "mend the record, or name another column in the parameters",
        "record %" PRIu64 ": the column \"%s\" %s", row + 1, run->numbers.columns[role], what);
}

/* Where a record stands: step and epoch, NaN where nothing says it. */
struct place {
    uint64_t row;
    double step, epoch;
};

static fw_status find_step(const struct callbacks *c, const struct callbacks_run *run,
                           const struct ArrowArray *batch, int64_t row, struct place *place)
{
    double before = place->step;

    if (run->numbers.columns[CALLBACKS_STEP][0] == '\0') {
        place->step = (double)place->row + 1;
        return FW_OK;
    }
    if (!cell(batch, CALLBACKS_STEP, row, &place->step) || !isfinite(place->step)) {
        return refuse(c, run, place->row, CALLBACKS_STEP,
                      "has no number: each record needs a step");
    }
    return !(place->step < before)
               ? FW_OK
               : refuse(c, run, place->row, CALLBACKS_STEP,
                        "is below the record before: leave out what was trained twice");
}

static fw_status find_epoch(const struct callbacks *c, const struct callbacks_run *run,
                            const struct ArrowArray *batch, int64_t row, struct place *place)
{
    int64_t each = fw_task_value(c->task, "steps_per_epoch")->integer;
    double first = (double)fw_task_value(c->task, "first_epoch")->integer, epoch;

    if (run->numbers.columns[CALLBACKS_EPOCH][0] == '\0') {
        place->epoch = each > 0 ? fmax(0, floor((place->step - 1) / (double)each)) : NAN;
        return !(place->epoch > EPOCHS_MOST)
                   ? FW_OK
                   : refuse(c, run, place->row, CALLBACKS_STEP,
                            "says more than 1000000 epochs: set steps_per_epoch");
    }
    if (!cell(batch, CALLBACKS_EPOCH, row, &epoch) || !(epoch >= first) ||
        !(epoch - first <= EPOCHS_MOST)) {
        return refuse(c, run, place->row, CALLBACKS_EPOCH,
                      "is no epoch: a number from first_epoch to 1000000 is expected");
    }
    place->epoch = floor(epoch - first);
    return FW_OK;
}

static fw_status take_row(const struct callbacks *c, const struct callbacks_run *run,
                          const struct ArrowArray *batch, int64_t row, struct place *place,
                          struct callbacks_record *record)
{
    fw_status status = find_step(c, run, batch, row, place);

    if (status == FW_OK) {
        status = find_epoch(c, run, batch, row, place);
    }
    for (int role = CALLBACKS_LOSS; role < CALLBACKS_ROLES && status == FW_OK; role++) {
        struct callbacks_series *series = &record->series[role];
        double value;
        if (cell(batch, role, row, &value)) {
            series->step[series->n] = place->step;
            series->epoch[series->n] = place->epoch;
            series->value[series->n] = value;
            series->n++;
        }
    }
    return status;
}

static fw_status take_all(const struct callbacks *c, const struct callbacks_run *run,
                          struct ArrowArrayStream *stream, struct callbacks_record *record)
{
    struct place place = {.step = -INFINITY};
    fw_status status = FW_OK;

    while (status == FW_OK) {
        struct ArrowArray batch;
        int code = stream->get_next(stream, &batch);
        if (code != 0) {
            return fw_stream_fault(c->host, stream, code);
        }
        if (batch.release == NULL) {
            return FW_OK;
        }
        for (int64_t row = 0; row < batch.length && status == FW_OK; row++, place.row++) {
            status = take_row(c, run, &batch, row, &place, record);
        }
        batch.release(&batch);
    }
    return status;
}

/* A loss that is not finite three times in a row is lost: what comes behind is not looked at. */
static void cut(struct callbacks_run *run, struct callbacks_record *record)
{
    const struct callbacks_series *loss = &record->series[CALLBACKS_LOSS];
    struct callbacks_numbers *numbers = &run->numbers;
    size_t in_a_row = 0;

    numbers->stopped_at = NAN;
    numbers->n_bad = 0;
    for (size_t i = 0; i < loss->n; i++) {
        bool bad = !isfinite(loss->value[i]);
        in_a_row = bad ? in_a_row + 1 : 0;
        numbers->n_bad += bad;
        if (in_a_row == LOST_AFTER && isnan(numbers->stopped_at)) {
            numbers->stopped_at = loss->step[i + 1 - LOST_AFTER];
        }
    }
    for (int role = CALLBACKS_LOSS; role < CALLBACKS_ROLES; role++) {
        struct callbacks_series *series = &record->series[role];
        while (series->n > 0 && series->step[series->n - 1] >= numbers->stopped_at) {
            series->n--;
        }
    }
    numbers->n_losses = loss->n;
    numbers->steps_end = loss->n > 0 ? loss->step[loss->n - 1] : NAN;
}

static fw_status sum_epochs(const struct callbacks *c, struct callbacks_record *record)
{
    const struct callbacks_series *loss = &record->series[CALLBACKS_LOSS];
    double last = -1;

    for (size_t i = 0; i < loss->n && !isnan(loss->epoch[i]); i++) {
        last = fmax(last, loss->epoch[i]);
    }
    record->n_epochs = (size_t)(last + 1);
    record->epochs = calloc(record->n_epochs + 1, sizeof *record->epochs);
    if (record->epochs == NULL) {
        return fw_fault_nomem(c->host);
    }
    for (size_t i = 0; i < loss->n && record->n_epochs > 0; i++) {
        fw_epoch_add(&record->epochs[(size_t)loss->epoch[i]], loss->value[i]);
    }
    return FW_OK;
}

fw_status callbacks_record_read(struct callbacks *c, struct callbacks_run *run,
                                struct callbacks_record *ret)
{
    struct ArrowArrayStream stream;
    fw_status status = callbacks_rows_make(c, run);

    if (status == FW_OK) {
        status = make_room(c, run, ret);
    }
    if (status == FW_OK) {
        status = c->sql.api->query(c->sql.session,
                                   "SELECT r0, r1, r2, r3, r4, r5, r6, r7 FROM " CALLBACKS_ROWS
                                   " ORDER BY fw_file, fw_row",
                                   &stream);
    }
    if (status != FW_OK) {
        return status;
    }
    status = take_all(c, run, &stream, ret);
    stream.release(&stream);
    if (status == FW_OK) {
        cut(run, ret);
        status = sum_epochs(c, ret);
    }
    return status;
}
