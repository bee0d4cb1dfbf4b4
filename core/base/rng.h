/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_RNG_H
#define FW_CORE_BASE_RNG_H

#include <stdint.h>

/* One step of splitmix64: advances `state` and returns 64 well-mixed bits. */
uint64_t fw_rng_next(uint64_t *state);

/* The seed of item `ordinal` under a hexadecimal key (any text): a pure function of the two, so
 * that results do not depend on the order of work. */
uint64_t fw_rng_seed(const char *key, uint64_t ordinal);

#endif
