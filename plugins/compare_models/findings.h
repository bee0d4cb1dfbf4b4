/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_FINDINGS_H
#define COMPARE_FINDINGS_H

#include "intervals.h"

/* An arm by one metric. */
struct compare_finding {
    const char *metric;
    size_t arm;
    double value, lower, upper;
    size_t skipped; /* replicates where it cannot be told */
};

/* Two arms by one metric. */
struct compare_difference {
    const char *metric;
    const char *method; /* "bootstrap", "delong" */
    size_t a, b;
    double difference, lower, upper; /* a - b */
    double p, p_holm;                /* Holm's over all pairs of this metric */
    const char *verdict;             /* "a", "b": that one is better; "open" */
};

/* One class against all others by an arm's probability of it, by DeLong; NaN without a sample. */
struct compare_class {
    size_t arm;
    uint32_t class, n; /* its samples */
    double value, lower, upper;
};

/* All zero is valid. */
struct compare_findings {
    struct compare_finding *items;
    size_t n;
    struct compare_difference *pairs;
    size_t n_pairs;
    struct compare_class *classes; /* of more than two classes: [arm][class] */
    size_t n_classes;              /* of them, all arms together */
};

/* Arms by metrics, pairs by metrics; of two classes the AUC too, by DeLong. FW_E_NOMEM at worst. */
fw_status compare_findings_make(const struct compare_intervals *intervals,
                                struct compare_findings *findings);
void compare_findings_finish(struct compare_findings *findings);

#endif
