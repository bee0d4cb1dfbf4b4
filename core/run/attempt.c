/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "fw/service/log.h"
#include "run/run_internal.h"
#include "run/worker.h"

/* The guard kills above this multiple of the budget: sampling and the allocator's slack. */
#define OVER_BUDGET 1.05

/* How often memory is looked at, and how soon at the earliest. */
#define SAMPLE_NS INT64_C(15000000)

/* At most one step event a second and stage goes into the event log. */
#define STEP_EVENT_NS INT64_C(1000000000)

/* What a stage gets to answer a stop before it is interrupted, and that before it is killed. */
#define GRACE_NS INT64_C(10000000000)

static void *thread_main(void *arg)
{
    struct fw_attempt *attempt = arg;
    fw_worker_run(attempt->worker_fd, attempt->loader);
    return NULL;
}

/* Plugins stay loaded from one stage in this process to the next. */
static int start_thread(struct fw_run *run, struct fw_attempt *attempt, struct fw_error *err)
{
    int pair[2];
    if (!run->loader && fw_loader_create(run->tmp, &run->loader, err) < 0) {
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a socket pair");
    }
    attempt->channel.fd = pair[0];
    attempt->worker_fd = pair[1];
    attempt->loader = run->loader;
    errno = pthread_create(&attempt->thread, NULL, thread_main, attempt);
    if (errno != 0) {
        close(pair[1]);
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot start a thread for the stage");
    }
    return 0;
}

static int start_process(struct fw_run *run, struct fw_attempt *attempt, struct fw_error *err)
{
    struct fw_spare worker;
    FW_TRY(fw_spare_take(&run->spare, &worker, err));
    attempt->pid = worker.pid;
    attempt->channel.fd = worker.fd;
    return 0;
}

static int open_log(struct fw_run *run, const char *name, struct fw_attempt *attempt,
                    struct fw_error *err)
{
    fw_auto(free) char *path = fw_rundir_log(run->dir->path, name);
    if (!path) {
        return fw_error_oom(err);
    }
    struct stat st;
    attempt->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (attempt->log < 0 || fstat(attempt->log, &st) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot open the log %s", path);
    }
    attempt->log_bytes = st.st_size;
    /* Shared with all that the stage starts: a later run sees by it whether something is left. */
    flock(attempt->log, LOCK_SH | LOCK_NB);
    return 0;
}

static int launch(struct fw_run *run, size_t index, struct fw_attempt *attempt,
                  struct fw_error *err)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    fw_auto(json) cJSON *task = NULL;
    if (fw_run_task(run, index, &task, err) < 0) {
        return -1;
    }
    bool resume = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(task, "restore"));
    if (fw_run_prepare(run, index, resume, err) < 0 ||
        open_log(run, stage->spec->name, attempt, err) < 0) {
        return -1;
    }
    FW_TRY(stage->spec->isolated ? start_process(run, attempt, err)
                                 : start_thread(run, attempt, err));
    return fw_channel_send(attempt->channel.fd, task, err);
}

static void emit_start(struct fw_run *run, size_t index)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    const struct fw_run_stage *state = &run->stages[index];
    cJSON *event = fw_run_event("stage_start", stage);
    bool recalled = state->rung.number > 0 && cJSON_GetArraySize(state->attempts) == 0;
    fw_json_set(event, FW_JSON_I64("pid", state->attempt->pid),
                FW_JSON_U64("rung", state->rung.number), FW_JSON_BOOL("recalled", recalled),
                FW_JSON_TEXT("reason", stage->reason));
    fw_run_add_limits(event, &state->limits);
    fw_run_emit(run, event);
}

int fw_attempt_start(struct fw_run *run, size_t index, struct fw_error *err)
{
    struct fw_attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt) {
        return fw_error_oom(err);
    }
    attempt->log = -1;
    attempt->channel.fd = -1;
    if (run->plan->stages[index].spec->isolated) {
        attempt->oom_kills = fw_machine_oom_kills(&run->machine);
    }
    attempt->start_ns = attempt->alive_ns = attempt->beat_ns = attempt->sample_ns = fw_clock_ns();
    if (launch(run, index, attempt, err) < 0) {
        fw_attempt_free(attempt);
        return -1;
    }
    run->stages[index].attempt = attempt;
    emit_start(run, index);
    return 0;
}

void fw_attempt_free(struct fw_attempt *attempt)
{
    if (attempt) {
        fw_channel_finish(&attempt->channel);
        if (attempt->log >= 0) {
            close(attempt->log);
        }
        cJSON_Delete(attempt->step);
        cJSON_Delete(attempt->result);
        free(attempt);
    }
}

static void take_log(struct fw_attempt *attempt, const cJSON *message)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    unsigned level = (unsigned)fw_json_number(message, "level");
    char now[FW_CLOCK_TEXT];
    fw_clock_utc(now);
    if (level < sizeof levels / sizeof *levels) {
        dprintf(attempt->log, "%s %s: %s\n", now, levels[level], fw_json_text(message, "text"));
    }
}

/* The message is an event as it is, with the stage's name added. */
static void pass_on(struct fw_run *run, size_t index, cJSON *message)
{
    cJSON_AddStringToObject(message, "stage", run->plan->stages[index].spec->name);
    fw_run_emit(run, message);
}

static void take_step(struct fw_run *run, size_t index, cJSON *message)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    int64_t now = fw_clock_ns();
    cJSON_Delete(attempt->step);
    attempt->step = cJSON_Duplicate(message, true);
    if (now - attempt->event_ns > STEP_EVENT_NS) {
        attempt->event_ns = now;
        pass_on(run, index, message);
    } else {
        cJSON_Delete(message);
    }
}

