/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_WORKER_INTERNAL_H
#define FW_CORE_RUN_WORKER_INTERNAL_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"
#include "fw/sdk.h"
#include "graph/values.h"
#include "plugin/loader.h"
#include "run/channel.h"

/* Of fw.cancel/1, told apart by `arg`. */
struct fw_hook {
    void (*interrupt)(void *arg);
    void *arg;
};

/* What a service is taken from. Its plugin may have others, which others may be bound for. */
struct fw_provider {
    const char *id;
    struct fw_module *module;
};

/* One stage instance and everything that belongs to it, in the process that runs it. */
struct fw_worker {
    struct fw_host host; /* what the plugin sees; host.self leads back here */
    bool own_process;
    struct fw_channel channel;
    pthread_mutex_t send_lock;

    /* Commands arrive on a thread of their own, so that a blocked stage can be interrupted. */
    pthread_t control;
    atomic_bool stop, cancel;
    pthread_mutex_t hook_lock;
    struct {
        struct fw_hook *items;
        size_t len, cap;
    } hooks;

    cJSON *json; /* the task as it came; the texts below point into it */
    struct fw_task task;
    struct fw_values values;
    struct fw_value *views;
    struct fw_input *inputs;
    const char ***input_paths;
    struct fw_output *outputs;
    struct fw_limits limits;
    const char *seed_key;
    const char *tmp_dir;

    struct fw_loader *loader;
    struct fw_module *module;
    struct fw_provider *providers;
    size_t n_providers;
    const struct fw_stage *stage;

    pthread_mutex_t fault_lock;
    struct fw_str fault; /* of the call that is failing; the first one wins */
    cJSON *fields;       /* for the manifest */
    cJSON *rows;         /* port -> rows */
    cJSON *gates;        /* name -> {verdict, reason} */
};

/* worker_task.c: fills task, values, limits from `json`. */
int fw_worker_read_task(struct fw_worker *worker, struct fw_error *err);
void fw_worker_free_task(struct fw_worker *worker);

/* worker_host.c: the host's services. */
void fw_worker_init_host(struct fw_worker *worker);

/* worker_output.c: checks the outputs of a finished stage and records them as JSON. A stage that
 * processed no items may leave them empty: whether that is right is not asked here. */
int fw_worker_collect_outputs(struct fw_worker *worker, uint64_t items, cJSON *result,
                              struct fw_error *err);

/* Sends and deletes a message; a supervisor that is gone ends the worker soon enough. */
void fw_worker_send(struct fw_worker *worker, cJSON *message);

#endif
