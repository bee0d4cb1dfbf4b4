/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_REPLICATION_H
#define FW_LIB_INFERENCE_REPLICATION_H

#include <stddef.h>

/** Whether differences found on one sample are there on another. */
enum fw_replication {
    FW_REPLICATION_NONE, /**< nothing to compare */
    FW_REPLICATED,       /**< at least three in four have the same sign on both */
    FW_NOT_REPLICATED,   /**< at most one in four */
    FW_REPLICATION_OPEN  /**< in between */
};

struct fw_consistency {
    size_t consistent, total;
    double rate; /**< NaN where there is nothing */
    enum fw_replication verdict;
};

/** Two differences are consistent when both have the same sign, and neither is 0. Pairs with a NaN
    are passed over. */
void fw_consistency(const double *here, const double *there, size_t n, struct fw_consistency *ret);

#endif
