/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_TEAM_TEAM_H
#define FW_LIB_TEAM_TEAM_H

#include <stddef.h>

/**
 * Calls work(arg, 0) to work(arg, n_tasks - 1), each once, in any order on up to `n_threads`
 * threads with the caller's among them, and returns when all are done. Where a thread cannot be
 * had the others do its work. Signals stay with the caller's thread.
 */
void fw_team_run(size_t n_threads, size_t n_tasks, void (*work)(void *arg, size_t task), void *arg);

#endif
