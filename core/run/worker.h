/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_WORKER_H
#define FW_CORE_RUN_WORKER_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * The side that runs a stage. It gets one task as the first message on `fd`, then commands:
 *     {"command": "stop"}    end at the next step boundary, with a checkpoint if the stage can
 *     {"command": "cancel"}  end as soon as the stage can
 * and sends
 *     {"type": "step", done, total, items, unit, steps}      {"type": "progress", fraction, text}
 *     {"type": "log", level, text}                           {"type": "metric", name, ...}
 *     {"type": "checkpoint", steps}
 *     {"type": "result", status, fault, stopped, outputs, fields, items, steps, step_us}
 * A task {"probe": [{stage, path, digest}]} only loads the plugins: it sends each item before it
 * loads it, and the result at the first that fails.
 *
 * In a process of its own (`loader` NULL) it ends with its parent; in a thread of the supervisor it
 * shares all of the process with it, the loaded plugins too. Returns when the result is sent;
 * closes `fd`.
 */
struct fw_loader;
int fw_worker_run(int fd, struct fw_loader *loader);

/*
 * What a program adds to its workers and its runs; set before fw_program_begin, all NULL in fwrun
 * itself.
 */
struct fw_worker;
struct fw_error;
struct fw_run_hooks {
    /* Before there is a task, or anything else in a worker but its host. May give it a task that
     * does not come through the channel; NULL: it does. */
    cJSON *(*task)(struct fw_worker *worker);

    /* Between two steps: may put another instance into *self, with worker->stage and ->module.
     * *self is NULL after a failure that left none. */
    int (*boundary)(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err);

    /* The instance is gone, its plugin is not. */
    void (*end)(struct fw_worker *worker);

    /* A manifest before it is written, in the process of the run. False: out of memory. */
    bool (*manifest)(cJSON *manifest);
};
extern struct fw_run_hooks fw_run_hooks;

#endif
