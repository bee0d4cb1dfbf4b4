/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "callbacks.h"

static const struct {
    const char *name, *unit;
    enum callbacks_analysis analysis;
} metrics[] = {
#define METRIC(identifier, analysis, name, unit) {name, unit, CALLBACKS_##analysis},
#include "metrics.def"
#undef METRIC
};

const char *callbacks_metric_unit(enum callbacks_metric metric)
{
    return metrics[metric].unit;
}

enum callbacks_analysis callbacks_metric_analysis(enum callbacks_metric metric)
{
    return metrics[metric].analysis;
}

const char *callbacks_analysis_name(enum callbacks_analysis analysis)
{
    static const char *const names[] = {"loss_slope", "grad", "noise", "correlation"};

    return names[analysis];
}

const char *callbacks_metric_name(const struct callbacks *c, enum callbacks_metric metric,
                                  char room[CALLBACKS_NAME])
{
    if (metric != CALLBACKS_ALPHA) {
        return metrics[metric].name;
    }
    snprintf(room, CALLBACKS_NAME, "loss_slope/alpha_%lld_%lld", (long long)c->window[0],
             (long long)c->window[1]);
    return room;
}

const char *callbacks_reason_text(enum callbacks_reason reason)
{
    static const char *const texts[CALLBACKS_REASONS] = {
        "the analysis was not asked for",
        NULL,
        "the run has no column for it",
        "there is no epoch column, and steps_per_epoch is 0",
        "too few points",
        "no epoch's mean loss is as low as burn_in_ce",
        "one side is constant",
        "a number in its window is not finite",
        "batch_small and batch_big are not given",
        "the squared gradient is not above 0: too noisy, or too few records",
        "more than 20000 points: the ranks' order would take minutes",
    };

    return texts[reason];
}

const char *callbacks_role_parameter(enum callbacks_role role)
{
    static const char *const names[CALLBACKS_ROLES] = {
        "step_column",      "epoch_column",      "loss_column",     "val_loss_column",
        "grad_norm_column", "small_norm_column", "big_norm_column", "lr_column",
    };

    return names[role];
}

void callbacks_lack(struct callbacks_numbers *numbers, enum callbacks_metric metric,
                    enum callbacks_reason reason)
{
    numbers->values[metric] = NAN;
    numbers->reasons[metric] = reason;
}

void callbacks_say(struct callbacks_numbers *numbers, enum callbacks_metric metric, double value)
{
    numbers->values[metric] = isfinite(value) ? value : NAN;
    numbers->reasons[metric] = isfinite(value) ? CALLBACKS_THERE : CALLBACKS_NOT_FINITE;
}

enum callbacks_reason callbacks_reason_of(enum fw_outcome outcome)
{
    return outcome == FW_OUTCOME_INSUFFICIENT ? CALLBACKS_FEW
           : outcome == FW_OUTCOME_OK         ? CALLBACKS_THERE
                                              : CALLBACKS_CONSTANT;
}
