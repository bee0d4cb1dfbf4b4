/* SPDX-License-Identifier: MIT */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include <stdint.h>

#include <sys/types.h>

#include "words.h"

/*
 * One command, the leader of a process group of its own. It dies with the thread that started it;
 * what it leaves behind in its group is killed when it ends. pid 0: none.
 */
struct exec_child {
    pid_t pid;
    int status; /* of waitpid, once exec_child_wait has returned 1 */
};

/*
 * Starts argv in the folder, with nothing on stdin and with stdout and stderr going to this
 * process's stderr. The program is looked for in the PATH of `environment`. A program that cannot
 * be started is a fault here.
 */
fw_status exec_child_start(struct exec_child *child, const struct fw_host *host,
                           const struct exec_words *argv, const struct exec_words *environment,
                           const char *folder);

/* Waits up to `ms` milliseconds: 1 when it has ended, 0 when not. */
int exec_child_wait(struct exec_child *child, uint32_t ms);

/* Asks the group to end, kills it after `grace_s` seconds, and collects it. */
void exec_child_stop(struct exec_child *child, double grace_s);

#endif
