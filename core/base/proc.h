/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_PROC_H
#define FW_CORE_BASE_PROC_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Child processes. Each is the leader of its own process group, which is what gets signals; a
 * child that makes groups of its own (the commands of `exec`) is still found as a descendant.
 */

struct fw_proc_fd {
    int source; /* here; may be close-on-exec */
    int target; /* in the child */
};

struct fw_proc_spec {
    const char *path; /* searched in PATH when it has no slash */
    char *const *argv;
    char *const *env;             /* NULL: this process's own */
    const char *folder;           /* to start in; NULL: the current one */
    const struct fw_proc_fd *fds; /* at most 16; descriptors above the highest target are closed */
    size_t n_fds;
};

/* Starts a program with all signals at their defaults and none blocked. No code of ours runs
 * between fork and exec; a program that cannot be executed is an error here, FW_EXIT_FAILED. */
int fw_proc_spawn(const struct fw_proc_spec *spec, pid_t *ret_pid, struct fw_error *err);

/* First call of a worker's main: SIGKILL it when its parent ends. An error when `parent` is gone
 * already, in which case the worker must leave at once. */
int fw_proc_die_with_parent(pid_t parent, struct fw_error *err);

/* Descendants that lose their parent become children of this process, where they can be found and
 * ended; otherwise they would leave the tree. For workers and the supervisor. */
int fw_proc_adopt_orphans(struct fw_error *err);

struct fw_proc_result {
    int exit_code; /* -1 when a signal ended it */
    int signal;    /* 0 when it exited */
    int64_t user_us, system_us;
    uint64_t peak_rss_bytes;
};

/* Collects an ended child: 1 with the result, 0 when it still runs and `wait` is false, -1 on
 * error. */
int fw_proc_reap(pid_t pid, bool wait, struct fw_proc_result *ret_result, struct fw_error *err);

/* RssAnon + RssShmem of a child and all its descendants, in bytes; 0 when it is gone. Made to be
 * called every 20 ms. */
uint64_t fw_proc_tree_memory(pid_t pid);

/* Kills and reaps the children of this process, with all that descends from them, but for those
 * that `is_known` says to leave; NULL leaves none. Returns how many there were. Processes that a
 * stage forgot are among them where this process adopts orphans. */
size_t fw_proc_kill_strays(bool (*is_known)(const void *arg, pid_t pid), const void *arg);

/* Sends a signal to the group of a child and to every descendant outside it. */
void fw_proc_tree_kill(pid_t pid, int signal);

/* The start time of a process in clock ticks since boot, which with the pid names it for good;
 * 0 when there is no such process or it is a zombie. */
uint64_t fw_proc_start_time(pid_t pid);

#endif
