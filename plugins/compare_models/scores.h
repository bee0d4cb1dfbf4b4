/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_SCORES_H
#define COMPARE_SCORES_H

#include "batches.h"
#include "set.h"

/* How a metric comes of the samples. Those of a column, a number for each sample, come first. */
enum compare_how {
    COMPARE_MEAN,
    COMPARE_ROOT,          /* the root of a column's mean */
    COMPARE_R2,            /* 1 - squared misses / squares about the target's own mean */
    COMPARE_AREA,          /* areas under ROC curves, see inference/areas.h: each class against */
    COMPARE_AREA_WEIGHTED, /* the rest, the mean over classes, that by prevalence, */
    COMPARE_AREA_PAIRS     /* and classes two by two */
};

/* What an arm is measured by. */
struct compare_metric {
    const char *name;
    enum compare_how how;
    bool higher_is_better;
};

enum { COMPARE_MAX_METRICS = 6 };
enum compare_task { COMPARE_CLASSIFICATION, COMPARE_REGRESSION };

/*
 * Classification: accuracy; log_loss, the mean of -ln p of the sample's class, p at least 1e-15;
 * brier, of two classes (p - y)^2 of class 1, of more the sum over the classes. A model gives a
 * probability per class, or one number, that of class 1; class 1 is predicted from 0.5 on, of
 * more than two classes the most probable, the first of equal ones. Of more than two classes the
 * three areas; of two there is one, by DeLong (findings.h).
 * Regression: mae and rmse over all numbers of the samples, each sample's own mean first; r2, the
 * squares of all numbers of the target together.
 */
extern const struct compare_metric compare_metrics[2][COMPARE_MAX_METRICS];

/* All numbers that are kept, of all arms. All zero is valid. */
struct compare_scores {
    enum compare_task task;
    const struct compare_metric *metrics;
    size_t n_arms;
    size_t n_columns; /* the metrics that have one */
    size_t n_metrics;
    uint64_t n;        /* samples */
    double *columns;   /* [arm][column][sample] */
    uint64_t n_p;      /* 1 of two classes, that of class 1; of more all of them, or none */
    double *p;         /* [arm][n_p][sample] */
    uint32_t *classes; /* of each sample; NULL in a regression */
    uint64_t n_classes;
    uint64_t n_target;
    double *target; /* of a regression with r2: [sample][n_target] */
};

/* Finds out the classes by the parameters `classes` and `area_classes`, and takes the memory. */
fw_status compare_scores_init(const struct fw_host *host, const struct fw_task *task,
                              const struct compare_set *set, size_t n_arms,
                              struct compare_scores *scores);
void compare_scores_finish(struct compare_scores *scores);

static inline double *compare_column(const struct compare_scores *scores, size_t arm, size_t column)
{
    return scores->columns + (arm * scores->n_columns + column) * scores->n;
}

/* Probabilities of class `k` of n_p. */
static inline double *compare_p(const struct compare_scores *scores, size_t arm, uint64_t k)
{
    return scores->p + (arm * scores->n_p + k) * scores->n;
}

#endif
