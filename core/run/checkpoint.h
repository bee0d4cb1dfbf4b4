/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_CHECKPOINT_H
#define FW_CORE_RUN_CHECKPOINT_H

#include "base/error.h"
#include "fw/stage.h"

/*
 * A stage's state between two steps, as a file: one line of JSON (key of the stage, version,
 * steps, sizes of the outputs, size and digest of the bytes), then the bytes. Replaced at once, so
 * that a kill during the writing leaves the previous one.
 */
struct fw_checkpoint {
    const char *path, *key;
    const struct fw_output *outputs; /* which the state relies on */
    uint32_t n_outputs;
};

int fw_checkpoint_save(const struct fw_checkpoint *checkpoint, const struct fw_stage *stage,
                       void *self, uint64_t steps, struct fw_error *err);

/* Gives the bytes to a fresh instance. FW_EXIT_STATE when the file is damaged, of another key, or
 * refused by the stage, or when an output is not what it was: then the stage has to begin anew. */
int fw_checkpoint_restore(const struct fw_checkpoint *checkpoint, const struct fw_stage *stage,
                          void *self, uint64_t *ret_steps, struct fw_error *err);

#endif
