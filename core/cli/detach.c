/* SPDX-License-Identifier: MIT */
#include "cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"

static int open_log(const char *log, struct fw_error *err)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return fd >= 0 ? fd : fw_error_errno(err, FW_EXIT_STATE, "cannot open the log %s", log);
}

static int redirect(int log, struct fw_error *err)
{
    fw_auto(close) int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (setsid() < 0 || none < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot leave the terminal");
    }
    return 0;
}

/* The child says so in one byte; if it ends, the pipe does too. */
static int wait_until_ready(int fd, pid_t pid, const char *log, struct fw_error *err)
{
    char byte;
    ssize_t n;
    while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR) {
    }
    if (n == 1) {
        return 0;
    }
    struct fw_proc_result result = {0};
    FW_TRY(fw_proc_reap(pid, true, &result, err) < 0 ? -1 : 0);
    return fw_error_set(err, result.signal ? FW_EXIT_CRASHED : result.exit_code,
                        "the run ended before any stage did; %s says why", log);
}

int fw_detach(const char *log, pid_t *ret_pid, int *ret_ready, struct fw_error *err)
{
    int ends[2];
    fw_auto(close) int fd = open_log(log, err);
    if (fd < 0) {
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a pipe");
    }
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot start a process for the background");
    }
    *ret_pid = pid;
    if (pid == 0) {
        close(ends[0]);
        *ret_ready = ends[1];
        return redirect(fd, err);
    }
    close(ends[1]);
    int rc = wait_until_ready(ends[0], pid, log, err);
    close(ends[0]);
    return rc;
}

void fw_detach_ready(int ready)
{
    if (ready >= 0) {
        (void)!write(ready, "", 1); /* a parent that is gone does not wait */
        close(ready);
    }
}
