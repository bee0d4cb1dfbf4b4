/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_GRAPH_KEY_H
#define FW_CORE_GRAPH_KEY_H

#include "graph/plan.h"

/* Changes when the same stage would get another key for a reason that is ours alone. */
#define FW_KEY_FORMAT 1

/*
 * The cache key of a stage: SHA-256 over canonical JSON of everything that can change an output
 * byte, and of nothing else (threads, memory, places and times stay out). Fills preimage and key;
 * every input's digest must be known.
 */
int fw_key_compute(const struct fw_plan *plan, struct fw_plan_stage *stage,
                   struct fw_digests *digests, struct fw_error *err);

/*
 * Adds one line per difference between two preimages: "params.row_policy: last_non_null ->
 * latest_row (pipeline.cfg:31)". `stage` gives the places of parameters and may be NULL.
 */
int fw_key_explain(const cJSON *before, const cJSON *after, const struct fw_plan_stage *stage,
                   struct fw_strings *lines, struct fw_error *err);

#endif
