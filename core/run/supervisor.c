/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "run/run_internal.h"

/* How often memory is sampled; also the longest that a due time is missed by. */
#define TICK_MS 20

#define LEASE_NS INT64_C(10000000000)

/* A look that comes so late was not late by itself: this process was stopped. */
#define PAUSE_NS INT64_C(500000000)

/* What was made, without the file by file of the manifest. */
static void add_outputs(const cJSON *manifest, cJSON *event)
{
    static const char *const copied[] = {"port", "path", "rows", "bytes", "sha256"};
    cJSON *list = cJSON_AddArrayToObject(event, "outputs");
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        cJSON *item = cJSON_CreateObject();
        for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(output, copied[i]);
            fw_json_add(item, copied[i], cJSON_Duplicate(value, true));
        }
        cJSON_AddItemToArray(list, item);
    }
}

static void emit_end(struct fw_run *run, size_t index)
{
    const struct fw_run_stage *state = &run->stages[index];
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    cJSON *event = fw_run_event("stage_end", stage);
    fw_json_set(event, FW_JSON_TEXT("state", fw_run_state_name(state->state)),
                FW_JSON_TEXT("message", state->message));
    if (state->state == FW_STAGE_FAILED) {
        fw_json_set(event, FW_JSON_I64("code", state->code));
    }
    if (state->state == FW_STAGE_EXECUTED) {
        fw_json_set(event,
                    FW_JSON_REAL("elapsed_s", (double)(fw_clock_ns() - state->start_ns) / 1e9),
                    FW_JSON_U64("peak_rss_bytes", state->peak_bytes));
    }
    if (state->state == FW_STAGE_EXECUTED || state->state == FW_STAGE_REUSED) {
        add_outputs(stage->manifest, event);
    }
    fw_run_emit(run, event);
}

void fw_run_stage_end(struct fw_run *run, size_t index, enum fw_stage_state state, int code,
                      const char *message)
{
    struct fw_run_stage *stage = &run->stages[index];
    run->n_pending -= stage->state == FW_STAGE_PENDING;
    stage->state = state;
    stage->code = code;
    free(stage->message);
    stage->message = message ? fw_text("%s", message) : NULL;
    if (state == FW_STAGE_FAILED && !run->failed) {
        run->failed = true;
        run->failed_code = code;
        fw_error_set(&run->error, code, "stage \"%s\": %s", run->plan->stages[index].spec->name,
                     message);
    }
    emit_end(run, index);
    fw_schedule_ended(run, index);
    run->changed = true;
}

static void stop_all(struct fw_run *run, enum fw_stopping how, int code, const char *why)
{
    if (how <= run->stopping) {
        return;
    }
    run->stop_code = run->stopping == FW_GOING ? code : run->stop_code;
    run->stopping = how;
    cJSON *event = fw_run_event("stopping", NULL);
    fw_json_set(event, FW_JSON_TEXT("reason", why), FW_JSON_BOOL("at_once", how == FW_STOP_NOW));
    fw_run_emit(run, event);
    for (size_t i = 0; i < run->n_running; i++) {
        struct fw_attempt *attempt = run->stages[run->running[i]].attempt;
        if (attempt && how == FW_STOP_NOW && attempt->pid > 0) {
            attempt->killed = true;
            fw_proc_tree_kill(attempt->pid, SIGKILL);
        } else if (attempt) {
            fw_attempt_stop(attempt, how == FW_STOP_NOW);
        }
    }
}

static void end_run(struct fw_run *run, int code, const struct fw_error *err);

/* A process was killed at the second signal. A stage in this process can only go with it. */
static _Noreturn void abandon(struct fw_run *run, const char *why)
{
    struct fw_error err;
    cJSON *event = fw_run_event("stopping", NULL);
    fw_auto(free) char *reason =
        fw_text("%s, and a stage in this process does not answer: the program ends with it", why);
    fw_json_set(event, FW_JSON_TEXT("reason", reason ? reason : why),
                FW_JSON_BOOL("at_once", true));
    fw_run_emit(run, event);
    fw_error_set(&err, run->stop_code, "%s", reason ? reason : why);
    end_run(run, run->stop_code, &err);
    _exit(run->stop_code);
}

static void take_signals(struct fw_run *run)
{
    struct signalfd_siginfo info;
    while (read(run->signal_fd, &info, sizeof info) == sizeof info) {
        int signal = (int)info.ssi_signo;
        if (signal == SIGCHLD) {
            continue; /* it only had to end the waiting */
        }
        fw_auto(free) char *why = fw_text("signal %d (%s)", signal, strsignal(signal));
        int code = signal == SIGTERM && run->options->sigterm_code ? run->options->sigterm_code
                                                                   : FW_EXIT_SIGNAL + signal;
        if (run->stopping == FW_STOP_NOW) {
            abandon(run, why ? why : "a signal");
        }
        stop_all(run, run->stopping == FW_GOING ? FW_STOP_SOON : FW_STOP_NOW, code,
                 why ? why : "a signal");
    }
}

