/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "analysis/correlation.h"
#include "analysis/ewma.h"
#include "callbacks.h"

enum { RANKED_MOST = 20000 };

void callbacks_grad(const struct callbacks *c, const struct callbacks_record *record,
                    struct callbacks_numbers *numbers)
{
    const struct callbacks_series *norm = &record->series[CALLBACKS_NORM];
    struct fw_ewma ewma;
    double sum = 0, most = -INFINITY;

    for (int i = CALLBACKS_NORM_MEAN; i <= (int)CALLBACKS_NORM_BAD; i++) {
        callbacks_lack(numbers, (enum callbacks_metric)i,
                       numbers->columns[CALLBACKS_NORM][0] != '\0' ? CALLBACKS_FEW
                                                                   : CALLBACKS_NO_COLUMN);
    }
    fw_ewma_init(&ewma, fw_task_value(c->task, "ewma_alpha")->real);
    for (size_t i = 0; i < norm->n; i++) {
        fw_ewma_update(&ewma, norm->value[i]);
        if (isfinite(norm->value[i])) {
            sum += norm->value[i];
            most = fmax(most, norm->value[i]);
        }
    }
    if (norm->n > 0) {
        callbacks_say(numbers, CALLBACKS_NORM_BAD, (double)ewma.skipped);
    }
    if (ewma.n > 0) {
        callbacks_say(numbers, CALLBACKS_NORM_MEAN, sum / (double)ewma.n);
        callbacks_say(numbers, CALLBACKS_NORM_MAX, most);
        callbacks_say(numbers, CALLBACKS_NORM_EWMA, ewma.mean);
    }
}

/*
 * A value of b, and the newest one of a that is not from a later step: metrics of one moment may
 * stand in records of their own. Steps do not fall. Gives the number of pairs.
 */
static size_t pair_up(const struct callbacks_series *a, const struct callbacks_series *b, double *x,
                      double *y)
{
    size_t n = 0, at = 0;

    for (size_t i = 0; i < b->n && a->n > 0; i++) {
        while (at + 1 < a->n && a->step[at + 1] <= b->step[i]) {
            at++;
        }
        if (a->step[at] <= b->step[i]) {
            x[n] = a->value[at];
            y[n++] = b->value[i];
        }
    }
    return n;
}

static const struct {
    enum callbacks_role a, b;
    enum callbacks_metric r, rho;
} pairs[] = {
    {CALLBACKS_LOSS, CALLBACKS_VALIDATION, CALLBACKS_LOSS_VAL_R, CALLBACKS_LOSS_VAL_RHO},
    {CALLBACKS_LOSS, CALLBACKS_NORM, CALLBACKS_LOSS_NORM_R, CALLBACKS_LOSS_NORM_RHO},
    {CALLBACKS_LOSS, CALLBACKS_RATE, CALLBACKS_LOSS_RATE_R, CALLBACKS_LOSS_RATE_RHO},
    {CALLBACKS_NORM, CALLBACKS_RATE, CALLBACKS_NORM_RATE_R, CALLBACKS_NORM_RATE_RHO},
};

static void say_one(struct callbacks_numbers *numbers, enum callbacks_metric metric,
                    enum fw_outcome outcome, double value)
{
    if (outcome == FW_OUTCOME_OK) {
        callbacks_say(numbers, metric, value);
    } else {
        callbacks_lack(numbers, metric, callbacks_reason_of(outcome));
    }
}

static void say_pair(const struct callbacks_record *record, struct callbacks_numbers *numbers,
                     size_t i)
{
    const struct callbacks_series *a = &record->series[pairs[i].a],
                                  *b = &record->series[pairs[i].b];
    double r, rho, *x = record->room, *y = record->room + b->n;
    size_t n = pair_up(a, b, x, y);
    enum fw_outcome outcome = fw_pearson(x, y, n, &r);

    say_one(numbers, pairs[i].r, outcome, r);
    if (n > RANKED_MOST) {
        callbacks_lack(numbers, pairs[i].rho, CALLBACKS_LONG);
    } else {
        outcome = fw_spearman(x, y, n, &rho);
        say_one(numbers, pairs[i].rho, outcome, rho);
    }
}

void callbacks_relate(const struct callbacks_record *record, struct callbacks_numbers *numbers)
{
    for (size_t i = 0; i < FW_COUNT(pairs); i++) {
        if (numbers->columns[pairs[i].a][0] == '\0' || numbers->columns[pairs[i].b][0] == '\0') {
            callbacks_lack(numbers, pairs[i].r, CALLBACKS_NO_COLUMN);
            callbacks_lack(numbers, pairs[i].rho, CALLBACKS_NO_COLUMN);
        } else {
            say_pair(record, numbers, i);
        }
    }
}
