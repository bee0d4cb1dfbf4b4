/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "graph/plan.h"
#include "plugin/descriptor.h"

/* plan.json and `fwrun plan --json`. */

static const char *state_name(enum fw_plan_state state)
{
    static const char *const names[] = {[FW_PLAN_RUN] = "run",
                                        [FW_PLAN_REUSE] = "reuse",
                                        [FW_PLAN_WAITING] = "waiting",
                                        [FW_PLAN_LEFT_OUT] = "left_out"};
    return names[state];
}

bool fw_plan_add_inputs(const struct fw_plan *plan, const struct fw_plan_stage *stage, cJSON *json)
{
    cJSON *inputs = cJSON_AddArrayToObject(json, "inputs");
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        cJSON *item = fw_json_append(inputs);
        cJSON *paths = cJSON_AddArrayToObject(item, "paths");
        if (!paths || !cJSON_AddStringToObject(item, "port", input->port) ||
            (input->digest[0] != '\0' && !cJSON_AddStringToObject(item, "sha256", input->digest))) {
            return false;
        }
        for (size_t k = 0; k < input->len; k++) {
            const struct fw_plan_source *source = &input->items[k];
            if (!cJSON_AddItemToArray(paths,
                                      cJSON_CreateString(fw_plan_source_path(plan, source))) ||
                (!source->path &&
                 !cJSON_AddStringToObject(item, "from", plan->stages[source->stage].spec->name))) {
                return false;
            }
        }
    }
    return inputs != NULL;
}

static bool add_outputs(const struct fw_plan_stage *stage, cJSON *json)
{
    cJSON *outputs = cJSON_AddArrayToObject(json, "outputs");
    for (size_t i = 0; outputs && i < stage->outputs.len; i++) {
        const struct fw_plan_output *output = &stage->outputs.items[i];
        cJSON *item = fw_json_append(outputs);
        if (!cJSON_AddStringToObject(item, "port", output->port) ||
            !cJSON_AddStringToObject(item, "kind", fw_kind_name(output->kind)) ||
            !cJSON_AddStringToObject(item, "path", output->path)) {
            return false;
        }
    }
    return outputs != NULL;
}

bool fw_plan_add_params(const struct fw_plan_stage *stage, cJSON *json)
{
    cJSON *params = cJSON_AddObjectToObject(json, "params");
    for (size_t i = 0; params && i < stage->values.len; i++) {
        if (!fw_json_add(params, stage->values.items[i].view.name,
                         fw_value_json(&stage->values.items[i]))) {
            return false;
        }
    }
    return params != NULL;
}

static bool add_stage(const struct fw_plan *plan, const struct fw_plan_stage *stage, cJSON *list)
{
    cJSON *json = fw_json_append(list);
    return fw_json_set(json, FW_JSON_TEXT("name", stage->spec->name),
                       FW_JSON_TEXT("use", stage->spec->use),
                       FW_JSON_TEXT("state", state_name(stage->state)),
                       FW_JSON_TEXT("plugin", stage->plugin->plugin->id),
                       FW_JSON_TEXT("plugin_version", stage->plugin->plugin->version),
                       FW_JSON_TEXT("plugin_path", stage->plugin->path),
                       FW_JSON_BOOL("isolated", stage->spec->isolated),
                       FW_JSON_TEXT("reason", stage->reason),
                       FW_JSON_TEXT("key", stage->key[0] != '\0' ? stage->key : NULL)) &&
           fw_plan_add_inputs(plan, stage, json) && add_outputs(stage, json) &&
           fw_plan_add_params(stage, json);
}

int fw_plan_json(const struct fw_plan *plan, cJSON **ret_json, struct fw_error *err)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    cJSON *stages = json ? cJSON_AddArrayToObject(json, "stages") : NULL;
    const struct fw_pipeline_preflight *preflight = &plan->pipeline->preflight;
    if (!stages ||
        !fw_json_set(json, FW_JSON_TEXT("name", plan->pipeline->name),
                     FW_JSON_TEXT("config", plan->pipeline->file),
                     FW_JSON_TEXT("run_dir", plan->run_dir),
                     FW_JSON_TEXT("temp", plan->pipeline->resources.temp)) ||
        (preflight->given &&
         !fw_json_set(cJSON_AddObjectToObject(json, "preflight"),
                      FW_JSON_U64("min_free_bytes", preflight->min_free_bytes),
                      FW_JSON_U64("min_memory_bytes", preflight->min_memory_bytes),
                      FW_JSON_BOOL("clean_git", preflight->clean_git)))) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        if (!add_stage(plan, &plan->stages[plan->order[i]], stages)) {
            return fw_error_oom(err);
        }
    }
    *ret_json = fw_steal(&json);
    return 0;
}
