/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "analysis/ewma.h"
#include "analysis/fit.h"
#include "callback_host/cadence.h"
#include "callbacks.h"

enum { SLOPE_METRICS_END = CALLBACKS_EWMA_VARIANCE };

static void say_outcome(struct callbacks_numbers *numbers, enum callbacks_metric metric,
                        enum fw_outcome outcome, double value)
{
    if (outcome == FW_OUTCOME_OK) {
        callbacks_say(numbers, metric, value);
    } else {
        callbacks_lack(numbers, metric, callbacks_reason_of(outcome));
    }
}

static void say_smoothed(const struct callbacks *c, const struct callbacks_series *loss,
                         struct callbacks_numbers *numbers)
{
    struct fw_ewma ewma;

    fw_ewma_init(&ewma, fw_task_value(c->task, "ewma_alpha")->real);
    for (size_t i = 0; i < loss->n; i++) {
        fw_ewma_update(&ewma, loss->value[i]);
    }
    if (ewma.n > 0) {
        callbacks_say(numbers, CALLBACKS_EWMA_MEAN, ewma.mean);
        callbacks_say(numbers, CALLBACKS_EWMA_VARIANCE, fw_ewma_unbiased_variance(&ewma));
    }
}

static void say_ends(const struct callbacks_series *loss, struct callbacks_numbers *numbers)
{
    double first = NAN, last = NAN;

    for (size_t i = 0; i < loss->n; i++) {
        if (isfinite(loss->value[i])) {
            first = isnan(first) ? loss->value[i] : first;
            last = loss->value[i];
        }
    }
    if (!isnan(first)) {
        callbacks_say(numbers, CALLBACKS_LOSS_FIRST, first);
        callbacks_say(numbers, CALLBACKS_LOSS_LAST, last);
        callbacks_say(numbers, CALLBACKS_LOSS_LAST_BITS, fw_bits_of_nats(last));
    }
}

static void say_fit(const struct callbacks_series *loss, struct callbacks_numbers *numbers)
{
    struct fw_power_law law;
    enum fw_outcome outcome = fw_power_law_fit(loss->step, loss->value, loss->n, &law);

    say_outcome(numbers, CALLBACKS_EXPONENT, outcome, law.b);
    say_outcome(numbers, CALLBACKS_LOG_A, outcome, law.log_a);
    say_outcome(numbers, CALLBACKS_EXPONENT_R2, outcome, law.r2);
}

static void say_validation(const struct callbacks_series *validation,
                           struct callbacks_numbers *numbers)
{
    size_t best = validation->n;

    for (size_t i = 0; i < validation->n; i++) {
        if (isfinite(validation->value[i]) &&
            (best == validation->n || validation->value[i] < validation->value[best])) {
            best = i;
        }
    }
    if (best < validation->n) {
        callbacks_say(numbers, CALLBACKS_BEST_VAL, validation->value[best]);
        callbacks_say(numbers, CALLBACKS_BEST_VAL_STEP, validation->step[best]);
    } else if (numbers->columns[CALLBACKS_VALIDATION][0] == '\0') {
        callbacks_lack(numbers, CALLBACKS_BEST_VAL, CALLBACKS_NO_COLUMN);
        callbacks_lack(numbers, CALLBACKS_BEST_VAL_STEP, CALLBACKS_NO_COLUMN);
    }
}

/* Records of an epoch. The last one may be cut short: it has as many as the one before, at least.
 */
static size_t length_of(const struct callbacks_record *record, size_t epoch)
{
    const struct fw_epoch *epochs = record->epochs;
    size_t n = (size_t)(epochs[epoch].n + epochs[epoch].n_bad);
    size_t before = epoch > 0 ? (size_t)(epochs[epoch - 1].n + epochs[epoch - 1].n_bad) : 0;

    return epoch + 1 == record->n_epochs && before > n ? before : n;
}

/*
 * The means of quarters of epochs from `knee` on, over the step at their ends; a last one that is
 * not whole counts for nothing. Gives their number. x and y have room for a loss each.
 */
