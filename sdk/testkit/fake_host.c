/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_internal.h"

struct fake_kit {
    void **handles;
    const struct fw_plugin **plugins;
    size_t n;
};

void fake_die(const char *format, ...)
{
    va_list args;
    fputs("fake_host: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

static void kit_add(struct fake_kit *kit, const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fake_die("%s", dlerror());
    }
    const struct fw_plugin *plugin = dlsym(handle, "fw_plugin_v1");
    if (plugin == NULL || plugin->magic != FW_MAGIC) {
        fake_die("%s: has no fw_plugin_v1", path);
    }
    if (plugin->abi_major != FW_ABI_MAJOR || plugin->abi_draft != FW_ABI_DRAFT) {
        fake_die("%s: built for ABI %u draft %u, this is %d draft %d", path, plugin->abi_major,
                 plugin->abi_draft, FW_ABI_MAJOR, FW_ABI_DRAFT);
    }
    kit->handles = reallocarray(kit->handles, kit->n + 1, sizeof *kit->handles);
    kit->plugins = reallocarray(kit->plugins, kit->n + 1, sizeof *kit->plugins);
    if (kit->handles == NULL || kit->plugins == NULL) {
        fake_die("out of memory");
    }
    kit->handles[kit->n] = handle;
    kit->plugins[kit->n++] = plugin;
}

struct fake_kit *fake_kit_open(const char *path, ...)
{
    struct fake_kit *kit = calloc(1, sizeof *kit);
    if (kit == NULL) {
        fake_die("out of memory");
    }
    va_list args;
    va_start(args, path);
    for (const char *at = path; at != NULL; at = va_arg(args, const char *)) {
        kit_add(kit, at);
    }
    va_end(args);
    return kit;
}

void fake_kit_close(struct fake_kit *kit)
{
    if (kit == NULL) {
        return;
    }
    while (kit->n-- > 0) {
        if (getenv("FWRUN_KEEP_LOADED") == NULL && dlclose(kit->handles[kit->n]) != 0) {
            fake_die("%s", dlerror());
        }
    }
    free(kit->handles);
    free(kit->plugins);
    free(kit);
}

const struct fw_stage *fake_kit_stage(const struct fake_kit *kit, const char *name)
{
    for (size_t i = 0; i < kit->n; i++) {
        for (uint64_t k = 0; k < kit->plugins[i]->n_stages; k++) {
            if (strcmp(kit->plugins[i]->stages[k]->name, name) == 0) {
                return kit->plugins[i]->stages[k];
            }
        }
    }
    return NULL;
}

/* "ID#2" is the third of that id, "ID*" the first. */
const void *fake_kit_service(const struct fake_kit *kit, const char *id)
{
    const size_t len = strcspn(id, "#*");
    unsigned long left = id[len] == '#' ? strtoul(id + len + 1, NULL, 10) : 0;
    for (size_t i = 0; i < kit->n; i++) {
        for (uint64_t k = 0; k < kit->plugins[i]->n_services; k++) {
            const char *own = kit->plugins[i]->services[k]->id;
            if (strlen(own) == len && memcmp(own, id, len) == 0 && left-- == 0) {
                return kit->plugins[i]->services[k]->table;
            }
        }
    }
    return NULL;
}

static bool defect(struct fake_task *t, const char *what)
{
    if (t->defect.size == 0) {
        fake_text_add(&t->defect, "%s: %s", t->task.use, what);
    }
    return false;
}

static fw_status checked(struct fake_task *t, const char *call, fw_status status)
{
    if (status > FW_MORE || status < FW_E_INTERNAL) {
        char text[64];
        snprintf(text, sizeof text, "%s returned %d, which is no status", call, (int)status);
        defect(t, text);
    } else if (status < 0 && t->fault.size == 0) {
        defect(t, "failed without a fault");
    } else if (status >= 0) {
        fake_task_take_fault(t); /* of something that the call survived */
    }
    return status;
}

static fw_status create_instance(struct fake_task *t, void **ret_self)
{
    void *self = NULL;
    fw_status status = checked(t, "create", t->stage->create(&t->host, &t->task, &self));
    if (status == FW_OK) {
        *ret_self = self;
    } else if (status == FW_MORE) {
        defect(t, "create returned FW_MORE");
        status = FW_E_INTERNAL;
    }
    return status;
}

/* Exactly as large as it says, so that tools see when its bounds are left. */
static unsigned char *copy_of(const void *bytes, uint64_t size)
{
    unsigned char *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) {
        fake_die("out of memory");
    }
    return size == 0 ? copy : memcpy(copy, bytes, size);
}

static fw_status restore(struct fake_task *t, void *self, const struct fw_blob *blob)
{
    if (t->alter == NULL) {
        return checked(t, "restore", t->stage->restore(self, blob));
    }
    struct fw_blob altered = *blob;
    unsigned char *bytes = copy_of(blob->bytes, blob->size);
    t->alter(bytes, &altered.size, t->alter_context);
    unsigned char *given = copy_of(bytes, altered.size);
    free(bytes);
    altered.bytes = given;
    fw_status status = checked(t, "restore", t->stage->restore(self, &altered));
    if (status != FW_OK && status != FW_E_STATE) {
        defect(t, "restore of changed bytes returned neither FW_OK nor FW_E_STATE");
    }
    free(given);
    return status;
}

