/* SPDX-License-Identifier: MIT */
#include "exercise.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "guard.h"

/* Above what a plugin that closes "all" descriptors closes. */
enum { HIGH_FD = 600, REPEATS = 10 };
#define REPEAT_NS     INT64_C(10000000000)
#define REPEAT_MAX_NS INT64_C(45000000000) /* for the fewest that say something */

static int open_module(struct fw_stand *stand, const cJSON *from, struct fw_module **ret_module,
                       struct fw_error *err)
{
    const char *path, *digest;
    FW_TRY(fw_json_get_string(from, "path", &path, err));
    FW_TRY(fw_json_get_string(from, "digest", &digest, err));
    fw_stand_say(stand, "load", 0);
    FW_TRY(fw_loader_open(stand->loader, path, digest, ret_module, err));
    fw_stand_say(stand, "host", 0);
    return 0;
}

static int load(struct fw_stand *stand, struct fw_error *err)
{
    const cJSON *plugin, *providers, *item;
    const char *use;
    fw_auto(free) char *copies = fw_text("%s/copies", stand->folder);
    if (!copies) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_json_get_object(stand->task, "plugin", &plugin, err));
    FW_TRY(fw_json_get_array(stand->task, "providers", &providers, err));
    FW_TRY(fw_json_get_string(stand->task, "use", &use, err));
    FW_TRY(fw_fs_mkdirs(copies, err));
    FW_TRY(fw_loader_create(copies, &stand->loader, err));
    stand->providers = calloc((size_t)cJSON_GetArraySize(providers) + 1, sizeof *stand->providers);
    if (!stand->providers) {
        return fw_error_oom(err);
    }
    cJSON_ArrayForEach(item, providers)
    {
        struct fw_provider *provider = &stand->providers[stand->n_providers];
        FW_TRY(fw_json_get_string(item, "service", &provider->id, err));
        FW_TRY(open_module(stand, item, &provider->module, err));
        stand->n_providers++;
    }
    FW_TRY(open_module(stand, plugin, &stand->module, err));
    stand->stage = *use == '\0' ? NULL : fw_module_stage(stand->module, use);
    return 0;
}

static void unload(struct fw_stand *stand)
{
    fw_stand_say(stand, "load", 0);
    fw_module_close(stand->module);
    while (stand->n_providers > 0) {
        fw_module_close(stand->providers[--stand->n_providers].module);
    }
    free(stand->providers);
    fw_loader_destroy(stand->loader);
    fw_stand_say(stand, "host", 0);
}

static void run(struct fw_stand *stand, cJSON *end, cJSON *runs)
{
    struct fw_guard guard;
    if (fw_guard_take(&guard) == 0) {
        cJSON_AddItemToArray(runs, fw_act_run(stand, &(struct fw_act){.name = "s"}, 0));
        cJSON_AddItemToObject(end, "changed", fw_guard_compare(&guard));
    }
    fw_guard_finish(&guard);
}

struct half {
    struct fw_stand *stand;
    size_t slot;
    cJSON *facts;
};

static void *run_half(void *arg)
{
    struct half *half = arg;
    const struct fw_act act = {.name = half->slot == 0 ? "one" : "other"};
    half->facts = fw_act_run(half->stand, &act, half->slot);
    return NULL;
}

static void pair(struct fw_stand *stand, cJSON *runs)
{
    struct half halves[] = {{.stand = stand, .slot = 0}, {.stand = stand, .slot = 1}};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_half, &halves[1]) == 0) {
        run_half(&halves[0]);
        pthread_join(thread, NULL);
    }
    cJSON_AddItemToArray(runs, halves[0].facts);
    cJSON_AddItemToArray(runs, halves[1].facts);
}

static void add_holding(cJSON *list, const struct fw_holding *holding)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "memory", holding->memory);
    cJSON_AddNumberToObject(item, "mapped", holding->mapped);
    cJSON_AddNumberToObject(item, "descriptors", holding->descriptors);
    cJSON_AddNumberToObject(item, "threads", holding->threads);
    cJSON_AddItemToArray(list, item);
}

