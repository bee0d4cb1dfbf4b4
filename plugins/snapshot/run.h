/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_RUN_H
#define SNAPSHOT_RUN_H

#include <fw/stage.h>

#include "snapshot.h"

/** Works for about half a second on the current statement (struct fw_stage, step). */
fw_status snapshot_run_step(struct snapshot *s, struct fw_step *ret_step);

/** Gives up the statement that is being executed, if any. */
void snapshot_run_stop(struct snapshot *s);

#endif
