/* SPDX-License-Identifier: MIT */
#include "run/limits.h"

/* The part of a stage's budget that an SQL engine may be told: what it holds outside its own
 * accounting was measured at up to 0.8 of its limit. */
#define ENGINE_SHARE 0.55

#define KILL_FACTOR     0.6
#define MORE_PARTITIONS 4

struct fw_limits fw_limits_first(uint32_t threads, uint64_t memory_bytes, uint64_t temp_bytes)
{
    return (struct fw_limits){
        .struct_size = sizeof(struct fw_limits),
        .threads = threads > 0 ? threads : 1,
        .memory_bytes = memory_bytes,
        .engine_bytes = (uint64_t)((double)memory_bytes * ENGINE_SHARE),
        .temp_bytes = temp_bytes,
        .attempt = 1,
        .partition_factor = 1,
    };
}

struct fw_limits fw_limits_on(const struct fw_limits *first, const struct fw_rung *rung)
{
    struct fw_limits limits = *first;
    if (rung->number > 0) {
        limits.threads = rung->number == 1 && first->threads > 1 ? first->threads / 2 : 1;
    }
    limits.attempt = rung->number > 0 && first->threads == 1 ? rung->number : rung->number + 1;
    limits.small_row_groups = rung->number >= 2;
    limits.partition_factor = rung->number >= 3 ? MORE_PARTITIONS : 1;
    for (uint32_t i = 0; i < rung->kills; i++) {
        limits.engine_bytes = (uint64_t)((double)limits.engine_bytes * KILL_FACTOR);
    }
    return limits;
}

bool fw_rung_lower(struct fw_rung *rung, const struct fw_limits *first, enum fw_memory_cause cause)
{
    if (rung->number >= FW_RUNG_LAST) {
        return false;
    }
    rung->number += rung->number == 0 && first->threads == 1 ? 2 : 1;
    rung->kills += cause == FW_MEMORY_KILL;
    return true;
}
