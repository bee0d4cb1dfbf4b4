/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SPLITMIX_H
#define FW_KERNELS_SPLITMIX_H

#include <stdint.h>

/* Output i of SplitMix64 with this seed: any of them without those before it. */
static inline uint64_t splitmix_at(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* The same as an index below `limit`, which is below 2^32. */
static inline uint64_t splitmix_below(uint64_t seed, uint64_t i, uint64_t limit)
{
    uint64_t z = splitmix_at(seed, i), low = (z & UINT32_MAX) * limit;

    return ((z >> 32) * limit + (low >> 32)) >> 32;
}

#endif
