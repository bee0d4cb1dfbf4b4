/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/console.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/tool.h"
#include "run/run.h"
#include "run/worker.h"
#include "store/rundir.h"

/* Before anything that can fail, so that a run never looks as if it had done nothing. */
static void announce(const struct fw_cli *cli)
{
    fw_auto(free) char *folder = getcwd(NULL, 0);
    fprintf(stderr, "fwrun %s, pid %d, in %s: run %s\n", FWRUN_VERSION, (int)getpid(),
            folder ? folder : "?", cli->args.items[0]);
}

/* What a signal ends with before the run takes signals itself, put into words ahead: a handler must
 * not format. */
static struct {
    char text[80];
    int code;
} ending[SIGTERM + 1];

/* Reading large inputs takes its time. The lease stays, and is seen to be stale. */
static void leave(int signal)
{
    const char *text = ending[signal].text;
    _exit(write(STDERR_FILENO, text, strlen(text)) < 0 ? FW_EXIT_FAILED : ending[signal].code);
}

static void catch_signals(int sigterm_code)
{
    static const int list[] = {SIGINT, SIGHUP, SIGTERM};
    const struct sigaction action = {.sa_handler = leave};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        int code = list[i] == SIGTERM && sigterm_code ? sigterm_code : FW_EXIT_SIGNAL + list[i];
        snprintf(ending[list[i]].text, sizeof ending->text,
                 "fwrun: ended by signal %d before any stage ran (exit %d)\n", list[i], code);
        ending[list[i]].code = code;
        sigaction(list[i], &action, NULL);
    }
}

/* From here on the run takes them itself, in its loop. */
static void block_signals(void)
{
    sigset_t signals = fw_run_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int check_places(const struct fw_plan *plan, struct fw_error *err)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct fw_plan_stage *stage = &plan->stages[i];
        bool runs = stage->state == FW_PLAN_RUN || stage->state == FW_PLAN_WAITING;
        for (size_t k = 0; runs && k < stage->outputs.len; k++) {
            fw_auto(free) char *folder = fw_path_folder(stage->outputs.items[k].path);
            if (!folder) {
                return fw_error_oom(err);
            }
            if (fw_fs_probe_writable(folder, err) < 0) {
                fw_error_prefix(err, "stage \"%s\", output \"%s\": ", stage->spec->name,
                                stage->outputs.items[k].port);
                err->code = FW_EXIT_REFUSED;
                return -1;
            }
        }
    }
    return 0;
}

static int write_plan(const struct fw_rundir *dir, const struct fw_plan *plan, struct fw_error *err)
{
    fw_auto(json) cJSON *json = NULL;
    return fw_plan_json(plan, &json, err) < 0 ? -1 : fw_rundir_write(dir, "plan.json", json, err);
}

static int carry_out(const struct fw_cli *cli, struct fw_target *target, struct fw_rundir *dir,
                     struct fw_console *console, struct fw_error *err)
{
    struct fw_run_options options = {.version = FWRUN_VERSION,
                                     .sets = &target->sets,
                                     .time_budget_s = cli->time_budget_s,
                                     .checkpoint_every_s = cli->checkpoint_every_s,
                                     .checkpoint_every_steps = cli->checkpoint_every_steps,
                                     .stop_after_steps = cli->stop_after_steps,
                                     .sigterm_code = cli->sigterm_code,
                                     .on_event = fw_console_event,
                                     .arg = console};
    fw_auto(free) char *memo = fw_text("%s/.probed", target->pipeline.run_root);
    if (!memo) {
        fw_error_oom(err);
        return err->code;
    }
    if (fw_target_assess(target, err) < 0 || write_plan(dir, target->plan, err) < 0) {
        return err->code;
    }
    fw_console_plan(target->plan, stderr);
    if (target->pipeline.preflight.given && fw_tool_run("preflight", dir->path, -1, -1, err) < 0) {
        return FW_EXIT_REFUSED;
    }
    if (check_places(target->plan, err) < 0 || fw_run_probe(target->plan, memo, err) < 0) {
        return err->code;
    }
    block_signals();
    fw_console_open(console, dir->path);
    int code = fw_run(target->plan, target->digests, dir, &options, err);
    if (fw_digests_save(target->digests, code == 0 ? err : NULL) < 0 && code == 0) {
        code = err->code;
    }
    return code;
}

/* Whoever sent this run to the background waits for a byte. */
static void say_ready(void)
{
    const char *fd = getenv(FW_CLI_READY);
    if (fd) {
        (void)!write(atoi(fd), "", 1); /* who is gone does not wait */
        close(atoi(fd));
        unsetenv(FW_CLI_READY);
    }
}

/* A page about the run, unless that of an earlier run still tells all: nothing was executed. It is
 * a view of the records; that it cannot be written takes nothing away from them. */
static void write_report(const struct fw_console *console, const char *run_dir)
{
    struct fw_error err;
    fw_auto(free) char *page = fw_text("%s/report.html", run_dir);
    if (page && (console->n_started > 0 || access(page, F_OK) < 0) &&
        fw_tool_run("report", run_dir, -1, -1, &err) < 0) {
        fprintf(stderr, "warning: no %s: %s\n", page, err.text);
    }
}

/* Takes the run directory and runs. */
static int execute(const struct fw_cli *cli, struct fw_target *target, struct fw_console *console,
                   struct fw_error *err)
{
    fw_auto(str) struct fw_str note = {0};
    struct fw_rundir dir;
    if (fw_rundir_open(&dir, target->plan->run_dir, target->pipeline.durability, &note, err) < 0) {
        return err->code;
    }
    say_ready();
    if (note.len > 0) {
        fprintf(stderr, "%s\n", note.text);
    }
    int code = carry_out(cli, target, &dir, console, err);
    if (code == 0 && console->lost != 0) {
        errno = console->lost;
        fw_error_errno(err, FW_EXIT_FAILED,
                       "cannot write the events to stdout, %s/events.jsonl has them", dir.path);
        code = err->code;
    }
    if (fw_rundir_close(&dir, code == 0 ? err : NULL) < 0 && code == 0) {
        code = err->code;
    }
    write_report(console, target->plan->run_dir);
    return code;
}

/* A run in the background, or one whose workers can swap, begins in a program of its own. Returns
 * only if that is not there. */
static int run_by(const char *name, const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *tool = fw_tool_path(name);
    return execv(tool ? tool : "", cli->argv) < 0
               ? fw_error_errno(err, FW_EXIT_FAILED, "cannot start fwrun-%s", name)
               : 0;
}

int fw_verb_run(const struct fw_cli *cli, struct fw_error *err)
{
    const char *tool = cli->detach && !cli->plan_only && !getenv(FW_CLI_READY) ? "detach"
                       : cli->watch && !fw_run_hooks.boundary                  ? "watch-plugins"
                                                                               : NULL;
    if (tool && run_by(tool, cli, err) < 0) {
        return err->code;
    }
    fw_auto(target) struct fw_target target = {0};
    struct fw_console console;
    announce(cli);
    catch_signals(cli->sigterm_code);
    fw_console_init(&console, cli->json && !cli->detach, cli->quiet);
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0) {
        return err->code;
    }
    if (cli->plan_only) {
        return fw_target_assess(&target, err) < 0 ? err->code
                                                  : fw_print_plan(target.plan, cli->json, err);
    }
    return execute(cli, &target, &console, err);
}
