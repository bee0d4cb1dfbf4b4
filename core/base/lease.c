/* SPDX-License-Identifier: MIT */
#include "base/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/machine.h"
#include "base/number.h"
#include "base/proc.h"

/* Takers that died one after the other while taking; more of them is no accident. */
enum { MAX_GUARDS = 4, MAX_TRIES = 500, CARD_BYTES = 1024 };

/* Who we are; the token is random. */
static int describe_self(struct fw_lease_holder *ret_self, struct fw_error *err)
{
    struct fw_machine here;
    struct stat space;
    uint64_t random[2];
    if (stat("/proc/self/ns/pid", &space) < 0 ||
        getrandom(random, sizeof random, 0) != sizeof random) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot describe this process for a lease");
    }
    fw_machine_look(&here);
    *ret_self = (struct fw_lease_holder){
        .pid_space = space.st_ino, .pid = getpid(), .start_time = fw_proc_start_time(getpid())};
    snprintf(ret_self->token, sizeof ret_self->token, "%016llx%016llx",
             (unsigned long long)random[0], (unsigned long long)random[1]);
    memcpy(ret_self->host, here.host, sizeof here.host);
    snprintf(ret_self->boot_id, sizeof ret_self->boot_id, "%s",
             *here.boot_id ? here.boot_id : "unknown"); /* a word, for parse_holder */
    return 0;
}

/* A lease is complete before it gets its name, so damage means that the machine lost power. */
static void parse_holder(const char *text, struct fw_lease_holder *ret_holder)
{
    struct fw_lease_holder holder = {0};
    char space[24], pid[24], start[24];
    uint64_t number;
    if (sscanf(text, "token=%39s host=%255s boot=%39s space=%23s pid=%23s start=%23s", holder.token,
               holder.host, holder.boot_id, space, pid, start) == 6 &&
        strspn(holder.token, "0123456789abcdef") == strlen(holder.token) && /* goes into names */
        fw_number_parse_u64(space, &holder.pid_space) && fw_number_parse_u64(pid, &number) &&
        number > 0 && number <= INT32_MAX && fw_number_parse_u64(start, &holder.start_time) &&
        holder.start_time > 0) {
        holder.pid = (pid_t)number;
        *ret_holder = holder;
    } else {
        *ret_holder = (struct fw_lease_holder){.token = "damaged"};
    }
}

static enum fw_lease_state judge(const struct fw_lease_holder *holder, time_t heartbeat)
{
    struct fw_lease_holder self = {0};
    bool known = describe_self(&self, NULL) == 0;
    bool same_host = known && strcmp(holder->host, self.host) == 0;
    if (holder->pid == 0 || (same_host && strcmp(holder->boot_id, self.boot_id) != 0)) {
        return FW_LEASE_STALE;
    }
    if (!same_host || holder->pid_space != self.pid_space) {
        /* Of the future is none: then a clock was set back. */
        return llabs((long long)(time(NULL) - heartbeat)) > FW_LEASE_REMOTE_LIMIT_S
                   ? FW_LEASE_STALE
                   : FW_LEASE_REMOTE;
    }
    return fw_proc_start_time(holder->pid) == holder->start_time ? FW_LEASE_HELD : FW_LEASE_STALE;
}

int fw_lease_inspect(const char *path, enum fw_lease_state *ret_state,
                     struct fw_lease_holder *ret_holder, struct fw_error *err)
{
    struct stat info;
    char text[CARD_BYTES];
    if (stat(path, &info) == 0 && fw_fs_peek(path, text, sizeof text)) {
        parse_holder(text, ret_holder);
        *ret_state = judge(ret_holder, info.st_mtime);
        return 0;
    }
    if (errno != ENOENT) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot read the lease %s", path);
    }
    *ret_holder = (struct fw_lease_holder){0};
    *ret_state = FW_LEASE_FREE;
    return 0;
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
                     int depth, struct fw_error *err)
{
    fw_auto(free) char *guard = fw_text("%s.after-%s", path, old->token);
    FW_TRY(guard ? 0 : fw_error_oom(err));
    struct fw_error reason = {0};
    if (acquire(own, guard, depth + 1, NULL, &reason) < 0) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        return reason.code == FW_EXIT_REFUSED ? 0
                                              : fw_error_set(err, reason.code, "%s", reason.text);
    }
    enum fw_lease_state state = FW_LEASE_FREE;
    struct fw_lease_holder now = {0};
    int rc = fw_lease_inspect(path, &state, &now, err);
    if (rc == 0 && state == FW_LEASE_STALE && strcmp(now.token, old->token) == 0) {
        rc = rename(guard, path) == 0
                 ? 1
                 : fw_error_errno(err, FW_EXIT_STATE, "cannot take over the lease %s", path);
    }
    if (rc != 1) {
        unlink(guard);
    }
    return rc;
}

