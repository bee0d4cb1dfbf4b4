/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

static const void *service(const struct fw_host *host, const char *id)
{
    const struct hub_instance *instance = (const struct hub_instance *)(const void *)host;
    const struct fw_host *stage = instance->hub->host;

    return stage->service(stage, id);
}

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* Services hand out the host that they were given, from any thread. */
static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    struct hub_instance *instance = (struct hub_instance *)(uintptr_t)host;
    struct hub_fault *kept = &instance->fault;

    pthread_mutex_lock(&kept->lock);
    if (!kept->given) {
        kept->given = true;
        kept->what = copy(FW_HAS(fault, struct fw_fault, what) ? fault->what : NULL);
        kept->where = copy(FW_HAS(fault, struct fw_fault, where) ? fault->where : NULL);
        kept->value = copy(FW_HAS(fault, struct fw_fault, value) ? fault->value : NULL);
        kept->expected = copy(FW_HAS(fault, struct fw_fault, expected) ? fault->expected : NULL);
        kept->remedy = copy(FW_HAS(fault, struct fw_fault, remedy) ? fault->remedy : NULL);
    }
    pthread_mutex_unlock(&kept->lock);
    return status;
}

void hub_host_init(struct hub_instance *instance)
{
    const struct fw_host *stage = instance->hub->host;

    instance->host = (struct fw_host){
        .struct_size = (uint32_t)sizeof instance->host,
        .abi_major = stage->abi_major,
        .abi_minor = stage->abi_minor,
        .self = stage->self, /* the services' own */
        .service = service,
        .fail = fail,
    };
    pthread_mutex_init(&instance->fault.lock, NULL);
}

void hub_fault_clear(struct hub_instance *instance)
{
    struct hub_fault *fault = &instance->fault;

    free(fault->what);
    free(fault->where);
    free(fault->value);
    free(fault->expected);
    free(fault->remedy);
    fault->what = fault->where = fault->value = fault->expected = fault->remedy = NULL;
    fault->given = false;
}

void hub_host_finish(struct hub_instance *instance)
{
    hub_fault_clear(instance);
    pthread_mutex_destroy(&instance->fault.lock);
}

static const char *what_of(const struct hub_fault *fault)
{
    return fault->what != NULL ? fault->what
           : fault->given      ? "(no reason given)"
                               : "it failed without saying why, which is a defect of its plugin";
}

void hub_fault_text(struct hub_instance *instance, struct fw_text *text)
{
    const struct hub_fault *fault = &instance->fault;

    fw_text_append(text, what_of(fault));
    if (fault->where != NULL) {
        fw_text_appendf(text, " (%s)", fault->where);
    }
    if (fault->value != NULL) {
        fw_text_appendf(text, ": value \"%s\"", fault->value);
    }
    if (fault->expected != NULL) {
        fw_text_appendf(text, ", expected %s", fault->expected);
    }
    if (fault->remedy != NULL) {
        fw_text_appendf(text, "; %s", fault->remedy);
    }
}

fw_status hub_fault_pass(struct hub_instance *instance, fw_status status, const char *doing)
{
    const struct hub_fault *kept = &instance->fault;
    const struct fw_host *stage = instance->hub->host;
    struct fw_text what = {0};

    fw_text_appendf(&what, "callback \"%s\" (%s), %s: %s", instance->name, instance->kind->kind,
                    doing, what_of(kept));
    const struct fw_fault fault = {
        .struct_size = (uint32_t)sizeof fault,
        .what = what.failed ? what_of(kept) : fw_text_get(&what),
        .where = kept->where,
        .value = kept->value,
        .expected = kept->expected,
        .remedy = kept->remedy,
    };
    status = stage->fail(stage, status, &fault);
    fw_text_finish(&what);
    return status;
}

fw_status hub_status(struct hub_instance *instance, fw_status status)
{
    if (status <= FW_OK && status >= FW_E_INTERNAL) {
        return status;
    }
    return fw_faultf(&instance->host, FW_E_INTERNAL, NULL, "tell the author of its plugin",
                     "it returned %d, which is no status of this call", (int)status);
}

void hub_log(const struct fw_hub *hub, uint32_t level, const char *format, ...)
{
    const struct fw_log *log = hub->host->service(hub->host, FW_LOG_ID);
    char *text = NULL;
    va_list args;

    if (log == NULL) {
        return;
    }
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0) {
        log->write(hub->host, level, format); /* unfilled is better than unsaid */
        return;
    }
    log->write(hub->host, level, text);
    free(text);
}
