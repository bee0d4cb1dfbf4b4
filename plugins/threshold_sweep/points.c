/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "threshold_sweep.h"

static fw_status add_rules(struct sweep *sweep, const char *parameter, enum sweep_rule rule,
                           const char *prefix)
{
    const struct fw_value *targets = fw_task_value(sweep->task, parameter);

    for (uint64_t i = 0; i < targets->n; i++) {
        double target = targets->reals[i];
        if (!(target > 0 && target <= 1)) {
            return fw_faultf(sweep->host, FW_E_CONFIG, parameter, "give shares, say 0.6",
                             "a target of %g is not above 0 and at most 1", target);
        }
        if (sweep->n_rules == SWEEP_POINTS_MAX) {
            return fw_faultf(sweep->host, FW_E_CONFIG, parameter, "give fewer targets",
                             "there are more than %d operating points", SWEEP_POINTS_MAX);
        }
        struct sweep_rule_of *it = &sweep->rules[sweep->n_rules++];
        *it = (struct sweep_rule_of){.rule = rule, .target = target};
        snprintf(it->name, sizeof it->name, "%s_%gpct", prefix, 100 * target);
    }
    return FW_OK;
}

fw_status sweep_rules_read(struct sweep *sweep)
{
    sweep->n_rules = 1;
    sweep->rules[0] = (struct sweep_rule_of){.name = "max_f1", .rule = SWEEP_MAX_F1};
    fw_status status = add_rules(sweep, "precision_targets", SWEEP_MIN_PRECISION, "precision");

    return status == FW_OK ? add_rules(sweep, "recall_targets", SWEEP_MIN_RECALL, "min_recall")
                           : status;
}

/* What the rule wants most of; negative: not this one. */
static double worth(const struct sweep_rule_of *rule, const struct fw_score_counts *counts)
{
    double precision = fw_score_precision(counts);

    switch (rule->rule) {
    case SWEEP_MAX_F1:
        return fw_score_f1(counts);
    case SWEEP_MIN_PRECISION:
        return precision >= rule->target ? fw_score_f1(counts) : -1;
    default:
        return fw_score_recall(counts) >= rule->target ? precision : -1;
    }
}

bool sweep_choose(const struct sweep *sweep, const struct sweep_rule_of *rule,
                  const struct sweep_cell *cell, size_t *ret_row)
{
    uint64_t support = (uint64_t)fw_task_integer(sweep->task, "min_positive_preds");
    double best = -1;

    for (size_t i = 0; i < cell->figures.n_rows; i++) {
        const struct sweep_row *row = &cell->rows[i];
        struct fw_score_counts counts = sweep_counts(&cell->figures, row);
        double now = row->tp + row->fp >= support ? worth(rule, &counts) : -1;
        if (now > best) {
            best = now;
            *ret_row = i;
        }
    }
    return best >= 0;
}
