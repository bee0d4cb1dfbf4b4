/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const struct fw_param *hub_param_at(const struct fw_callback *kind, uint32_t i)
{
    /* A newer plugin's structs may be longer than the ones compiled here. */
    const char *first = (const char *)kind->params;

    return (const struct fw_param *)(const void *)(first + (size_t)i * kind->params->struct_size);
}

/* NAME.option=value in its parts. */
struct entry {
    const char *text;
    struct hub_instance *instance;
    const char *option, *value;
    size_t option_size;
};

static fw_status refuse(const struct fw_hub *hub, const char *entry, const char *what,
                        struct fw_text *expected)
{
    fw_status status =
        FW_FAIL(hub->host, FW_E_CONFIG, .what = what, .where = "parameter callback_options",
                .value = entry, .expected = fw_text_get(expected));

    fw_text_finish(expected);
    return status;
}

static fw_status refuse_instance(const struct fw_hub *hub, const struct entry *entry)
{
    struct fw_text expected = {0}, name = {0};
    const char **names = calloc((size_t)hub->n_instances + 1, sizeof *names);

    if (names == NULL) {
        return fw_fault_nomem(hub->host);
    }
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        names[i] = hub->instances[i]->name;
    }
    fw_text_append_len(&name, entry->text, strcspn(entry->text, ".="));
    hub_near_append(&expected, fw_text_get(&name), names, hub->n_instances);
    fw_text_finish(&name);
    free(names);
    return refuse(hub, entry->text, "no callback of the list has this name", &expected);
}

static fw_status refuse_option(const struct fw_hub *hub, const struct entry *entry)
{
    const struct fw_callback *kind = entry->instance->kind;
    struct fw_text expected = {0}, name = {0}, what = {0};
    const char **names = calloc((size_t)kind->n_params + 1, sizeof *names);

    if (names == NULL) {
        return fw_fault_nomem(hub->host);
    }
    for (uint32_t i = 0; i < kind->n_params; i++) {
        names[i] = hub_param_at(kind, i)->name;
    }
    fw_text_append_len(&name, entry->option, entry->option_size);
    fw_text_appendf(&what, "callbacks of the kind \"%s\" have no option \"%s\"", kind->kind,
                    fw_text_get(&name));
    hub_near_append(&expected, fw_text_get(&name), names, kind->n_params);
    fw_status status = refuse(hub, entry->text, fw_text_get(&what), &expected);
    fw_text_finish(&name);
    fw_text_finish(&what);
    free(names);
    return status;
}

static const struct fw_param *find_param(const struct entry *entry, uint32_t *ret_number)
{
    for (uint32_t i = 0; i < entry->instance->kind->n_params; i++) {
        const struct fw_param *param = hub_param_at(entry->instance->kind, i);
        if (strlen(param->name) == entry->option_size &&
            strncmp(param->name, entry->option, entry->option_size) == 0) {
            *ret_number = i;
            return param;
        }
    }
    return NULL;
}

static fw_status take(const struct fw_hub *hub, const struct entry *entry)
{
    uint32_t number;
    struct fw_text expected = {0};
    const struct fw_param *param = find_param(entry, &number);

    if (param == NULL) {
        return refuse_option(hub, entry);
    }
    if (param->type == FW_PARAM_FILE || (param->flags & FW_PARAM_SECRET) != 0) {
        return refuse(hub, entry->text,
                      "a file's content or a secret cannot be given to a callback: neither would "
                      "be right in the cache key",
                      &expected);
    }
    struct fw_value *value = &entry->instance->values[number];
    if (value->name != NULL) {
        return refuse(hub, entry->text, "this option is given twice", &expected);
    }
    switch (hub_value_read(param, entry->value, value)) {
    case HUB_VALUE_GOOD:
        return FW_OK;
    case HUB_VALUE_NOMEM:
        return fw_fault_nomem(hub->host);
    default:
        hub_value_expected(param, &expected);
        return refuse(hub, entry->text, "this value cannot be taken", &expected);
    }
}

static fw_status read_entry(const struct fw_hub *hub, const char *text)
{
    struct entry entry = {.text = text};
    struct fw_text expected = {0};
    size_t name_size = strcspn(text, ".=");
    const char *equals = strchr(text, '=');

    if (text[name_size] != '.' || equals == NULL || equals == text + name_size + 1) {
        fw_text_append(&expected, "NAME.option=value, as in curvature.probes=20");
        return refuse(hub, text, "this is no option of a callback", &expected);
    }
    entry.option = text + name_size + 1;
    entry.option_size = (size_t)(equals - entry.option);
    entry.value = equals + 1;
    entry.instance = hub_instance_find(hub, text, name_size);
    return entry.instance != NULL ? take(hub, &entry) : refuse_instance(hub, &entry);
}

static fw_status fill_default(const struct hub_instance *instance, uint32_t number)
{
    const struct fw_param *param = hub_param_at(instance->kind, number);
    const struct fw_host *host = instance->hub->host;
    struct fw_value *value = &instance->values[number];

    if (value->name != NULL) {
        return FW_OK;
    }
    if (param->default_value == NULL) {
        *value = (struct fw_value){.struct_size = (uint32_t)sizeof *value, .name = param->name};
        return (param->flags & FW_PARAM_REQUIRED) == 0
                   ? FW_OK
                   : fw_faultf(host, FW_E_CONFIG, "parameter callback_options",
                               "give it in callback_options",
                               "callback \"%s\" needs the option %s.%s: %s", instance->name,
                               instance->name, param->name, param->doc);
    }
    switch (hub_value_read(param, param->default_value, value)) {
    case HUB_VALUE_GOOD:
        return FW_OK;
    case HUB_VALUE_NOMEM:
        return fw_fault_nomem(host);
    default:
        return fw_faultf(host, FW_E_CONFIG, "parameter callbacks", "tell the author of its plugin",
                         "the kind \"%s\" is defective: the default \"%s\" of its option \"%s\" "
                         "cannot be taken",
                         instance->kind->kind, param->default_value, param->name);
    }
}

/* A table that could lead out of bounds is not read. */
static fw_status check_table(const struct hub_instance *instance)
{
    for (uint32_t i = 0; i < instance->kind->n_params; i++) {
        const struct fw_param *param = hub_param_at(instance->kind, i);
        if (param->struct_size < sizeof *param || param->name == NULL ||
            param->type < FW_PARAM_BOOL || param->type > FW_PARAM_REAL_LIST ||
            (param->choices != NULL) != (param->type == FW_PARAM_ENUM)) {
            return fw_faultf(instance->hub->host, FW_E_CONFIG, "parameter callbacks",
                             "tell the author of its plugin",
                             "the kind \"%s\" is defective: its option %u says no name, no type "
                             "that there is, or choices without being an enum",
                             instance->kind->kind, (unsigned)i);
        }
    }
    return FW_OK;
}

fw_status hub_options_read(struct fw_hub *hub, const struct fw_value *list)
{
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        status = check_table(hub->instances[i]);
    }
    for (uint64_t i = 0; i < list->n && status == FW_OK; i++) {
        status = read_entry(hub, list->texts[i]);
    }
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        for (uint32_t k = 0; k < hub->instances[i]->kind->n_params && status == FW_OK; k++) {
            status = fill_default(hub->instances[i], k);
        }
    }
    return status;
}
