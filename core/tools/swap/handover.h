/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_HANDOVER_H
#define FW_SWAP_HANDOVER_H

#include "run/worker_internal.h"

/* What one build of a plugin gives to the next, between two steps of a worker. [stage thread] */

enum fw_swap_call {
    FW_SWAP_STEP, /* of whichever instance there is */
    FW_SWAP_LOAD,
    FW_SWAP_SAVE,
    FW_SWAP_CREATE,
    FW_SWAP_RESTORE,
    FW_SWAP_DESTROY,
    FW_SWAP_CALLS
};
const char *fw_swap_call_name(enum fw_swap_call call);

/* Nanoseconds of one swap, by call; FW_SWAP_STEP has the whole pause. */
struct fw_pause {
    int64_t ns[FW_SWAP_CALLS];
    uint64_t state_bytes;
};

struct fw_handover {
    struct fw_worker *worker;
    struct fw_module *to;
    struct fw_pause *pause;                                    /* added to */
    void (*about)(void *arg, enum fw_swap_call call, bool to); /* which is called next; may crash */
    void *arg;
};

/*
 * Puts an instance of handover->to in the place of *self, with worker->stage and ->module: save,
 * create, restore, destroy. The state goes from one to the other without a copy. On failure the old
 * build goes on from the same state, in a fresh instance once the new one has been at the outputs;
 * *self is NULL when it cannot, and `err` is about that. The modules are the caller's.
 */
int fw_handover(const struct fw_handover *handover, void **self, struct fw_error *err);

/* A fresh instance of the worker's stage with that state; the fault's own words in `err`. */
int fw_instance_restore(struct fw_worker *worker, const struct fw_stage *stage,
                        const struct fw_blob *blob, void **ret_self, struct fw_error *err);

void fw_blob_release(struct fw_blob *blob);

#endif
