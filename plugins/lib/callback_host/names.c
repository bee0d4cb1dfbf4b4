/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

const char *hub_owner(const struct fw_hub *hub, int owner)
{
    return owner == HUB_TRAINER ? "trainer" : hub->instances[owner]->name;
}

/* The faults of an instance's own calls are its; else they are the stage's. */
static const struct fw_host *host_of(const struct fw_hub *hub, int owner)
{
    return owner == HUB_TRAINER ? hub->host : &hub->instances[owner]->host;
}

static struct hub_name *find(const struct hub_names *names, const char *full)
{
    for (uint64_t i = 0; i < names->n; i++) {
        if (strcmp(names->items[i]->name, full) == 0) {
            return names->items[i];
        }
    }
    return NULL;
}

static bool grow(struct hub_names *names)
{
    if (names->n < names->capacity) {
        return true;
    }
    size_t capacity = names->capacity != 0 ? (size_t)names->capacity * 2 : 32;
    struct hub_name **items = reallocarray(names->items, capacity, sizeof *items);
    names->items = items != NULL ? items : names->items;
    const struct fw_training_metric **pending =
        items != NULL ? reallocarray(names->pending, capacity, sizeof *pending) : NULL;
    names->pending = pending != NULL ? pending : names->pending;
    if (pending == NULL) {
        return false;
    }
    names->capacity = capacity;
    return true;
}

static void name_free(struct hub_name *name)
{
    if (name != NULL) {
        free(name->name);
        free(name->unit);
        free(name);
    }
}

/* NULL: out of memory. */
static struct hub_name *add(struct hub_names *names, int owner, const char *full, const char *unit)
{
    struct hub_name *name = grow(names) ? calloc(1, sizeof *name) : NULL;

    if (name == NULL) {
        return NULL;
    }
    name->owner = owner;
    name->name = strdup(full);
    name->unit = strdup(unit != NULL ? unit : "");
    if (name->name == NULL || name->unit == NULL) {
        name_free(name);
        return NULL;
    }
    name->metric = (struct fw_training_metric){
        .struct_size = (uint32_t)sizeof name->metric, .name = name->name, .unit = name->unit};
    names->items[names->n++] = name;
    return name;
}

fw_status hub_names_declare(struct fw_hub *hub, int owner, const char *full, const char *unit,
                            uint32_t hook)
{
    const struct fw_host *host = host_of(hub, owner);
    size_t size = strspn(full, "abcdefghijklmnopqrstuvwxyz0123456789_./-");

    if (size == 0 || full[size] != '\0' || size > HUB_NAME_MOST) {
        return FW_FAIL(host, FW_E_CONFIG, .what = "a metric cannot have this name", .value = full,
                       .expected = "1 to 96 of a to z, 0 to 9 and _ . / -");
    }
    const struct hub_name *there = find(&hub->names, full);
    if (there != NULL) {
        return fw_faultf(host, FW_E_CONFIG, "metrics of the callbacks",
                         "give one of the two another name, as NAME=KIND in callbacks",
                         "the metric \"%s\" of \"%s\" is one of \"%s\" already", full,
                         hub_owner(hub, owner), hub_owner(hub, there->owner));
    }
    struct hub_name *name = add(&hub->names, owner, full, unit);
    if (name == NULL) {
        return fw_fault_nomem(host);
    }
    name->hook = hook;
    return FW_OK;
}

/* Where what is emitted now will be recorded: up to the update of the weights a batch counts for
 * the step that it makes. */
static uint64_t step_of(const struct fw_training *now)
{
    bool before = now->hook >= FW_TRAINING_BATCH_START && now->hook <= FW_TRAINING_BEFORE_STEP;

    return now->global_step + before;
}

static void put(struct fw_hub *hub, struct hub_name *name, double value)
{
    struct hub_names *names = &hub->names;

    if (name->pending || (name->recorded && name->step == step_of(&hub->now))) {
        if (hub->duplicates++ == 0) {
            hub_log(hub, FW_LOG_WARNING,
                    "the metric \"%s\" has two values at step %" PRIu64
                    ": the last one counts (said once, the others are counted)",
                    name->name, step_of(&hub->now));
        }
    }
    if (!name->pending) {
        name->pending = true;
        names->pending[names->n_pending++] = &name->metric;
    }
    name->metric.value = value;
    name->call = hub->call;
}

