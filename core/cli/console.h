/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_CONSOLE_H
#define FW_CORE_CLI_CONSOLE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "graph/plan.h"

/*
 * What a person sees of a run, made from its events: lines on stderr. On a terminal the tool `bars`
 * draws what runs below them (core/tools/runs/live.h says how the two get along). With `json` the
 * events also go to stdout, one a line.
 */
struct fw_console {
    bool json, quiet;
    int bars; /* a socket that ends when `bars` does, and it when the socket does; -1 without */
    int lost; /* errno of the event that stdout did not take; those after it are not tried */
    int64_t start_ns;
    int n_warnings, n_started;
};

void fw_console_init(struct fw_console *console, bool json, bool quiet);

/* From here to the end of the run there are bars below the lines, where stderr is a terminal that
 * can have them. */
void fw_console_open(struct fw_console *console, const char *run_dir);

/* Written where bars may be; the cursor is at their upper left corner. */
#define FW_CONSOLE_ERASE "\r\033[J"

/* `arg` is a struct fw_console. */
void fw_console_event(void *arg, const cJSON *event);

/* The plan as a table on `out`. */
void fw_console_plan(const struct fw_plan *plan, FILE *out);

#endif
