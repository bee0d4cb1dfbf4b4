/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/cancel.h>
#include <fw/service/log.h>

#include "callback_host/cadence.h"
#include "internal.h"

const char *hub_hook_name(uint32_t hook)
{
    static const char *const names[] = {
        "fit_start",   "epoch_start", "batch_start", "forward",   "backward",
        "before_step", "after_step",  "batch_end",   "val_start", "val_end",
        "epoch_end",   "record",      "exception",   "fit_end",   "setup",
    };
    return hook < FW_COUNT(names) ? names[hook] : "?";
}

static bool wants(const struct hub_instance *instance, uint32_t hook)
{
    return !instance->disabled && (instance->kind->hooks >> hook & 1) != 0;
}

fw_status hub_crc(struct fw_hub *hub, struct hub_instance *instance, uint32_t *ret)
{
    const struct fw_hub_engine *engine = hub->run.engine;

    *ret = 0;
    if (!hub->check) {
        return FW_OK;
    }
    hub_fault_clear(instance);
    fw_status status = engine->crc(engine->self, &instance->host, ret);
    return status == FW_OK ? FW_OK : hub_fault_pass(instance, status, "checksum of the training");
}

fw_status hub_crc_differs(struct fw_hub *hub, const struct hub_instance *instance, uint32_t hook)
{
    struct fw_text where = {0};

    fw_text_appendf(&where, "callback %s, hook %s, step %" PRIu64, instance->name,
                    hub_hook_name(hook), hub->now.global_step);
    fw_status status =
        fw_faultf(hub->host, FW_E_INTERNAL, fw_text_get(&where),
                  "take the callback out of the list and tell the author of its plugin",
                  "the callback \"%s\" (%s) changed the training in its hook %s: parameters, "
                  "gradients, running statistics or random numbers are others than before",
                  instance->name, instance->kind->kind, hub_hook_name(hook));
    fw_text_finish(&where);
    return status;
}

static bool cancelled(const struct fw_hub *hub, fw_status status)
{
    const struct fw_cancel *cancel =
        status == FW_E_CANCELLED ? hub->host->service(hub->host, FW_CANCEL_ID) : NULL;

    return cancel != NULL && cancel->requested(hub->host) != 0;
}

void hub_disabled_list(struct fw_hub *hub)
{
    fw_text_clear(&hub->disabled);
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        if (hub->instances[i]->disabled) {
            fw_text_appendf(&hub->disabled, "%s%s", hub->disabled.size > 0 ? "," : "",
                            hub->instances[i]->name);
        }
    }
    hub->now.disabled = fw_text_get(&hub->disabled);
}

/* The training goes on: without the numbers of this moment, and one day without the callback. */
static void failed(struct fw_hub *hub, struct hub_instance *instance, uint32_t hook)
{
    uint64_t in_a_row = ++instance->failed[hook];
    int owner = 0;
    struct fw_text text = {0};

    while (hub->instances[owner] != instance) {
        owner++;
    }
    instance->failures++;
    hub_names_missing(hub, owner, hook);
    hub_fault_text(instance, &text);
    hub_log(hub, FW_LOG_WARNING,
            "callback \"%s\" failed in %s at step %" PRIu64 " (%" PRIu64
            " in a row, after %d it is called no more): %s",
            instance->name, hub_hook_name(hook), hub->now.global_step, in_a_row, HUB_FAILURES_MOST,
            fw_text_get(&text));
    if (in_a_row >= HUB_FAILURES_MOST) {
        instance->disabled = true;
        hub_disabled_list(hub);
        hub_event_add(hub, instance->name, "callback_disabled", fw_text_get(&text));
    }
    fw_text_finish(&text);
}

/* Between what is due every some hundred steps lie hooks that have nothing to do: a success is one
 * that brings what the callback announced for that moment. */
static void succeeded(struct fw_hub *hub, struct hub_instance *instance, uint32_t hook)
{
    int owner = 0;

    if (instance->failed[hook] == 0) {
        return;
    }
    while (hub->instances[owner] != instance) {
        owner++;
    }
    if (hub_names_brought(hub, owner, hook)) {
        instance->failed[hook] = 0;
    }
}

