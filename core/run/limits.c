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

bool fw_limits_lower(struct fw_limits *limits, enum fw_memory_cause cause)
{
    if (limits->threads > 1) {
        limits->threads /= 2;
    } else if (!limits->small_row_groups) {
        limits->small_row_groups = 1;
    } else if (limits->partition_factor == 1) {
        limits->partition_factor = MORE_PARTITIONS;
    } else {
        return false;
    }
    if (cause == FW_MEMORY_KILL) {
        limits->engine_bytes = (uint64_t)((double)limits->engine_bytes * KILL_FACTOR);
    }
    limits->attempt++;
    return true;
}
