/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_PROVIDERS_H
#define FW_WATCH_PROVIDERS_H

#include "candidate.h"

/*
 * The plugins that a stage takes services from, watched as its own is. Their tables are in the
 * hands of the stage, so that a new build comes in with a new process (replace.h). Of one worker.
 */

int fw_providers_watch(struct fw_worker *worker, struct fw_error *err);

/* Whether one of them is another file, and none is being built. */
bool fw_providers_changed(void);

/* Takes the new builds; returns how many. FW_EXIT_CHECK with why one of them is none. */
int fw_providers_take(const struct fw_worker *worker, struct fw_error *err);

/* The "providers" of a task that has the new builds. */
int fw_providers_task(const struct fw_worker *worker, cJSON **ret_providers, struct fw_error *err);

/* Writes a generation for each of them; *ret_n how many, also on failure. */
int fw_providers_record(struct fw_worker *worker, uint64_t steps, size_t *ret_n,
                        struct fw_error *err);

/* Of the first new build, valid until it is dropped; NULL: there is none. */
const char *fw_providers_digest(void);

/* Removes the copies of builds that were not taken. */
void fw_providers_drop(void);
void fw_providers_forget(void);

#endif
