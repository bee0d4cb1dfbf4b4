/* SPDX-License-Identifier: MIT */
#include "graph/key.h"

#include <string.h>

#include "base/json.h"
#include "base/machine.h"
#include "base/path.h"
#include "base/str.h"
#include "fw/version.h"

static int add_file_digest(cJSON *object, const char *name, const char *path,
                           struct fw_digests *digests, struct fw_error *err)
{
    char hex[FW_SHA256_TEXT];
    if (fw_digests_file(digests, path, hex, err) < 0) {
        return -1;
    }
    return cJSON_AddStringToObject(object, name, hex) ? 0 : fw_error_oom(err);
}

static int add_params(cJSON *preimage, const struct fw_values *values, struct fw_digests *digests,
                      struct fw_error *err)
{
    cJSON *params = cJSON_AddObjectToObject(preimage, "params");
    if (!params) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < values->len; i++) {
        const struct fw_param_value *value = &values->items[i];
        if (value->flags & FW_PARAM_NO_EFFECT) {
            continue;
        }
        if (value->view.type == FW_PARAM_FILE) {
            /* What the file says counts, not where it lies. */
            if (add_file_digest(params, value->view.name, value->text, digests, err) < 0) {
                return -1;
            }
        } else if (!fw_json_add(params, value->view.name, fw_value_json(value))) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

static int add_service(cJSON *services, const struct fw_registry_service *provider,
                       struct fw_digests *digests, struct fw_error *err)
{
    const char *id = provider->service->id, *plugin = provider->entry->plugin->id;
    /* Of those that were bound together, each by its own name. */
    fw_auto(free) char *name =
        fw_text(cJSON_HasObjectItem(services, id) ? "%s %s" : "%s", id, plugin);
    cJSON *item = name ? cJSON_AddObjectToObject(services, name) : NULL;
    cJSON *libraries = item ? cJSON_AddObjectToObject(item, "libraries") : NULL;
    if (!libraries || !cJSON_AddStringToObject(item, "plugin", plugin) ||
        !cJSON_AddStringToObject(item, "digest", provider->entry->elf.digest)) {
        return fw_error_oom(err);
    }
    /* Other instructions round otherwise; the environment may ask for lower ones. */
    const char *lower = getenv("FWRUN_KERNELS_ISA");
    if (strcmp(id, "fw.kernels/1") == 0 &&
        !fw_json_set(item, FW_JSON_TEXT("instructions", lower ? lower : fw_machine_blas_core()))) {
        return fw_error_oom(err);
    }
    fw_auto(strings) struct fw_strings paths = {0};
    if (fw_registry_libraries(provider, &paths, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < paths.len; i++) {
        if (*paths.items[i] == '\0') {
            continue;
        }
        if (add_file_digest(libraries, provider->service->libraries[i], paths.items[i], digests,
                            err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int add_ports(cJSON *preimage, const struct fw_plan_stage *stage, struct fw_error *err)
{
    cJSON *inputs = cJSON_AddObjectToObject(preimage, "inputs");
    cJSON *outputs = cJSON_AddObjectToObject(preimage, "outputs");
    for (size_t i = 0; inputs && i < stage->inputs.len; i++) {
        if (!cJSON_AddStringToObject(inputs, stage->inputs.items[i].port,
                                     stage->inputs.items[i].digest)) {
            return fw_error_oom(err);
        }
    }
    for (size_t i = 0; outputs && i < stage->outputs.len; i++) {
        /* The ending decides a table's layout, so it is part of what the output is. */
        const struct fw_plan_output *output = &stage->outputs.items[i];
        const char *ending = strrchr(fw_path_name(output->path), '.');
        fw_auto(free) char *kind = fw_text("%u%s", output->kind, ending ? ending : "");
        if (!kind || !cJSON_AddStringToObject(outputs, output->port, kind)) {
            return fw_error_oom(err);
        }
    }
    return inputs && outputs ? 0 : fw_error_oom(err);
}

static int build(const struct fw_plan *plan, const struct fw_plan_stage *stage, cJSON *preimage,
                 struct fw_digests *digests, struct fw_error *err)
{
    cJSON *plugin = cJSON_AddObjectToObject(preimage, "plugin");
    cJSON *services = cJSON_AddObjectToObject(preimage, "services");
    if (!plugin || !services || !cJSON_AddNumberToObject(preimage, "key_format", FW_KEY_FORMAT) ||
        !cJSON_AddNumberToObject(preimage, "abi_major", FW_ABI_MAJOR) ||
        !cJSON_AddStringToObject(preimage, "stage", stage->spec->name) ||
        !cJSON_AddStringToObject(preimage, "use", stage->spec->use) ||
        !fw_json_add_i64(preimage, "seed", plan->pipeline->seed) ||
        !cJSON_AddStringToObject(plugin, "id", stage->plugin->plugin->id) ||
        !cJSON_AddStringToObject(plugin, "version", stage->plugin->plugin->version) ||
        !cJSON_AddStringToObject(plugin, "digest", stage->plugin->elf.digest)) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < stage->providers.len; i++) {
        if (add_service(services, &stage->providers.items[i], digests, err) < 0) {
            return -1;
        }
    }
    if (add_params(preimage, &stage->values, digests, err) < 0) {
        return -1;
    }
    return add_ports(preimage, stage, err);
}

int fw_key_compute(const struct fw_plan *plan, struct fw_plan_stage *stage,
                   struct fw_digests *digests, struct fw_error *err)
{
    fw_auto(json) cJSON *preimage = cJSON_CreateObject();
    if (!preimage) {
        return fw_error_oom(err);
    }
    if (build(plan, stage, preimage, digests, err) < 0) {
        return fw_error_prefix(err, "cache key of stage \"%s\": ", stage->spec->name);
    }
    free(stage->preimage);
    stage->preimage = NULL;
    if (fw_json_canonical(preimage, &stage->preimage, err) < 0) {
        return -1;
    }
    fw_sha256_bytes(stage->preimage, strlen(stage->preimage), stage->key);
    return 0;
}

static const struct fw_cfg_node *param_node(const struct fw_plan_stage *stage, const char *path)
{
    if (!stage || strncmp(path, "params.", 7) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < stage->values.len; i++) {
        if (strcmp(stage->values.items[i].view.name, path + 7) == 0) {
            return stage->values.items[i].node;
        }
    }
    return NULL;
}

/* Digests are shown by their beginning: whole ones say no more to a person. */
static char *shown(const cJSON *value)
{
    if (!value) {
        return strdup("(absent)");
    }
    if (cJSON_IsString(value) && strlen(value->valuestring) == 64 &&
        strspn(value->valuestring, "0123456789abcdef") == 64) {
        return strndup(value->valuestring, 12);
    }
    return cJSON_IsString(value) ? strdup(value->valuestring) : cJSON_PrintUnformatted(value);
}

static int add_difference(const char *path, const cJSON *before, const cJSON *after,
                          const struct fw_plan_stage *stage, struct fw_strings *lines)
{
    fw_auto(free) char *old = shown(before);
    fw_auto(free) char *new = shown(after);
    const struct fw_cfg_node *node = param_node(stage, path);
    if (!old || !new) {
        return -1;
    }
    fw_auto(str) struct fw_str line = {0};
    fw_str_printf(&line, "%s: %s -> %s", path, old, new);
    if (node) {
        fw_str_printf(&line, " (%s:%d)", node->file, node->line);
    } else if (stage && strncmp(path, "params.", 7) == 0) {
        fw_str_add(&line, " (default)");
    }
    return line.oom ? -1 : fw_strings_add(lines, line.text);
}

static int compare(const char *path, const cJSON *before, const cJSON *after,
                   const struct fw_plan_stage *stage, struct fw_strings *lines);

static int compare_members(const char *path, const cJSON *before, const cJSON *after,
                           const struct fw_plan_stage *stage, struct fw_strings *lines)
{
    for (int side = 0; side < 2; side++) {
        const cJSON *object = side == 0 ? before : after;
        const cJSON *member;
        cJSON_ArrayForEach(member, object)
        {
            const cJSON *old = cJSON_GetObjectItemCaseSensitive(before, member->string);
            const cJSON *new = cJSON_GetObjectItemCaseSensitive(after, member->string);
            if (side == 1 && old) {
                continue; /* compared on the first side */
            }
            fw_auto(free) char *inner =
                fw_text("%s%s%s", path, path[0] != '\0' ? "." : "", member->string);
            if (!inner || compare(inner, old, new, stage, lines) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int compare(const char *path, const cJSON *before, const cJSON *after,
                   const struct fw_plan_stage *stage, struct fw_strings *lines)
{
    if (cJSON_IsObject(before) && cJSON_IsObject(after)) {
        return compare_members(path, before, after, stage, lines);
    }
    if (before && after && cJSON_Compare(before, after, true)) {
        return 0;
    }
    return add_difference(path, before, after, stage, lines);
}

int fw_key_explain(const cJSON *before, const cJSON *after, const struct fw_plan_stage *stage,
                   struct fw_strings *lines, struct fw_error *err)
{
    return compare("", before, after, stage, lines) < 0 ? fw_error_oom(err) : 0;
}
