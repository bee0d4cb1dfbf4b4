/* SPDX-License-Identifier: MIT */
#include "providers.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "record.h"

struct source {
    struct fw_watched watched;
    struct fw_candidate candidate;
};

static struct {
    struct source *items;
    size_t n;
    bool changed; /* and not looked into yet */
} sources;

static bool is_watched(const struct fw_module *module)
{
    for (size_t i = 0; i < sources.n; i++) {
        if (sources.items[i].watched.module == module) {
            return true;
        }
    }
    return false;
}

/* A worker that has replaced another was given copies: the file that is built anew is the one that
 * the first worker was given. */
static const char *watched_path(const struct fw_worker *worker, size_t i)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(worker->json, "providers");
    const cJSON *item = cJSON_GetArrayItem(list, (int)i);
    const cJSON *watched = cJSON_GetObjectItemCaseSensitive(item, "watched");
    return cJSON_IsString(watched) ? watched->valuestring : worker->providers[i].module->path;
}

int fw_providers_watch(struct fw_worker *worker, struct fw_error *err)
{
    sources.n = 0;
    sources.items = calloc(worker->n_providers + 1, sizeof *sources.items);
    if (!sources.items) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < worker->n_providers; i++) {
        const struct fw_module *module = worker->providers[i].module;
        if (module != worker->module && !is_watched(module)) {
            sources.items[sources.n++].watched =
                (struct fw_watched){.path = watched_path(worker, i), .module = module};
        }
    }
    return 0;
}

bool fw_providers_changed(void)
{
    bool moves = false;
    for (size_t i = 0; i < sources.n; i++) {
        sources.changed = fw_watched_changed(&sources.items[i].watched) || sources.changed;
        moves = moves || fw_watched_moves(&sources.items[i].watched);
    }
    return sources.changed && !moves;
}

int fw_providers_take(const struct fw_worker *worker, struct fw_error *err)
{
    int n = 0;
    sources.changed = false;
    for (size_t i = 0; i < sources.n; i++) {
        struct source *source = &sources.items[i];
        struct fw_error why;
        if (fw_candidate_take(worker, &source->watched, &source->candidate, &why) < 0) {
            return fw_error_set(err, why.code, "%s: %s", source->watched.module->plugin->id,
                                why.text);
        }
        n += source->candidate.path != NULL;
    }
    return n;
}

static const struct source *source_of(const struct fw_module *module)
{
    for (size_t i = 0; i < sources.n; i++) {
        if (sources.items[i].watched.module == module && sources.items[i].candidate.path) {
            return &sources.items[i];
        }
    }
    return NULL;
}

static bool set(cJSON *item, const struct source *source)
{
    cJSON_DeleteItemFromObjectCaseSensitive(item, "path");
    cJSON_DeleteItemFromObjectCaseSensitive(item, "digest");
    cJSON_DeleteItemFromObjectCaseSensitive(item, "watched");
    return cJSON_AddStringToObject(item, "path", source->candidate.path) &&
           cJSON_AddStringToObject(item, "digest", source->candidate.digest) &&
           cJSON_AddStringToObject(item, "watched", source->watched.path);
}

int fw_providers_task(const struct fw_worker *worker, cJSON **ret_providers, struct fw_error *err)
{
    fw_auto(json) cJSON *list =
        cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(worker->json, "providers"), true);
    for (size_t i = 0; list && i < worker->n_providers; i++) {
        const struct source *source = source_of(worker->providers[i].module);
        if (source && !set(cJSON_GetArrayItem(list, (int)i), source)) {
            return fw_error_oom(err);
        }
    }
    *ret_providers = fw_steal(&list);
    return *ret_providers ? 0 : fw_error_oom(err);
}

int fw_providers_record(struct fw_worker *worker, uint64_t steps, size_t *ret_n,
                        struct fw_error *err)
{
    *ret_n = 0;
    for (size_t i = 0; i < sources.n; i++) {
        const struct source *source = &sources.items[i];
        if (source->candidate.path) {
            FW_TRY(fw_record_provider(worker, source->watched.module->plugin->id,
                                      source->candidate.digest, steps, err));
            (*ret_n)++;
        }
    }
    return 0;
}

const char *fw_providers_digest(void)
{
    for (size_t i = 0; i < sources.n; i++) {
        if (sources.items[i].candidate.path) {
            return sources.items[i].candidate.digest;
        }
    }
    return NULL;
}

void fw_providers_drop(void)
{
    for (size_t i = 0; i < sources.n; i++) {
        fw_candidate_drop(&sources.items[i].candidate);
    }
}

void fw_providers_forget(void)
{
    fw_providers_drop();
    free(sources.items);
    sources.items = NULL;
    sources.n = 0;
}
