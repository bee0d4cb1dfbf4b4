/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kinds.h"
#include "plugin/descriptor.h"

struct flag {
    uint32_t bit;
    const char *name;
};

static const struct flag port_flags[] = {
    {FW_PORT_OPTIONAL, "optional"},
    {FW_PORT_MANY, "many"},
    {FW_PORT_WILDCARD, "wildcard"},
    {FW_PORT_MAY_BE_EMPTY, "may_be_empty"},
    {0, NULL},
};
static const struct flag param_flags[] = {
    {FW_PARAM_REQUIRED, "required"},
    {FW_PARAM_NO_EFFECT, "no_effect"},
    {FW_PARAM_SECRET, "secret"},
    {0, NULL},
};
static const struct flag caps[] = {
    {FW_CAP_CHECKPOINT, "checkpoint"},
    {FW_CAP_PARALLEL, "parallel"},
    {0, NULL},
};

struct text {
    const char *name;
    const char *text; /* NULL: left out */
};

static cJSON *object(const struct text *texts, size_t n)
{
    cJSON *json = cJSON_CreateObject();
    for (size_t i = 0; i < n; i++) {
        if (texts[i].text != NULL) {
            cJSON_AddStringToObject(json, texts[i].name, texts[i].text);
        }
    }
    return json;
}

static const char *type_name(fw_param_type type)
{
    static const char *const names[] = {"?",      "bool",      "int",      "real",
                                        "string", "enum",      "bytes",    "duration",
                                        "file",   "text_list", "real_list"};
    return names[type < sizeof names / sizeof *names ? type : 0];
}

static const char *determinism_name(uint32_t determinism)
{
    static const char *const names[] = {"none", "tolerance", "bitwise"};
    return determinism < sizeof names / sizeof *names ? names[determinism] : "?";
}

static void add_flags(cJSON *json, const char *name, const struct flag *flags, uint32_t value)
{
    cJSON *list = cJSON_AddArrayToObject(json, name);
    for (; flags->name != NULL; flags++) {
        if ((value & flags->bit) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(flags->name));
        }
    }
}

void fw_describe_add(cJSON *json, const char *name, const char *const *strings, size_t n)
{
    /* cJSON takes no empty array from NULL. */
    cJSON_AddItemToObject(json, name,
                          n == 0 ? cJSON_CreateArray() : cJSON_CreateStringArray(strings, (int)n));
}

static void add_ports(cJSON *json, const char *name, const struct fw_port *ports, uint32_t n)
{
    cJSON *list = cJSON_AddArrayToObject(json, name);
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_port *port = fw_port_at(ports, i);
        const struct text texts[] = {
            {"name", port->name},
            {"kind", fw_kind_name(port->kind)},
            {"file", port->file},
            {"doc", port->doc},
        };
        cJSON *item = object(texts, FW_COUNT(texts));
        add_flags(item, "flags", port_flags, port->flags);
        cJSON_AddItemToArray(list, item);
    }
}

static void add_params(cJSON *json, const struct fw_param *params, uint32_t n)
{
    cJSON *list = cJSON_AddArrayToObject(json, "params");
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_param *param = fw_param_at(params, i);
        const struct text texts[] = {
            {"name", param->name}, {"type", type_name(param->type)},
            {"min", param->min},   {"default", param->default_value},
            {"max", param->max},   {"choices", param->choices},
            {"unit", param->unit}, {"doc", param->doc},
        };
        cJSON *item = object(texts, FW_COUNT(texts));
        add_flags(item, "flags", param_flags, param->flags);
        cJSON_AddItemToArray(list, item);
    }
}

