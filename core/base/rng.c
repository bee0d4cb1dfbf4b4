/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

uint64_t fw_rng_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t fw_rng_seed(const char *key, uint64_t ordinal)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *key; key++) {
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    }
    /* Mixed once before the ordinal goes in, or neighbouring ordinals would give neighbouring
     * positions of one and the same stream. */
    uint64_t state = fw_rng_next(&hash) ^ ordinal;
    return fw_rng_next(&state);
}
