/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/target.h"

/*
 * What `fwrun run --detach` becomes: mistakes are said here, in the foreground, then the run goes
 * on in a child of its own session. This process prints where it is and ends once the run
 * directory is the child's.
 */

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

/* 0 in the child, which is away from the terminal; its number in the parent, which has seen that
 * the run began. */
static pid_t leave_terminal(const char *log, struct fw_error *err)
{
    int ends[2];
    char ready[16];
    fw_auto(close) int fd = open_log(log, err);
    if (fd < 0) {
        return -1;
    }
    if (pipe(ends) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a pipe");
    }
    snprintf(ready, sizeof ready, "%d", ends[1]);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        return setenv(FW_CLI_READY, ready, true) < 0 ? fw_error_oom(err) : redirect(fd, err);
    }
    close(ends[1]);
    int rc = pid < 0
                 ? fw_error_errno(err, FW_EXIT_FAILED, "cannot start a process for the background")
                 : wait_until_ready(ends[0], pid, log, err);
    close(ends[0]);
    return rc < 0 ? -1 : pid;
}

static int say_where(const struct fw_cli *cli, pid_t pid, const char *log, const char *dir,
                     struct fw_error *err)
{
    if (!cli->json) {
        printf("pid %d\nlog %s\nrun directory %s\n", (int)pid, log, dir);
        return 0;
    }
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    fw_json_set(json, FW_JSON_I64("pid", pid), FW_JSON_TEXT("log", log),
                FW_JSON_TEXT("run_dir", dir));
    return fw_print_json(json, err);
}

/* The run directory, checked for what can be known before anything runs. */
static char *find_run_dir(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0 || fw_fs_mkdirs(target.plan->run_dir, err) < 0) {
        return NULL;
    }
    char *dir = strdup(target.plan->run_dir);
    if (!dir) {
        fw_error_oom(err);
    }
    return dir;
}

static int detach(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *dir = find_run_dir(cli, err);
    if (!dir) {
        return err->code;
    }
    fw_auto(free) char *log = fw_text("%s/run.log", dir);
    pid_t pid = log ? leave_terminal(log, err) : fw_error_oom(err);
    if (pid == 0) {
        return fw_verb_run(cli, err);
    }
    return pid < 0 || say_where(cli, pid, log, dir, err) < 0 ? err->code : 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"run",
                                        "PIPELINE.cfg [STAGE...]",
                                        "Runs a pipeline in the background.",
                                        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_RUN,
                                        1,
                                        SIZE_MAX,
                                        detach};
    return fw_tool_main(&verb, argc, argv);
}
