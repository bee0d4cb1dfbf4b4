/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "run/run_internal.h"
#include "store/manifest.h"

/* What an ended attempt was, told from what it left and from how its process ended. */
enum kind {
    DONE,
    FAILED,
    CRASHED,
    OUT_OF_MEMORY, /* the stage said so */
    OVER_MEMORY,   /* killed for memory, by the guard or the kernel */
    NO_SPACE,
    STOPPED
};

struct verdict {
    enum kind kind;
    int code;
    char *message; /* NULL when done */
};

static char *crash_text(const struct fw_attempt *attempt)
{
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(attempt->step, "steps");
    const char *when = steps ? "after step " : "before its first step was reported";
    char count[24] = "";
    if (steps) {
        snprintf(count, sizeof count, "%.0f", steps->valuedouble);
    }
    if (attempt->process.signal != 0) {
        return fw_text("crashed with signal %d (%s) %s%s", attempt->process.signal,
                       strsignal(attempt->process.signal), when, count);
    }
    return fw_text("exited by itself with code %d %s%s, which a plugin must not do",
                   attempt->process.exit_code, when, count);
}

static bool kernel_killed(const struct fw_run *run, const struct fw_attempt *attempt)
{
    return attempt->process.signal == SIGKILL &&
           fw_machine_oom_kills(&run->machine) > attempt->oom_kills;
}

static struct verdict judge_death(const struct fw_run *run, size_t index)
{
    const struct fw_run_stage *state = &run->stages[index];
    const struct fw_attempt *attempt = state->attempt;
    double mib = 1024.0 * 1024.0;
    fw_auto(free) char *grew = fw_growth_text(&attempt->growth);
    if (attempt->over_budget) {
        return (struct verdict){
            OVER_MEMORY, FW_EXIT_EXHAUSTED,
            fw_text("was killed at %.0f MiB, above its memory budget of %.0f MiB%s",
                    (double)attempt->peak_bytes / mib, (double)state->limits.memory_bytes / mib,
                    grew ? grew : "")};
    }
    if (attempt->stalled) {
        return (struct verdict){FAILED, FW_EXIT_FAILED,
                                fw_text("made no progress for %.0f s (stall_s) and did not stop "
                                        "when asked; it was killed",
                                        run->plan->pipeline->stall_s)};
    }
    if (attempt->killed || run->stopping == FW_STOP_NOW) {
        return (struct verdict){STOPPED, 0, fw_text("was killed because it did not stop in time")};
    }
    if (kernel_killed(run, attempt)) {
        return (struct verdict){
            OVER_MEMORY, FW_EXIT_EXHAUSTED,
            fw_text("was killed by the kernel for lack of memory%s", grew ? grew : "")};
    }
    if (attempt->process.exit_code == FW_BUDGET_EXIT_CODE) {
        return (struct verdict){OUT_OF_MEMORY, FW_EXIT_EXHAUSTED,
                                fw_text("ended by itself for lack of memory")};
    }
    return (struct verdict){CRASHED, FW_EXIT_CRASHED, crash_text(attempt)};
}

