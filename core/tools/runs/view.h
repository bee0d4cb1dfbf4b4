/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_RUNS_VIEW_H
#define FW_TOOLS_RUNS_VIEW_H

#include <cjson/cJSON.h>

#include "base/files.h"
#include "base/lease.h"
#include "cli/cli.h"

/*
 * A run as its directory tells of it, from any process: run.json, the lease, and the last run in
 * events.jsonl. Zero-initialised before the first look; each look takes only what is new.
 */
struct fw_view {
    /* run_dir, state, pid, host, exit_code and message of an ended run, started_at, elapsed_s,
     * stages: a list of name, state and what is known of it (attempt, elapsed_s, memory_bytes,
     * peak_rss_bytes, step, items_per_s, left_s, message; attempts: a list of began_at, ended_at,
     * outcome and more). state is that of run.json, or "starting", or "lost": the process is gone
     * and gave no verdict. */
    cJSON *document;
    struct fw_lease_holder holder;
    enum fw_lease_state lease;
    bool live; /* starting or running */

    cJSON *stages, *start; /* what the events up to byte `taken` tell */
    off_t taken;
    struct fw_file plan; /* the plan.json that `stages` were made from */
};

/* The run directory that the verb's first argument means: itself, that of a pipeline, or the newest
 * below it; without an argument the newest below ./runs. FW_EXIT_USAGE when there is none. */
int fw_view_find(const struct fw_cli *cli, char **ret_dir, struct fw_error *err);

/* Looks, again if it has been looked at before. To be finished, after a failure too. */
int fw_view_look(const char *dir, struct fw_view *view, struct fw_error *err);

/* Adds memory_now_bytes to the stages that run on this machine. */
void fw_view_measure(struct fw_view *view);
void fw_view_finish(struct fw_view *view);

/* "12 of 30 parts", as far as it is known, of a stage of the document. */
void fw_view_progress(const cJSON *stage, struct fw_str *text);

/* The state by its name; "" when out of memory. */
const char *fw_view_state(const struct fw_view *view);

/* Seconds since 1970 of a time in the records; 0 if it is none. */
double fw_view_seconds(const char *text);

/* "run directory X: running", "... is lost: process 12 on host is gone ...", into `ret_text`. */
void fw_view_verdict(const struct fw_view *view, struct fw_str *text);

static inline void fw_cleanup_view(struct fw_view *view)
{
    fw_view_finish(view);
}

#endif
