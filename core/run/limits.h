/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_LIMITS_H
#define FW_CORE_RUN_LIMITS_H

#include <stdbool.h>

#include "fw/service/budget.h"

/*
 * Budgets of an attempt and the ladder down which a stage goes when memory ran out. Every rung only
 * lowers. A smaller engine limit alone makes the engine's own out-of-memory worse, so that comes
 * only with a kill, and together with a rung.
 */
enum fw_memory_cause {
    FW_MEMORY_ENGINE, /* the engine said so itself */
    FW_MEMORY_KILL    /* the budget's guard or the kernel killed the worker */
};

/* 1: half the threads; 2: one thread and small row groups; 3: four times the partitions too. */
enum { FW_RUNG_LAST = 3 };

/* How far down a stage is; zero is the whole budget. */
struct fw_rung {
    uint32_t number;
    uint32_t kills; /* each lowers the engine's limit */
};

struct fw_limits fw_limits_first(uint32_t threads, uint64_t memory_bytes, uint64_t temp_bytes);

/* The limits on a rung of the ladder that begins at `first`; `attempt` counts from its top. */
struct fw_limits fw_limits_on(const struct fw_limits *first, const struct fw_rung *rung);

/* The next rung that changes anything; false when there is none, `rung` is then unchanged. */
bool fw_rung_lower(struct fw_rung *rung, const struct fw_limits *first, enum fw_memory_cause cause);

#endif
