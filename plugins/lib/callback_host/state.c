/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

/*
 * One blob for the hub and all instances: numbers as eight bytes of this machine, texts and bytes
 * with their size in front. It goes no further than the machine's own checkpoints.
 */
enum { STATE_VERSION = 1 };

static void put_u64(struct fw_text *out, uint64_t value)
{
    fw_text_append_len(out, (const char *)&value, sizeof value);
}

static void put_real(struct fw_text *out, double value)
{
    fw_text_append_len(out, (const char *)&value, sizeof value);
}

static void put_bytes(struct fw_text *out, const void *bytes, uint64_t size)
{
    put_u64(out, size);
    fw_text_append_len(out, bytes, (size_t)size);
}

static void put_text(struct fw_text *out, const char *text)
{
    put_bytes(out, text, strlen(text) + 1);
}

struct reader {
    const char *at, *end;
    bool bad;
};

static const void *get(struct reader *in, uint64_t size)
{
    const char *at = in->at;

    if (in->bad || size > (uint64_t)(in->end - at)) {
        in->bad = true;
        return NULL;
    }
    in->at += size;
    return at;
}

static uint64_t get_u64(struct reader *in)
{
    const void *from = get(in, sizeof(uint64_t));
    uint64_t value = 0;

    return from != NULL ? *(uint64_t *)memcpy(&value, from, sizeof value) : 0;
}

static double get_real(struct reader *in)
{
    const void *from = get(in, sizeof(double));
    double value = 0;

    return from != NULL ? *(double *)memcpy(&value, from, sizeof value) : 0;
}

static const void *get_bytes(struct reader *in, uint64_t *ret_size)
{
    *ret_size = get_u64(in);
    return get(in, *ret_size);
}

static const char *get_text(struct reader *in)
{
    uint64_t size;
    const char *text = get_bytes(in, &size);

    in->bad = in->bad || size == 0 || text[size - 1] != '\0';
    return in->bad ? "" : text;
}

static fw_status put_state(struct hub_instance *instance, struct fw_text *out)
{
    struct fw_blob blob = {.struct_size = (uint32_t)sizeof blob};

    put_u64(out, instance->kind->save != NULL);
    if (instance->kind->save == NULL) {
        return FW_OK;
    }
    hub_fault_clear(instance);
    fw_status status = hub_status(instance, instance->kind->save(instance->self, &blob));
    if (status != FW_OK) {
        return hub_fault_pass(instance, status, "save");
    }
    put_u64(out, blob.version);
    put_bytes(out, blob.bytes, blob.size);
    if (blob.release != NULL) {
        blob.release(&blob);
    }
    return FW_OK;
}

static fw_status put_instance(struct hub_instance *instance, struct fw_text *out)
{
    put_text(out, instance->name);
    put_text(out, instance->kind->kind);
    put_u64(out, instance->disabled);
    put_u64(out, instance->relaxed);
    put_u64(out, instance->failures);
    for (int hook = 0; hook < FW_TRAINING_HOOKS; hook++) {
        put_u64(out, instance->failed[hook]);
    }
    put_real(out, instance->seconds);
    put_real(out, instance->window_seconds);
    return put_state(instance, out);
}

static void put_clock(const struct fw_hub *hub, struct fw_text *out)
{
    const struct hub_clock *clock = &hub->clock;

    put_u64(out, hub->started);
    put_real(out, hub_fit_seconds(hub));
    put_real(out, clock->hooks);
    put_real(out, clock->steps);
    put_real(out, clock->quarter_hooks);
    put_u64(out, clock->n_steps);
    put_u64(out, clock->window_step);
    put_real(out, clock->window_fit);
    put_real(out, clock->window_hooks);
}

static void get_clock(struct fw_hub *hub, struct reader *in)
{
    struct hub_clock *clock = &hub->clock;

    hub->started = get_u64(in) != 0;
    double before = get_real(in);
    clock->hooks = get_real(in);
    clock->steps = get_real(in);
    clock->quarter_hooks = get_real(in);
    clock->n_steps = get_u64(in);
    clock->window_step = get_u64(in);
    clock->window_fit = get_real(in);
    clock->window_hooks = get_real(in);
    if (hub->started) {
        hub_clock_start(hub, before);
    }
}

static void put_events(const struct fw_hub *hub, struct fw_text *out)
{
    put_u64(out, hub->n_events_left_out);
    put_u64(out, hub->n_events);
    for (uint64_t i = 0; i < hub->n_events; i++) {
        put_u64(out, hub->events[i].global_step);
        put_text(out, hub->events[i].owner);
        put_text(out, hub->events[i].name);
        put_text(out, hub->events[i].text);
    }
}

static void get_events(struct fw_hub *hub, struct reader *in)
{
    hub->n_events_left_out = get_u64(in);
    uint64_t n = get_u64(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct fw_hub_event event = {.global_step = get_u64(in)};
        event.owner = get_text(in);
        event.name = get_text(in);
        event.text = get_text(in);
        if (!in->bad) {
            hub_event_keep(hub, &event);
        }
    }
}

