/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

/* The providers of callbacks, by number; NULL behind the last. */
static const struct fw_callbacks *provider(const struct fw_hub *hub, unsigned number)
{
    char id[sizeof FW_CALLBACK_ID + 12];

    snprintf(id, sizeof id, "%s#%u", FW_CALLBACK_ID, number);
    return hub->host->service(hub->host, id);
}

/* The first kind of that name, and how many there are; a NULL name fits all. */
static const struct fw_callback *find_kind(const struct fw_hub *hub, const char *name,
                                           uint64_t *ret_n, const char **ret_names)
{
    const struct fw_callback *found = NULL;
    const struct fw_callbacks *callbacks;
    uint64_t n = 0;

    for (unsigned i = 0; (callbacks = provider(hub, i)) != NULL; i++) {
        for (uint32_t k = 0; k < callbacks->n_kinds; k++) {
            const struct fw_callback *kind = callbacks->kinds[k];
            if (name != NULL && strcmp(kind->kind, name) != 0) {
                continue;
            }
            found = found != NULL ? found : kind;
            if (ret_names != NULL) {
                ret_names[n] = kind->kind;
            }
            n++;
        }
    }
    *ret_n = n;
    return found;
}

static fw_status refuse_kind(const struct fw_hub *hub, const char *entry, const char *name)
{
    struct fw_text expected = {0};
    uint64_t n;

    find_kind(hub, NULL, &n, NULL);
    const char **names = calloc((size_t)n + 1, sizeof *names);
    if (names == NULL) {
        return fw_fault_nomem(hub->host);
    }
    find_kind(hub, NULL, &n, names);
    hub_near_append(&expected, name, names, n);
    fw_status status = FW_FAIL(
        hub->host, FW_E_CONFIG, .what = "no plugin has a callback of this kind",
        .where = "parameter callbacks", .value = entry, .expected = fw_text_get(&expected),
        .remedy = n == 0 ? "load a plugin that provides " FW_CALLBACK_ID ", with --plugin-dir"
                         : "see fwrun list");
    fw_text_finish(&expected);
    free(names);
    return status;
}

static bool is_name(const char *text, size_t size)
{
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return good >= size && size > 0 && size <= HUB_INSTANCE_MOST && text[0] >= 'a' &&
           !(size == strlen("undeclared") && strncmp(text, "undeclared", size) == 0);
}

static fw_status check_name(const struct fw_hub *hub, const char *entry, size_t size)
{
    if (!is_name(entry, size)) {
        return FW_FAIL(hub->host, FW_E_CONFIG, .what = "a callback cannot have this name",
                       .where = "parameter callbacks", .value = entry,
                       .expected = "KIND or NAME=KIND, the name of at most 32 small letters, "
                                   "digits, _ and -, a letter first, and not \"undeclared\"");
    }
    if (hub_instance_find(hub, entry, size) != NULL) {
        return FW_FAIL(hub->host, FW_E_CONFIG, .what = "two callbacks have this name",
                       .where = "parameter callbacks", .value = entry,
                       .expected = "names that differ, since metrics begin with them",
                       .remedy = "write one of them as NAME=KIND");
    }
    return FW_OK;
}

/* What is used of a kind is there. */
static fw_status check_kind(const struct fw_hub *hub, const struct fw_callback *kind)
{
    bool complete =
        FW_HAS(kind, struct fw_callback, create) && FW_HAS(kind, struct fw_callback, setup) &&
        FW_HAS(kind, struct fw_callback, hook) && FW_HAS(kind, struct fw_callback, destroy) &&
        (kind->save != NULL) == (kind->restore != NULL);

    return complete ? FW_OK
                    : FW_FAIL(hub->host, FW_E_CONFIG,
                              .what = "the plugin of this callback is defective: one of create, "
                                      "setup, hook, destroy is missing, or one of save, restore",
                              .where = "parameter callbacks", .value = kind->kind,
                              .remedy = "tell its author");
}

/* The room of an instance; it counts once its name is there. */
static struct hub_instance *add(struct fw_hub *hub, const struct fw_callback *kind,
                                const char *name, size_t size)
{
    struct hub_instance *instance = calloc(1, sizeof *instance);

    if (instance == NULL) {
        return NULL;
    }
    instance->hub = hub;
    instance->kind = kind;
    instance->name = strndup(name, size);
    instance->values = calloc((size_t)kind->n_params + 1, sizeof *instance->values);
    hub_host_init(instance);
    hub->instances[hub->n_instances++] = instance;
    return instance->name != NULL && instance->values != NULL ? instance : NULL;
}

static fw_status read_entry(struct fw_hub *hub, const char *entry)
{
    const char *equals = strchr(entry, '=');
    const char *kind_name = equals != NULL ? equals + 1 : entry;
    size_t size = equals != NULL ? (size_t)(equals - entry) : strlen(entry);
    uint64_t n;
    fw_status status = check_name(hub, entry, size);

    if (status != FW_OK) {
        return status;
    }
    const struct fw_callback *kind = find_kind(hub, kind_name, &n, NULL);
    if (kind == NULL) {
        return refuse_kind(hub, entry, kind_name);
    }
    if (n > 1) {
        hub_log(hub, FW_LOG_WARNING,
                "%llu plugins have a callback of the kind \"%s\": the first is used",
                (unsigned long long)n, kind_name);
    }
    status = check_kind(hub, kind);
    if (status == FW_OK && add(hub, kind, entry, size) == NULL) {
        status = fw_fault_nomem(hub->host);
    }
    return status;
}

fw_status hub_instances_read(struct fw_hub *hub, const struct fw_value *list)
{
    fw_status status = FW_OK;

    hub->instances = calloc((size_t)list->n + 1, sizeof(struct hub_instance *));
    if (hub->instances == NULL) {
        return fw_fault_nomem(hub->host);
    }
    for (uint64_t i = 0; i < list->n && status == FW_OK; i++) {
        status = read_entry(hub, list->texts[i]);
    }
    return status;
}

struct hub_instance *hub_instance_find(const struct fw_hub *hub, const char *name, size_t size)
{
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        struct hub_instance *instance = hub->instances[i];
        if (strlen(instance->name) == size && strncmp(instance->name, name, size) == 0) {
            return instance;
        }
    }
    return NULL;
}
