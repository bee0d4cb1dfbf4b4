/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_TIMES_H
#define FW_CORE_RUN_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#define FW_TIMES_MAX 1024

/*
 * How long each step took, for any number of steps in bounded room: when it is full, neighbours are
 * summed, and from then on each time stands for twice as many steps. All zero is the empty one.
 */
struct fw_times {
    int64_t total_ns, longest_ns;
    int64_t ns[FW_TIMES_MAX];
    size_t n;
    uint64_t doublings; /* each time is of 2^doublings steps */
    int64_t open_ns;    /* of the last steps, not yet so many */
    uint64_t n_open;
};

void fw_times_add(struct fw_times *times, int64_t ns);

/* {"total", "longest", "steps_each", "times": []}, microseconds. Steps at the end that do not fill
 * a group are in the total alone. NULL when out of memory. */
cJSON *fw_times_json(const struct fw_times *times);

#endif