static bool truth(const cJSON *json, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static struct verdict judge_result(const struct fw_run *run, size_t index)
{
    const struct fw_attempt *attempt = run->stages[index].attempt;
    const cJSON *result = attempt->result;
    const char *fault = "gave no reason";
    int64_t status = FW_E_INTERNAL, code = 0;
    uint64_t items = 0;
    fw_json_get_i64(result, "status", &status, NULL);
    fw_json_get_i64(result, "code", &code, NULL);
    fw_json_get_u64(result, "items", &items, NULL);
    fw_json_get_string(result, "fault", &fault, NULL);
    if (status == FW_OK && items == 0 && !run->plan->stages[index].spec->allow_empty) {
        return (struct verdict){FAILED, FW_EXIT_FAILED,
                                fw_text("processed zero items; if that is right, set allow_empty = "
                                        "true on the stage")};
    }
    if (status == FW_OK) {
        return (struct verdict){DONE, 0, NULL};
    }
    if (attempt->stalled) {
        return (struct verdict){
            FAILED, FW_EXIT_FAILED,
            fw_text("made no progress for %.0f s (stall_s)", run->plan->pipeline->stall_s)};
    }
    if (truth(result, "stopped") || (status == FW_E_CANCELLED && attempt->stop_ns > 0)) {
        bool saves = run->plan->stages[index].type->caps & FW_CAP_CHECKPOINT;
        return (struct verdict){
            STOPPED, 0,
            fw_text("%s%s",
                    truth(result, "stopped") ? "between two steps" : "in the middle of a step",
                    saves ? "" : "; it cannot save its state and starts over next time")};
    }
    if (status == FW_E_NOMEM) {
        return (struct verdict){OUT_OF_MEMORY, FW_EXIT_EXHAUSTED, fw_text("%s", fault)};
    }
    if (status == FW_E_NOSPACE) {
        return (struct verdict){NO_SPACE, FW_EXIT_EXHAUSTED,
                                fw_text("%s; free some space, or set run_root, out or "
                                        "resources.temp to another disk",
                                        fault)};
    }
    /* Neither a plugin that will not load nor a folder that cannot be written is the stage's. */
    bool hosts = code == FW_EXIT_PLUGIN || code == FW_EXIT_STATE;
    return (struct verdict){FAILED, hosts ? (int)code : FW_EXIT_FAILED, fw_text("%s", fault)};
}

static void keep_record(struct fw_run *run, size_t index, const struct verdict *verdict)
{
    static const char *const kinds[] = {"done",        "failed",   "crashed", "out_of_memory",
                                        "over_memory", "no_space", "stopped"};
    struct fw_run_stage *state = &run->stages[index];
    const struct fw_attempt *attempt = state->attempt;
    uint64_t peak = attempt->pid > 0 && attempt->process.peak_rss_bytes > attempt->peak_bytes
                        ? attempt->process.peak_rss_bytes
                        : attempt->peak_bytes;
    if (peak > state->peak_bytes) {
        state->peak_bytes = peak;
    }
    cJSON *record = cJSON_CreateObject();
    fw_json_set(record, FW_JSON_U64("rung", state->rung.number),
                FW_JSON_TEXT("outcome", kinds[verdict->kind]),
                FW_JSON_REAL("elapsed_s", (double)(fw_clock_ns() - attempt->start_ns) / 1e9));
    fw_run_add_limits(record, &state->limits);
    fw_json_set(record, FW_JSON_U64("peak_rss_bytes", peak),
                FW_JSON_REAL("user_s", (double)attempt->process.user_us / 1e6),
                FW_JSON_REAL("system_s", (double)attempt->process.system_us / 1e6),
                FW_JSON_TEXT("message", verdict->message));
    cJSON_AddItemToArray(state->attempts, record);
    cJSON *event = fw_run_event("attempt_end", &run->plan->stages[index]);
    const cJSON *field;
    cJSON_ArrayForEach(field, record)
    {
        cJSON_AddItemReferenceToObject(event, field->string,
                                       cJSON_GetObjectItem(record, field->string));
    }
    fw_run_emit(run, event);
}

/* True when the stage goes again on a lower rung. */
static bool retry(struct fw_run *run, size_t index, const struct verdict *verdict)
{
    struct fw_run_stage *state = &run->stages[index];
    struct fw_error err;
    if ((verdict->kind != OUT_OF_MEMORY && verdict->kind != OVER_MEMORY) ||
        run->stopping != FW_GOING ||
        !fw_rung_lower(&state->rung, &state->first,
                       verdict->kind == OVER_MEMORY ? FW_MEMORY_KILL : FW_MEMORY_ENGINE)) {
        return false;
    }
    state->limits = fw_limits_on(&state->first, &state->rung);
    /* What the failed rung left may be cut to its partitions: begin anew. */
    fw_auto(free) char *checkpoint =
        fw_rundir_checkpoint(run->dir->path, run->plan->stages[index].spec->name);
    if (checkpoint) {
        fw_fs_remove(checkpoint, NULL);
    }
    if (fw_run_keep_rung(run, index, &err) < 0 || fw_attempt_start(run, index, &err) < 0) {
        fw_run_stage_end(run, index, FW_STAGE_FAILED, err.code, err.text);
    }
    return true;
}

/* Gives back what nobody can go on from, so that the records of the failure find room. */
static void clear_partials(struct fw_run *run, size_t index)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    fw_auto(free) char *checkpoint = fw_rundir_checkpoint(run->dir->path, stage->spec->name);
    for (size_t i = 0; checkpoint && access(checkpoint, F_OK) < 0 && i < stage->outputs.len; i++) {
        fw_auto(free) char *partial = fw_run_partial(&stage->outputs.items[i]);
        if (partial) {
            fw_fs_remove(partial, NULL); /* else when the stage starts again */
        }
    }
}

