/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_COLD_H
#define FW_BENCH_COLD_H

#include <stdint.h>

#include "base/error.h"
#include "graph/plan.h"

/* The inputs of a stage, and how much of them the page cache gave up. */
struct fw_cold {
    uint64_t bytes;
    uint64_t dropped; /* of them, not in memory afterwards */
};

/* Asks the system to forget the inputs (posix_fadvise), and looks what it did (mincore). Pages that
 * another process has mapped stay. */
int fw_cold_drop(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                 struct fw_cold *ret_cold, struct fw_error *err);

/* How many bytes the stage's inputs have. */
int fw_cold_size(const struct fw_plan *plan, const struct fw_plan_stage *stage, uint64_t *ret_bytes,
                 struct fw_error *err);

#endif
