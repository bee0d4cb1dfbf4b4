/* SPDX-License-Identifier: MIT */
#include "run/growth.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

/* Less is what an allocator does. */
#define GROWS 1.05

void fw_growth_note(struct fw_growth *growth, uint64_t steps, uint64_t bytes)
{
    if (steps < growth->next) {
        return;
    }
    growth->first = growth->n++ == 0 ? steps : growth->first;
    growth->next = steps + (steps - growth->first) + 1;
    memmove(growth->points, growth->points + 1, sizeof growth->points - sizeof *growth->points);
    growth->points[FW_GROWTH_POINTS - 1].steps = steps;
    growth->points[FW_GROWTH_POINTS - 1].bytes = bytes;
}

char *fw_growth_text(const struct fw_growth *growth)
{
    double mib[FW_GROWTH_POINTS];
    bool grew = growth->n >= FW_GROWTH_POINTS;
    for (size_t i = 0; i < FW_GROWTH_POINTS; i++) {
        mib[i] = (double)growth->points[i].bytes / 1048576;
        grew = grew && (i == 0 || mib[i] > GROWS * mib[i - 1]);
    }
    return grew ? fw_text("; it grew step by step (%.0f MiB at step %llu, %.0f MiB at step %llu, "
                          "%.0f MiB at step %llu), so it leaks or keeps more than its budget holds",
                          mib[0], (unsigned long long)growth->points[0].steps, mib[1],
                          (unsigned long long)growth->points[1].steps, mib[2],
                          (unsigned long long)growth->points[2].steps)
                : fw_text("%s", "");
}