static char *exhausted(const struct fw_run *run, size_t index, const struct verdict *verdict)
{
    return fw_text("%s, on every rung of the ladder (%u attempts); raise resources.memory of the "
                   "stage or of the pipeline",
                   verdict->message, run->stages[index].limits.attempt);
}

static void complete(struct fw_run *run, size_t index, const cJSON *result)
{
    struct fw_run_stage *state = &run->stages[index];
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    struct fw_error err = run->error;
    if (run->broken || fw_watch_compare(run->plan, stage, &state->watch, &err) < 0 ||
        fw_run_publish(run, index, result, &err) < 0) {
        fw_run_stage_end(run, index, FW_STAGE_FAILED, err.code, err.text);
        return;
    }
    const cJSON *gate = fw_manifest_shut_gate(stage->manifest);
    fw_auto(free) char *text = gate ? fw_manifest_gate_text(gate) : NULL;
    fw_run_stage_end(run, index, gate ? FW_STAGE_FAILED : FW_STAGE_EXECUTED,
                     gate ? FW_EXIT_CHECK : 0, text);
}

/* Where more can be read, if the stage wrote there. */
static void point_to_log(const struct fw_run *run, size_t index, struct verdict *verdict)
{
    struct stat st;
    const struct fw_attempt *attempt = run->stages[index].attempt;
    fw_auto(free) char *log = fw_rundir_log(run->dir->path, run->plan->stages[index].spec->name);
    if (verdict->message && verdict->kind != STOPPED && log && fstat(attempt->log, &st) == 0 &&
        st.st_size > attempt->log_bytes) {
        char *more = fw_text("%s; its log is %s", verdict->message, log);
        if (more) {
            free(verdict->message);
            verdict->message = more;
        }
    }
}

/* The stages of this process may have children of their own. */
static bool is_known(const void *arg, pid_t pid)
{
    const struct fw_run *run = arg;
    bool known = false;
    for (size_t i = 0; i < run->plan->n_stages; i++) {
        const struct fw_attempt *attempt = run->stages[i].attempt;
        known |= attempt && (attempt->pid == pid || attempt->pid == 0);
    }
    return known;
}

void fw_attempt_conclude(struct fw_run *run, size_t index)
{
    struct fw_run_stage *state = &run->stages[index];
    if (!state->attempt->result && run->childless) {
        fw_proc_kill_strays(is_known, run); /* a worker that ends by itself has done so */
    }
    struct verdict verdict =
        state->attempt->result ? judge_result(run, index) : judge_death(run, index);
    if (verdict.kind == NO_SPACE) {
        clear_partials(run, index);
    }
    point_to_log(run, index, &verdict);
    keep_record(run, index, &verdict);
    fw_auto(json) cJSON *result = state->attempt->result;
    state->attempt->result = NULL;
    fw_attempt_free(state->attempt);
    state->attempt = NULL;
    fw_auto(free) char *tmp = fw_run_tmp(run, index);
    if (tmp && !fw_run_lost(run)) {
        fw_fs_remove(tmp, NULL); /* what cannot be removed now goes when the next run starts */
    }
    if (verdict.kind == DONE) {
        fw_run_forget_rung(run, index);
        complete(run, index, result);
    } else if (verdict.kind == STOPPED) {
        fw_run_stage_end(run, index, FW_STAGE_STOPPED, 0, verdict.message);
    } else if (!retry(run, index, &verdict)) {
        bool memory = verdict.kind == OUT_OF_MEMORY || verdict.kind == OVER_MEMORY;
        fw_auto(free) char *all = memory ? exhausted(run, index, &verdict) : NULL;
        if (memory) {
            fw_run_forget_rung(run, index); /* the same command tries them all again */
        }
        fw_run_stage_end(run, index, FW_STAGE_FAILED, verdict.code, all ? all : verdict.message);
    }
    free(verdict.message);
}
