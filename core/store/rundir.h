/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_STORE_RUNDIR_H
#define FW_CORE_STORE_RUNDIR_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/lease.h"
#include "base/str.h"

/*
 * The run directory: run.json (what the run is doing), plan.json, events.jsonl (the one record of
 * what happened), logs/, checkpoints/, stages/<stage>/ with outputs and MANIFEST.json. Whoever
 * writes in it holds its lease.
 */
struct fw_rundir {
    char *path;
    struct fw_lease lease;
    int events; /* descriptor of events.jsonl, open for appending */
    enum fw_durability durability;
};

/* Makes the folders, takes the lease and opens the event log. `note` gets a sentence when the
 * lease was taken over. FW_EXIT_REFUSED when a live run holds it, or when something of a killed one
 * still runs; FW_EXIT_STATE when the folder cannot be written. */
int fw_rundir_open(struct fw_rundir *dir, const char *path, enum fw_durability durability,
                   struct fw_str *note, struct fw_error *err);

/* Gives the lease back. */
int fw_rundir_close(struct fw_rundir *dir, struct fw_error *err);

/* Texts for the caller to free, NULL when out of memory. */
char *fw_rundir_stage(const char *run_dir, const char *stage);
char *fw_rundir_manifest(const char *run_dir, const char *stage);
char *fw_rundir_log(const char *run_dir, const char *stage);
char *fw_rundir_checkpoint(const char *run_dir, const char *stage);

/* Replaces a document of the run directory, such as "run.json". */
int fw_rundir_write(const struct fw_rundir *dir, const char *name, const cJSON *json,
                    struct fw_error *err);

/* Appends one event as one line; `event` gets the time and is not consumed. */
int fw_rundir_event(const struct fw_rundir *dir, cJSON *event, struct fw_error *err);

#endif
