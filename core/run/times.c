/* SPDX-License-Identifier: MIT */
#include "run/times.h"

#include "base/cleanup.h"
#include "base/json.h"

static void halve(struct fw_times *times)
{
    times->n /= 2;
    times->doublings++;
    for (size_t i = 0; i < times->n; i++) {
        times->ns[i] = times->ns[2 * i] + times->ns[2 * i + 1];
    }
}

void fw_times_add(struct fw_times *times, int64_t ns)
{
    times->total_ns += ns;
    times->longest_ns = ns > times->longest_ns ? ns : times->longest_ns;
    times->open_ns += ns;
    if (++times->n_open < UINT64_C(1) << times->doublings) {
        return;
    }
    times->ns[times->n++] = times->open_ns;
    times->open_ns = 0;
    times->n_open = 0;
    if (times->n == FW_TIMES_MAX) {
        halve(times);
    }
}

cJSON *fw_times_json(const struct fw_times *times)
{
    double us[FW_TIMES_MAX];
    for (size_t i = 0; i < times->n; i++) {
        us[i] = (double)times->ns[i] / 1e3;
    }
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    return fw_json_set(json, FW_JSON_REAL("total", (double)times->total_ns / 1e3),
                       FW_JSON_REAL("longest", (double)times->longest_ns / 1e3),
                       FW_JSON_U64("steps_each", UINT64_C(1) << times->doublings)) &&
                   fw_json_add(json, "times", cJSON_CreateDoubleArray(us, (int)times->n))
               ? fw_steal(&json)
               : NULL;
}
