/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_CONSOLE_H
#define FW_CORE_CLI_CONSOLE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "graph/plan.h"

/*
 * What a person sees of a run, made from its events: lines on stderr, on a terminal with one line
 * at the bottom that shows the running steps. With `json` the events also go to stdout, one a line.
 */
struct fw_console {
    bool json, quiet, terminal;
    bool status_shown;
    int lost; /* errno of the event that stdout did not take; those after it are not tried */
    int64_t start_ns;
    int n_warnings, n_started;
};

void fw_console_init(struct fw_console *console, bool json, bool quiet);

/* `arg` is a struct fw_console. */
void fw_console_event(void *arg, const cJSON *event);

/* "12 of 30 parts (40 %), about 3.2 s left", as far as it is known, of the step event `step` of a
 * stage that has been running for `elapsed` seconds. */
void fw_console_progress(const cJSON *step, double elapsed, FILE *out);

/* The plan as a table on `out`. */
void fw_console_plan(const struct fw_plan *plan, FILE *out);

#endif
