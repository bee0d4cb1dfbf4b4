/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_SCORES_H
#define COMPARE_SCORES_H

#include "batches.h"

/* What an arm is measured by: the mean of a column of numbers, one for each sample. */
struct compare_metric {
    const char *name;
    bool root; /* the root of that mean */
    bool higher_is_better;
};

enum { COMPARE_MAX_METRICS = 3 };
enum compare_task { COMPARE_CLASSIFICATION, COMPARE_REGRESSION };

/*
 * Classification: accuracy; log_loss, the mean of -ln p of the sample's class, p at least 1e-15;
 * brier, of two classes (p - y)^2 of class 1, of more the sum over the classes. A model gives a
 * probability per class, or one number, that of class 1; class 1 is predicted from 0.5 on, of
 * more than two classes the most probable, the first of equal ones.
 * Regression: mae and rmse over all numbers of the samples, each sample's own mean first.
 */
extern const struct compare_metric compare_metrics[2][COMPARE_MAX_METRICS];
size_t compare_n_metrics(enum compare_task task);

/* All numbers that are kept, of all arms. */
struct compare_scores {
    enum compare_task task;
    size_t n_arms, n_metrics;
    uint64_t n;      /* samples */
    double *columns; /* [arm][metric][sample] */
    double *p;       /* [arm][sample]: p of class 1; NULL but for two classes */
    uint8_t *labels; /* of two classes; else NULL */
    uint64_t n_classes;
};

static inline double *compare_column(const struct compare_scores *scores, size_t arm, size_t metric)
{
    return scores->columns + (arm * scores->n_metrics + metric) * scores->n;
}

/* The statistics of what an arm answers. */
struct compare_seen {
    uint64_t n, n_zero, n_not_finite;
    double first, sum, largest;
    bool differs;
};

/* Scores the answers of one arm. */
struct compare_judge {
    const struct fw_host *host;
    const struct compare_arm *arm;
    struct compare_scores *scores;
    struct compare_trip *trip;
    size_t index;             /* of the arm */
    const double *target;     /* of the chunk that begins at sample `first`, */
    uint64_t first, n_target; /* so many numbers per sample */
    struct compare_seen seen;
};

/* struct compare_batches.take; self is a struct compare_judge. Trips on shapes and NaN. */
fw_status compare_judge_take(void *self, uint64_t first, uint64_t n,
                             const struct fw_predictor_array *outputs);

/* After the first samples and at the end: trips on answers that are all zero, or all the same. */
fw_status compare_judge_seen(const struct compare_judge *judge);

#endif
