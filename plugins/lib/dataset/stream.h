/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DATASET_STREAM_H
#define FW_LIB_DATASET_STREAM_H

#include "splitmix/splitmix.h"

/*
 * What a run draws by chance comes from streams of their own, each from the run's seed alone: not
 * from threads, batches, the order of calls or what a resumed run drew before.
 */

enum fw_stream {
    FW_STREAM_INIT = 1, /**< weights: which = number of the tensor */
    FW_STREAM_SHUFFLE,  /**< which = epoch */
    FW_STREAM_AUGMENT,  /**< which = epoch, item = sample */
    FW_STREAM_DROPOUT   /**< which = step */
};

/** Seed of a stream: what fw_splitmix_next takes as its first state. [any thread] */
static inline uint64_t fw_stream_seed(uint64_t run_seed, enum fw_stream stream, uint64_t which,
                                      uint64_t item)
{
    return fw_splitmix(fw_splitmix(fw_splitmix(run_seed, (uint64_t)stream), which), item);
}

/** Uniform in [0, 1), a multiple of 2^-53. */
static inline double fw_stream_uniform(uint64_t *state)
{
    return (double)(fw_splitmix_next(state) >> 11) * 0x1p-53;
}

/** 0 … n - 1, 0 < n ≤ 2^32: no number is likelier than another by more than 2^-32. */
static inline uint64_t fw_stream_below(uint64_t *state, uint64_t n)
{
    return ((fw_splitmix_next(state) >> 32) * n) >> 32;
}

#endif
