/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_LIMITS_H
#define FW_CORE_RUN_LIMITS_H

#include <stdbool.h>

#include "fw/service/budget.h"

/*
 * Budgets of an attempt and the ladder down which a stage goes when memory ran out. Every rung only
 * lowers. A smaller engine limit alone makes the engine's own out-of-memory worse, so that comes
 * only with a kill.
 */
enum fw_memory_cause {
    FW_MEMORY_ENGINE, /* the engine said so itself */
    FW_MEMORY_KILL    /* the budget's guard or the kernel killed the worker */
};

struct fw_limits fw_limits_first(uint32_t threads, uint64_t memory_bytes, uint64_t temp_bytes);

/* False when there is no lower rung; `limits` is then unchanged. */
bool fw_limits_lower(struct fw_limits *limits, enum fw_memory_cause cause);

#endif
