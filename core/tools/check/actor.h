/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_ACTOR_H
#define FW_CHECK_ACTOR_H

#include "run/worker_internal.h"

/* The child that exercises a plugin: loads it with the engine's loader, gives each instance the
 * engine's host, and tells the parent before each call what it is about to do. */

/* Seconds that a step may take, and that a cancelled one may still take to return; without the time
 * for which its thread had to wait for a processor, which is not the plugin's. */
#define FW_CHECK_STEP_S   2.0
#define FW_CHECK_CANCEL_S 1.0

enum { FW_CHECK_ACTORS = 2 };

/* Runs in one process without which nothing is said about leaks. */
enum { FW_CHECK_REPEATS = 7 };

/* One instance at a time, with its own host and its own outputs. */
struct fw_actor {
    struct fw_stand *stand;
    struct fw_worker worker; /* borrows the stand's plugins and channel */
    void *self;
    atomic_llong step_ns;      /* when the running step began; 0: none runs */
    atomic_llong cancel_at_ns; /* when to cancel; 0: never */
    atomic_llong cancelled_ns; /* when it was cancelled; 0: not yet */
};

/* What all instances of the child share. */
struct fw_stand {
    cJSON *task; /* as it came from the parent */
    const char *folder;
    double limit_s; /* a step that takes longer is cancelled */
    struct fw_channel channel;
    pthread_mutex_t send_lock;
    struct fw_loader *loader;
    struct fw_module *module;
    struct fw_provider *providers;
    size_t n_providers;
    const struct fw_stage *stage;

    pthread_t watchdog;
    pthread_mutex_t actors_lock;
    struct fw_actor *actors[FW_CHECK_ACTORS]; /* that are being run; watched */
    atomic_bool over;
};

/* What is done between two steps. */
enum fw_between { FW_BETWEEN_NOTHING, FW_BETWEEN_SAVE, FW_BETWEEN_RESTART };

struct fw_act {
    const char *name; /* of the folder for outputs, below the stand's */
    enum fw_between between;
    uint64_t max_steps; /* 0: until it is done; else destroyed after so many */
    double cancel_s;    /* cancelled so long after the first step began; 0: not */
};

/* Runs one instance from create to destroy: what came of it, the caller's to delete. */
cJSON *fw_act_run(struct fw_stand *stand, const struct fw_act *act, size_t slot);

/* Tells the parent what is about to be called; "host" is this program itself. */
void fw_stand_say(struct fw_stand *stand, const char *call, uint64_t n);
void fw_stand_send(struct fw_stand *stand, cJSON *message);

/* Cancels steps that are due or that take too long. */
int fw_stand_watch(struct fw_stand *stand);
void fw_stand_unwatch(struct fw_stand *stand);

#endif
