/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

/* The file that a name stands for: itself with a slash, else the first in PATH. *ret is NULL when
 * there is none; -1 when memory ran out. */
static int find_program(const char *name, const char *path, char **ret)
{
    *ret = NULL;
    if (strchr(name, '/') != NULL) {
        *ret = strdup(name);
        return *ret == NULL ? -1 : 0;
    }
    for (const char *at = path; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, ":");
        char *file = NULL;
        if (len > 0 && asprintf(&file, "%.*s/%s", (int)len, at, name) < 0) {
            return -1;
        }
        if (file != NULL && access(file, X_OK) == 0) {
            *ret = file;
            return 0;
        }
        free(file);
        at += len + (at[len] == ':');
    }
    return 0;
}

/* Between fork and exec: nothing here may allocate or lock. Returns only on failure. */
static void become(const char *program, const struct exec_words *argv,
                   const struct exec_words *environment, const char *folder, pid_t parent)
{
    const int nothing = open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
        chdir(folder) != 0) {
        return;
    }
    /* Ignored signals stay ignored across exec, and hosts ignore SIGPIPE. */
    for (int i = 1; i < NSIG; i++) {
        signal(i, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* Older kernels lack it; then only what is not close-on-exec stays open. */
    close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    execve(program, argv->items, environment->items);
}

/* Forks; *ret_errno is why the program could not be executed, 0 when it runs. */
static int start(struct exec_child *child, const char *program, const struct exec_words *argv,
                 const struct exec_words *environment, const char *folder, int *ret_errno)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        return -1;
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        become(program, argv, environment, folder, parent);
        const int why = errno;
        _exit(write(report[1], &why, sizeof why) == (ssize_t)sizeof why ? 127 : 126);
    }
    const int fork_errno = errno;
    close(report[1]);
    *ret_errno = 0;
    ssize_t n = -1;
    while (pid > 0 && (n = read(report[0], ret_errno, sizeof *ret_errno)) < 0 && errno == EINTR) {
    }
    close(report[0]);
    if (pid < 0) {
        errno = fork_errno;
        return -1;
    }
    if (n > 0) {
        waitpid(pid, NULL, 0);
        return 0;
    }
    setpgid(pid, pid); /* the child does so too: whoever is first */
    child->pid = pid;
    return 0;
}

fw_status exec_child_start(struct exec_child *child, const struct fw_host *host,
                           const struct exec_words *argv, const struct exec_words *environment,
                           const char *folder)
{
    char *program = NULL;
    int why = 0;
    const char *path = exec_words_value(environment, "PATH");
    if (find_program(argv->items[0], path, &program) != 0) {
        return exec_fault_nomem(host);
    }
    if (program == NULL) {
        return exec_fault(host, FW_E_MISSING,
                          "install it, or set PATH in `env`: the stage does not see fwrun's own",
                          "there is no program '%s' in %s", argv->items[0],
                          path == NULL ? "an empty PATH" : path);
    }
    fw_status status = FW_OK;
    if (start(child, program, argv, environment, folder, &why) != 0) {
        status = exec_fault(host, FW_E_IO, NULL, "cannot start a process: %s", strerror(errno));
    } else if (why != 0) {
        status =
            exec_fault(host, FW_E_CONFIG, NULL, "cannot execute %s: %s", program, strerror(why));
    }
    free(program);
    return status;
}

/* Collects the child if it has ended. While it is a zombie its group's number cannot belong to
 * anybody else, so that is the moment to kill what it left behind. */
static int collect(struct exec_child *child)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == 0) {
        return 0;
    }
    kill(-child->pid, SIGKILL);
    if (waitpid(child->pid, &child->status, 0) < 0) {
        child->status = W_EXITCODE(127, 0); /* somebody else collected it: not to be believed */
    }
    child->pid = 0;
    return 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int exec_child_wait(struct exec_child *child, uint32_t ms)
{
    const int64_t until = now_ms() + ms;
    /* Short naps first: many commands end soon. */
    for (long nap_ms = 1; collect(child) == 0; nap_ms = nap_ms < 16 ? nap_ms * 2 : nap_ms) {
        if (now_ms() >= until) {
            return 0;
        }
        const struct timespec nap = {0, nap_ms * 1000000};
        nanosleep(&nap, NULL);
    }
    return 1;
}

void exec_child_stop(struct exec_child *child, double grace_s)
{
    if (child->pid == 0) {
        return;
    }
    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT); /* a stopped process would not notice */
    if (exec_child_wait(child, (uint32_t)(grace_s * 1000)) == 0) {
        kill(-child->pid, SIGKILL);
        waitpid(child->pid, &child->status, 0);
        child->pid = 0;
    }
}
