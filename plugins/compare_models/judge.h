/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_JUDGE_H
#define COMPARE_JUDGE_H

#include "scores.h"

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
    const struct compare_set *set;
    struct compare_scores *scores;
    struct compare_trip *trip;
    size_t index;            /* of the arm */
    const uint32_t *samples; /* that the rows of the answers are; NULL: row i is sample i */
    const struct compare_truth *truth;
    struct compare_seen seen;
};

/* struct compare_batches.take; self is a struct compare_judge. Trips on shapes and NaN. */
fw_status compare_judge_take(void *self, uint64_t first, uint64_t n,
                             const struct fw_predictor_array *outputs);

/* After the first samples and at the end: trips on answers that are all zero, or all the same. */
fw_status compare_judge_seen(const struct compare_judge *judge);

#endif
