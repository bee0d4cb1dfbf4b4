/* SPDX-License-Identifier: MIT */
#ifndef ALLOC_SWEEP_H
#define ALLOC_SWEEP_H

#include "base/error.h"

/*
 * Runs a piece of the core again and again in one folder, with the first, the second, the third ...
 * allocation failing, until none fails any more. Each time it must say so, and leave no temporary
 * file; leaks and bad accesses are for valgrind and the sanitizers to find. Fails when fewer than
 * `at_least` allocations were met. cJSON's are among them.
 */
typedef int alloc_sweep_fn(const char *folder, struct fw_error *err);
void alloc_sweep(const char *folder, alloc_sweep_fn *run, unsigned at_least);

#endif
