/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_OPTIONS_H
#define FW_BENCH_OPTIONS_H

#include "cli/cli.h"

enum { FW_BENCH_REPS = 15, FW_BENCH_REPS_MAX = 10000 };

struct fw_bench_options {
    struct fw_cli cli; /* arguments, --set, --plugin-dir, --json */
    const char *stage; /* NULL: each */
    const char *vs;    /* a result file; or NULL */
    const char *vs_plugin;
    size_t reps;
    double margin; /* a ratio */
    bool cold, cpu, compare, help;
};

/* FW_EXIT_USAGE with the remedy. fw_bench_options_finish is due in any case. */
int fw_bench_options_parse(int argc, char **argv, struct fw_bench_options *ret_options,
                           struct fw_error *err);
void fw_bench_options_finish(struct fw_bench_options *options);

extern const char fw_bench_usage[];

#endif
