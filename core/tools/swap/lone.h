/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_LONE_H
#define FW_SWAP_LONE_H

#include "run/worker_internal.h"

/*
 * As much of a worker as plugins need of their host, in a child that nobody listens to: what they
 * log or report goes nowhere. `worker` is zero but for what is set beforehand (limits, json); `job`
 * has the "providers" of a task; `folder` is for scratch files and is made. Closed in any case.
 */
int fw_lone_open(struct fw_worker *worker, const cJSON *job, const char *folder,
                 struct fw_error *err);
void fw_lone_close(struct fw_worker *worker);

#endif