static cJSON *describe_stage(const struct fw_stage *stage)
{
    const struct text texts[] = {
        {"name", stage->name},
        {"doc", stage->doc},
        {"determinism", determinism_name(stage->determinism)},
    };
    cJSON *json = object(texts, FW_COUNT(texts));
    add_flags(json, "capabilities", caps, stage->caps);
    fw_describe_add(json, "services", stage->services_required, stage->n_services_required);
    fw_describe_add(json, "optional_services", stage->services_optional,
                    stage->n_services_optional);
    add_ports(json, "inputs", stage->inputs, stage->n_inputs);
    add_ports(json, "outputs", stage->outputs, stage->n_outputs);
    add_params(json, stage->params, stage->n_params);
    return json;
}

static void add_kinds(cJSON *json, const struct fw_elf *elf, const struct fw_service *service)
{
    struct fw_error err;
    const struct fw_callbacks *table = service->table;
    if (fw_kinds_check(elf, service, &err) < 0) {
        cJSON_AddStringToObject(json, "fault", err.text);
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(json, "kinds");
    for (uint32_t i = 0; i < table->n_kinds; i++) {
        const struct fw_callback *kind = table->kinds[i];
        const struct text texts[] = {{"name", kind->kind}, {"doc", kind->doc}};
        cJSON *item = object(texts, FW_COUNT(texts));
        cJSON_AddBoolToObject(item, "state", kind->save != NULL);
        add_params(item, kind->params, kind->n_params);
        cJSON_AddItemToArray(list, item);
    }
}

static cJSON *describe_service(const struct fw_elf *elf, const struct fw_service *service)
{
    const struct text texts[] = {{"id", service->id}, {"doc", service->doc}};
    cJSON *json = object(texts, FW_COUNT(texts));
    fw_describe_add(json, "libraries", service->libraries, service->n_libraries);
    if (fw_kinds_are(service)) {
        add_kinds(json, elf, service);
    }
    return json;
}

static void add_declared(cJSON *json, const struct fw_registry_entry *entry, const char *stage)
{
    const struct fw_plugin *plugin = entry->plugin;
    cJSON *stages = cJSON_AddArrayToObject(json, "stages");
    for (uint64_t i = 0; plugin != NULL && i < plugin->n_stages; i++) {
        if (stage == NULL || strcmp(plugin->stages[i]->name, stage) == 0) {
            cJSON_AddItemToArray(stages, describe_stage(plugin->stages[i]));
        }
    }
    cJSON *services = cJSON_AddArrayToObject(json, "services");
    for (uint64_t i = 0; plugin != NULL && i < plugin->n_services; i++) {
        cJSON_AddItemToArray(services, describe_service(&entry->elf, plugin->services[i]));
    }
}

cJSON *fw_describe_plugin(const struct fw_registry_entry *entry, const char *stage)
{
    static const struct fw_plugin nothing;
    struct fw_error err;
    const struct fw_plugin *plugin = entry->plugin != NULL ? entry->plugin : &nothing;
    const char *reason = entry->reason;
    if (reason == NULL && fw_registry_check_libraries(entry, &err) < 0) {
        reason = err.text;
    }
    const struct text texts[] = {
        {"state", reason != NULL               ? "bad"
                  : entry->shadowed_by != NULL ? "shadowed"
                                               : "ok"},
        {"reason", reason},
        {"shadowed_by", entry->shadowed_by},
        {"id", plugin->id},
        {"version", plugin->version},
        {"licence", plugin->licence},
        {"doc", plugin->doc},
        {"path", entry->path},
        {"digest", entry->elf.digest[0] != '\0' ? entry->elf.digest : NULL},
    };
    cJSON *json = object(texts, FW_COUNT(texts));
    fw_describe_add(json, "libraries", (const char *const *)entry->elf.needed.items,
                    entry->elf.needed.len);
    add_declared(json, entry, stage);
    return json;
}

char *fw_describe_join(const cJSON *json, const char *name, const char *key)
{
    struct fw_str out = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, name))
    {
        fw_str_printf(&out, "%s%s", out.len == 0 ? "" : ", ",
                      key == NULL ? item->valuestring : fw_json_text(item, key));
    }
    if (out.len == 0) {
        fw_str_add(&out, "-");
    }
    return fw_str_take(&out);
}
