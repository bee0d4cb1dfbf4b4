/* SPDX-License-Identifier: MIT */
#include "optimiser/schedule.h"

#include <math.h>

double fw_schedule_rate(const struct fw_schedule *schedule, uint64_t t)
{
    const uint64_t begin = schedule->offset ? schedule->warmup_steps : 0;

    if (t < schedule->warmup_steps) {
        return schedule->rate * (double)(t + 1) / (double)schedule->warmup_steps;
    }
    if (schedule->kind == FW_SCHEDULE_CONSTANT) {
        return schedule->rate;
    }
    const double share = (double)(t - begin) / (double)(schedule->total_steps - begin);
    return schedule->rate / 2 * (1 + cos(acos(-1) * share));
}
