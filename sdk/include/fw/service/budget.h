/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_BUDGET_H
#define FW_SERVICE_BUDGET_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_BUDGET_ID "fw.budget/1"

/**
 * What a worker process may end with (`_exit`) where a library leaves no other way: it is taken for
 * a step that returned FW_E_NOMEM. Code that can return that does so.
 */
#define FW_BUDGET_EXIT_CODE 10

/**
 * What this attempt may use. Constant while the instance lives. When an attempt ran out of
 * memory the host tries again on a lower rung: fewer threads, small row groups, more
 * partitions; a stage that obeys these numbers needs no retry logic of its own.
 */
struct fw_limits {
    uint32_t struct_size;
    uint32_t threads;          /**< at least 1; also for OpenMP, OpenBLAS and the SQL engine */
    uint64_t memory_bytes;     /**< for the stage's whole process group */
    uint64_t engine_bytes;     /**< the part of it that an SQL engine may be limited to */
    uint64_t temp_bytes;       /**< for scratch space; 0 = as much as there is */
    uint32_t attempt;          /**< 1 is the first */
    uint32_t small_row_groups; /**< 1: use the smallest row groups that make sense */
    uint32_t partition_factor; /**< multiply the number of partitions by this, 1 or more */
    uint32_t reserved;
};
FW_ASSERT_NO_TAIL(struct fw_limits, reserved);

/** From the host. */
struct fw_budget {
    uint32_t struct_size;
    uint32_t reserved;

    /** Never NULL; valid as long as the host. [any thread] */
    const struct fw_limits *(*limits)(const struct fw_host *host);
};
FW_ASSERT_NO_TAIL(struct fw_budget, limits);

FW_END_DECLS

#endif