static int acquire(const char *own, const char *path, int depth, struct fw_str *note,
                   struct fw_error *err)
{
    struct fw_lease_holder holder = {0};
    enum fw_lease_state state = FW_LEASE_FREE;
    int rc = 0;
    for (int tries = 0; tries < MAX_TRIES && depth <= MAX_GUARDS && rc == 0; tries++) {
        if (link(own, path) == 0) {
            return 0;
        }
        if (errno != EEXIST) {
            return fw_error_errno(err, FW_EXIT_STATE, "cannot take the lease %s", path);
        }
        FW_TRY(fw_lease_inspect(path, &state, &holder, err));
        if (state == FW_LEASE_HELD || state == FW_LEASE_REMOTE) {
            return fw_error_set(err, FW_EXIT_REFUSED,
                                "%s is held by process %d on %s, which %s: wait for it or stop it",
                                path, (int)holder.pid, holder.host,
                                state == FW_LEASE_HELD ? "is alive" : "has a fresh heartbeat");
        }
        rc = state == FW_LEASE_STALE ? take_over(own, path, &holder, depth, err) : 0;
    }
    if (rc == 0) {
        return fw_error_set(err, FW_EXIT_STATE, "%s cannot be taken over: remove it by hand", path);
    }
    if (rc == 1 && note && holder.pid == 0) {
        fw_str_printf(
            note, "took over %s, which is damaged (by a loss of power?) and held by nobody", path);
    } else if (rc == 1 && note) {
        fw_str_printf(note, "took over %s, whose holder, process %d on %s, is gone", path,
                      (int)holder.pid, holder.host);
    }
    return rc < 0 ? -1 : 0;
}

int fw_lease_take(struct fw_lease *lease, const char *path, struct fw_str *note,
                  struct fw_error *err)
{
    struct fw_lease_holder self = {0};
    FW_TRY(describe_self(&self, err));
    fw_auto(free) char *copy = strdup(path);
    fw_auto(free) char *own = fw_text("%s.%s", path, self.token);
    fw_auto(free) char *text =
        fw_text("token=%s host=%s boot=%s space=%llu pid=%d start=%llu\n", self.token, self.host,
                self.boot_id, (unsigned long long)self.pid_space, (int)self.pid,
                (unsigned long long)self.start_time);
    FW_TRY(copy && own && text ? 0 : fw_error_oom(err));
    FW_TRY(fw_fs_write(own, text, strlen(text), FW_DURABLE_RENAME, err));
    int rc = acquire(own, path, 0, note, err);
    unlink(own);
    if (rc == 0) {
        lease->path = fw_steal(&copy);
        memcpy(lease->token, self.token, sizeof self.token);
    }
    return rc;
}

/* 0 when the lease is still ours. */
static int check_ours(const struct fw_lease *lease, struct fw_error *err)
{
    char text[CARD_BYTES];
    struct fw_lease_holder holder = {0};
    if (fw_fs_peek(lease->path, text, sizeof text)) {
        parse_holder(text, &holder);
    }
    if (holder.pid == 0) {
        return fw_error_set(err, FW_EXIT_REFUSED, "the lease %s was removed or damaged",
                            lease->path);
    }
    return strcmp(holder.token, lease->token) == 0
               ? 0
               : fw_error_set(err, FW_EXIT_REFUSED, "the lease %s was lost to process %d on %s",
                              lease->path, (int)holder.pid, holder.host);
}

int fw_lease_beat(const struct fw_lease *lease, struct fw_error *err)
{
    FW_TRY(check_ours(lease, err));
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
