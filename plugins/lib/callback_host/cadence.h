/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_CALLBACK_HOST_CADENCE_H
#define FW_LIB_CALLBACK_HOST_CADENCE_H

#include <stdint.h>

#include <stdbool.h>

/**
 * Which quarter of an epoch of `batches` steps ends with `batch` (from 0): 1 to 4, or 0. A quarter
 * k ends behind floor(k * batches / 4) steps; quarters without a step of their own have no end,
 * so that 3 batches have three ends, and the last batch always is one.
 */
static inline uint32_t fw_cadence_quarter(uint64_t batch, uint64_t batches)
{
    for (uint32_t k = 1; k <= 4; k++) {
        /* k * batches / 4 without overflow */
        if (batches / 4 * k + batches % 4 * k / 4 == batch + 1) {
            return k;
        }
    }
    return 0;
}

/** Whether what happens every `interval` steps happens behind `n` of them; never behind none. */
static inline bool fw_cadence_due(uint64_t n, uint64_t interval)
{
    return n > 0 && interval > 0 && n % interval == 0;
}

#endif
