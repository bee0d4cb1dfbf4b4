/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_NEAR_H
#define FW_CORE_CONFIG_NEAR_H

#include <stddef.h>

/* The candidate that `name` was most likely meant to be (a few typing slips away, the first of
 * equals), or NULL when none is near enough to be worth a hint. */
const char *fw_near(const char *name, const char *const *candidates, size_t n_candidates);

/* Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. Compares at
 * most the first 63 bytes. */
unsigned fw_near_distance(const char *a, const char *b);

#endif
