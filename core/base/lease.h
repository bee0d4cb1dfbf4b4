/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_LEASE_H
#define FW_CORE_BASE_LEASE_H

#include <stdint.h>

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/*
 * The right of one process to work on a folder: a file that names its holder so exactly that anyone
 * can tell whether the holder still lives. Nothing has to be unlocked by hand after a crash, and no
 * flock is needed, which network file systems do not all honour.
 */
struct fw_lease {
    char *path;
    char token[40]; /* of this holding; never used twice */
};

/* Who holds a lease. */
struct fw_lease_holder {
    char token[40];
    char host[256];
    char boot_id[40];
    uint64_t pid_space; /* inode of the pid namespace, in which `pid` means something */
    pid_t pid;
    uint64_t start_time;
};

enum fw_lease_state {
    FW_LEASE_FREE,   /* there is no lease */
    FW_LEASE_HELD,   /* by a process of this host that lives */
    FW_LEASE_REMOTE, /* by another host (or pid namespace), with a fresh heartbeat */
    FW_LEASE_STALE   /* its holder is gone */
};

/* Another host's holder is believed gone when its heartbeat is further away than this, into the
 * past or, where a clock was set back, into the future. Clocks must agree better than that. */
#define FW_LEASE_REMOTE_LIMIT_S 300

/*
 * Takes the lease, over a stale one if need be; then `note` has got a sentence that says from whom
 * and why. FW_EXIT_REFUSED when a live process holds it, naming that process and the remedy.
 */
int fw_lease_take(struct fw_lease *lease, const char *path, struct fw_str *note,
                  struct fw_error *err);

/* The heartbeat, every 10 s or so. An error when the lease is no longer ours: stop working. */
int fw_lease_beat(const struct fw_lease *lease, struct fw_error *err);

/* Gives it back, or forgets one that was never taken. A lease that is no longer ours is left alone.
 */
int fw_lease_drop(struct fw_lease *lease, struct fw_error *err);

/* Looks without taking. With FW_LEASE_FREE `ret_holder` is all zero. */
int fw_lease_inspect(const char *path, enum fw_lease_state *ret_state,
                     struct fw_lease_holder *ret_holder, struct fw_error *err);

#endif
