/* SPDX-License-Identifier: MIT */
#include "run/spare.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CHANNEL_FD 3

int fw_spare_start(struct fw_spare *ret_spare, struct fw_error *err)
{
    int pair[2];
    char parent[24];
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a socket pair");
    }
    char *argv[] = {(char[]){"fwrun"}, (char[]){"--worker"}, parent, NULL};
    /* What is printed before there is a log, by a constructor say, is nobody's result. */
    struct fw_proc_fd fds[] = {{.source = STDERR_FILENO, .target = STDOUT_FILENO},
                               {.source = STDERR_FILENO, .target = STDERR_FILENO},
                               {.source = pair[1], .target = CHANNEL_FD}};
    struct fw_proc_spec spec = {.path = "/proc/self/exe", .argv = argv, .fds = fds, .n_fds = 3};
    struct fw_spare spare = {.fd = pair[0]};
    int rc = fw_proc_spawn(&spec, &spare.pid, err);
    close(pair[1]);
    if (rc < 0) {
        close(pair[0]);
        return -1;
    }
    *ret_spare = spare;
    return 0;
}

int fw_spare_take(struct fw_spare *spare, struct fw_spare *ret_spare, struct fw_error *err)
{
    struct fw_spare taken = *spare;
    *spare = (struct fw_spare){0};
    if (taken.pid > 0 && fw_proc_reap(taken.pid, false, &(struct fw_proc_result){0}, NULL) == 0) {
        *ret_spare = taken;
        return 0;
    }
    if (taken.pid > 0) { /* somebody has killed it */
        close(taken.fd);
    }
    return fw_spare_start(ret_spare, err);
}

void fw_spare_drop(const struct fw_spare *spare)
{
    if (spare->pid > 0) {
        kill(spare->pid, SIGKILL);
        fw_proc_reap(spare->pid, true, &(struct fw_proc_result){0}, NULL);
        close(spare->fd);
    }
}
