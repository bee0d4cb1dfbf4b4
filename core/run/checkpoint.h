/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_CHECKPOINT_H
#define FW_CORE_RUN_CHECKPOINT_H

#include <stdbool.h>

#include "base/error.h"
#include "fw/stage.h"

/*
 * A stage's state between two steps, as a file: one line of JSON (key of the stage, version,
 * steps, size and digest of the bytes), then the bytes. Replaced at once, so that a kill during
 * the writing leaves the previous one.
 */
int fw_checkpoint_save(const char *path, const char *key, const struct fw_stage *stage, void *self,
                       uint64_t steps, struct fw_error *err);

/* Whether there is a whole checkpoint of that key. Never an error: a damaged one is none. */
bool fw_checkpoint_usable(const char *path, const char *key);

/* Gives the bytes to a fresh instance. */
int fw_checkpoint_restore(const char *path, const char *key, const struct fw_stage *stage,
                          void *self, uint64_t *ret_steps, struct fw_error *err);

#endif
