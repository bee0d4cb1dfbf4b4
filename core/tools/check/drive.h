/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_DRIVE_H
#define FW_CHECK_DRIVE_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/proc.h"

/* The parent's side of one exercise. */
struct fw_exercised {
    cJSON *end;    /* what the child said at the end; NULL: it never got there */
    char call[16]; /* the one that was running when it ended: load, create, step, ... or host */
    uint64_t n;    /* of the step */
    bool killed;   /* because that call did not return */
    bool cancelled, reported; /* it was cancelled before; it went on reporting after that */
    struct fw_proc_result process;
    size_t strays;     /* processes that outlived the child */
    char printed[128]; /* the beginning of what it printed to stdout */
};

/*
 * Does one exercise in a child. `task` is what a worker would get, of which a copy is sent;
 * `folder` must not exist yet. `limit_s` is what a call may take: a step is then
 * cancelled and has half of that again, another call is killed. -1 only when the
 * child cannot be started.
 */
struct fw_exercise {
    const cJSON *task;
    const char *what;
    const char *folder;
    double limit_s;
    double cancel_s;  /* of "cancel" */
    uint32_t threads; /* 0: as the task says */
};
int fw_drive(const struct fw_exercise *exercise, struct fw_exercised *ret, struct fw_error *err);
void fw_exercised_finish(struct fw_exercised *exercised);

static inline void fw_cleanup_exercised(struct fw_exercised *exercised)
{
    fw_exercised_finish(exercised);
}

#endif
