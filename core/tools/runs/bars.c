/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live.h"

/*
 * `fwrun-bars RUN_DIR`: draws the bars of a run below the lines that the run itself prints, on the
 * terminal that is its standard output, until its standard input ends. `fwrun run` starts it. The
 * run does not depend on it: whatever goes wrong here ends the drawing and nothing else.
 */

#define PERIOD_MS 200

/* While another program has the terminal, because the run was put aside, nothing is drawn on it. A
 * terminal that nobody's jobs belong to cannot be taken away. */
static bool in_front(pid_t run_group)
{
    pid_t front = tcgetpgrp(STDOUT_FILENO);
    return front < 0 || front == run_group;
}

static bool over(void)
{
    return poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, PERIOD_MS) != 0;
}

static void follow(const char *dir, pid_t run_group)
{
    fw_auto(view) struct fw_view view = {0};
    bool drawn = false, goes_on = true;
    while (goes_on && !over()) {
        bool shows = in_front(run_group);
        goes_on = fw_view_look(dir, &view, NULL) == 0;
        if (goes_on && shows) {
            fw_view_measure(&view);
            goes_on = fw_live_draw(STDOUT_FILENO, &view, false);
        } else if (drawn && !shows) {
            goes_on = fw_live_erase(STDOUT_FILENO);
        }
        drawn = shows;
    }
    if (drawn) {
        fw_live_erase(STDOUT_FILENO);
    }
}

/* The caller waits until this program has ended, and goes on with a process that is not its child:
 * a run looks after all its children, and this is none of its stages. */
int main(int argc, char **argv)
{
    struct stat st;
    pid_t run_group = getpgid(getppid());
    signal(SIGTTOU, SIG_IGN); /* it is in a group of its own, as every child of a run */
    if (argc != 2 || fstat(STDIN_FILENO, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        fputs("fwrun-bars draws for fwrun run; to look at a run: fwrun status --watch\n", stderr);
        return FW_EXIT_USAGE;
    }
    if (!fw_live_possible(STDOUT_FILENO)) {
        return FW_EXIT_FAILED;
    }
    pid_t pid = fork();
    if (pid == 0) {
        follow(argv[1], run_group);
    }
    return pid < 0 ? FW_EXIT_FAILED : 0;
}
