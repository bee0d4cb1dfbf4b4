/* SPDX-License-Identifier: MIT */
#include "actor.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "store/manifest.h"

/* Steps without progress, for so long, after which a stage counts as never done. */
enum { STUCK_STEPS = 1000, MAX_RESTARTS = 200 };
#define STUCK_NS   INT64_C(1000000000)
#define WATCH_US   5000
#define S_TO_NS(s) ((int64_t)((s)*1e9))

void fw_stand_send(struct fw_stand *stand, cJSON *message)
{
    pthread_mutex_lock(&stand->send_lock);
    fw_channel_send(stand->channel.fd, message, NULL);
    pthread_mutex_unlock(&stand->send_lock);
    cJSON_Delete(message);
}

void fw_stand_say(struct fw_stand *stand, const char *call, uint64_t n)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "type", "call");
    cJSON_AddStringToObject(message, "call", call);
    fw_json_add_u64(message, "n", n);
    fw_stand_send(stand, message);
}

static void cancel(struct fw_actor *actor)
{
    struct fw_worker *worker = &actor->worker;
    pthread_mutex_lock(&worker->hook_lock);
    atomic_store(&actor->cancelled_ns, fw_clock_ns());
    atomic_store(&worker->cancel, true);
    for (size_t i = 0; i < worker->hooks.len; i++) {
        worker->hooks.items[i].interrupt(worker->hooks.items[i].arg);
    }
    pthread_mutex_unlock(&worker->hook_lock);
}

static void watch(struct fw_actor *actor)
{
    const int64_t now = fw_clock_ns(), began = atomic_load(&actor->step_ns);
    const int64_t due = atomic_load(&actor->cancel_at_ns);
    if (atomic_load(&actor->cancelled_ns) == 0 &&
        ((began != 0 && now - began > S_TO_NS(actor->stand->limit_s)) ||
         (due != 0 && now >= due))) {
        fw_stand_say(actor->stand, "cancel", 0);
        cancel(actor);
    }
}

static void *watchdog(void *arg)
{
    struct fw_stand *stand = arg;
    while (!atomic_load(&stand->over)) {
        pthread_mutex_lock(&stand->actors_lock);
        for (size_t i = 0; i < FW_CHECK_ACTORS; i++) {
            if (stand->actors[i]) {
                watch(stand->actors[i]);
            }
        }
        pthread_mutex_unlock(&stand->actors_lock);
        usleep(WATCH_US);
    }
    return NULL;
}

int fw_stand_watch(struct fw_stand *stand)
{
    return pthread_create(&stand->watchdog, NULL, watchdog, stand) == 0 ? 0 : -1;
}

void fw_stand_unwatch(struct fw_stand *stand)
{
    atomic_store(&stand->over, true);
    pthread_join(stand->watchdog, NULL);
}

/* The engine's places are the run's: here each instance gets folders of its own. */
static int move_places(cJSON *task, const char *folder, struct fw_error *err)
{
    fw_auto(free) char *tmp = fw_text("%s/tmp", folder);
    cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(task, "outputs"))
    {
        const char *name;
        FW_TRY(fw_json_get_string(output, "name", &name, err));
        fw_auto(free) char *path = fw_text("%s/.%s.partial", folder, name);
        if (!path ||
            !cJSON_ReplaceItemInObjectCaseSensitive(output, "path", cJSON_CreateString(path))) {
            return fw_error_oom(err);
        }
    }
    return tmp && cJSON_ReplaceItemInObjectCaseSensitive(task, "tmp", cJSON_CreateString(tmp))
               ? fw_fs_mkdirs(tmp, err)
               : fw_error_oom(err);
}

static int begin(struct fw_actor *actor, const char *name, struct fw_error *err)
{
    struct fw_stand *stand = actor->stand;
    struct fw_worker *worker = &actor->worker;
    fw_auto(free) char *folder = fw_text("%s/stages/%s", stand->folder, name);
    pthread_mutex_init(&worker->send_lock, NULL);
    pthread_mutex_init(&worker->hook_lock, NULL);
    pthread_mutex_init(&worker->fault_lock, NULL);
    fw_worker_init_host(worker);
    worker->channel.fd = stand->channel.fd;
    worker->providers = stand->providers;
    worker->n_providers = stand->n_providers;
    worker->stage = stand->stage;
    worker->fields = cJSON_CreateObject();
    worker->rows = cJSON_CreateObject();
    worker->gates = cJSON_CreateObject();
    worker->json = cJSON_Duplicate(stand->task, true);
    if (!folder || !worker->fields || !worker->rows || !worker->gates || !worker->json) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_fs_remove(folder, err));
    FW_TRY(move_places(worker->json, folder, err));
    return fw_worker_read_task(worker, err);
}

