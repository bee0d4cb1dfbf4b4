/* SPDX-License-Identifier: MIT */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/cleanup.h"

enum { MAX_FDS = 16 };

/* Descriptors go through copies above every target, so that no target overwrites a source. */
static int add_fds(posix_spawn_file_actions_t *actions, const struct fw_proc_spec *spec,
                   int *copies)
{
    int top = 2;
    for (size_t i = 0; i < spec->n_fds; i++) {
        top = spec->fds[i].target > top ? spec->fds[i].target : top;
    }
    if (spec->n_fds > MAX_FDS) {
        return E2BIG;
    }
    for (size_t i = 0; i < spec->n_fds; i++) {
        copies[i] = fcntl(spec->fds[i].source, F_DUPFD_CLOEXEC, top + 1);
        if (copies[i] < 0) {
            return errno;
        }
        posix_spawn_file_actions_adddup2(actions, copies[i], spec->fds[i].target);
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, top + 1);
}

/* These only store values. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

int fw_proc_spawn(const struct fw_proc_spec *spec, pid_t *ret_pid, struct fw_error *err)
{
    int copies[MAX_FDS];
    memset(copies, -1, sizeof copies);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = 0;
    set_attributes(&attributes);
    posix_spawn_file_actions_init(&actions);
    int rc = add_fds(&actions, spec, copies);
    if (rc == 0 && spec->folder) {
        rc = posix_spawn_file_actions_addchdir_np(&actions, spec->folder);
    }
    if (rc == 0) {
        rc = posix_spawnp(&pid, spec->path, &actions, &attributes, spec->argv,
                          spec->env ? spec->env : environ);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < MAX_FDS && copies[i] >= 0; i++) {
        close(copies[i]);
    }
    if (rc != 0) {
        errno = rc;
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot start %s in %s", spec->path,
                              spec->folder ? spec->folder : ".");
    }
    *ret_pid = pid;
    return 0;
}

int fw_proc_die_with_parent(pid_t parent, struct fw_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot tie this process to its parent");
    }
    /* The parent may have ended before the call above could take effect. */
    if (getppid() != parent) {
        return fw_error_set(err, FW_EXIT_FAILED, "the parent process %d has ended", (int)parent);
    }
    return 0;
}

int fw_proc_adopt_orphans(struct fw_error *err)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0
               ? 0
               : fw_error_errno(err, FW_EXIT_FAILED, "cannot adopt orphaned processes");
}

int fw_proc_reap(pid_t pid, bool wait, struct fw_proc_result *ret_result, struct fw_error *err)
{
    int status;
    struct rusage usage;
    pid_t ended;
    do {
        ended = wait4(pid, &status, wait ? 0 : WNOHANG, &usage);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot wait for process %d", (int)pid);
    }
    if (ended == 0) {
        return 0;
    }
    *ret_result = (struct fw_proc_result){
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .user_us = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
        .system_us = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
        .peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024,
    };
    return 1;
}
