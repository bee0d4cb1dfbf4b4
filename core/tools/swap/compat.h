/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_COMPAT_H
#define FW_SWAP_COMPAT_H

#include "base/error.h"
#include "fw/stage.h"

/*
 * Whether one build of a stage can take over a task that was made for another: the same ports,
 * parameters, services, and checkpoints. Reads the descriptions, in an image or loaded.
 * FW_EXIT_CHECK with the first difference.
 */
int fw_stage_compatible(const struct fw_stage *now, const struct fw_stage *next,
                        struct fw_error *err);

#endif