static void take_message(struct fw_run *run, size_t index, cJSON *message)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    const char *type = fw_json_text(message, "type");
    attempt->alive_ns = fw_clock_ns();
    if (strcmp(type, "result") == 0) {
        cJSON_Delete(attempt->result);
        attempt->result = message;
        attempt->result_ns = fw_clock_ns();
    } else if (strcmp(type, "step") == 0) {
        take_step(run, index, message);
    } else {
        if (strcmp(type, "log") == 0) {
            take_log(attempt, message);
        }
        pass_on(run, index, message);
    }
}

/* A line that is no message: something in the worker writes where it must not. */
static cJSON *warning(const char *text)
{
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "log"), FW_JSON_U64("level", FW_LOG_WARNING),
                FW_JSON_TEXT("text", text));
    return message;
}

void fw_attempt_receive(struct fw_run *run, size_t index)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    cJSON *message;
    struct fw_error err;
    int rc;
    if (fw_channel_receive(&attempt->channel, false, NULL) < 0) {
        attempt->channel.ended = true;
    }
    while ((rc = fw_channel_next(&attempt->channel, &message, &err)) < 0 || message) {
        take_message(run, index, rc < 0 ? warning(err.text) : message);
    }
    if (attempt->channel.ended && attempt->pid == 0) {
        pthread_join(attempt->thread, NULL);
        attempt->ended = true;
    }
}

/* The process decides, not the socket: a child that a plugin forked can hold that open for ever. */
void fw_attempt_reap(struct fw_run *run, size_t index)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    if (attempt->pid > 0 && fw_proc_reap(attempt->pid, false, &attempt->process, NULL) != 0) {
        fw_attempt_receive(run, index);
        attempt->ended = true;
    }
}

void fw_attempt_stop(struct fw_attempt *attempt, bool at_once)
{
    fw_auto(json) cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "command", at_once ? "cancel" : "stop");
    if (attempt->stop_ns == 0 || (at_once && !attempt->cancelled)) {
        attempt->stop_ns = fw_clock_ns();
    }
    attempt->cancelled |= at_once;
    fw_channel_send(attempt->channel.fd, message, NULL);
}

static void guard_memory(struct fw_run *run, size_t index, int64_t now)
{
    struct fw_run_stage *state = &run->stages[index];
    struct fw_attempt *attempt = state->attempt;
    if (now - attempt->sample_ns < SAMPLE_NS) {
        return; /* something else woke us */
    }
    uint64_t used = fw_proc_tree_memory(attempt->pid), steps;
    attempt->sample_ns = now;
    if (fw_json_get_u64(attempt->step, "steps", &steps, NULL) == 0) {
        fw_growth_note(&attempt->growth, steps, used);
    }
    if (used > attempt->peak_bytes) {
        attempt->peak_bytes = used;
    }
    if (!attempt->over_budget && (double)used > OVER_BUDGET * (double)state->limits.memory_bytes) {
        attempt->over_budget = true; /* before the signal, so that the kill is known as ours */
        fw_proc_tree_kill(attempt->pid, SIGKILL);
    }
}

static void heartbeat(struct fw_run *run, size_t index, int64_t now)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    cJSON *event = fw_run_event("heartbeat", &run->plan->stages[index]);
    attempt->beat_ns = now;
    fw_json_set(event, FW_JSON_REAL("elapsed_s", (double)(now - attempt->start_ns) / 1e9),
                FW_JSON_U64("memory_bytes", attempt->peak_bytes));
    if (attempt->step) {
        cJSON_AddItemReferenceToObject(event, "step", attempt->step);
    }
    fw_run_emit(run, event);
}

static void check_stall(struct fw_run *run, size_t index, int64_t now)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    double stall_s = run->plan->pipeline->stall_s;
    double silent_s = (double)(now - attempt->alive_ns) / 1e9;
    if (stall_s <= 0 || attempt->stalled || silent_s < stall_s) {
        return;
    }
    attempt->stalled = true;
    cJSON *event = fw_run_event("stalled", &run->plan->stages[index]);
    cJSON_AddNumberToObject(event, "silent_s", silent_s);
    fw_run_emit(run, event);
    fw_attempt_stop(attempt, true);
}

/* A stage that does not answer to a stop is interrupted, then killed; a thread cannot be. */
static void press_on(struct fw_attempt *attempt, int64_t now)
{
    if (attempt->pid > 0 && attempt->result && now - attempt->result_ns > GRACE_NS) {
        fw_proc_tree_kill(attempt->pid, SIGKILL); /* it has said all, and will not go */
    }
    if (attempt->stop_ns == 0 || now - attempt->stop_ns < GRACE_NS) {
        return;
    }
    if (!attempt->cancelled) {
        fw_attempt_stop(attempt, true);
    } else if (attempt->pid > 0 && !attempt->killed) {
        attempt->killed = true;
        fw_proc_tree_kill(attempt->pid, SIGKILL);
    }
}

void fw_attempt_watch(struct fw_run *run, size_t index, int64_t now)
{
    struct fw_attempt *attempt = run->stages[index].attempt;
    if (attempt->pid > 0) {
        guard_memory(run, index, now);
    }
    double beat_s = run->plan->pipeline->heartbeat_s;
    if (beat_s > 0 && (double)(now - attempt->beat_ns) / 1e9 >= beat_s) {
        heartbeat(run, index, now);
    }
    check_stall(run, index, now);
    press_on(attempt, now);
}
