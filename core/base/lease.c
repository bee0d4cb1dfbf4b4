/* SPDX-License-Identifier: MIT */
#include "base/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/proc.h"

/* Links of one chain of takers that died while taking; more than that is no accident. */
enum { MAX_GUARDS = 4, MAX_TRIES = 500 };

static uint64_t own_pid_space(void)
{
    struct stat info;
    return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

/* A lease is complete before it gets its name, so damage means that the machine lost power. */
static void parse_holder(const char *text, size_t len, struct fw_lease_holder *ret_holder)
{
    struct fw_lease_holder holder = {.token = "damaged"};
    const char *token, *host, *boot_id;
    int64_t pid;
    fw_auto(json) cJSON *json = NULL;
    if (fw_json_parse(text, len, "lease", &json, NULL) == 0 &&
        fw_json_get_string(json, "token", &token, NULL) == 0 &&
        fw_json_get_string(json, "host", &host, NULL) == 0 &&
        fw_json_get_string(json, "boot_id", &boot_id, NULL) == 0 &&
        fw_json_get_i64(json, "pid", &pid, NULL) == 0 &&
        fw_json_get_u64(json, "pid_space", &holder.pid_space, NULL) == 0 &&
        fw_json_get_u64(json, "start_time", &holder.start_time, NULL) == 0) {
        snprintf(holder.token, sizeof holder.token, "%s", token);
        snprintf(holder.host, sizeof holder.host, "%s", host);
        snprintf(holder.boot_id, sizeof holder.boot_id, "%s", boot_id);
        holder.pid = (pid_t)pid;
    }
    *ret_holder = holder;
}

static enum fw_lease_state judge(const struct fw_lease_holder *holder, time_t heartbeat)
{
    struct fw_machine here;
    fw_machine_look(&here);
    if (strcmp(holder->token, "damaged") == 0) {
        return FW_LEASE_STALE;
    }
    bool same_host = strcmp(holder->host, here.host) == 0;
    if (same_host && strcmp(holder->boot_id, here.boot_id) != 0) {
        return FW_LEASE_STALE;
    }
    if (!same_host || holder->pid_space != own_pid_space()) {
        return time(NULL) - heartbeat > FW_LEASE_REMOTE_LIMIT_S ? FW_LEASE_STALE : FW_LEASE_REMOTE;
    }
    return fw_proc_start_time(holder->pid) == holder->start_time ? FW_LEASE_HELD : FW_LEASE_STALE;
}

int fw_lease_inspect(const char *path, enum fw_lease_state *ret_state,
                     struct fw_lease_holder *ret_holder, struct fw_error *err)
{
    struct stat info;
    fw_auto(free) char *text = NULL;
    size_t len = 0;
    if (stat(path, &info) < 0 || fw_fs_read(path, &text, &len, err) < 0) {
        if (errno != ENOENT) {
            return fw_error_errno(err, FW_EXIT_STATE, "cannot read the lease %s", path);
        }
        *ret_holder = (struct fw_lease_holder){0};
        *ret_state = FW_LEASE_FREE;
        return 0;
    }
    parse_holder(text, len, ret_holder);
    *ret_state = judge(ret_holder, info.st_mtime);
    return 0;
}

static int refuse(const char *path, enum fw_lease_state state, const struct fw_lease_holder *holder,
                  struct fw_error *err)
{
    if (state == FW_LEASE_REMOTE) {
        return fw_error_set(err, FW_EXIT_REFUSED,
                            "%s is held by process %d on the host %s, whose heartbeat is fresh: "
                            "stop it there, or wait until it is %d s old",
                            path, (int)holder->pid, holder->host, FW_LEASE_REMOTE_LIMIT_S);
    }
    return fw_error_set(err, FW_EXIT_REFUSED,
                        "%s is held by process %d, which is alive: wait for it or stop it", path,
                        (int)holder->pid);
}

static int acquire(const char *own, const char *path, int depth, struct fw_str *note,
                   struct fw_error *err);

/*
 * Replaces the stale lease of `old`. Whoever replaces it must first hold the guard named after it,
 * which is itself taken like a lease; and while one process holds that guard nobody else changes
 * `path`, because its holder is dead and everybody else is waiting for the guard. So a lease that
 * is still `old` under the guard can be replaced without harm. The rename moves the guard, a link
 * to our own file, onto the lease: lease and guard change in one step.
 * 1: taken. 0: look again. -1: failed.
 */
static int take_over(const char *own, const char *path, const struct fw_lease_holder *old,
                     int depth, struct fw_str *note, struct fw_error *err)
{
    fw_auto(free) char *guard = fw_text("%s.after-%s", path, old->token);
    if (!guard) {
        return fw_error_oom(err);
    }
    struct fw_error reason = {0};
    if (acquire(own, guard, depth + 1, NULL, &reason) < 0) {
        if (reason.code != FW_EXIT_REFUSED) {
            return fw_error_set(err, reason.code, "%s", reason.text);
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        return 0;
    }
    enum fw_lease_state state;
    struct fw_lease_holder now;
    if (fw_lease_inspect(path, &state, &now, err) < 0) {
        unlink(guard);
        return -1;
    }
    if (state != FW_LEASE_STALE || strcmp(now.token, old->token) != 0) {
        unlink(guard);
        return 0;
    }
    if (rename(guard, path) < 0) {
        fw_error_errno(err, FW_EXIT_STATE, "cannot take over the lease %s", path);
        unlink(guard);
        return -1;
    }
    if (note && old->pid == 0) {
        fw_str_printf(note, "took over %s, which was damaged", path);
    } else if (note) {
        fw_str_printf(note, "took over %s from process %d on %s, which is gone", path,
                      (int)old->pid, old->host);
    }
    return 1;
}

static int acquire(const char *own, const char *path, int depth, struct fw_str *note,
                   struct fw_error *err)
{
    if (depth > MAX_GUARDS) {
        return fw_error_set(err, FW_EXIT_STATE, "%s cannot be taken over: remove it by hand", path);
    }
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        if (link(own, path) == 0) {
            return 0;
        }
        if (errno != EEXIST) {
            return fw_error_errno(err, FW_EXIT_STATE, "cannot take the lease %s", path);
        }
        enum fw_lease_state state;
        struct fw_lease_holder holder;
        if (fw_lease_inspect(path, &state, &holder, err) < 0) {
            return -1;
        }
        if (state == FW_LEASE_HELD || state == FW_LEASE_REMOTE) {
            return refuse(path, state, &holder, err);
        }
        int rc = state == FW_LEASE_STALE ? take_over(own, path, &holder, depth, note, err) : 0;
        if (rc != 0) {
            return rc < 0 ? -1 : 0;
        }
    }
    return fw_error_set(err, FW_EXIT_REFUSED, "%s is being taken by others all the time", path);
}

/* Our own name card, complete under a name of its own. */
static int write_card(const char *path, const char *token, struct fw_error *err)
{
    struct fw_machine here;
    fw_machine_look(&here);
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    if (!cJSON_AddStringToObject(json, "token", token) ||
        !cJSON_AddStringToObject(json, "host", here.host) ||
        !cJSON_AddStringToObject(json, "boot_id", here.boot_id) ||
        !fw_json_add_i64(json, "pid", getpid()) ||
        !fw_json_add_u64(json, "pid_space", own_pid_space()) ||
        !fw_json_add_u64(json, "start_time", fw_proc_start_time(getpid()))) {
        return fw_error_oom(err);
    }
    return fw_json_write(path, json, FW_DURABLE_RENAME, err);
}

int fw_lease_take(struct fw_lease *lease, const char *path, struct fw_str *note,
                  struct fw_error *err)
{
    uint64_t random[2];
    struct fw_lease taken = {.path = strdup(path)};
    if (getrandom(random, sizeof random, 0) != sizeof random) {
        free(taken.path);
        return fw_error_errno(err, FW_EXIT_STATE, "cannot get random bytes");
    }
    snprintf(taken.token, sizeof taken.token, "%016llx%016llx", (unsigned long long)random[0],
             (unsigned long long)random[1]);
    fw_auto(free) char *own = fw_text("%s.%s", path, taken.token);
    if (!taken.path || !own) {
        free(taken.path);
        return fw_error_oom(err);
    }
    int rc = write_card(own, taken.token, err);
    if (rc == 0) {
        rc = acquire(own, path, 0, note, err);
        unlink(own);
    }
    if (rc < 0) {
        free(taken.path);
        return -1;
    }
    *lease = taken;
    return 0;
}

/* 0 when the lease is still ours. */
static int check_ours(const struct fw_lease *lease, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    size_t len;
    struct fw_lease_holder holder = {0};
    if (fw_fs_read(lease->path, &text, &len, NULL) == 0) {
        parse_holder(text, len, &holder);
    }
    if (strcmp(holder.token, lease->token) != 0) {
        return fw_error_set(err, FW_EXIT_REFUSED, "the lease %s was lost to process %d on %s",
                            lease->path, (int)holder.pid, holder.host[0] ? holder.host : "no host");
    }
    return 0;
}

int fw_lease_beat(const struct fw_lease *lease, struct fw_error *err)
{
    if (check_ours(lease, err) < 0) {
        return -1;
    }
    if (utimensat(AT_FDCWD, lease->path, NULL, 0) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot renew the lease %s", lease->path);
    }
    return 0;
}

int fw_lease_drop(struct fw_lease *lease, struct fw_error *err)
{
    int rc = 0;
    if (lease->path && check_ours(lease, NULL) == 0 && unlink(lease->path) < 0) {
        rc = fw_error_errno(err, FW_EXIT_STATE, "cannot give back the lease %s", lease->path);
    }
    free(lease->path);
    *lease = (struct fw_lease){0};
    return rc;
}
