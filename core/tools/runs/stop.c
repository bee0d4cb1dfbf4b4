/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "view.h"

/* `fwrun stop`: the run checkpoints and ends; --now kills what runs. */

#define POLL_NS 20000000

/* A stage in a worker is interrupted after 10 s and killed after 20. */
#define PATIENCE_S 40

/* A descriptor, so that the signal cannot meet another process that got the number since. */
static int open_process(const struct fw_lease_holder *holder)
{
    int fd = (int)syscall(SYS_pidfd_open, holder->pid, 0);
    if (fd >= 0 && fw_proc_start_time(holder->pid) != holder->start_time) {
        close(fd);
        errno = ESRCH;
        return -1;
    }
    return fd;
}

static int send(int process, struct fw_error *err)
{
    return syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) == 0 || errno == ESRCH
               ? 0
               : fw_error_errno(err, FW_EXIT_REFUSED, "cannot signal the run");
}

/* `insist`: a process to signal again and again, because two signals at once may count as one, and
 * only the second kills. -1 for none. */
static int wait_until_over(const char *dir, int insist, double patience_s, struct fw_error *err)
{
    int64_t start = fw_clock_ns();
    fw_auto(view) struct fw_view view = {0};
    for (;;) {
        fw_auto(str) struct fw_str text = {0};
        FW_TRY(fw_view_look(dir, &view, err));
        fw_view_verdict(&view, &text);
        if (!view.live) {
            printf("%s\n", text.text ? text.text : "");
            return 0;
        }
        if ((double)(fw_clock_ns() - start) / 1e9 > patience_s) {
            return fw_error_set(err, FW_EXIT_INCONCLUSIVE,
                                "%s; it was told to stop and has not: fwrun stop --now kills it",
                                text.text ? text.text : "");
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        FW_TRY(insist >= 0 ? send(insist, err) : 0);
    }
}

static int end(const struct fw_cli *cli, const struct fw_view *view, const char *dir,
               struct fw_error *err)
{
    if (view->lease == FW_LEASE_REMOTE) {
        return fw_error_set(err, FW_EXIT_REFUSED, "%s is run by process %d on %s: stop it there",
                            dir, (int)view->holder.pid, view->holder.host);
    }
    fw_auto(close) int process = open_process(&view->holder);
    if (process < 0) {
        return errno == ESRCH ? wait_until_over(dir, -1, 0, err)
                              : fw_error_errno(err, FW_EXIT_REFUSED, "cannot reach the run");
    }
    FW_TRY(send(process, err));
    return wait_until_over(dir, cli->now ? process : -1,
                           cli->timeout_s >= 0 ? cli->timeout_s : PATIENCE_S, err);
}

static int stop(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *dir = NULL;
    fw_auto(view) struct fw_view view = {0};
    if (fw_view_find(cli, &dir, err) < 0 || fw_view_look(dir, &view, err) < 0) {
        return err->code;
    }
    if (view.live) {
        return end(cli, &view, dir, err) < 0 ? err->code : 0;
    }
    fw_auto(str) struct fw_str text = {0};
    fw_view_verdict(&view, &text);
    printf("nothing to stop: %s\n", text.text ? text.text : "");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "stop",
        "[TARGET]",
        "Stops a run at the next step boundary; the same command goes on from there.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_TIMEOUT | FW_CLI_NOW,
        0,
        1,
        stop};
    return fw_tool_main(&verb, argc, argv);
}
