/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_AREAS_H
#define FW_LIB_INFERENCE_AREAS_H

#include <stdint.h>

#include <fw/status.h>

/**
 * Areas under ROC curves of more than two classes, from the ranks of each class's probabilities,
 * sorted once, so that any replicate of the rows takes one pass a class. Read-only once made.
 */
struct fw_areas;

/** Ties count half; all NaN where a class that the rows have is not in the replicate. */
struct fw_area_means {
    double rest;     /**< each class against all others by its probability: the mean of classes */
    double weighted; /**< the same, a class weighing as many rows as it has */
    double pairs;    /**< each two classes against each other, by the probability of either (Hand
                          and Till 2001): the mean of pairs */
};

/**
 * `p` is [class][row], `classes` the rows' own, below n_classes (1 to 2^16); n rows, 1 to 2^30.
 * Copies what it needs, 4 bytes a row and class. Classes without a row have no area and no part in
 * a mean. FW_OK or FW_E_NOMEM.
 */
fw_status fw_areas_create(const double *p, const uint32_t *classes, uint32_t n, uint32_t n_classes,
                          struct fw_areas **ret);

/** Accepts NULL. */
void fw_areas_destroy(struct fw_areas *areas);

/** The areas where row i is there counts[i] times, 2^30 or fewer in all. FW_OK or FW_E_NOMEM. [any
    thread] */
fw_status fw_areas_measure(const struct fw_areas *areas, const uint32_t *counts,
                           struct fw_area_means *ret);

#endif