/* The report itself grows while it is written, so it is written down in plain memory first. */
static void repeat(struct fw_stand *stand, cJSON *end, cJSON *runs)
{
    struct fw_holding seen[REPEATS];
    cJSON *facts = NULL;
    size_t n = 0;
    const int64_t start = fw_clock_ns();
    while (n < REPEATS &&
           fw_clock_ns() - start < (n < FW_CHECK_REPEATS ? REPEAT_MAX_NS : REPEAT_NS)) {
        cJSON_Delete(facts);
        facts = fw_act_run(stand, &(struct fw_act){.name = "s"}, 0);
        seen[n++] = fw_guard_holding();
    }
    cJSON *list = cJSON_AddArrayToObject(end, "holding");
    for (size_t i = 0; i < n; i++) {
        add_holding(list, &seen[i]);
    }
    cJSON_AddItemToArray(runs, facts);
}

static void act(struct fw_stand *stand, const char *what, cJSON *end, cJSON *runs)
{
    struct fw_act one = {.name = "s"};
    const cJSON *cancel_s = cJSON_GetObjectItemCaseSensitive(stand->task, "cancel_s");
    if (strcmp(what, "run") == 0) {
        run(stand, end, runs);
        return;
    }
    if (strcmp(what, "pair") == 0) {
        pair(stand, runs);
        return;
    }
    if (strcmp(what, "repeat") == 0) {
        repeat(stand, end, runs);
        return;
    }
    one.between = strcmp(what, "resume") == 0 ? FW_BETWEEN_RESTART
                  : strcmp(what, "save") == 0 ? FW_BETWEEN_SAVE
                                              : FW_BETWEEN_NOTHING;
    one.max_steps = strcmp(what, "abandon") == 0;
    one.cancel_s = strcmp(what, "cancel") == 0 ? cJSON_GetNumberValue(cancel_s) : 0;
    cJSON_AddItemToArray(runs, fw_act_run(stand, &one, 0));
}

static void exercise(struct fw_stand *stand, const char *what, cJSON *end)
{
    struct fw_error err = {0};
    cJSON *runs = cJSON_AddArrayToObject(end, "runs");
    if (load(stand, &err) < 0) {
        cJSON_AddStringToObject(end, "load_error", err.text);
    } else if (stand->stage && fw_stand_watch(stand) == 0) {
        act(stand, what, end, runs);
        fw_stand_unwatch(stand);
    }
    cJSON_AddNumberToObject(end, "strays", (double)fw_proc_kill_strays(NULL, NULL));
    /* A thread that was left behind would crash it, and is to be told as what it is. */
    if (!stand->stage || strcmp(what, "abandon") == 0) {
        unload(stand);
    }
    fflush(stdout);
}

static int receive(struct fw_stand *stand)
{
    while (!stand->task) {
        if (fw_channel_receive(&stand->channel, true, NULL) < 0 ||
            fw_channel_next(&stand->channel, &stand->task, NULL) < 0 ||
            (stand->channel.ended && !stand->task)) {
            return -1;
        }
    }
    return 0;
}

int fw_exercise_main(const char *parent)
{
    struct fw_stand stand = {0};
    const char *what;
    cJSON *end = cJSON_CreateObject();
    cJSON_AddStringToObject(end, "type", "end");
    stand.channel.fd = fcntl(3, F_DUPFD_CLOEXEC, HIGH_FD);
    pthread_mutex_init(&stand.send_lock, NULL);
    pthread_mutex_init(&stand.actors_lock, NULL);
    int rc = stand.channel.fd < 0 || close(3) < 0 ? -1 : 0;
    if (rc == 0 && fw_proc_die_with_parent((pid_t)strtol(parent, NULL, 10), NULL) == 0 &&
        fw_proc_adopt_orphans(NULL) == 0 && receive(&stand) == 0 &&
        fw_json_get_string(stand.task, "exercise", &what, NULL) == 0 &&
        fw_json_get_string(stand.task, "folder", &stand.folder, NULL) == 0 &&
        fw_json_get_double(stand.task, "limit_s", &stand.limit_s, NULL) == 0) {
        exercise(&stand, what, end);
        fw_stand_send(&stand, end);
        end = NULL;
    }
    cJSON_Delete(end);
    cJSON_Delete(stand.task);
    fw_channel_finish(&stand.channel);
    return rc == 0 ? 0 : FW_EXIT_FAILED;
}
