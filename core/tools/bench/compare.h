/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_COMPARE_H
#define FW_BENCH_COMPARE_H

#include "options.h"

/* `--compare RUN_A RUN_B`: what two runs have recorded of the times of their steps. Prints; returns
 * the exit code. */
int fw_compare_runs(const struct fw_bench_options *options, struct fw_error *err);

#endif