static void finish(struct fw_actor *actor)
{
    struct fw_worker *worker = &actor->worker;
    fw_worker_free_task(worker);
    cJSON_Delete(worker->fields);
    cJSON_Delete(worker->rows);
    cJSON_Delete(worker->gates);
    fw_str_finish(&worker->fault);
    free(worker->hooks.items);
}

static fw_status create(struct fw_actor *actor)
{
    struct fw_worker *worker = &actor->worker;
    fw_stand_say(actor->stand, "create", 0);
    return worker->stage->create(&worker->host, &worker->task, &actor->self);
}

static void destroy(struct fw_actor *actor)
{
    if (actor->self) {
        fw_stand_say(actor->stand, "destroy", 0);
        actor->worker.stage->destroy(actor->self);
        actor->self = NULL;
    }
    pthread_mutex_lock(&actor->worker.hook_lock);
    actor->worker.hooks.len = 0;
    pthread_mutex_unlock(&actor->worker.hook_lock);
}

/* For how long this thread has been ready and had no processor. */
static int64_t waited_ns(void)
{
    char text[96];
    char *end = text;
    if (fw_fs_peek("/proc/thread-self/schedstat", text, sizeof text)) {
        strtoll(text, &end, 10);
    }
    return strtoll(end, NULL, 10);
}

/* What the loop learns. */
struct course {
    struct fw_step step;
    uint64_t steps, restarts, still; /* still: steps since `done` last grew */
    int64_t grew_ns, longest_ns, first_ns, late_ns;
    bool stuck;
    const char *call; /* that failed */
};

static fw_status one_step(struct fw_actor *actor, const struct fw_act *act, struct course *course)
{
    struct fw_step step = {.struct_size = sizeof step};
    fw_stand_say(actor->stand, "step", course->steps + 1);
    const int64_t waited = waited_ns(), start = fw_clock_ns();
    atomic_store(&actor->step_ns, start);
    if (course->first_ns == 0) {
        course->first_ns = course->grew_ns = start;
        atomic_store(&actor->cancel_at_ns, act->cancel_s > 0 ? start + S_TO_NS(act->cancel_s) : 0);
    }
    const fw_status status = actor->worker.stage->step(actor->self, &step);
    const int64_t end = fw_clock_ns(), cancelled = atomic_load(&actor->cancelled_ns);
    const int64_t idle = waited_ns() - waited;
    atomic_store(&actor->step_ns, 0);
    course->steps++;
    if (end - start - idle > course->longest_ns) {
        course->longest_ns = end - start - idle;
    }
    if (cancelled != 0 && course->late_ns == 0) {
        course->late_ns = end - (cancelled > start ? cancelled : start) - idle;
    }
    if (status >= 0) {
        const bool grows = step.done > course->step.done;
        course->still = grows ? 0 : course->still + 1;
        course->grew_ns = grows ? end : course->grew_ns;
        course->step = step;
    }
    course->stuck = course->still > STUCK_STEPS && end - course->grew_ns > STUCK_NS;
    return status;
}

static fw_status restart(struct fw_actor *actor, const struct fw_blob *blob, struct course *course)
{
    destroy(actor);
    fw_status status = create(actor);
    if (status != FW_OK) {
        course->call = "create";
        return status;
    }
    fw_stand_say(actor->stand, "restore", course->steps);
    status = actor->worker.stage->restore(actor->self, blob);
    course->call = status == FW_OK ? course->call : "restore";
    course->restarts++;
    return status;
}

/* The bytes go through memory of the host: the instance that gave them is gone by then. */
static fw_status between(struct fw_actor *actor, enum fw_between what, struct course *course)
{
    struct fw_blob blob = {.struct_size = sizeof blob};
    if (what == FW_BETWEEN_NOTHING || course->restarts >= MAX_RESTARTS) {
        return FW_OK;
    }
    fw_stand_say(actor->stand, "save", course->steps);
    fw_status status = actor->worker.stage->save(actor->self, &blob);
    if (status != FW_OK) {
        course->call = "save";
        return status;
    }
    fw_auto(free) void *copy = malloc(blob.size + 1);
    struct fw_blob kept = {
        .struct_size = sizeof kept, .version = blob.version, .bytes = copy, .size = blob.size};
    if (copy && blob.size > 0) {
        memcpy(copy, blob.bytes, blob.size);
    }
    if (blob.release) {
        blob.release(&blob);
    }
    return !copy ? FW_E_NOMEM : what == FW_BETWEEN_RESTART ? restart(actor, &kept, course) : FW_OK;
}

