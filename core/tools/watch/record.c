/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/sha256.h"

static void tell(const struct fw_worker *worker, uint32_t level, char *text)
{
    const struct fw_log *log = worker->host.service(&worker->host, FW_LOG_ID);
    if (text) {
        log->write(&worker->host, level, text);
    }
    free(text);
}

static cJSON *list_of(struct fw_worker *worker, const char *name)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(worker->fields, name);
    return list ? list : cJSON_AddArrayToObject(worker->fields, name);
}

static cJSON *add_generation(struct fw_worker *worker, const char *digest, uint64_t from_step)
{
    cJSON *list = list_of(worker, "generations");
    cJSON *item = fw_json_append(list);
    return item && fw_json_add_u64(item, "generation", (uint64_t)cJSON_GetArraySize(list)) &&
                   cJSON_AddStringToObject(item, "digest", digest) &&
                   fw_json_add_u64(item, "from_step", from_step)
               ? item
               : NULL;
}

int fw_record_begin(struct fw_worker *worker, struct fw_error *err)
{
    return add_generation(worker, worker->module->digest, 1) ? 0 : fw_error_oom(err);
}

int fw_record_taken(struct fw_worker *worker, const char *digest, uint64_t steps,
                    const struct fw_pause *pause, struct fw_error *err)
{
    cJSON *item = add_generation(worker, digest, steps + 1);
    if (!item || !cJSON_AddStringToObject(item, "worker", pause ? "same" : "replaced") ||
        (pause &&
         (!cJSON_AddNumberToObject(item, "pause_us", (double)pause->ns[FW_SWAP_STEP] / 1e3) ||
          !fw_json_add_u64(item, "state_bytes", pause->state_bytes)))) {
        return fw_error_oom(err);
    }
    tell(worker, FW_LOG_INFO,
         fw_text("a new build, %.12s, makes the steps from %" PRIu64 " on%s", digest, steps + 1,
                 pause ? "" : ", in a new process"));
    return 0;
}

int fw_record_provider(struct fw_worker *worker, const char *plugin, const char *digest,
                       uint64_t steps, struct fw_error *err)
{
    cJSON *item = add_generation(worker, digest, steps + 1);
    if (!item || !cJSON_AddStringToObject(item, "worker", "replaced") ||
        !cJSON_AddStringToObject(item, "provider", plugin)) {
        return fw_error_oom(err);
    }
    tell(worker, FW_LOG_INFO,
         fw_text("%s: a new build, %.12s, serves the steps from %" PRIu64 " on, in a new process",
                 plugin, digest, steps + 1));
    return 0;
}

void fw_record_undo(struct fw_worker *worker, size_t n)
{
    cJSON *list = list_of(worker, "generations");
    for (size_t i = 0; i < n; i++) {
        cJSON_DeleteItemFromArray(list, cJSON_GetArraySize(list) - 1);
    }
}

int fw_task_mix_key(cJSON *task, const char *digest, struct fw_error *err)
{
    fw_auto(free) char *key = fw_text("%s+%s", fw_json_text(task, "key"), digest);
    return key && cJSON_ReplaceItemInObjectCaseSensitive(task, "key", cJSON_CreateString(key))
               ? 0
               : fw_error_oom(err);
}

int fw_record_refused(struct fw_worker *worker, const char *digest, uint64_t steps, const char *why,
                      struct fw_error *err)
{
    cJSON *item = fw_json_append(list_of(worker, "refused"));
    if (!item || !cJSON_AddStringToObject(item, "digest", digest) ||
        !fw_json_add_u64(item, "after_step", steps) || !cJSON_AddStringToObject(item, "why", why)) {
        return fw_error_oom(err);
    }
    tell(worker, FW_LOG_WARNING,
         fw_text("the new build %.12s is not taken, the old one goes on: %s", digest, why));
    return 0;
}

/* {"plugin": {"digest": "first+second"}} */
static bool mix(cJSON *plugin, const cJSON *generations)
{
    fw_auto(str) struct fw_str text = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, generations)
    {
        fw_str_printf(&text, "%s%s", text.len > 0 ? "+" : "", fw_json_text(item, "digest"));
    }
    cJSON_DeleteItemFromObjectCaseSensitive(plugin, "digest");
    return !text.oom && cJSON_AddStringToObject(plugin, "digest", text.text);
}

bool fw_record_manifest(cJSON *manifest)
{
    const cJSON *generations = cJSON_GetObjectItemCaseSensitive(manifest, "generations");
    const char *raw = cJSON_GetObjectItemCaseSensitive(manifest, "preimage")->valuestring;
    fw_auto(json) cJSON *preimage = NULL;
    fw_auto(free) char *text = NULL;
    char key[FW_SHA256_TEXT];
    if (cJSON_GetArraySize(generations) < 2) {
        return true;
    }
    if (fw_json_parse(raw, strlen(raw), "preimage", &preimage, NULL) < 0 ||
        !mix(cJSON_GetObjectItemCaseSensitive(preimage, "plugin"), generations) ||
        fw_json_canonical(preimage, &text, NULL) < 0) {
        return false;
    }
    fw_sha256_bytes(text, strlen(text), key);
    return cJSON_ReplaceItemInObjectCaseSensitive(manifest, "key", cJSON_CreateString(key)) &&
           cJSON_ReplaceItemInObjectCaseSensitive(manifest, "preimage", cJSON_CreateRaw(text));
}
