/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_MEASURE_H
#define COMPARE_MEASURE_H

#include "scores.h"

struct fw_areas;

/* What measures arms on a replicate of the samples. All zero is valid. */
struct compare_measure {
    const struct compare_scores *scores;
    struct fw_areas **areas; /* of each arm; NULL where there are none */
};

/* Once all arms have answered. FW_E_NOMEM at worst, without a fault. */
fw_status compare_measure_init(const struct compare_scores *scores,
                               struct compare_measure *measure);
void compare_measure_finish(struct compare_measure *measure);

/*
 * All metrics of an arm where sample i is there counts[i] times, scores->n in all. NaN: a class is
 * not there at all, or the target does not vary. FW_E_NOMEM at worst.
 */
fw_status compare_measure_arm(const struct compare_measure *measure, size_t arm,
                              const uint32_t *counts, double *ret_metrics);

#endif
