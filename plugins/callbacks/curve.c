/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "analysis/ewma.h"
#include "callbacks.h"

/* Which of `most` points the i-th of n is for, evenly by logarithm: the first ones are all shown.
 */
static bool is_shown(size_t i, size_t n, size_t most, size_t shown)
{
    if (n <= most) {
        return true;
    }
    double at = log((double)i + 1) / log((double)n) * (double)(most - 1);

    return (size_t)floor(at) >= shown && shown < most;
}

static void add_losses(const struct callbacks *c, const struct callbacks_series *loss,
                       struct callbacks_curve *curve)
{
    struct fw_ewma ewma;

    fw_ewma_init(&ewma, fw_task_value(c->task, "ewma_alpha")->real);
    for (size_t i = 0; i < loss->n; i++) {
        size_t at = curve->n_loss;
        fw_ewma_update(&ewma, loss->value[i]);
        if (is_shown(i, loss->n, CALLBACKS_CURVE_POINTS, at)) {
            curve->step[at] = loss->step[i];
            curve->loss[at] = loss->value[i];
            curve->ewma[at] = ewma.n > 0 ? ewma.mean : NAN;
            curve->n_loss++;
        }
    }
}

void callbacks_curve_fill(const struct callbacks *c, const struct callbacks_record *record,
                          struct callbacks_numbers *numbers)
{
    const struct callbacks_series *validation = &record->series[CALLBACKS_VALIDATION];
    struct callbacks_curve *curve = &numbers->curve;

    add_losses(c, &record->series[CALLBACKS_LOSS], curve);
    for (size_t i = 0; i < validation->n; i++) {
        size_t at = curve->n_validation;
        if (is_shown(i, validation->n, CALLBACKS_CURVE_POINTS, at)) {
            curve->validation_step[at] = validation->step[i];
            curve->validation[at] = validation->value[i];
            curve->n_validation++;
        }
    }
}
