/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_RECORD_H
#define FW_WATCH_RECORD_H

#include "handover.h"

/*
 * Which build made which steps, in the manifest of the stage:
 *     "generations": [{"generation": 1, "digest", "from_step": 1}, {"generation": 2, "digest",
 *                      "from_step": 8, "pause_us", "state_bytes", "worker": "same" | "replaced",
 *                      "provider": of a build that the stage takes services from, its plugin}]
 *     "refused": [{"digest", "after_step", "why"}]
 * and one line of the log for each.
 */
int fw_record_begin(struct fw_worker *worker, struct fw_error *err);

int fw_record_taken(struct fw_worker *worker, const char *digest, uint64_t steps,
                    const struct fw_pause *pause, struct fw_error *err);
int fw_record_provider(struct fw_worker *worker, const char *plugin, const char *digest,
                       uint64_t steps, struct fw_error *err);
int fw_record_refused(struct fw_worker *worker, const char *digest, uint64_t steps, const char *why,
                      struct fw_error *err);

/* Takes back the last `n` that were taken. */
void fw_record_undo(struct fw_worker *worker, size_t n);

/* From here on the task's checkpoints are of several builds: no other run may take one for one of
 * its own plugin. */
int fw_task_mix_key(cJSON *task, const char *digest, struct fw_error *err);

/* The hook of the run: a stage that several builds have made gets a key that no plan wants, which
 * is the digest of what its preimage then says. */
bool fw_record_manifest(cJSON *manifest);

#endif
