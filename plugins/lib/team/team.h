/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_TEAM_TEAM_H
#define FW_LIB_TEAM_TEAM_H

#include <stddef.h>

/**
 * Calls work(arg, 0) to work(arg, n_tasks - 1), each once, in any order on up to `n_threads`
 * threads with the caller's among them, and returns when all are done. Where a thread cannot be
 * had the others do its work. Signals stay with the caller's thread. What a task writes belongs to
 * its number, so that results do not depend on how many threads there are.
 */
void fw_team_run(size_t n_threads, size_t n_tasks, void (*work)(void *arg, size_t task), void *arg);

/** As many tasks as even threads out at the end, of `n` pieces of work. */
static inline size_t fw_team_tasks(size_t n, size_t n_threads)
{
    size_t n_tasks = n_threads * 4;
    return n < n_tasks ? n : n_tasks;
}

/** The pieces that a task has: from range[0] to before range[1]. */
static inline void fw_team_share(size_t n, size_t task, size_t n_tasks, size_t range[2])
{
    range[0] = n * task / n_tasks;
    range[1] = n * (task + 1) / n_tasks;
}

#endif
