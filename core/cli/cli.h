/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_CLI_H
#define FW_CORE_CLI_CLI_H

#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"
#include "base/vec.h"

/*
 * The command line. Text for a person goes to stderr, results to stdout. A verb returns the exit
 * code; when that is not 0, `err` has the one sentence that main prints.
 */
struct fw_cli {
    char **argv;            /* as it was parsed, the verb or the program first; borrowed */
    struct fw_strings args; /* what is no option, after the verb */
    struct fw_strings sets, plugin_dirs, force;
    bool json, plan_only, quiet, detach, watch, now, estimate;
    const char *vs, *from;
    struct fw_strings to;                                /* further stages, in `args` too */
    double time_budget_s, checkpoint_every_s, timeout_s; /* timeout_s < 0: none */
    uint64_t checkpoint_every_steps, stop_after_steps;
    int sigterm_code;
};

enum {
    FW_CLI_SET = 1 << 0,
    FW_CLI_PLUGIN_DIR = 1 << 1,
    FW_CLI_JSON = 1 << 2,
    FW_CLI_RUN = 1 << 3, /* --force --plan --time-budget ... */
    FW_CLI_VS = 1 << 4,
    FW_CLI_WATCH = 1 << 5,
    FW_CLI_TIMEOUT = 1 << 6,
    FW_CLI_NOW = 1 << 7,
    FW_CLI_ESTIMATE = 1 << 8
};

struct fw_verb {
    const char *name;
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    unsigned options;    /* FW_CLI_... */
    size_t min_args, max_args;
    int (*run)(const struct fw_cli *cli, struct fw_error *err);
};

extern const struct fw_verb fw_verbs[];
extern const size_t fw_n_verbs;

/* Parses what follows the verb. FW_EXIT_USAGE with the remedy; 1 when --help was asked for. */
int fw_cli_parse(const struct fw_verb *verb, int argc, char **argv, struct fw_cli *ret_cli,
                 struct fw_error *err);
void fw_cli_help(const struct fw_verb *verb);
void fw_cli_finish(struct fw_cli *cli);

/*
 * What fwrun and its tools have in common. fw_program_begin is the first call of a main: an exit
 * code when the program is a worker and done, else -1. fw_verb_main does one verb, prints the
 * failure if there is one, and returns the exit code. A program that ends without a verdict says so
 * and fails.
 */
int fw_program_begin(int argc, char **argv);
int fw_verb_main(const struct fw_verb *verb, int argc, char **argv);
int fw_tool_main(const struct fw_verb *verb, int argc, char **argv); /* both, for a tool */
int fw_verdict_fail(const struct fw_error *err);
void fw_verdict_given(bool given);

/* Environment of a run that was sent to the background: the descriptor that takes a byte once the
 * run directory is its own. */
#define FW_CLI_READY "FWRUN_READY"

int fw_verb_run(const struct fw_cli *cli, struct fw_error *err);
int fw_verb_version(const struct fw_cli *cli, struct fw_error *err);
int fw_verb_help(const struct fw_cli *cli, struct fw_error *err);

#endif
