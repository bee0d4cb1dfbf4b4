/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SCORES_INTERNAL_H
#define FW_LIB_SCORES_INTERNAL_H

#include "scores/scores.h"

/*
 * A key is the bits of p, which for p >= 0 compare like p, moved up by one for y. All sums over
 * keys are made block by block and added up in the order of blocks, whichever thread made them.
 */
enum { FW_SCORES_BLOCK = 1 << 14 };

/* scores.c */

/* Positive keys before the one at `at`, which may be n. */
size_t fw_scores_positives_before(const struct fw_scores *scores, size_t at);

/* sort.c */

/* Sorts n keys into room, which has place for as many; keys are overwritten. */
void fw_scores_sort(uint64_t *keys, uint64_t *room, size_t n, unsigned n_threads);

#endif
