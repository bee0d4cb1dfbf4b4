/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "graph/key.h"
#include "run/run_internal.h"
#include "run/worker.h"
#include "store/manifest.h"

/* What a run that was killed in the middle of writing a document left; nobody else writes here. */
static void clear_temporaries(const char *folder)
{
    fw_auto(strings) struct fw_strings left = {0};
    fw_auto(free) char *pattern = fw_text("%s/.*.tmp", folder);
    if (pattern && fw_path_glob(pattern, &left, NULL) == 0) {
        for (size_t i = 0; i < left.len; i++) {
            fw_fs_remove(left.items[i], NULL);
        }
    }
}

int fw_run_prepare(struct fw_run *run, size_t index, bool resume, struct fw_error *err)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    fw_auto(free) char *tmp = fw_run_tmp(run, index);
    fw_auto(free) char *own = fw_rundir_stage(run->dir->path, stage->spec->name);
    if (!tmp || !own) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_fs_remove(tmp, err));
    if (mkdir(own, 0777) < 0) { /* it is not the first time */
        FW_TRY(fw_fs_mkdirs(own, err));
        clear_temporaries(own);
    }
    for (size_t i = 0; i < stage->outputs.len; i++) {
        fw_auto(free) char *partial = fw_run_partial(&stage->outputs.items[i]);
        fw_auto(free) char *folder = fw_path_folder(stage->outputs.items[i].path);
        if (!partial || !folder) {
            return fw_error_oom(err);
        }
        if ((strcmp(folder, own) != 0 && fw_fs_mkdirs(folder, err) < 0) ||
            (!resume && fw_fs_remove(partial, err) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* Inside the stage's folder paths are recorded relative to it, so that the run can be moved. */
static const char *recorded_path(const char *folder, const char *path)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

static int publish_output(const struct fw_run *run, const struct fw_plan_output *output,
                          const cJSON *described, struct fw_error *err)
{
    fw_auto(free) char *partial = fw_run_partial(output);
    if (!partial) {
        return fw_error_oom(err);
    }
    struct stat was, is;
    /* A file takes the place of a file in one move, so that a reader finds the one or the other. */
    if (!described || stat(output->path, &was) < 0 || stat(partial, &is) < 0 ||
        S_ISDIR(was.st_mode) || S_ISDIR(is.st_mode)) {
        FW_TRY(fw_fs_remove(output->path, err));
    }
    return described ? fw_fs_publish(partial, output->path, run->dir->durability, err)
                     : 0; /* an optional output that was not made this time */
}

static bool add_outputs(const struct fw_plan_stage *stage, const char *folder, const cJSON *result,
                        cJSON *manifest)
{
    cJSON *list = cJSON_AddArrayToObject(manifest, "outputs");
    for (size_t i = 0; list && i < stage->outputs.len; i++) {
        const struct fw_plan_output *output = &stage->outputs.items[i];
        const cJSON *described = fw_manifest_output(result, output->port);
        if (!described) {
            continue;
        }
        cJSON *item = cJSON_Duplicate(described, true);
        if (!item || !cJSON_AddItemToArray(list, item)) {
            return false;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(item, "partial");
        if (!cJSON_AddStringToObject(item, "path", recorded_path(folder, output->path))) {
            return false;
        }
    }
    return list != NULL;
}

/* What the worker says about its work goes into the manifest as it is. */
static bool add_result(const cJSON *result, cJSON *manifest)
{
    static const char *const copied[] = {"items", "steps", "step_us", "gates"};
    const cJSON *field;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(result, copied[i]);
        if (value && !fw_json_add(manifest, copied[i], cJSON_Duplicate(value, true))) {
            return false;
        }
    }
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(result, "fields"))
    {
        if (!fw_json_add(manifest, field->string, cJSON_Duplicate(field, true))) {
            return false;
        }
    }
    return true;
}

/* As it was when the stage began: what a later run's input is compared with (fwrun plan
 * --estimate).
 */
static uint64_t input_bytes(const struct fw_watch *watch)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < watch->trees.len; i++) {
        for (size_t k = 0; k < watch->trees.items[i].len; k++) {
            bytes += watch->trees.items[i].items[k].size;
        }
    }
    return bytes;
}

