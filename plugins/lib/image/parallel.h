/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_PARALLEL_H
#define FW_LIB_IMAGE_PARALLEL_H

#include <stddef.h>

/**
 * Calls run(arg, 0) to run(arg, n_tasks - 1), each once, in any order on up to `n_threads` threads
 * with the caller's among them, and returns when all are done. Where a thread cannot be had the
 * others do its work. What a task writes belongs to its number, so that results do not depend on
 * how many threads there are.
 */
void fw_parallel(unsigned n_threads, size_t n_tasks, void (*run)(void *arg, size_t task),
                 void *arg);

#endif
