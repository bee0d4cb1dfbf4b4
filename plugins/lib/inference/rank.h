/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_RANK_H
#define FW_LIB_INFERENCE_RANK_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/**
 * The rows by rising score, rows of equal scores in their order; -0 equals 0. `scores` are finite,
 * `n` is below 2^32. Returns whether there was memory for it. [any thread]
 */
bool fw_rank(const double *scores, size_t n, uint32_t *ret_rows);

#endif
