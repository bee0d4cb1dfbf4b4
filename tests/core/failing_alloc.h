/* SPDX-License-Identifier: MIT */
#ifndef FAILING_ALLOC_H
#define FAILING_ALLOC_H

#include <stdbool.h>

/*
 * Memory that runs out on demand, for programs linked as tests/core/meson.build does it: the n-th
 * call of malloc and its kin from core code fails, once. Counting starts over with each call of
 * this; 0 switches it off.
 */
void failing_alloc_at(unsigned n);

/* Whether the failure has happened. */
bool failing_alloc_struck(void);

#endif
