/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_TRIAL_H
#define FW_WATCH_TRIAL_H

#include "run/worker_internal.h"

/*
 * A candidate is tried in a child of the worker, from the state that the stage has, at the stage's
 * own outputs, while the worker has no instance: what a crash leaves there is what a kill leaves,
 * and a restore cuts it back.
 */
struct fw_trial {
    struct fw_worker *worker;
    const char *path, *digest; /* of the candidate's copy */
    const cJSON *providers;    /* those it gets; NULL: as they are */
    const struct fw_blob *state;
    uint64_t max_steps;

    uint64_t steps; /* that it made */
    bool done;      /* it said that the stage is done after the last of them */
    bool unloads;   /* its code goes when it is closed */
};

/* Fills in the rest. FW_EXIT_CHECK with what is wrong with the candidate, FW_EXIT_REFUSED when the
 * stage is to stop meanwhile. */
int fw_trial_run(struct fw_trial *trial, struct fw_error *err);

/* The main of the child; `file` is its task, and becomes its answer. */
int fw_trial_main(const char *parent, const char *file);

#endif