/* Moves the state of *self into a fresh instance, which takes its place. */
static fw_status restart(struct fake_task *t, void **self)
{
    struct fw_blob blob = {.struct_size = (uint32_t)sizeof blob};
    fw_status status = checked(t, "save", t->stage->save(*self, &blob));
    if (status != FW_OK) {
        return status;
    }
    t->stage->destroy(*self);
    *self = NULL;
    fake_task_forget(t);
    status = create_instance(t, self);
    if (status == FW_OK) {
        status = restore(t, *self, &blob);
    }
    if (blob.release != NULL) {
        blob.release(&blob);
    }
    t->result.restarts++;
    return status;
}

static void note_step(struct fake_task *t, const struct fw_step *step)
{
    struct fake_result *r = &t->result;
    if (step->done < r->done || step->items < r->items) {
        defect(t, "done or items went backwards");
    }
    if (step->total != 0 && step->done > step->total) {
        defect(t, "done is above total");
    }
    r->done = step->done;
    r->total = step->total;
    r->items = step->items;
}

static fw_status step_to_end(struct fake_task *t, void **self)
{
    struct fake_result *r = &t->result;
    for (;;) {
        if (t->cancel.before_step == r->steps + 1) {
            fake_task_cancel(t);
        }
        struct fw_step step = {.struct_size = (uint32_t)sizeof step};
        fw_status status = checked(t, "step", t->stage->step(*self, &step));
        r->steps++;
        if (status >= 0) {
            note_step(t, &step);
        }
        if (status != FW_MORE) {
            return status;
        }
        if (r->steps >= t->max_steps) {
            defect(t, "does not come to an end");
            return FW_E_INTERNAL;
        }
        if (t->restart_after == FAKE_EACH_STEP || t->restart_after == r->steps) {
            status = restart(t, self);
            if (status != FW_OK) {
                return status;
            }
        }
    }
}

static const struct fw_port *declared(const struct fw_port *ports, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(ports[i].name, name) == 0 || (ports[i].flags & FW_PORT_WILDCARD) != 0) {
            return &ports[i];
        }
    }
    return NULL;
}

static void check_outputs(struct fake_task *t)
{
    for (uint32_t i = 0; i < t->task.n_outputs; i++) {
        const struct fw_output *out = &t->outputs[i];
        const struct fw_port *port = declared(t->stage->outputs, t->stage->n_outputs, out->port);
        if ((port->flags & FW_PORT_OPTIONAL) == 0 && access(out->path, F_OK) != 0) {
            char text[160];
            snprintf(text, sizeof text, "succeeded without its output '%s'", out->port);
            defect(t, text);
        }
    }
    if (t->result.items == 0) {
        defect(t, "succeeded with zero items");
    }
}

static void require_ports(const struct fake_task *t)
{
    const struct fw_stage *stage = t->stage;
    for (uint32_t i = 0; i < stage->n_inputs; i++) {
        if ((stage->inputs[i].flags & (FW_PORT_OPTIONAL | FW_PORT_WILDCARD)) == 0 &&
            fw_task_input(&t->task, stage->inputs[i].name) == NULL) {
            fake_die("%s: nothing is plugged into input '%s'", stage->name, stage->inputs[i].name);
        }
    }
    for (uint32_t i = 0; i < stage->n_outputs; i++) {
        if ((stage->outputs[i].flags & (FW_PORT_OPTIONAL | FW_PORT_WILDCARD)) == 0 &&
            fw_task_output(&t->task, stage->outputs[i].name) == NULL) {
            fake_die("%s: output '%s' goes nowhere", stage->name, stage->outputs[i].name);
        }
    }
}

static void require_task(const struct fake_task *t)
{
    if (t->stage == NULL || t->result.steps != 0 || t->result.fields != NULL) {
        fake_die("fake_task_run: no stage, or run already");
    }
    if (t->restart_after != 0 && (t->stage->caps & FW_CAP_CHECKPOINT) == 0) {
        fake_die("%s: cannot be restarted, it does not declare FW_CAP_CHECKPOINT", t->task.use);
    }
    for (uint32_t i = 0; i < t->stage->n_services_required; i++) {
        const char *id = t->stage->services_required[i];
        if (t->host.service(&t->host, id) == NULL) {
            fake_die("%s: needs %s: open a plugin that provides it too", t->task.use, id);
        }
    }
    for (uint32_t i = 0; i < t->stage->n_params; i++) {
        if ((t->stage->params[i].flags & FW_PARAM_REQUIRED) != 0 &&
            t->values[i].type == FW_PARAM_UNSET) {
            fake_die("%s: parameter '%s' is required", t->task.use, t->stage->params[i].name);
        }
    }
    require_ports(t);
}

static const char *text_of(const struct fake_text *text)
{
    return text->data == NULL ? "" : text->data;
}

static void fill_result(struct fake_task *t, fw_status status)
{
    fake_text_add(&t->fields_json, "{");
    for (size_t i = 0; i < t->n_fields; i++) {
        fake_text_add(&t->fields_json, "%s\"%s\":%s", i == 0 ? "" : ",", t->fields[i].name,
                      t->fields[i].json);
    }
    fake_text_add(&t->fields_json, "}");
    t->result.status = status;
    t->result.fault = text_of(&t->fault);
    t->result.defect = t->defect.data;
    t->result.fields = t->fields_json.data;
    t->result.log = text_of(&t->log);
    t->result.metrics = text_of(&t->metrics);
}

const struct fake_result *fake_task_run(struct fake_task *t)
{
    require_task(t);
    fake_cancel_start(t);
    void *self = NULL;
    fw_status status = create_instance(t, &self);
    if (status == FW_OK) {
        status = step_to_end(t, &self);
    }
    if (self != NULL) {
        t->stage->destroy(self);
    }
    fake_cancel_stop(t);
    if (status == FW_OK) {
        check_outputs(t);
    }
    fill_result(t, status);
    return &t->result;
}