static fw_status loop(struct fw_actor *actor, const struct fw_act *act, struct course *course)
{
    fw_status status = create(actor);
    course->call = "create";
    while (status == FW_OK) {
        course->call = "step";
        status = one_step(actor, act, course);
        if (status != FW_MORE || course->stuck ||
            (act->max_steps > 0 && course->steps >= act->max_steps)) {
            return status;
        }
        status = between(actor, act->between, course);
    }
    return status;
}

static const char *output_fault(const struct fw_worker *worker, uint32_t i, uint64_t items)
{
    const struct fw_output *output = &worker->outputs[i];
    const cJSON *port =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(worker->json, "outputs"), (int)i);
    const uint32_t flags = (uint32_t)cJSON_GetNumberValue(cJSON_GetObjectItem(port, "flags"));
    fw_auto(json) cJSON *described = NULL;
    uint64_t bytes = 0;
    if (access(output->path, F_OK) < 0) {
        return flags & FW_PORT_OPTIONAL ? NULL : "missing";
    }
    return fw_manifest_describe(output->path, &described, NULL) == 0 &&
                   fw_json_get_u64(described, "bytes", &bytes, NULL) == 0 && bytes == 0 &&
                   items > 0 && !(flags & FW_PORT_MAY_BE_EMPTY)
               ? "empty"
               : NULL;
}

/* "port sha256" a line: what tells one run from another. */
static void describe_outputs(struct fw_worker *worker, uint64_t items, cJSON *facts)
{
    fw_auto(json) cJSON *result = cJSON_CreateObject();
    fw_auto(str) struct fw_str text = {0};
    struct fw_error err;
    const cJSON *item;
    for (uint32_t i = 0; i < worker->task.n_outputs; i++) {
        const char *fault = output_fault(worker, i, items);
        if (fault) {
            cJSON_AddStringToObject(facts, "output_fault", fault);
            cJSON_AddStringToObject(facts, "output_text", worker->outputs[i].port);
            return;
        }
    }
    if (fw_worker_collect_outputs(worker, items, result, &err) < 0) {
        cJSON_AddStringToObject(facts, "output_fault", "broken");
        cJSON_AddStringToObject(facts, "output_text", err.text);
        return;
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(result, "outputs"))
    {
        fw_str_printf(&text, "%s %s\n", cJSON_GetStringValue(cJSON_GetObjectItem(item, "port")),
                      cJSON_GetStringValue(cJSON_GetObjectItem(item, "sha256")));
    }
    cJSON_AddStringToObject(facts, "outputs", text.text ? text.text : "");
}

static cJSON *facts_of(struct fw_actor *actor, const struct course *course, fw_status status)
{
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddNumberToObject(facts, "status", status);
    cJSON_AddStringToObject(facts, "call", course->call);
    cJSON_AddStringToObject(facts, "fault",
                            actor->worker.fault.text ? actor->worker.fault.text : "");
    fw_json_add_u64(facts, "steps", course->steps);
    fw_json_add_u64(facts, "items", course->step.items);
    fw_json_add_u64(facts, "restarts", course->restarts);
    cJSON_AddNumberToObject(facts, "longest_s", (double)course->longest_ns / 1e9);
    cJSON_AddNumberToObject(facts, "late_s", (double)course->late_ns / 1e9);
    /* Or it was done before that was due. */
    cJSON_AddBoolToObject(facts, "cancelled", atomic_load(&actor->cancelled_ns) != 0);
    cJSON_AddBoolToObject(facts, "stuck", course->stuck);
    return facts;
}

static void put_on_watch(struct fw_stand *stand, size_t slot, struct fw_actor *actor)
{
    pthread_mutex_lock(&stand->actors_lock);
    stand->actors[slot] = actor;
    pthread_mutex_unlock(&stand->actors_lock);
}

cJSON *fw_act_run(struct fw_stand *stand, const struct fw_act *act, size_t slot)
{
    struct fw_actor *actor = calloc(1, sizeof *actor);
    struct course course = {.step.struct_size = sizeof course.step, .call = "host"};
    struct fw_error err = {0};
    cJSON *facts = NULL;
    if (!actor) {
        return NULL;
    }
    actor->stand = stand;
    if (begin(actor, act->name, &err) == 0) {
        put_on_watch(stand, slot, actor);
        const fw_status status = loop(actor, act, &course);
        put_on_watch(stand, slot, NULL);
        destroy(actor);
        fw_stand_say(stand, "host", 0);
        facts = facts_of(actor, &course, status);
        if (status == FW_OK) {
            describe_outputs(&actor->worker, course.step.items, facts);
        }
    } else {
        facts = cJSON_CreateObject();
        cJSON_AddStringToObject(facts, "host_error", err.text);
    }
    finish(actor);
    free(actor);
    return facts;
}