/* What RECORD hooks emitted waits for the next record. */
static void put_pending(const struct fw_hub *hub, struct fw_text *out)
{
    put_u64(out, hub->names.n_pending);
    for (uint64_t i = 0; i < hub->names.n_pending; i++) {
        put_text(out, hub->names.pending[i]->name);
        put_real(out, hub->names.pending[i]->value);
    }
}

static void get_pending(struct fw_hub *hub, struct reader *in)
{
    uint64_t n = get_u64(in);

    for (uint64_t i = 0; i < n && !in->bad; i++) {
        const char *name = get_text(in);
        double value = get_real(in);
        for (uint64_t k = 0; k < hub->names.n && !in->bad; k++) {
            const struct hub_name *there = hub->names.items[k];
            if (strcmp(there->name, name) == 0) {
                hub_names_emit(hub, there->owner, name, value);
                break;
            }
        }
    }
}

static void release(struct fw_blob *blob)
{
    free((void *)(uintptr_t)blob->bytes);
    blob->bytes = NULL;
}

fw_status fw_hub_save(struct fw_hub *hub, struct fw_blob *ret)
{
    struct fw_text out = {0};
    fw_status status = FW_OK;

    put_clock(hub, &out);
    put_u64(&out, hub->duplicates);
    put_u64(&out, hub->records);
    put_events(hub, &out);
    put_pending(hub, &out);
    put_u64(&out, hub->n_instances);
    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        status = put_instance(hub->instances[i], &out);
    }
    if (status == FW_OK && out.failed) {
        status = fw_fault_nomem(hub->host);
    }
    if (status != FW_OK) {
        fw_text_finish(&out);
        return status;
    }
    ret->version = STATE_VERSION;
    ret->bytes = out.data;
    ret->size = out.size;
    ret->release = release;
    return FW_OK;
}

static fw_status get_state(struct hub_instance *instance, struct reader *in)
{
    const bool has_state = get_u64(in) != 0;
    struct fw_blob blob = {.struct_size = (uint32_t)sizeof blob};

    if (has_state) {
        blob.version = (uint32_t)get_u64(in);
        blob.bytes = get_bytes(in, &blob.size);
    }
    if (in->bad || instance == NULL) {
        return FW_OK; /* the caller sees `bad`; what is gone needs no state */
    }
    if (has_state != (instance->kind->restore != NULL)) {
        return fw_faultf(instance->hub->host, FW_E_STATE, NULL, "start the training over",
                         "callback \"%s\": its plugin is another version, with%s state to restore",
                         instance->name, has_state ? "out" : "");
    }
    if (!has_state) {
        return FW_OK;
    }
    hub_fault_clear(instance);
    fw_status status = hub_status(instance, instance->kind->restore(instance->self, &blob));
    return status == FW_OK ? FW_OK : hub_fault_pass(instance, status, "restore");
}

static fw_status get_instance(struct fw_hub *hub, struct reader *in)
{
    const char *name = get_text(in), *kind = get_text(in);
    struct hub_instance none = {0};
    struct hub_instance *there = hub_instance_find(hub, name, strlen(name));

    if (there != NULL && strcmp(there->kind->kind, kind) != 0) {
        there = NULL;
    }
    if (there == NULL && !in->bad) {
        hub_log(hub, FW_LOG_WARNING,
                "the state has a callback \"%s\" (%s) that the list does not have any more: it is "
                "left out",
                name, kind);
    }
    struct hub_instance *to = there != NULL ? there : &none;
    to->disabled = get_u64(in) != 0;
    to->relaxed = get_u64(in) != 0;
    to->failures = get_u64(in);
    for (int hook = 0; hook < FW_TRAINING_HOOKS; hook++) {
        to->failed[hook] = get_u64(in);
    }
    to->seconds = get_real(in);
    to->window_seconds = get_real(in);
    to->fresh = false;
    return get_state(there, in);
}

static fw_status refuse_bytes(const struct fw_hub *hub)
{
    return fw_faultf(hub->host, FW_E_STATE, "state of the callbacks", "start the training over",
                     "its bytes are cut short or damaged");
}

fw_status fw_hub_restore(struct fw_hub *hub, const struct fw_blob *blob)
{
    struct reader in = {.at = blob->bytes, .end = (const char *)blob->bytes + blob->size};
    fw_status status = FW_OK;

    if (blob->version != STATE_VERSION) {
        return fw_faultf(hub->host, FW_E_STATE, "state of the callbacks", "start the training over",
                         "it has the version %u, expected %d", (unsigned)blob->version,
                         STATE_VERSION);
    }
    get_clock(hub, &in);
    hub->duplicates = get_u64(&in);
    hub->records = get_u64(&in);
    get_events(hub, &in);
    get_pending(hub, &in);
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        hub->instances[i]->fresh = hub->started;
    }
    uint64_t n = get_u64(&in);
    for (uint64_t i = 0; i < n && status == FW_OK && !in.bad; i++) {
        status = get_instance(hub, &in);
    }
    if (status == FW_OK && (in.bad || in.at != in.end)) {
        status = refuse_bytes(hub);
    }
    hub_disabled_list(hub);
    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        if (hub->instances[i]->fresh) {
            hub_log(hub, FW_LOG_WARNING,
                    "callback \"%s\" is not in the state: it begins where the training goes on",
                    hub->instances[i]->name);
        }
    }
    return status;
}
