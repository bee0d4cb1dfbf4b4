/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_RUN_H
#define FW_CORE_RUN_RUN_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <signal.h>

#include "base/error.h"
#include "graph/plan.h"
#include "store/rundir.h"

/* Of the machine's memory, for a pipeline that does not say what it may use; and what a stage needs
 * to start beside another. */
#define FW_RUN_MEMORY_SHARE 0.8
#define FW_RUN_MIN_MEMORY   ((uint64_t)256 << 20)

/*
 * Carries out a plan: stages side by side within the budgets, each in a worker, with the ladder,
 * cancelling, progress and records. The caller holds the run directory.
 */
struct fw_run_options {
    const char *version;             /* of the program, for the records */
    const struct fw_strings *sets;   /* the overrides of --set, for the records */
    double time_budget_s;            /* stop at a step boundary after this; 0 = no limit */
    double checkpoint_every_s;       /* 0 = only when stopping */
    uint64_t checkpoint_every_steps; /* 0 = not by steps */
    uint64_t stop_after_steps;       /* of each stage that can save; 0 = no limit */
    int sigterm_code;                /* what SIGTERM ends with; 0 = 128 + SIGTERM */

    /* Called for every event, before it is written to the event log; for what a person sees. */
    void (*on_event)(void *arg, const cJSON *event);
    void *arg;
};

/* SIGINT, SIGTERM, SIGHUP, SIGCHLD. */
sigset_t fw_run_signals(void);

/*
 * Returns the exit code of the run; `err` has the reason when it is not 0. The signals of
 * fw_run_signals must be blocked in the calling thread; the run takes them itself: the first stops
 * it at a step boundary, the second at once.
 */
int fw_run(struct fw_plan *plan, struct fw_digests *digests, struct fw_rundir *dir,
           const struct fw_run_options *options, struct fw_error *err);

/* Loads, in a process of their own, the plugins of the stages that may run, so that an unresolved
 * symbol is known before anything starts. FW_EXIT_PLUGIN with the plugin and the linker's words.
 * What was proved once is remembered by content in `memo`. */
int fw_run_probe(const struct fw_plan *plan, const char *memo, struct fw_error *err);

#endif
