/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TRAINING_PROBE_H
#define FW_SERVICE_TRAINING_PROBE_H

#include "fw/macros.h"

FW_BEGIN_DECLS

/** A batch that is kept for questions about the loss; see `probe_open`. */
struct fw_training_probe;

/** What a probe is made of. */
struct fw_training_probe_options {
    uint32_t struct_size;
    uint32_t frozen;    /**< 1: batch norm takes its running statistics as constants */
    uint64_t n_samples; /**< of the training part, without augmentation; at most n_train */
    uint64_t seed;      /**< which ones */
};
FW_ASSERT_NO_TAIL(struct fw_training_probe_options, seed);

/** Two halves of one batch and their mean gradients g1, g2. */
struct fw_training_halves {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t n;              /**< samples of both together */
    double squared_distance; /**< |g1 - g2|^2 */
    double squared_half;     /**< (|g1|^2 + |g2|^2) / 2: of batches of n / 2 */
    double squared_mean;     /**< |(g1 + g2) / 2|^2: of the batch of n */
};
FW_ASSERT_NO_TAIL(struct fw_training_halves, squared_mean);

FW_END_DECLS

#endif
