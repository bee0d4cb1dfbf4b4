/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_PROBE_H
#define FW_LIB_ANALYSIS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "splitmix/splitmix.h"

/** Element i of the Rademacher vector of a seed, +1 or -1: bit i mod 64 of its number i / 64. */
double fw_probe_at(uint64_t seed, uint64_t i);

/** Its first n elements. */
void fw_probe_fill(uint64_t seed, size_t n, double *ret);

/** The seed of a probe in training. */
uint64_t fw_probe_seed(uint64_t run_seed, uint64_t global_step, uint64_t index);

#endif
