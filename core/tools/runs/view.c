/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "fw/macros.h"

double fw_view_seconds(const char *text)
{
    struct tm tm = {0};
    double second = 0;
    if (sscanf(text, "%d-%d-%dT%d:%d:%lfZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &second) != 6) {
        return 0;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (double)timegm(&tm) + second;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void replace(cJSON *object, const char *name, const cJSON *value)
{
    if (value) {
        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
        cJSON_AddItemToObject(object, name, cJSON_Duplicate(value, true));
    }
}

static void set_text(cJSON *object, const char *name, const char *text)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddStringToObject(object, name, text);
}

static void copy(cJSON *object, const cJSON *event, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        replace(object, names[i], cJSON_GetObjectItemCaseSensitive(event, names[i]));
    }
}

static cJSON *find_stage(cJSON *stages, const char *name)
{
    cJSON *stage;
    cJSON_ArrayForEach(stage, stages)
    {
        if (strcmp(fw_json_text(stage, "name"), name) == 0) {
            return stage;
        }
    }
    return NULL;
}

/* A list of its attempts, each with the times it began and ended. */
static void take_attempt(cJSON *stage, const char *type, const cJSON *event)
{
    static const char *const facts[] = {"outcome",        "message", "elapsed_s",
                                        "peak_rss_bytes", "user_s",  "system_s",
                                        "memory_bytes",   "threads", "attempt"};
    cJSON *attempts = cJSON_GetObjectItemCaseSensitive(stage, "attempts");
    if (!attempts) {
        attempts = cJSON_AddArrayToObject(stage, "attempts");
    }
    cJSON *last = cJSON_GetArrayItem(attempts, cJSON_GetArraySize(attempts) - 1);
    if (strcmp(type, "stage_start") == 0) {
        last = cJSON_CreateObject();
        cJSON_AddItemToArray(attempts, last);
        copy(last, event, facts, FW_COUNT(facts));
        set_text(last, "began_at", fw_json_text(event, "time"));
    } else if (last) {
        copy(last, event, facts, FW_COUNT(facts));
        set_text(last, "ended_at", fw_json_text(event, "time"));
    }
}

static void take_stage_event(cJSON *stage, const char *type, const cJSON *event)
{
    static const char *const start[] = {"attempt", "pid", "threads", "memory_bytes", "time"};
    static const char *const end[] = {"state",          "message", "code",   "elapsed_s",
                                      "peak_rss_bytes", "outputs", "reason", "time"};
    if (strcmp(type, "stage_start") == 0) {
        set_text(stage, "state", "running");
        copy(stage, event, start, FW_COUNT(start));
        take_attempt(stage, type, event);
    } else if (strcmp(type, "attempt_end") == 0) {
        take_attempt(stage, type, event);
    } else if (strcmp(type, "step") == 0) {
        replace(stage, "step", event);
    } else if (strcmp(type, "heartbeat") == 0) {
        replace(stage, "step", cJSON_GetObjectItemCaseSensitive(event, "step"));
        replace(stage, "peak_rss_bytes", cJSON_GetObjectItemCaseSensitive(event, "memory_bytes"));
    } else if (strcmp(type, "stage_end") == 0) {
        copy(stage, event, end, FW_COUNT(end));
        cJSON_DeleteItemFromObjectCaseSensitive(stage, "step");
    }
}

static void forget(cJSON *stages)
{
    cJSON *stage;
    cJSON_ArrayForEach(stage, stages)
    {
        cJSON *fresh = cJSON_CreateObject();
        set_text(fresh, "name", fw_json_text(stage, "name"));
        set_text(fresh, "state", "pending");
        cJSON_Delete(stage->child);
        stage->child = fresh->child;
        fresh->child = NULL;
        cJSON_Delete(fresh);
    }
}

static void take_event(cJSON *document, const cJSON *event)
{
    cJSON *stages = cJSON_GetObjectItemCaseSensitive(document, "stages");
    const char *type = fw_json_text(event, "type");
    if (strcmp(type, "run_start") == 0) { /* what stands before it is another run's */
        forget(stages);
        replace(document, "started_at", cJSON_GetObjectItemCaseSensitive(event, "time"));
        replace(document, "pid", cJSON_GetObjectItemCaseSensitive(event, "pid"));
        return;
    }
    cJSON *stage = find_stage(stages, fw_json_text(event, "stage"));
    if (stage) {
        take_stage_event(stage, type, event);
    }
}

/* A line that a kill cut short is no JSON and tells nothing. */
static int read_events(const char *dir, cJSON *document, struct fw_error *err)
{
    fw_auto(free) char *path = fw_text("%s/events.jsonl", dir);
    fw_auto(free) char *line = NULL;
    FW_TRY(path ? 0 : fw_error_oom(err));
    fw_auto(fclose) FILE *in = fopen(path, "re");
    size_t size = 0;
    for (ssize_t len; in && (len = getline(&line, &size, in)) > 0;) {
        fw_auto(json) cJSON *event = NULL;
        if (fw_json_parse(line, (size_t)len, path, &event, NULL) == 0) {
            take_event(document, event);
        }
    }
    return 0;
}

static int add_planned(const char *dir, cJSON *stages, struct fw_error *err)
{
    fw_auto(json) cJSON *plan = NULL;
    fw_auto(free) char *path = fw_text("%s/plan.json", dir);
    FW_TRY(path ? 0 : fw_error_oom(err));
    if (access(path, F_OK) < 0) {
        return 0; /* it has not been planned yet */
    }
    FW_TRY(fw_json_read(path, &plan, err));
    const cJSON *planned;
    cJSON_ArrayForEach(planned, cJSON_GetObjectItemCaseSensitive(plan, "stages"))
    {
        cJSON *stage = cJSON_CreateObject();
        set_text(stage, "name", fw_json_text(planned, "name"));
        set_text(stage, "state", "pending");
        cJSON_AddItemToArray(stages, stage);
    }
    return 0;
}

/* The record of a process other than the one that holds or held the lease is an earlier run's. */
static void judge(struct fw_view *view, const cJSON *record)
{
    int64_t pid = 0;
    const char *state = fw_json_text(record, "state");
    fw_json_get_i64(record, "pid", &pid, NULL);
    view->live = view->lease == FW_LEASE_HELD || view->lease == FW_LEASE_REMOTE;
    bool earlier = view->lease != FW_LEASE_FREE && pid != view->holder.pid;
    if (view->live && (earlier || strcmp(state, "running") != 0)) {
        state = "starting";
    } else if (!view->live && (earlier || !record || strcmp(state, "running") == 0)) {
        state = "lost";
    }
    set_text(view->document, "state", state);
    if (earlier) {
        forget(cJSON_GetObjectItemCaseSensitive(view->document, "stages"));
        cJSON_DeleteItemFromObjectCaseSensitive(view->document, "exit_code");
        cJSON_DeleteItemFromObjectCaseSensitive(view->document, "message");
        cJSON_DeleteItemFromObjectCaseSensitive(view->document, "started_at");
    }
    if (view->lease != FW_LEASE_FREE) {
        cJSON_DeleteItemFromObjectCaseSensitive(view->document, "pid");
        cJSON_AddNumberToObject(view->document, "pid", view->holder.pid);
        set_text(view->document, "host", view->holder.host);
    }
}

/* How long what runs has been running; the events of what has ended say it. */
static void add_elapsed(struct fw_view *view)
{
    cJSON *stage;
    double started = fw_view_seconds(fw_json_text(view->document, "started_at"));
    if (view->live && started > 0) {
        cJSON_DeleteItemFromObjectCaseSensitive(view->document, "elapsed_s");
        cJSON_AddNumberToObject(view->document, "elapsed_s", now() - started);
    }
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(view->document, "stages"))
    {
        if (strcmp(fw_json_text(stage, "state"), "running") != 0) {
            continue;
        }
        if (view->live) {
            cJSON_AddNumberToObject(stage, "elapsed_s",
                                    now() - fw_view_seconds(fw_json_text(stage, "time")));
        } else {
            set_text(stage, "state", "lost");
        }
    }
}

