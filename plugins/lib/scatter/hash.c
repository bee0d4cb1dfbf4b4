/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

static const uint64_t factor = 0x9e3779b97f4a7c15;

static uint64_t load(const void *bytes, size_t size)
{
    uint64_t word = 0;

    memcpy(&word, bytes, size);
    return word;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * factor;
    return hash ^ hash >> 32;
}

/* The last word overlaps the one before: no loop over single bytes. */
uint64_t scatter_hash(const char *bytes, size_t size)
{
    uint64_t hash = size * factor;

    if (size < 8) {
        return mix(hash, load(bytes, size));
    }
    for (size_t at = 0; at + 8 < size; at += 8) {
        hash = mix(hash, load(bytes + at, 8));
    }
    return mix(hash, load(bytes + size - 8, 8));
}

uint64_t scatter_sum(uint64_t sum, const void *bytes, size_t size)
{
    const char *at = bytes;

    for (size_t i = 0; i < size; i += 8) {
        sum = mix(sum, load(at + i, 8));
    }
    return sum;
}
