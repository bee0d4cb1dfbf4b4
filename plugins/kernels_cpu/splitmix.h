/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SPLITMIX_H
#define FW_KERNELS_SPLITMIX_H

#include "splitmix/splitmix.h"

/* Number i of fw_splitmix as an index below `limit`, which is below 2^32. */
static inline uint64_t splitmix_below(uint64_t seed, uint64_t i, uint64_t limit)
{
    uint64_t z = fw_splitmix(seed, i), low = (z & UINT32_MAX) * limit;

    return ((z >> 32) * limit + (low >> 32)) >> 32;
}

#endif
