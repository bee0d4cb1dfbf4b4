/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_STATE_H
#define SNAPSHOT_STATE_H

#include <fw/stage.h>

#include "snapshot.h"

/** The place in the work, and the bytes of the files that it rests on (struct fw_stage, save). */
fw_status snapshot_state_save(struct snapshot *s, struct fw_blob *ret_blob);

/** FW_E_STATE when those files are not there as they were. */
fw_status snapshot_state_restore(struct snapshot *s, const struct fw_blob *blob);

#endif
