/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_SUMMARY_H
#define FW_BENCH_SUMMARY_H

#include "measure.h"
#include "stats/stats.h"

/*
 * Results as documents (docs/reference/bench.md): what is printed, written, and read again by --vs
 * is the same.
 */

/* One arm: its plugin and data, and what the repetitions showed, with each of them. */
int fw_summary_arm(const struct fw_solo *solo, const struct fw_series *series, bool cold,
                   cJSON **ret_json, struct fw_error *err);

/* Spread of step times in microseconds, as "step_us". */
int fw_summary_steps(cJSON *json, const struct fw_series *series, struct fw_error *err);

/* The seconds of an arm again, as logarithms; the caller's to free. */
int fw_summary_logs(const cJSON *arm, double **ret_logs, size_t *ret_n, struct fw_error *err);

/* A judged comparison. `reason` says why there is no verdict, "" if there is one, or if the numbers
 * say it. */
cJSON *fw_summary_comparison(const struct fw_stats_comparison *comparison, const char *reason);

#endif
