/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CREW_H
#define FW_KERNELS_CREW_H

#include <stdint.h>

#include <stdbool.h>

/*
 * The session's threads. Work is cut into tasks by its shape alone, never by the number of threads,
 * and each task does the same whoever runs it: so results do not depend on the crew.
 */
struct crew;

/* `worker` is below the crew's size: the index of whoever runs the task. */
typedef void crew_task(void *arg, uint64_t task, uint32_t worker);

/* NULL when memory or threads are out. `threads` counts the caller. */
struct crew *crew_create(uint32_t threads);
void crew_destroy(struct crew *crew);

/* Runs tasks 0 ... n - 1, on the caller's thread too; all have ended when it returns. */
void crew_run(struct crew *crew, uint64_t n, crew_task *task, void *arg);

/* Gives every worker at least `bytes` of scratch memory, aligned to 64; false when it is out. */
bool crew_reserve(struct crew *crew, uint64_t bytes);
void *crew_scratch(struct crew *crew, uint32_t worker);

#endif
