/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <fw/service/log.h>

#include "internal.h"

double hub_clock_now(const struct fw_hub *hub)
{
    struct timespec now;

    if (hub->run.engine->seconds != NULL) {
        return hub->run.engine->seconds(hub->run.engine->self);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double hub_processor_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void hub_clock_start(struct fw_hub *hub, double before)
{
    hub->clock.running = true;
    hub->clock.before = before;
    hub->clock.started = hub_clock_now(hub);
}

double hub_fit_seconds(const struct fw_hub *hub)
{
    const struct hub_clock *clock = &hub->clock;

    return clock->running ? clock->before + (hub_clock_now(hub) - clock->started) : clock->before;
}

static double memory_mb(const struct fw_hub *hub)
{
    unsigned long long pages;

    if (hub->run.engine->memory_mb != NULL) {
        return hub->run.engine->memory_mb(hub->run.engine->self);
    }
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return NAN;
    }
    const int read = fscanf(file, "%*u %llu", &pages);
    fclose(file); /* read only: nothing can be lost */
    return read == 1 ? (double)pages * (double)sysconf(_SC_PAGESIZE) / 0x1p20 : NAN;
}

static const struct fw_hub_name sys_names[] = {
    {"sys/step_time_ms", "ms"},
    {"sys/callback_ms", "ms"},
    {"sys/overhead_frac", "1"},
    {"sys/rss_mb", "MiB"},
};

fw_status hub_clock_declare(struct fw_hub *hub)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(sys_names) && status == FW_OK; i++) {
        status = hub_names_declare(hub, HUB_TRAINER, sys_names[i].name, sys_names[i].unit,
                                   FW_TRAINING_BATCH_END);
    }
    return status;
}

/* Of the hooks in what the run takes without them; NaN where that is nothing. */
static double share(double hooks, double fit)
{
    return fit - hooks > 0 ? hooks / (fit - hooks) : NAN;
}

void hub_clock_batch_start(struct fw_hub *hub)
{
    hub->clock.step_began = hub_clock_now(hub);
    hub->clock.step_hooks = hub->clock.hooks;
    hub->clock.processor_began = hub_processor_now();
    hub->clock.processor_hooks_before = hub->clock.processor_hooks;
}

static void emit_times(struct fw_hub *hub)
{
    struct hub_clock *clock = &hub->clock;
    double n = (double)clock->n_steps;
    const double values[] = {1e3 * clock->steps / n,
                             1e3 * (clock->hooks - clock->quarter_hooks) / n,
                             share(clock->hooks, hub_fit_seconds(hub)), memory_mb(hub)};

    for (size_t i = 0; i < FW_COUNT(sys_names); i++) {
        hub_names_emit(hub, HUB_TRAINER, sys_names[i].name, values[i]);
    }
    clock->steps = 0;
    clock->n_steps = 0;
    clock->quarter_hooks = clock->hooks;
}

static struct hub_instance *costliest(const struct fw_hub *hub)
{
    struct hub_instance *found = NULL;

    for (uint64_t i = 0; i < hub->n_instances; i++) {
        struct hub_instance *instance = hub->instances[i];
        if (!instance->disabled && !instance->relaxed &&
            FW_HAS(instance->kind, struct fw_callback, relax) &&
            (found == NULL || instance->window_seconds > found->window_seconds)) {
            found = instance;
        }
    }
    return found;
}

static void relax(struct fw_hub *hub, struct hub_instance *instance, double frac)
{
    char did[256] = "";
    struct fw_text text = {0};

    hub_fault_clear(instance);
    fw_status status = instance->kind->relax(instance->self, did, sizeof did);
    did[sizeof did - 1] = '\0';
    instance->relaxed = status != FW_MORE;
    if (status < 0) {
        hub_fault_text(instance, &text);
        hub_log(hub, FW_LOG_WARNING, "callback \"%s\" cannot do less: %s", instance->name,
                fw_text_get(&text));
    } else {
        fw_text_appendf(&text,
                        "callbacks take %.3g of the training's time, at most %.3g is wanted;"
                        " \"%s\" does less: %s",
                        frac, hub->overhead_limit, instance->name, did);
        hub_event_add(hub, instance->name, "overhead_backoff", fw_text_get(&text));
    }
    fw_text_finish(&text);
}

/*
 * Too much in the run so far and in this window: what was done in an earlier window gets the time
 * to show.
 */
static void govern(struct fw_hub *hub)
{
    struct hub_clock *clock = &hub->clock;
    double fit = hub_fit_seconds(hub);
    double all = share(clock->hooks, fit);

    if (hub->overhead_limit <= 0 ||
        hub->now.global_step < clock->window_step + hub->overhead_steps) {
        return;
    }
    if (all > hub->overhead_limit &&
        share(clock->hooks - clock->window_hooks, fit - clock->window_fit) > hub->overhead_limit) {
        struct hub_instance *instance = costliest(hub);
        if (instance != NULL) {
            relax(hub, instance, all);
        }
    }
    clock->window_step = hub->now.global_step;
    clock->window_fit = fit;
    clock->window_hooks = clock->hooks;
    for (uint64_t i = 0; i < hub->n_instances; i++) {
        hub->instances[i]->window_seconds = 0;
    }
}

void hub_clock_batch_end(struct fw_hub *hub)
{
    struct hub_clock *clock = &hub->clock;

    clock->steps += (hub_clock_now(hub) - clock->step_began) - (clock->hooks - clock->step_hooks);
    clock->processor_steps += (hub_processor_now() - clock->processor_began) -
                              (clock->processor_hooks - clock->processor_hooks_before);
    clock->n_steps++;
    if (hub->now.quarter != 0) {
        emit_times(hub);
    }
    govern(hub);
}
