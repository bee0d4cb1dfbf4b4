/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_WORKER_H
#define FW_CORE_RUN_WORKER_H

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

#endif
