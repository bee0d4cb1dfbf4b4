/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

static fw_status read_params(struct fw_hub *hub)
{
    hub->overhead_limit = fw_task_real(hub->task, "callback_overhead");
    hub->overhead_steps = (uint64_t)fw_task_integer(hub->task, "callback_overhead_steps");
    hub->check = fw_task_integer(hub->task, "check_callbacks") != 0;
    fw_status status = hub_instances_read(hub, fw_task_value(hub->task, "callbacks"));
    if (status == FW_OK) {
        status = hub_options_read(hub, fw_task_value(hub->task, "callback_options"));
    }
    if (status == FW_OK) {
        hub->summary = calloc((size_t)hub->n_instances + 1, sizeof *hub->summary);
        status = hub->summary != NULL ? FW_OK : fw_fault_nomem(hub->host);
    }
    return status;
}

fw_status fw_hub_create(const struct fw_host *host, const struct fw_task *task,
                        struct fw_hub **ret_hub)
{
    struct fw_hub *hub = calloc(1, sizeof *hub);

    if (hub == NULL) {
        return fw_fault_nomem(host);
    }
    hub->host = host;
    hub->task = task;
    hub->now = (struct fw_training){.struct_size = (uint32_t)sizeof hub->now,
                                    .self = hub,
                                    .loss = NAN,
                                    .val_loss = NAN,
                                    .val_accuracy = NAN,
                                    .rate = NAN,
                                    .decay = NAN,
                                    .gradient_norm = NAN,
                                    .clipped_norm = NAN,
                                    .disabled = ""};
    fw_status status = read_params(hub);
    if (status != FW_OK) {
        fw_hub_destroy(hub);
        return status;
    }
    *ret_hub = hub;
    return FW_OK;
}

static void instance_free(struct hub_instance *instance)
{
    if (instance->made) {
        instance->kind->destroy(instance->self);
    }
    for (uint32_t i = 0; instance->values != NULL && i < instance->kind->n_params; i++) {
        hub_value_finish(&instance->values[i]);
    }
    hub_host_finish(instance);
    free(instance->values);
    free(instance->folder);
    free(instance->name);
    free(instance);
}

void fw_hub_destroy(struct fw_hub *hub)
{
    if (hub == NULL) {
        return;
    }
    while (hub->n_instances > 0) {
        instance_free(hub->instances[--hub->n_instances]);
    }
    hub_names_finish(&hub->names);
    hub_events_finish(hub);
    free(hub->recorded);
    free(hub->recorded_list);
    fw_text_finish(&hub->disabled);
    free(hub->summary);
    free(hub->instances);
    free(hub);
}

static fw_status make_folder(struct hub_instance *instance)
{
    const struct fw_hub *hub = instance->hub;
    struct fw_text path = {0};

    fw_text_appendf(&path, "%s/%s", hub->run.folder, instance->name);
    if (path.failed) {
        fw_text_finish(&path);
        return fw_fault_nomem(hub->host);
    }
    instance->folder = path.data;
    if (mkdir(instance->folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(hub->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, instance->folder,
                         NULL, "cannot make the folder of a callback: %s", strerror(errno));
    }
    return FW_OK;
}

static fw_status set_up(struct hub_instance *instance)
{
    struct fw_hub *hub = instance->hub;
    uint32_t before, after;
    fw_status status = hub_crc(hub, instance, &before);

    if (status != FW_OK) {
        return status;
    }
    hub_fault_clear(instance);
    hub->current = instance;
    status = hub_status(instance, instance->kind->setup(instance->self, &hub->now));
    hub->current = NULL;
    if (status != FW_OK) {
        return hub_fault_pass(instance, status, "setup");
    }
    status = hub_crc(hub, instance, &after);
    return status == FW_OK && before != after ? hub_crc_differs(hub, instance, FW_TRAINING_HOOKS)
                                              : status;
}

static fw_status make(struct hub_instance *instance)
{
    struct fw_hub *hub = instance->hub;
    fw_status status = make_folder(instance);

    if (status != FW_OK) {
        return status;
    }
    instance->task = (struct fw_callback_task){
        .struct_size = (uint32_t)sizeof instance->task,
        .n_values = instance->kind->n_params,
        .instance = instance->name,
        .folder = instance->folder,
        .values = instance->values,
        .seed = hub->run.info->seed,
    };
    hub_fault_clear(instance);
    hub->current = instance;
    status = hub_status(instance,
                        instance->kind->create(&instance->host, &instance->task, &instance->self));
    hub->current = NULL;
    if (status != FW_OK) {
        return hub_fault_pass(instance, status, "create");
    }
    instance->made = true;
    return set_up(instance);
}

fw_status fw_hub_setup(struct fw_hub *hub, const struct fw_hub_run *run)
{
    fw_status status = FW_OK;

    hub->run = *run;
    if (hub->check && run->engine->crc == NULL) {
        return fw_faultf(hub->host, FW_E_UNSUPPORTED, "parameter check_callbacks",
                         "leave check_callbacks out",
                         "this trainer has no checksum of what callbacks must not change");
    }
    hub_view_init(hub);
    hub->now.hook = FW_TRAINING_HOOKS; /* none of them */
    for (uint64_t i = 0; i < run->n_names && status == FW_OK; i++) {
        status = hub_names_declare(hub, HUB_TRAINER, run->names[i].name, run->names[i].unit,
                                   HUB_ANY_HOOK);
    }
    if (status == FW_OK) {
        status = hub_clock_declare(hub);
    }
    for (uint64_t i = 0; i < hub->n_instances && status == FW_OK; i++) {
        status = make(hub->instances[i]);
    }
    return status;
}

struct fw_training *fw_hub_now(struct fw_hub *hub)
{
    return &hub->now;
}

void fw_hub_emit(struct fw_hub *hub, const char *name, double value)
{
    hub_names_emit(hub, HUB_TRAINER, name, value);
}

void fw_hub_summarise(struct fw_hub *hub, struct fw_hub_summary *ret)
{
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        const struct hub_instance *instance = hub->instances[i];
        hub->summary[i] = (struct fw_hub_instance){.name = instance->name,
                                                   .kind = instance->kind->kind,
                                                   .seconds = instance->seconds,
                                                   .processor_seconds = instance->processor,
                                                   .failures = instance->failures,
                                                   .disabled = instance->disabled};
    }
    *ret = (struct fw_hub_summary){
        .instances = hub->summary,
        .n_instances = hub->n_instances,
        .events = hub->events,
        .n_events = hub->n_events,
        .n_events_left_out = hub->n_events_left_out,
        .duplicates = hub->duplicates,
        .records = hub->records,
        .fit_seconds = hub->clock.running ? hub_fit_seconds(hub) : 0,
        .callback_seconds = hub->clock.hooks,
        .step_processor_seconds = hub->clock.processor_steps,
    };
}