/* Before anything is published: who comes back from a long sleep may have lost the lease. */
static void check_lease(struct fw_run *run)
{
    struct fw_error err;
    int64_t now = fw_clock_boot_ns();
    if (now - run->lease_ns > LEASE_NS) {
        run->lease_ns = now;
        if (fw_lease_beat(&run->dir->lease, &err) < 0) {
            run->broken = true;
            run->error = err;
        }
    }
}

/* While this process itself was stopped no stage could be heard: none is to blame for that time. */
static void notice_pause(struct fw_run *run, int64_t now)
{
    int64_t pause = now - run->looked_ns;
    for (size_t i = 0; pause > PAUSE_NS && i < run->n_running; i++) {
        struct fw_attempt *attempt = run->stages[run->running[i]].attempt;
        attempt->alive_ns += pause;
        attempt->result_ns += pause;
        attempt->stop_ns += attempt->stop_ns != 0 ? pause : 0;
    }
    run->looked_ns = now;
}

static void check_clock(struct fw_run *run, int64_t now)
{
    double budget = run->options->time_budget_s;
    if (budget > 0 && (double)(now - run->start_ns) / 1e9 >= budget) {
        stop_all(run, FW_STOP_SOON, FW_EXIT_TIME, "the time budget is used up");
    }
    if (run->changed && now >= run->record_ns) {
        fw_run_record(run, "running", 0, "");
    }
}

static void wait_for_something(struct fw_run *run, struct pollfd *fds)
{
    size_t n = run->n_running;
    for (size_t i = 0; i < n; i++) {
        const struct fw_channel *channel = &run->stages[run->running[i]].attempt->channel;
        fds[i] = (struct pollfd){.fd = channel->ended ? -1 : channel->fd, .events = POLLIN};
    }
    fds[n] = (struct pollfd){.fd = run->signal_fd, .events = POLLIN};
    poll(fds, n + 1, TICK_MS);
    int64_t now = fw_clock_ns();
    notice_pause(run, now);
    check_lease(run);
    if (fds[n].revents) {
        take_signals(run);
    }
    while (n-- > 0) { /* the last first: one that ends leaves the list */
        size_t index = run->running[n];
        if (fds[n].revents) {
            fw_attempt_receive(run, index);
        }
        fw_attempt_reap(run, index);
        if (run->stages[index].attempt->ended) {
            fw_attempt_conclude(run, index);
        } else {
            fw_attempt_watch(run, index, now);
        }
    }
    check_clock(run, now);
}

static int loop(struct fw_run *run, struct fw_error *err)
{
    fw_auto(free) struct pollfd *fds = calloc(run->plan->n_stages + 1, sizeof *fds);
    if (!fds) {
        return fw_error_oom(err);
    }
    fw_schedule(run);
    while (run->n_running > 0) {
        wait_for_something(run, fds);
        if (run->broken) {
            stop_all(run, FW_STOP_NOW, FW_EXIT_STATE, "the run directory cannot be written");
        }
        fw_schedule(run);
    }
    return 0;
}

/* Stages that never got their turn, because of a failure or a stop. */
static void settle(struct fw_run *run)
{
    for (size_t i = 0; i < run->plan->n_stages; i++) {
        size_t index = run->plan->order[i];
        if (run->stages[index].state == FW_STAGE_PENDING) {
            fw_run_stage_end(run, index, FW_STAGE_SKIPPED, 0,
                             run->stopping != FW_GOING ? "the run was stopped before it"
                                                       : "another stage failed");
        }
    }
}

static int verdict(struct fw_run *run, struct fw_error *err)
{
    if (run->broken || run->failed) {
        *err = run->error;
        return run->broken ? run->error.code : run->failed_code;
    }
    for (size_t i = 0; run->stopping == FW_GOING && i < run->plan->n_stages; i++) {
        if (run->stages[i].state == FW_STAGE_STOPPED) { /* --stop-after-steps */
            run->stopping = FW_STOP_SOON;
            run->stop_code = FW_EXIT_TIME;
        }
    }
    if (run->stopping != FW_GOING) {
        bool open = false;
        for (size_t i = 0; i < run->plan->n_stages; i++) {
            open |= run->stages[i].state == FW_STAGE_STOPPED ||
                    run->stages[i].state == FW_STAGE_SKIPPED;
        }
        if (open) {
            fw_error_set(err, run->stop_code, "stopped; the same command goes on from here");
            return run->stop_code;
        }
    }
    return FW_EXIT_OK;
}

