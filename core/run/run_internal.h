/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_RUN_INTERNAL_H
#define FW_CORE_RUN_RUN_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/files.h"
#include "base/machine.h"
#include "base/proc.h"
#include "fw/service/budget.h"
#include "plugin/loader.h"
#include "run/channel.h"
#include "run/growth.h"
#include "run/limits.h"
#include "run/run.h"
#include "run/spare.h"

enum fw_stage_state {
    FW_STAGE_PENDING,
    FW_STAGE_RUNNING,
    FW_STAGE_EXECUTED,
    FW_STAGE_REUSED,
    FW_STAGE_FAILED,
    FW_STAGE_SKIPPED,
    FW_STAGE_STOPPED, /* interrupted or out of time: the same command goes on */
    FW_STAGE_LEFT_OUT
};

/* Size, time and inode of the files outside the pipeline that a stage reads, to notice a change. */
struct fw_watch {
    struct {
        struct fw_files *items;
        size_t len, cap;
    } trees;
};

/* One try of a stage, from start to end of its worker. */
struct fw_attempt {
    pid_t pid; /* 0: it runs in a thread of this process */
    pthread_t thread;
    int worker_fd; /* of the thread, with what it loads plugins by */
    struct fw_loader *loader;
    struct fw_channel channel;
    int log; /* descriptor of logs/<stage>.log */
    int64_t sample_ns, start_ns, alive_ns, beat_ns, event_ns, stop_ns, result_ns;
    int64_t log_bytes; /* what was in the log before */
    uint64_t peak_bytes, oom_kills;
    struct fw_growth growth;
    bool over_budget, stalled, cancelled, killed;
    bool ended;
    cJSON *step;   /* the last one reported */
    cJSON *result; /* NULL when the worker died without one */
    struct fw_proc_result process;
};

struct fw_run_stage {
    enum fw_stage_state state;
    int code; /* of a failure */
    char *message;
    struct fw_limits first, limits; /* on admission, and of this attempt: on `rung` */
    struct fw_rung rung;
    struct fw_attempt *attempt; /* while RUNNING */
    struct fw_watch watch;
    cJSON *attempts; /* records of those that ended */
    int64_t start_ns;
    uint64_t peak_bytes;
    uint32_t held_threads; /* what it was admitted with */
    uint64_t held_memory;

    /* For schedule.c. */
    size_t place;  /* in the plan's order */
    size_t *users; /* stages that need it */
    size_t n_users;
    size_t n_open;       /* stages that it needs and that have not ended */
    const char *blocker; /* one that it needs and that has ended without being done */
};

enum fw_stopping { FW_GOING, FW_STOP_SOON, FW_STOP_NOW };

struct fw_run {
    struct fw_plan *plan;
    struct fw_digests *digests;
    struct fw_rundir *dir;
    const struct fw_run_options *options;
    struct fw_run_stage *stages;
    enum fw_stopping stopping;
    int stop_code; /* what the run ends with when it was stopped */
    int failed_code;
    bool failed;
    bool childless; /* when it began: no job of a shell that became this program by exec */
    int signal_fd;
    int64_t start_ns, lease_ns, looked_ns;
    bool changed;      /* since run.json was written, */
    int64_t record_ns; /* which is not done again before this */
    struct fw_machine machine;
    struct fw_spare spare;    /* the next stage's process */
    struct fw_loader *loader; /* of stages in this process; NULL: there were none */
    size_t n_pending;
    char *tmp;                           /* folder of the stages' scratch folders */
    size_t *users, *decidable, *running; /* schedule.c */
    size_t n_decidable, n_running;
    uint32_t threads, free_threads;
    uint64_t memory, free_memory;
    struct fw_error error; /* of the records: the run cannot go on without them */
    bool broken;
};

/* schedule.c */
int fw_schedule_init(struct fw_run *run, struct fw_error *err);
void fw_schedule_finish(struct fw_run *run);
void fw_schedule_ended(struct fw_run *run, size_t index);
void fw_schedule(struct fw_run *run); /* starts, reuses, skips what can be now */

/* supervisor.c */
void fw_run_stage_end(struct fw_run *run, size_t index, enum fw_stage_state state, int code,
                      const char *message);

/* The lease is another's: the run directory must not be touched any more. */
static inline bool fw_run_lost(const struct fw_run *run)
{
    return run->broken && run->error.code == FW_EXIT_REFUSED;
}

/* record.c: run.json and events. Failures mark the run as broken. */
cJSON *fw_run_event(const char *type, const struct fw_plan_stage *stage);
void fw_run_emit(struct fw_run *run, cJSON *event);
void fw_run_record(struct fw_run *run, const char *state, int exit_code, const char *message);
const char *fw_run_state_name(enum fw_stage_state state);

/* task.c: what a worker is told. */
int fw_run_task(const struct fw_run *run, size_t index, cJSON **ret_task, struct fw_error *err);
bool fw_run_add_limits(cJSON *to, const struct fw_limits *limits);
char *fw_run_partial(const struct fw_plan_output *output);
char *fw_run_tmp(const struct fw_run *run, size_t index);
char *fw_run_tmp_root(const struct fw_run *run);

/* attempt.c */
int fw_attempt_start(struct fw_run *run, size_t index, struct fw_error *err);
void fw_attempt_receive(struct fw_run *run, size_t index);
void fw_attempt_reap(struct fw_run *run, size_t index);
void fw_attempt_watch(struct fw_run *run, size_t index, int64_t now);
void fw_attempt_stop(struct fw_attempt *attempt, bool at_once);
void fw_attempt_free(struct fw_attempt *attempt);

/* ladder.c: the rung that a stage has reached outlives the run, for as long as the stage's key and
 * what it was admitted with stay the same. */
int fw_run_keep_rung(const struct fw_run *run, size_t index, struct fw_error *err);
void fw_run_recall_rung(struct fw_run *run, size_t index);
void fw_run_forget_rung(const struct fw_run *run, size_t index);

/* outcome.c: what an ended attempt means. */
void fw_attempt_conclude(struct fw_run *run, size_t index);

/* publish.c */
int fw_run_publish(struct fw_run *run, size_t index, const cJSON *result, struct fw_error *err);
int fw_run_prepare(struct fw_run *run, size_t index, bool resume, struct fw_error *err);

/* watch.c */
int fw_watch_take(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                  struct fw_watch *ret_watch, struct fw_error *err);
int fw_watch_compare(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                     const struct fw_watch *watch, struct fw_error *err);
void fw_watch_finish(struct fw_watch *watch);

#endif
