/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "run/run_internal.h"

/* Beside the final place, so that the rename cannot cross file systems. */
char *fw_run_partial(const struct fw_plan_output *output)
{
    fw_auto(free) char *folder = fw_path_folder(output->path);
    return folder ? fw_text("%s/.%s.partial", folder, fw_path_name(output->path)) : NULL;
}

char *fw_run_tmp_root(const struct fw_run *run)
{
    const char *temp = run->plan->pipeline->resources.temp;
    char hex[FW_SHA256_TEXT];
    /* A folder that pipelines share: the digest keeps two runs of one name apart. */
    fw_sha256_bytes(run->dir->path, strlen(run->dir->path), hex);
    return temp ? fw_text("%s/fwrun-%s-%.12s", temp, run->plan->pipeline->name, hex)
                : fw_text("%s/tmp", run->dir->path);
}

char *fw_run_tmp(const struct fw_run *run, size_t index)
{
    return fw_text("%s/%s", run->tmp, run->plan->stages[index].spec->name);
}

bool fw_run_add_limits(cJSON *to, const struct fw_limits *limits)
{
    return fw_json_set(to, FW_JSON_U64("threads", limits->threads),
                       FW_JSON_U64("memory_bytes", limits->memory_bytes),
                       FW_JSON_U64("engine_bytes", limits->engine_bytes),
                       FW_JSON_U64("temp_bytes", limits->temp_bytes),
                       FW_JSON_U64("attempt", limits->attempt),
                       FW_JSON_U64("small_row_groups", limits->small_row_groups),
                       FW_JSON_U64("partition_factor", limits->partition_factor));
}

/* What is absent stays in the list, without a kind. */
static bool add_inputs(const struct fw_plan *plan, const struct fw_plan_stage *stage, cJSON *task)
{
    bool added = fw_plan_add_inputs(plan, stage, task);
    cJSON *item = added ? cJSON_GetObjectItemCaseSensitive(task, "inputs")->child : NULL;
    for (size_t i = 0; added && i < stage->inputs.len; i++, item = item->next) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        added = input->absent || cJSON_AddNumberToObject(item, "kind", input->kind);
    }
    return added;
}

static bool add_outputs(const struct fw_plan_stage *stage, cJSON *task)
{
    cJSON *list = cJSON_AddArrayToObject(task, "outputs");
    for (size_t i = 0; list && i < stage->outputs.len; i++) {
        const struct fw_plan_output *output = &stage->outputs.items[i];
        fw_auto(free) char *partial = fw_run_partial(output);
        cJSON *item = fw_json_append(list);
        if (!partial ||
            !fw_json_set(item, FW_JSON_TEXT("port", output->port),
                         FW_JSON_U64("kind", output->kind), FW_JSON_U64("flags", output->flags),
                         FW_JSON_TEXT("path", partial),
                         FW_JSON_TEXT("name", fw_path_name(output->path)))) {
            return false;
        }
    }
    return list != NULL;
}

static bool add_plugin(cJSON *plugin, const struct fw_registry_entry *entry)
{
    return plugin && cJSON_AddStringToObject(plugin, "path", entry->path) &&
           cJSON_AddStringToObject(plugin, "digest", entry->elf.digest);
}

static bool add_plugins(const struct fw_plan_stage *stage, cJSON *task)
{
    cJSON *providers = cJSON_AddArrayToObject(task, "providers");
    for (size_t i = 0; providers && i < stage->providers.len; i++) {
        const struct fw_registry_service *bound = &stage->providers.items[i];
        cJSON *item = fw_json_append(providers);
        if (!add_plugin(item, bound->entry) ||
            !cJSON_AddStringToObject(item, "service", bound->service->id)) {
            return false;
        }
    }
    return providers && add_plugin(cJSON_AddObjectToObject(task, "plugin"), stage->plugin);
}

static bool add_checkpoint(const struct fw_run *run, const struct fw_plan_stage *stage, cJSON *task)
{
    fw_auto(free) char *path = fw_rundir_checkpoint(run->dir->path, stage->spec->name);
    /* Whether it can be used is for the worker to say. */
    bool resume = path && (stage->type->caps & FW_CAP_CHECKPOINT) && access(path, F_OK) == 0;
    return path &&
           fw_json_set(task, FW_JSON_TEXT("checkpoint", path),
                       FW_JSON_REAL("checkpoint_every_s", run->options->checkpoint_every_s),
                       FW_JSON_U64("checkpoint_every_steps", run->options->checkpoint_every_steps),
                       FW_JSON_U64("stop_after_steps", run->options->stop_after_steps),
                       FW_JSON_BOOL("restore", resume));
}

int fw_run_task(const struct fw_run *run, size_t index, cJSON **ret_task, struct fw_error *err)
{
    const struct fw_plan *plan = run->plan;
    const struct fw_plan_stage *stage = &plan->stages[index];
    fw_auto(json) cJSON *task = cJSON_CreateObject();
    fw_auto(free) char *tmp = fw_run_tmp(run, index);
    fw_auto(free) char *log = fw_rundir_log(run->dir->path, stage->spec->name);
    fw_auto(free) char *seed_key =
        fw_text("%lld:%s", (long long)plan->pipeline->seed, stage->spec->name);
    if (!tmp || !log || !seed_key ||
        !fw_json_set(task, FW_JSON_TEXT("log", log), FW_JSON_TEXT("stage", stage->spec->name),
                     FW_JSON_TEXT("use", stage->spec->use), FW_JSON_TEXT("key", stage->key),
                     FW_JSON_TEXT("tmp", tmp), FW_JSON_TEXT("seed_key", seed_key),
                     FW_JSON_U64("seed", (uint64_t)plan->pipeline->seed)) ||
        !fw_run_add_limits(cJSON_AddObjectToObject(task, "limits"), &run->stages[index].limits) ||
        !add_inputs(plan, stage, task) || !add_outputs(stage, task) || !add_plugins(stage, task) ||
        !add_checkpoint(run, stage, task)) {
        return fw_error_oom(err);
    }
    if (fw_values_add_json(task, &stage->values, err) < 0) {
        return -1;
    }
    *ret_task = fw_steal(&task);
    return 0;
}