/* The event log outlives the record of this run and holds many runs: it says where each begins. */
static void begin_run(struct fw_run *run)
{
    cJSON *event = fw_run_event("run_start", NULL);
    fw_json_set(event, FW_JSON_TEXT("name", run->plan->pipeline->name),
                FW_JSON_TEXT("fwrun_version", run->options->version), FW_JSON_I64("pid", getpid()),
                FW_JSON_U64("threads", run->threads), FW_JSON_U64("memory_bytes", run->memory));
    fw_run_emit(run, event);
    fw_run_record(run, "running", 0, "");
}

static void end_run(struct fw_run *run, int code, const struct fw_error *err)
{
    const char *state = code == 0                   ? "done"
                        : run->failed               ? "failed"
                        : run->stopping != FW_GOING ? "interrupted"
                                                    : "failed";
    cJSON *event = fw_run_event("run_end", NULL);
    fw_json_set(event, FW_JSON_TEXT("state", state), FW_JSON_I64("exit_code", code),
                FW_JSON_TEXT("message", code == 0 ? "" : err->text),
                FW_JSON_REAL("elapsed_s", (double)(fw_clock_ns() - run->start_ns) / 1e9));
    cJSON *counts = cJSON_AddObjectToObject(event, "stages");
    for (enum fw_stage_state s = FW_STAGE_EXECUTED; s <= FW_STAGE_LEFT_OUT; s++) {
        int n = 0;
        for (size_t i = 0; i < run->plan->n_stages; i++) {
            n += run->stages[i].state == s;
        }
        cJSON_AddNumberToObject(counts, fw_run_state_name(s), n);
    }
    fw_run_emit(run, event);
    fw_run_record(run, state, code, code == 0 ? "" : err->text);
}

sigset_t fw_run_signals(void)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        sigaddset(&signals, list[i]);
    }
    return signals;
}

static int init_run(struct fw_run *run, struct fw_error *err)
{
    const struct fw_pipeline_resources *given = &run->plan->pipeline->resources;
    const struct fw_machine *machine = &run->machine;
    sigset_t signals = fw_run_signals();
    fw_machine_look(&run->machine);
    run->start_ns = run->looked_ns = fw_clock_ns();
    run->lease_ns = fw_clock_boot_ns();
    run->threads = run->free_threads = given->threads ? given->threads : machine->cpus;
    run->memory = given->memory_bytes
                      ? given->memory_bytes
                      : (uint64_t)((double)machine->memory_bytes * FW_RUN_MEMORY_SHARE);
    run->free_memory = run->memory;
    run->stages = calloc(run->plan->n_stages + 1, sizeof *run->stages);
    run->childless = waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) < 0;
    run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!run->stages || run->signal_fd < 0 || fw_proc_adopt_orphans(NULL) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot prepare the run");
    }
    for (size_t i = 0; i < run->plan->n_stages; i++) {
        run->stages[i].attempts = cJSON_CreateArray();
        if (run->plan->stages[i].state == FW_PLAN_LEFT_OUT) {
            run->stages[i].state = FW_STAGE_LEFT_OUT;
        }
    }
    FW_TRY(fw_schedule_init(run, err));
    /* Scratch of a run that was killed: nobody else can be using it, the lease is ours. */
    run->tmp = fw_run_tmp_root(run);
    return run->tmp ? fw_fs_remove(run->tmp, err) : fw_error_oom(err);
}

static void finish_run(struct fw_run *run)
{
    for (size_t i = 0; run->stages && i < run->plan->n_stages; i++) {
        free(run->stages[i].message);
        fw_watch_finish(&run->stages[i].watch);
        cJSON_Delete(run->stages[i].attempts);
    }
    free(run->stages);
    fw_schedule_finish(run);
    fw_loader_destroy(run->loader);
    if (run->tmp) {
        rmdir(run->tmp); /* empty by now, but for what a stage could not remove */
        free(run->tmp);
    }
    if (run->signal_fd >= 0) {
        close(run->signal_fd);
    }
}

int fw_run(struct fw_plan *plan, struct fw_digests *digests, struct fw_rundir *dir,
           const struct fw_run_options *options, struct fw_error *err)
{
    struct fw_run run = {
        .plan = plan, .digests = digests, .dir = dir, .options = options, .signal_fd = -1};
    if (init_run(&run, err) < 0) {
        finish_run(&run);
        return err->code;
    }
    begin_run(&run);
    int code = loop(&run, err) < 0 ? err->code : 0;
    settle(&run);
    if (code == 0) {
        code = verdict(&run, err);
    }
    end_run(&run, code, err);
    if (code == 0 && run.broken) { /* the last record itself could not be written */
        *err = run.error;
        code = err->code;
    }
    finish_run(&run);
    return code;
}
