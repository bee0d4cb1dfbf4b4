/* SPDX-License-Identifier: MIT */
#include "threshold_sweep.h"

/* Precision first, recall second: what decisions are made by. */
const struct sweep_column sweep_metrics[SWEEP_METRICS] = {
    {"threshold", false},
    {"precision", false},
    {"recall", false},
    {"f1", false},
    {"accuracy", false},
    {"positive_prediction_rate", false},
    {"false_positive_rate", false},
    {"precision_low", false},
    {"precision_high", false},
    {"recall_low", false},
    {"recall_high", false},
    {"n_positive_preds", true},
    {"tp", true},
    {"fp", true},
    {"fn", true},
    {"tn", true},
};

void sweep_metrics_of(const struct sweep_figures *figures, const struct sweep_row *row,
                      union sweep_value *ret_values)
{
    struct fw_score_counts counts = sweep_counts(figures, row);
    struct fw_score_interval precision =
        fw_score_wilson(counts.tp, counts.tp + counts.fp, FW_SCORE_Z95);
    struct fw_score_interval recall =
        fw_score_wilson(counts.tp, counts.tp + counts.fn, FW_SCORE_Z95);
    const double reals[] = {row->threshold,
                            fw_score_precision(&counts),
                            fw_score_recall(&counts),
                            fw_score_f1(&counts),
                            fw_score_accuracy(&counts),
                            fw_score_positive_rate(&counts),
                            fw_score_false_positive_rate(&counts),
                            precision.lower,
                            precision.upper,
                            recall.lower,
                            recall.upper};
    const uint64_t wholes[] = {counts.tp + counts.fp, counts.tp, counts.fp, counts.fn, counts.tn};

    for (size_t i = 0; i < FW_COUNT(reals); i++) {
        ret_values[i].real = reals[i];
    }
    for (size_t i = 0; i < FW_COUNT(wholes); i++) {
        ret_values[FW_COUNT(reals) + i].whole = (int64_t)wholes[i];
    }
}

const struct sweep_column sweep_facts[SWEEP_FACTS] = {
    {"n_samples", true},          {"n_positive", true},     {"n_distinct", true},
    {"n_thresholds", true},       {"class_balance", false}, {"auc", false},
    {"average_precision", false}, {"brier", false},         {"log_loss", false},
    {"calibration_error", false}, {"mean_p", false},        {"pred_min", false},
    {"pred_max", false},
};

void sweep_facts_of(const struct sweep_figures *figures, union sweep_value *ret_values)
{
    const struct fw_score_summary *summary = &figures->summary;
    const uint64_t wholes[] = {figures->n, figures->n_positive, summary->n_distinct,
                               figures->n_rows};
    const double reals[] = {(double)figures->n_positive / (double)figures->n,
                            summary->auc,
                            summary->average_precision,
                            summary->brier,
                            summary->log_loss,
                            figures->calibration_error,
                            summary->mean_p,
                            summary->min_p,
                            summary->max_p};

    for (size_t i = 0; i < FW_COUNT(wholes); i++) {
        ret_values[i].whole = (int64_t)wholes[i];
    }
    for (size_t i = 0; i < FW_COUNT(reals); i++) {
        ret_values[FW_COUNT(wholes) + i].real = reals[i];
    }
}
