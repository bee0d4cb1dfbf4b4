/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_PLAN_H
#define SNAPSHOT_PLAN_H

#include "snapshot.h"

/**
 * Reads from the finished phases' files what the coming ones must know: how often the choices
 * are merged, then facts, units and parts. Does nothing twice. To be called before a statement
 * of the phase s->phase is built, also after a restore. [stage thread]
 */
fw_status snapshot_plan(struct snapshot *s);

/** Statements that the merge is split into, so that their groups fit into memory. */
fw_status snapshot_plan_merges(const struct snapshot *s, size_t *ret_n);

/** Picks that one unit may hold within the memory of this attempt. */
int64_t snapshot_plan_unit_rows(const struct snapshot *s);

/** Forgets facts, units and parts. */
void snapshot_plan_finish(struct snapshot *s);

#endif
