/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/path.h"
#include "run/run_internal.h"

const char *fw_run_state_name(enum fw_stage_state state)
{
    static const char *const names[] = {
        [FW_STAGE_PENDING] = "pending",   [FW_STAGE_RUNNING] = "running",
        [FW_STAGE_EXECUTED] = "executed", [FW_STAGE_REUSED] = "reused",
        [FW_STAGE_FAILED] = "failed",     [FW_STAGE_SKIPPED] = "skipped",
        [FW_STAGE_STOPPED] = "stopped",   [FW_STAGE_LEFT_OUT] = "left_out"};
    return names[state];
}

static void mark_broken(struct fw_run *run, const struct fw_error *err)
{
    if (!run->broken) {
        run->broken = true;
        run->error = *err;
    }
}

cJSON *fw_run_event(const char *type, const struct fw_plan_stage *stage)
{
    cJSON *event = cJSON_CreateObject();
    fw_json_set(event, FW_JSON_TEXT("type", type),
                FW_JSON_TEXT("stage", stage ? stage->spec->name : NULL));
    return event;
}

void fw_run_emit(struct fw_run *run, cJSON *event)
{
    struct fw_error err;
    if (run->options->on_event) {
        run->options->on_event(run->options->arg, event);
    }
    if (!fw_run_lost(run) && fw_rundir_event(run->dir, event, &err) < 0) {
        mark_broken(run, &err);
    }
    cJSON_Delete(event);
}

static void add_stages(const struct fw_run *run, cJSON *json)
{
    cJSON *stages = cJSON_AddObjectToObject(json, "stages");
    for (size_t i = 0; i < run->plan->n_stages; i++) {
        const struct fw_run_stage *stage = &run->stages[run->plan->order[i]];
        cJSON *item =
            cJSON_AddObjectToObject(stages, run->plan->stages[run->plan->order[i]].spec->name);
        fw_json_set(item, FW_JSON_TEXT("state", fw_run_state_name(stage->state)),
                    FW_JSON_TEXT("message", stage->message));
        if (stage->attempts && cJSON_GetArraySize(stage->attempts) > 0) {
            cJSON_AddItemReferenceToObject(item, "attempts", stage->attempts);
        }
    }
}

/* A running run rewrites its record at most so often, and never for more than a twentieth of its
 * time; the event log has what happened in between. */
#define RECORD_NS    INT64_C(250000000)
#define RECORD_SHARE 20

/* Everything that tells a live run from a dead one, and what it was asked to do. */
void fw_run_record(struct fw_run *run, const char *state, int exit_code, const char *message)
{
    char now[FW_CLOCK_TEXT];
    struct fw_error err;
    fw_clock_utc(now);
    fw_auto(free) char *config = fw_path_absolute(run->plan->pipeline->file);
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    fw_json_set(json, FW_JSON_TEXT("state", state), FW_JSON_TEXT("name", run->plan->pipeline->name),
                FW_JSON_TEXT("config", config ? config : run->plan->pipeline->file));
    cJSON *sets = cJSON_AddArrayToObject(json, "sets");
    for (size_t i = 0; i < run->options->sets->len; i++) {
        cJSON_AddItemToArray(sets, cJSON_CreateString(run->options->sets->items[i]));
    }
    fw_json_set(json, FW_JSON_TEXT("fwrun_version", run->options->version),
                FW_JSON_TEXT("host", run->machine.host),
                FW_JSON_TEXT("boot_id", run->machine.boot_id), FW_JSON_I64("pid", getpid()),
                FW_JSON_U64("process_start", fw_proc_start_time(getpid())),
                FW_JSON_TEXT("updated_at", now),
                FW_JSON_REAL("elapsed_s", (double)(fw_clock_ns() - run->start_ns) / 1e9));
    if (strcmp(state, "running") != 0) {
        fw_json_set(json, FW_JSON_I64("exit_code", exit_code), FW_JSON_TEXT("message", message));
    }
    add_stages(run, json);
    int64_t start_ns = fw_clock_ns();
    if (!fw_run_lost(run) && fw_rundir_write(run->dir, "run.json", json, &err) < 0) {
        mark_broken(run, &err);
    }
    run->changed = false;
    run->record_ns = start_ns + RECORD_NS + (fw_clock_ns() - start_ns) * RECORD_SHARE;
}
