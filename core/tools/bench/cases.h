/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_CASES_H
#define FW_BENCH_CASES_H

#include <cjson/cJSON.h>

#include "stats/stats.h"

/* What is compared at once, a case for each stage. Zero-initialise. */
struct fw_case {
    cJSON *json; /* of the stage, which gets "comparison"; borrowed */
    struct fw_stats_comparison found;
    char *reason; /* why there can be no verdict; NULL */
};

struct fw_cases {
    struct fw_case *items;
    size_t len, cap;
};

void fw_cases_finish(struct fw_cases *cases);

static inline void fw_cleanup_cases(struct fw_cases *cases)
{
    fw_cases_finish(cases);
}

/* Compares; with a `reason`, which becomes the case's, the numbers are still shown. */
int fw_cases_add(struct fw_cases *cases, cJSON *json, const struct fw_stats_two *two, char *reason,
                 struct fw_error *err);

/* Adjusts the p-values to their number, judges, adds "comparison" to each stage. Returns 0,
 * FW_EXIT_REGRESSION or FW_EXIT_INCONCLUSIVE, with the stages in `err`; -1 when out of memory. */
int fw_cases_judge(struct fw_cases *cases, double margin, struct fw_error *err);

#endif
