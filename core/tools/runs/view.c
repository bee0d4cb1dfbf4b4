/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/proc.h"
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

static void forget_steps(cJSON *stage)
{
    cJSON_DeleteItemFromObjectCaseSensitive(stage, "step");
    cJSON_DeleteItemFromObjectCaseSensitive(stage, "first_step");
}

static void take_stage_event(cJSON *stage, const char *type, const cJSON *event)
{
    static const char *const start[] = {"attempt", "pid", "threads", "memory_bytes", "time"};
    static const char *const end[] = {"state",          "message", "code",   "elapsed_s",
                                      "peak_rss_bytes", "outputs", "reason", "time"};
    if (strcmp(type, "stage_start") == 0) {
        set_text(stage, "state", "running");
        copy(stage, event, start, FW_COUNT(start));
        forget_steps(stage);
        take_attempt(stage, type, event);
    } else if (strcmp(type, "attempt_end") == 0) {
        take_attempt(stage, type, event);
    } else if (strcmp(type, "step") == 0) {
        replace(stage, "step", event);
        if (!cJSON_HasObjectItem(stage, "first_step")) {
            replace(stage, "first_step", event);
        }
    } else if (strcmp(type, "heartbeat") == 0) {
        replace(stage, "step", cJSON_GetObjectItemCaseSensitive(event, "step"));
        replace(stage, "peak_rss_bytes", cJSON_GetObjectItemCaseSensitive(event, "memory_bytes"));
    } else if (strcmp(type, "stage_end") == 0) {
        copy(stage, event, end, FW_COUNT(end));
        forget_steps(stage);
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

static void take_event(struct fw_view *view, const cJSON *event)
{
    const char *type = fw_json_text(event, "type");
    if (strcmp(type, "run_start") == 0) { /* what stands before it is another run's */
        forget(view->stages);
        cJSON_Delete(view->start);
        view->start = cJSON_Duplicate(event, true);
        return;
    }
    cJSON *stage = find_stage(view->stages, fw_json_text(event, "stage"));
    if (stage) {
        take_stage_event(stage, type, event);
    }
}

/* From where the last look ended. A line that a kill cut short is no JSON and tells nothing; the
 * last may still be on its way. */
static void read_events(const char *path, struct fw_view *view)
{
    fw_auto(free) char *line = NULL;
    fw_auto(fclose) FILE *in = fopen(path, "re");
    size_t size = 0;
    if (!in || fseeko(in, view->taken, SEEK_SET) < 0) {
        return;
    }
    for (ssize_t len; (len = getline(&line, &size, in)) > 0 && line[len - 1] == '\n';) {
        fw_auto(json) cJSON *event = NULL;
        view->taken += len;
        if (fw_json_parse(line, (size_t)len, path, &event, NULL) == 0) {
            take_event(view, event);
        }
    }
}

static int read_plan(const char *path, struct fw_view *view, struct fw_error *err)
{
    fw_auto(json) cJSON *plan = NULL;
    cJSON_Delete(view->stages);
    view->stages = cJSON_CreateArray();
    view->taken = 0;
    FW_TRY(view->stages ? 0 : fw_error_oom(err));
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
        cJSON_AddItemToArray(view->stages, stage);
    }
    return 0;
}

/* Only what is new since the last look, unless the plan is another or the events are. */
static int follow(const char *dir, struct fw_view *view, struct fw_error *err)
{
    fw_auto(free) char *plan = fw_text("%s/plan.json", dir);
    fw_auto(free) char *events = fw_text("%s/events.jsonl", dir);
    struct fw_file now = {0}, log = {0};
    FW_TRY(plan && events ? 0 : fw_error_oom(err));
    fw_file_stat(plan, &now, NULL); /* all zero where there is none */
    fw_file_stat(events, &log, NULL);
    if (!view->stages || now.inode != view->plan.inode || now.mtime_ns != view->plan.mtime_ns ||
        (off_t)log.size < view->taken) {
        FW_TRY(read_plan(plan, view, err));
        view->plan = now;
    }
    read_events(events, view);
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

/*
 * How fast it is, from what this attempt alone has done: one that was resumed begins with what was
 * done before. While it has reported one step only, that step's own time tells, if it is known: the
 * first step of all is always reported.
 */
static void add_rates(cJSON *stage)
{
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(stage, "first_step");
    const cJSON *last = cJSON_GetObjectItemCaseSensitive(stage, "step");
    const char *since = fw_json_text(first, "time");
    double seconds = fw_view_seconds(fw_json_text(last, "time")) - fw_view_seconds(since);
    if (seconds <= 0 && fw_json_number(first, "steps") == 1) {
        first = NULL;
        seconds = fw_view_seconds(since) - fw_view_seconds(fw_json_text(stage, "time"));
    }
    double done = fw_json_number(last, "done") - fw_json_number(first, "done");
    double items = fw_json_number(last, "items") - fw_json_number(first, "items");
    double left = fw_json_number(last, "total") - fw_json_number(last, "done");
    if (seconds > 0 && items > 0) {
        cJSON_AddNumberToObject(stage, "items_per_s", items / seconds);
    }
    if (seconds > 0 && done > 0 && left > 0) {
        cJSON_AddNumberToObject(stage, "left_s", left * seconds / done);
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
            add_rates(stage);
        } else {
            set_text(stage, "state", "lost");
        }
    }
}

static int tell(const char *dir, struct fw_view *view, const cJSON *record, struct fw_error *err)
{
    static const char *const facts[] = {"name",      "config",  "host",       "pid",
                                        "exit_code", "message", "updated_at", "elapsed_s"};
    cJSON_Delete(view->document);
    view->document = cJSON_CreateObject();
    FW_TRY(view->document ? 0 : fw_error_oom(err));
    set_text(view->document, "run_dir", dir);
    copy(view->document, record, facts, FW_COUNT(facts));
    replace(view->document, "started_at", cJSON_GetObjectItemCaseSensitive(view->start, "time"));
    replace(view->document, "pid", cJSON_GetObjectItemCaseSensitive(view->start, "pid"));
    replace(view->document, "stages", view->stages);
    judge(view, record);
    add_elapsed(view);
    return 0;
}

int fw_view_look(const char *dir, struct fw_view *view, struct fw_error *err)
{
    fw_auto(json) cJSON *record = NULL;
    fw_auto(free) char *lease = fw_text("%s/lease", dir);
    fw_auto(free) char *path = fw_text("%s/run.json", dir);
    FW_TRY(lease && path ? 0 : fw_error_oom(err));
    /* The lease first: a run that ends in between has written its record by then. */
    FW_TRY(fw_lease_inspect(lease, &view->lease, &view->holder, err));
    if (access(path, F_OK) == 0) {
        FW_TRY(fw_json_read(path, &record, err));
    }
    FW_TRY(follow(dir, view, err));
    return tell(dir, view, record, err);
}

void fw_view_measure(struct fw_view *view)
{
    cJSON *stage;
    int64_t pid = 0;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(view->document, "stages"))
    {
        if (view->lease == FW_LEASE_HELD && strcmp(fw_json_text(stage, "state"), "running") == 0 &&
            fw_json_get_i64(stage, "pid", &pid, NULL) == 0 && pid > 0) {
            fw_json_add_u64(stage, "memory_now_bytes", fw_proc_tree_memory((pid_t)pid));
        }
    }
}

void fw_view_finish(struct fw_view *view)
{
    cJSON_Delete(view->document);
    cJSON_Delete(view->stages);
    cJSON_Delete(view->start);
    *view = (struct fw_view){0};
}

void fw_view_progress(const cJSON *stage, struct fw_str *text)
{
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(stage, "step");
    double done = fw_json_number(step, "done"), total = fw_json_number(step, "total");
    fw_str_printf(text, "%.0f", done);
    if (total > 0) {
        fw_str_printf(text, " of %.0f", total);
    }
    fw_str_printf(text, " %s", fw_json_text(step, "unit"));
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
