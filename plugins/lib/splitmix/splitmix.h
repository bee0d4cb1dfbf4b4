/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SPLITMIX_SPLITMIX_H
#define FW_LIB_SPLITMIX_SPLITMIX_H

#include <stdint.h>

/**
 * Number j, from 0, of SplitMix64 (Steele, Lea and Flood 2014) from a seed: each by itself, so that
 * processors and devices agree bit for bit in any order. [any thread]
 */
static inline uint64_t fw_splitmix(uint64_t seed, uint64_t j)
{
    uint64_t z = seed + (j + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/** The numbers in turn; `state` begins as the seed. */
static inline uint64_t fw_splitmix_next(uint64_t *state)
{
    const uint64_t z = fw_splitmix(*state, 0);

    *state += UINT64_C(0x9E3779B97F4A7C15);
    return z;
}

#endif
