/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_REPLACE_H
#define FW_WATCH_REPLACE_H

#include "run/worker_internal.h"

/*
 * Code that cannot be unloaded, and what provides services, gets a process of its own: the worker
 * saves the stage and becomes a new worker by exec, with the same pid and channel, so that the run
 * sees nothing of it, and the new one goes on from the checkpoint. The old code is gone with the
 * old image.
 */

/* What the new worker is to have. */
struct fw_replacement {
    const char *path, *digest; /* of the stage's plugin */
    const char *watched;       /* the path that is looked at */
    const cJSON *providers;    /* as in a task; NULL: as they are */
    const char *mixed;         /* digest or digests of what is new, for the key */
};

/* Returns on failure only; the instance goes on then. The caller has recorded the builds. */
int fw_replace_worker(struct fw_worker *worker, void *self, const struct fw_replacement *next,
                      uint64_t steps, struct fw_error *err);

/* The hook of the new worker: its task, with what the manifest had so far; NULL in others. */
cJSON *fw_replaced_task(struct fw_worker *worker);

/* What a new worker has to watch; NULL in others. */
const char *fw_replaced_path(const struct fw_worker *worker);

#endif