/* undeclared/OWNER/name, with what no name may have replaced; NULL: none could be made. */
static struct hub_name *undeclared(struct fw_hub *hub, int owner, const char *full)
{
    const char *name = owner == HUB_TRAINER ? full : full + strlen(hub_owner(hub, owner)) + 1;
    char text[HUB_NAME_MOST + 1];
    struct fw_text kept = {0};

    fw_text_appendf(&kept, "undeclared/%s/%s", hub_owner(hub, owner), name);
    size_t size = strnlen(fw_text_get(&kept), HUB_NAME_MOST);
    for (size_t i = 0; i < size; i++) {
        char c = fw_text_get(&kept)[i];
        text[i] = (char)(strchr("abcdefghijklmnopqrstuvwxyz0123456789_./-", c) != NULL ? c : '_');
    }
    text[size] = '\0';
    bool failed = kept.failed;
    fw_text_finish(&kept);
    struct hub_name *there = failed ? NULL : find(&hub->names, text);
    if (there != NULL || failed) {
        return there;
    }
    if (hub->names.n_undeclared == HUB_UNDECLARED_MOST) {
        hub->names.n_undeclared++;
        hub_log(hub, FW_LOG_WARNING,
                "more than %d metrics that were not announced: \"%s\" and further ones are dropped",
                HUB_UNDECLARED_MOST, full);
    }
    if (hub->names.n_undeclared > HUB_UNDECLARED_MOST) {
        return NULL;
    }
    there = add(&hub->names, owner, text, NULL);
    if (there != NULL) {
        hub->names.n_undeclared++;
        there->hook = HUB_ANY_HOOK;
        hub_log(hub, FW_LOG_WARNING, "\"%s\" emits \"%s\" and has not announced it: kept as \"%s\"",
                hub_owner(hub, owner), full, text);
    }
    return there;
}

void hub_names_emit(struct fw_hub *hub, int owner, const char *full, double value)
{
    struct hub_name *name = find(&hub->names, full);

    if (name == NULL || name->owner != owner) {
        name = undeclared(hub, owner, full);
    }
    if (name != NULL) {
        put(hub, name, value);
    }
}

void hub_names_missing(struct fw_hub *hub, int owner, uint32_t hook)
{
    for (uint64_t i = 0; i < hub->names.n; i++) {
        struct hub_name *name = hub->names.items[i];
        if (name->owner == owner && name->hook == hook && name->call != hub->call) {
            put(hub, name, NAN);
        }
    }
}

bool hub_names_brought(const struct fw_hub *hub, int owner, uint32_t hook)
{
    bool announced = false;

    for (uint64_t i = 0; i < hub->names.n; i++) {
        const struct hub_name *name = hub->names.items[i];
        if (name->owner == owner && name->call == hub->call) {
            return true;
        }
        announced = announced || (name->owner == owner && name->hook == hook);
    }
    return !announced;
}

static bool make_room(struct fw_hub *hub, uint64_t n)
{
    if (n <= hub->recorded_capacity) {
        return true;
    }
    struct fw_training_metric *values = reallocarray(hub->recorded, (size_t)n, sizeof *values);
    hub->recorded = values != NULL ? values : hub->recorded;
    const struct fw_training_metric **list =
        values != NULL ? reallocarray(hub->recorded_list, (size_t)n, sizeof *list) : NULL;
    hub->recorded_list = list != NULL ? list : hub->recorded_list;
    hub->recorded_capacity = list != NULL ? n : hub->recorded_capacity;
    return list != NULL;
}

bool hub_names_record(struct fw_hub *hub, uint64_t step)
{
    struct hub_names *names = &hub->names;
    const bool room = make_room(hub, names->n_pending);

    for (uint64_t i = 0; i < names->n_pending && room; i++) {
        hub->recorded[i] = *names->pending[i];
        hub->recorded_list[i] = &hub->recorded[i];
    }
    hub->record.metrics = hub->recorded_list;
    hub->record.n_metrics = names->n_pending;
    names->n_pending = 0;
    for (uint64_t i = 0; i < names->n; i++) {
        struct hub_name *name = names->items[i];
        name->step = name->pending ? step : name->step;
        name->recorded = name->recorded || name->pending;
        name->pending = false;
    }
    return room;
}

void hub_names_finish(struct hub_names *names)
{
    for (uint64_t i = 0; i < names->n; i++) {
        name_free(names->items[i]);
    }
    free(names->items);
    free(names->pending);
    *names = (struct hub_names){0};
}
