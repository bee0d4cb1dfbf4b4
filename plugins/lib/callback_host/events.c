/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

static void event_finish(struct fw_hub_event *event)
{
    free((void *)(uintptr_t)event->owner);
    free((void *)(uintptr_t)event->name);
    free((void *)(uintptr_t)event->text);
}

void hub_event_keep(struct fw_hub *hub, const struct fw_hub_event *event)
{
    struct fw_hub_event *items =
        hub->n_events < HUB_EVENTS_MOST
            ? reallocarray(hub->events, (size_t)hub->n_events + 1, sizeof *items)
            : NULL;

    if (items == NULL) {
        hub->n_events_left_out++;
        return;
    }
    hub->events = items;
    struct fw_hub_event kept = {.global_step = event->global_step,
                                .owner = strdup(event->owner),
                                .name = strdup(event->name),
                                .text = strdup(event->text)};
    if (kept.owner == NULL || kept.name == NULL || kept.text == NULL) {
        event_finish(&kept);
        hub->n_events_left_out++;
        return;
    }
    items[hub->n_events++] = kept;
}

void hub_event_add(struct fw_hub *hub, const char *owner, const char *name, const char *text)
{
    const struct fw_hub_event event = {.global_step = hub->now.global_step,
                                       .owner = owner,
                                       .name = name != NULL ? name : "?",
                                       .text = text != NULL ? text : ""};

    if (hub->n_events < HUB_EVENTS_MOST) {
        hub_log(hub, FW_LOG_INFO, "%s at step %" PRIu64 ": %s: %s", owner, event.global_step,
                event.name, event.text);
    } else if (hub->n_events_left_out == 0) {
        hub_log(hub, FW_LOG_WARNING, "more than %d events: further ones are only counted",
                HUB_EVENTS_MOST);
    }
    hub_event_keep(hub, &event);
}

void hub_events_finish(struct fw_hub *hub)
{
    for (uint64_t i = 0; i < hub->n_events; i++) {
        event_finish(&hub->events[i]);
    }
    free(hub->events);
    hub->events = NULL;
    hub->n_events = 0;
}