fw_status hub_call_instance(struct fw_hub *hub, struct hub_instance *instance, uint32_t hook)
{
    uint32_t before, after;
    fw_status status = hub_crc(hub, instance, &before);

    if (status != FW_OK) {
        return status;
    }
    hub_fault_clear(instance);
    hub->call++;
    hub->current = instance;
    const double began = hub_clock_now(hub), processor_began = hub_processor_now();
    fw_status said = instance->kind->hook(instance->self, &hub->now);
    const double took = hub_clock_now(hub) - began;
    const double processor = hub_processor_now() - processor_began;
    hub->current = NULL;
    hub->clock.hooks += took;
    hub->clock.processor_hooks += processor;
    instance->processor += processor;
    instance->seconds += took;
    instance->window_seconds += took;
    said = hub_status(instance, said);
    if (cancelled(hub, said)) {
        return hub_fault_pass(instance, said, hub_hook_name(hook));
    }
    if (said != FW_OK) {
        failed(hub, instance, hook);
    } else {
        succeeded(hub, instance, hook);
    }
    status = hub_crc(hub, instance, &after);
    return status == FW_OK && before != after ? hub_crc_differs(hub, instance, hook) : status;
}

static fw_status call_all(struct fw_hub *hub, uint32_t hook)
{
    fw_status status = FW_OK;

    hub->now.hook = hook;
    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        if (wants(hub->instances[i], hook)) {
            status = hub_call_instance(hub, hub->instances[i], hook);
        }
    }
    return status;
}

/* What a restored state knows nothing of begins where the run goes on. */
static fw_status start_fresh(struct fw_hub *hub)
{
    fw_status status = FW_OK;

    hub->now.hook = FW_TRAINING_FIT_START;
    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        struct hub_instance *instance = hub->instances[i];
        if (instance->fresh && wants(instance, FW_TRAINING_FIT_START)) {
            status = hub_call_instance(hub, instance, FW_TRAINING_FIT_START);
        }
        instance->fresh = false;
    }
    return status;
}

static fw_status call_record(struct fw_hub *hub)
{
    const struct fw_training at = hub->now;
    struct fw_training_record *record = &hub->record;

    if (hub->names.n_pending == 0) {
        return FW_OK;
    }
    const uint64_t n = hub->names.n_pending;
    if (!hub_names_record(hub, at.global_step)) {
        hub_log(hub, FW_LOG_WARNING, "%" PRIu64 " metrics of step %" PRIu64 " are lost: no memory",
                n, at.global_step);
        return FW_OK;
    }
    record->struct_size = (uint32_t)sizeof *record;
    record->global_step = at.global_step;
    record->epoch = at.epoch;
    record->batch = at.batch;
    record->seconds = hub_fit_seconds(hub);
    hub->now.record = record;
    hub->now.status = FW_OK;
    hub->records++;
    fw_status status = call_all(hub, FW_TRAINING_RECORD);
    hub->now.record = NULL;
    hub->now.status = at.status;
    hub->now.hook = at.hook;
    return status;
}

/* A batch makes one record, with all that its hooks brought. */
static bool ends_record(uint32_t hook)
{
    return hook < FW_TRAINING_BATCH_START || hook == FW_TRAINING_BATCH_END ||
           hook == FW_TRAINING_VAL_END || hook >= FW_TRAINING_EPOCH_END;
}

static fw_status call_moment(struct fw_hub *hub, uint32_t hook)
{
    struct fw_training *now = &hub->now;
    fw_status status = FW_OK;

    if (hook == FW_TRAINING_FIT_START && !hub->clock.running) {
        hub_clock_start(hub, 0);
    }
    if (hook != FW_TRAINING_FIT_START) {
        status = start_fresh(hub);
    }
    now->quarter = hook >= FW_TRAINING_BATCH_START && hook <= FW_TRAINING_EPOCH_END
                       ? fw_cadence_quarter(now->batch, now->info->batches)
                       : 0;
    if (status == FW_OK && hook == FW_TRAINING_EXCEPTION) {
        status = call_record(hub); /* what the step had brought before it ended */
    }
    if (status == FW_OK) {
        status = call_all(hub, hook);
    }
    if (status == FW_OK && hook == FW_TRAINING_BATCH_END) {
        hub_clock_batch_end(hub);
    }
    return status == FW_OK && ends_record(hook) ? call_record(hub) : status;
}

fw_status fw_hub_call(struct fw_hub *hub, uint32_t hook)
{
    if (hook == FW_TRAINING_RECORD || hook >= FW_TRAINING_HOOKS) {
        return fw_faultf(hub->host, FW_E_ARG, NULL, NULL, "%u is no moment that a trainer calls",
                         (unsigned)hook);
    }
    hub->started = true;
    if (hook == FW_TRAINING_BATCH_START) {
        hub_clock_batch_start(hub);
    }
    return call_moment(hub, hook);
}