static size_t quarters(const struct callbacks_record *record, size_t knee, double *x, double *y)
{
    const struct callbacks_series *loss = &record->series[CALLBACKS_LOSS];
    struct fw_epoch quarter = {0};
    size_t n = 0, b = 0;

    for (size_t i = 0; i < loss->n; i++) {
        size_t epoch = (size_t)loss->epoch[i];
        bool begins = i == 0 || loss->epoch[i - 1] != loss->epoch[i];
        b = begins ? 0 : b + 1;
        if (begins) {
            quarter = (struct fw_epoch){0};
        }
        fw_epoch_add(&quarter, loss->value[i]);
        if (fw_cadence_quarter(b, length_of(record, epoch)) == 0) {
            continue;
        }
        if (epoch >= knee && quarter.n > 0) {
            x[n] = loss->step[i];
            y[n++] = quarter.sum / (double)quarter.n;
        }
        quarter = (struct fw_epoch){0};
    }
    return n;
}

static void say_r2(struct callbacks_numbers *numbers, enum callbacks_metric metric, const double *x,
                   const double *y, size_t n)
{
    double r2;
    enum fw_outcome outcome = fw_power_law_r2(x, y, n, FW_SLOPE_FIT_LEAST, &r2);

    say_outcome(numbers, metric, outcome, r2);
}

static void say_after_knee(struct callbacks_record *record, size_t knee,
                           struct callbacks_numbers *numbers)
{
    const struct callbacks_series *loss = &record->series[CALLBACKS_LOSS];
    const struct callbacks_series *validation = &record->series[CALLBACKS_VALIDATION];
    double alpha, *x = record->room, *y = record->room + loss->n;
    size_t first = 0;
    enum fw_outcome outcome =
        fw_epoch_slope(record->epochs, record->n_epochs, knee, record->n_epochs, &alpha);

    say_outcome(numbers, CALLBACKS_ALPHA_FULL, outcome, alpha);
    say_r2(numbers, CALLBACKS_R_SQUARED, x, y, quarters(record, knee, x, y));
    while (first < validation->n && validation->epoch[first] < (double)knee) {
        first++;
    }
    if (numbers->columns[CALLBACKS_VALIDATION][0] == '\0') {
        callbacks_lack(numbers, CALLBACKS_R_SQUARED_VAL, CALLBACKS_NO_COLUMN);
    } else {
        say_r2(numbers, CALLBACKS_R_SQUARED_VAL, validation->step + first,
               validation->value + first, validation->n - first);
    }
}

static void say_epochs(const struct callbacks *c, struct callbacks_record *record,
                       struct callbacks_numbers *numbers)
{
    double alpha, threshold = fw_task_value(c->task, "burn_in_ce")->real;
    int64_t burn_in = fw_task_value(c->task, "burn_in_epochs")->integer;
    enum fw_outcome outcome = fw_epoch_slope(record->epochs, record->n_epochs, (size_t)c->window[0],
                                             (size_t)c->window[1], &alpha);
    int64_t knee = fw_epoch_knee(record->epochs, record->n_epochs, threshold,
                                 (size_t)fw_task_value(c->task, "knee_hold")->integer);

    say_outcome(numbers, CALLBACKS_ALPHA, outcome, alpha);
    if (threshold > 0 && knee >= 0) {
        callbacks_say(numbers, CALLBACKS_KNEE, (double)knee);
        callbacks_say(numbers, CALLBACKS_BURN_IN, fw_epoch_mean(&record->epochs[knee]));
    }
    if (threshold <= 0 || knee >= 0) {
        say_after_knee(record, (size_t)(threshold <= 0 ? burn_in : knee), numbers);
    }
}

void callbacks_slope(const struct callbacks *c, struct callbacks_record *record,
                     struct callbacks_numbers *numbers)
{
    static const enum callbacks_metric of_epochs[] = {
        CALLBACKS_ALPHA,   CALLBACKS_ALPHA_FULL, CALLBACKS_KNEE,
        CALLBACKS_BURN_IN, CALLBACKS_R_SQUARED,  CALLBACKS_R_SQUARED_VAL,
    };
    const struct callbacks_series *loss = &record->series[CALLBACKS_LOSS];

    for (int i = 0; i <= (int)SLOPE_METRICS_END; i++) {
        callbacks_lack(numbers, (enum callbacks_metric)i, CALLBACKS_FEW);
    }
    for (size_t i = 0; i < FW_COUNT(of_epochs); i++) {
        callbacks_lack(numbers, of_epochs[i],
                       record->n_epochs == 0 ? CALLBACKS_NO_EPOCHS : CALLBACKS_NO_KNEE);
    }
    say_ends(loss, numbers);
    say_smoothed(c, loss, numbers);
    say_fit(loss, numbers);
    say_validation(&record->series[CALLBACKS_VALIDATION], numbers);
    if (record->n_epochs > 0) {
        say_epochs(c, record, numbers);
    }
}
