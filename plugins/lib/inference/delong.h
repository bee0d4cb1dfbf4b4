/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_DELONG_H
#define FW_LIB_INFERENCE_DELONG_H

#include <stdint.h>

#include <fw/status.h>

/**
 * The areas under two ROC curves of the same rows, and how they vary together (DeLong, DeLong and
 * Clarke-Pearson 1988), from ranks in O(n log n). Rows are taken to be independent.
 */
struct fw_delong {
    uint32_t n_ones, n_zeros;
    double auc[2];      /**< ties count half; NaN where there is one class alone */
    double variance[2]; /**< NaN where a class has fewer than two rows, as is what follows */
    double covariance;
    double difference;     /**< auc[0] - auc[1] */
    double standard_error; /**< of the difference; 0 or more */
    double z;              /**< difference / standard_error; 0 where both are 0 */
    double p; /**< two-sided, normal; 1 where both are 0; NaN where the standard error alone is 0,
                 which says nothing about how sure the difference is */
};

/** `a`, `b` in [0, 1], `y` 0 or 1, n rows, below 2^32. FW_OK or FW_E_NOMEM. [any thread] */
fw_status fw_delong(const double *a, const double *b, const uint8_t *y, uint32_t n,
                    struct fw_delong *ret);

#endif