static bool add_facts(const struct fw_run *run, size_t index, const cJSON *result, cJSON *manifest)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    const struct fw_run_stage *state = &run->stages[index];
    const struct fw_plugin *plugin = stage->plugin->plugin;
    double elapsed_s = (double)(fw_clock_ns() - state->start_ns) / 1e9;
    char now[FW_CLOCK_TEXT];
    fw_clock_utc(now);
    return cJSON_AddNumberToObject(manifest, "format", 1) &&
           cJSON_AddStringToObject(manifest, "stage", stage->spec->name) &&
           cJSON_AddStringToObject(manifest, "use", stage->spec->use) &&
           cJSON_AddStringToObject(manifest, "key", stage->key) &&
           cJSON_AddRawToObject(manifest, "preimage", stage->preimage) &&
           cJSON_AddStringToObject(manifest, "built_at", now) &&
           cJSON_AddStringToObject(manifest, "fwrun_version", run->options->version) &&
           cJSON_AddStringToObject(manifest, "plugin", plugin->id) &&
           cJSON_AddStringToObject(manifest, "plugin_version", plugin->version) &&
           cJSON_AddStringToObject(manifest, "plugin_digest", stage->plugin->elf.digest) &&
           fw_json_add_i64(manifest, "seed", run->plan->pipeline->seed) &&
           cJSON_AddNumberToObject(manifest, "elapsed_s", elapsed_s) &&
           fw_json_add_u64(manifest, "peak_rss_bytes", state->peak_bytes) &&
           fw_json_add_u64(manifest, "input_bytes", input_bytes(&state->watch)) &&
           fw_json_add(manifest, "attempts", cJSON_Duplicate(state->attempts, true)) &&
           add_result(result, manifest) && fw_plan_add_inputs(run->plan, stage, manifest) &&
           fw_plan_add_params(stage, manifest);
}

/*
 * The old manifest goes first and the new one comes last: killed anywhere between, the stage is not
 * done, and nothing half-published is believed. The checkpoint goes before the outputs that it
 * relies on are renamed.
 */
int fw_run_publish(struct fw_run *run, size_t index, const cJSON *result, struct fw_error *err)
{
    struct fw_plan_stage *stage = &run->plan->stages[index];
    const char *name = stage->spec->name;
    fw_auto(free) char *folder = fw_rundir_stage(run->dir->path, name);
    fw_auto(free) char *checkpoint = fw_rundir_checkpoint(run->dir->path, name);
    fw_auto(json) cJSON *manifest = cJSON_CreateObject();
    if (!folder || !checkpoint || !manifest || !add_facts(run, index, result, manifest) ||
        !add_outputs(stage, folder, result, manifest) ||
        (fw_run_hooks.manifest && !fw_run_hooks.manifest(manifest))) {
        return fw_error_oom(err);
    }
    const char *copy = stage->spec->manifest;
    if (fw_manifest_retract(run->dir->path, name, err) < 0 || fw_fs_remove(checkpoint, err) < 0 ||
        (copy && fw_fs_remove(copy, err) < 0)) {
        return -1;
    }
    for (size_t i = 0; i < stage->outputs.len; i++) {
        const struct fw_plan_output *output = &stage->outputs.items[i];
        if (publish_output(run, output, fw_manifest_output(result, output->port), err) < 0) {
            return -1;
        }
    }
    if ((copy && fw_json_write(copy, manifest, run->dir->durability, err) < 0) ||
        fw_manifest_write(run->dir->path, name, manifest, run->dir->durability, err) < 0) {
        return -1;
    }
    cJSON_Delete(stage->manifest);
    stage->manifest = fw_steal(&manifest);
    fw_plan_take_digests(stage);
    stage->state = FW_PLAN_REUSE; /* done, with the wanted key */
    return 0;
}