int fw_view_look(const char *dir, struct fw_view *ret_view, struct fw_error *err)
{
    static const char *const facts[] = {"name",      "config",  "host",       "pid",
                                        "exit_code", "message", "updated_at", "elapsed_s"};
    fw_auto(view) struct fw_view view = {.document = cJSON_CreateObject()};
    fw_auto(json) cJSON *record = NULL;
    fw_auto(free) char *lease = fw_text("%s/lease", dir);
    fw_auto(free) char *path = fw_text("%s/run.json", dir);
    FW_TRY(view.document && lease && path ? 0 : fw_error_oom(err));
    /* The lease first: a run that ends in between has written its record by then. */
    FW_TRY(fw_lease_inspect(lease, &view.lease, &view.holder, err));
    if (access(path, F_OK) == 0) {
        FW_TRY(fw_json_read(path, &record, err));
    }
    set_text(view.document, "run_dir", dir);
    copy(view.document, record, facts, FW_COUNT(facts));
    cJSON *stages = cJSON_AddArrayToObject(view.document, "stages");
    FW_TRY(add_planned(dir, stages, err));
    FW_TRY(read_events(dir, view.document, err));
    judge(&view, record);
    add_elapsed(&view);
    *ret_view = view;
    view.document = NULL;
    return 0;
}

void fw_view_finish(struct fw_view *view)
{
    cJSON_Delete(view->document);
    view->document = NULL;
}

const char *fw_view_state(const struct fw_view *view)
{
    return fw_json_text(view->document, "state");
}

void fw_view_verdict(const struct fw_view *view, struct fw_str *text)
{
    const char *state = fw_view_state(view), *message = fw_json_text(view->document, "message");
    fw_str_printf(text, "%s: %s", fw_json_text(view->document, "run_dir"), state);
    if (view->live) {
        fw_str_printf(text, ", process %d on %s", (int)view->holder.pid, view->holder.host);
    } else if (strcmp(state, "lost") == 0) {
        fw_str_printf(text,
                      ": process %.0f on %s is gone and gave no verdict; the same command "
                      "goes on from its checkpoints",
                      cJSON_GetNumberValue(cJSON_GetObjectItem(view->document, "pid")),
                      fw_json_text(view->document, "host"));
    } else if (*message) {
        fw_str_printf(text, ": %s", message);
    }
}
