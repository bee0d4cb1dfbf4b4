/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "dataset/internal.h"

/* Two passes: prices and volumes are large beside what they vary by. */
static void add_up(const struct fw_dataset *set, const double *means, double *ret_sums)
{
    const uint64_t n = set->n_parts[FW_DATASET_TRAIN], cols = set->info.cols;

    for (uint64_t i = 0; i < set->info.n_scales; i++) {
        ret_sums[i] = 0;
    }
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t begin = fw_dataset_begin(set, set->parts[FW_DATASET_TRAIN][i]);
        for (uint64_t line = 0; line < set->item / cols; line++) {
            for (uint64_t col = 0; col < cols; col++) {
                const uint64_t scale = set->by_column ? col : line / set->info.rows;
                const double raw = fw_dataset_raw(set, begin + line * cols + col);
                const double value = raw * set->info.raw_scale;
                const double off = means != NULL ? value - means[scale] : 0;
                ret_sums[scale] += means != NULL ? off * off : value;
            }
        }
    }
    const double each = (double)n * (double)(set->item / set->info.n_scales);
    for (uint64_t i = 0; i < set->info.n_scales; i++) {
        ret_sums[i] /= each;
    }
}

void fw_dataset_measure(struct fw_dataset *set)
{
    double *means = set->scales, *deviations = set->scales + set->info.n_scales;

    add_up(set, NULL, means);
    add_up(set, means, deviations);
    for (uint64_t i = 0; i < set->info.n_scales; i++) {
        /* Rounding of the mean alone is no variation. */
        const bool constant = deviations[i] <= 1e-24 * means[i] * means[i];
        deviations[i] = constant ? 1 : sqrt(deviations[i]);
    }
}
