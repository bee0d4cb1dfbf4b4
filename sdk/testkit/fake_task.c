/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_internal.h"

void *fake_own(struct fake_task *t, size_t size)
{
    t->owned = reallocarray(t->owned, t->n_owned + 1, sizeof *t->owned);
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (t->owned == NULL || memory == NULL) {
        fake_die("out of memory");
    }
    t->owned[t->n_owned++] = memory;
    return memory;
}

char *fake_own_text(struct fake_task *t, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(fake_own(t, size), text, size);
}

struct fake_task *fake_task_create(struct fake_kit *kit, const char *name)
{
    struct fake_task *t = calloc(1, sizeof *t);
    if (t == NULL) {
        fake_die("out of memory");
    }
    t->kit = kit;
    t->max_steps = 1000000;
    fake_services_init(t);
    t->task = (struct fw_task){.struct_size = (uint32_t)sizeof t->task,
                               .stage = "test",
                               .use = "test",
                               .inputs = t->inputs,
                               .outputs = t->outputs,
                               .seed = 1};
    if (name == NULL) {
        return t;
    }
    t->stage = fake_kit_stage(kit, name);
    if (t->stage == NULL) {
        fake_die("no plugin has a stage '%s'", name);
    }
    t->task.stage = t->task.use = t->stage->name;
    t->values = fake_own(t, t->stage->n_params * sizeof *t->values);
    t->task.values = t->values;
    t->task.n_values = t->stage->n_params;
    for (uint32_t i = 0; i < t->stage->n_params; i++) {
        const struct fw_param *param = &t->stage->params[i];
        t->values[i].struct_size = (uint32_t)sizeof t->values[i];
        t->values[i].name = param->name;
        if (param->default_value != NULL) {
            fake_value_parse(t, param, param->default_value, &t->values[i]);
        }
    }
    return t;
}

void fake_task_destroy(struct fake_task *t)
{
    if (t == NULL) {
        return;
    }
    fake_services_finish(t);
    for (size_t i = 0; i < t->n_owned; i++) {
        free(t->owned[i]);
    }
    free(t->owned);
    free(t);
}

static const struct fw_port *find_port(const struct fake_task *t, bool input, const char *name)
{
    const struct fw_port *ports = input ? t->stage->inputs : t->stage->outputs;
    uint32_t n = input ? t->stage->n_inputs : t->stage->n_outputs;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(ports[i].name, name) == 0 || (ports[i].flags & FW_PORT_WILDCARD) != 0) {
            return &ports[i];
        }
    }
    fake_die("%s: no %s port '%s'", t->task.use, input ? "input" : "output", name);
}

static char *absolute(struct fake_task *t, const char *path)
{
    if (path[0] == '/') {
        return fake_own_text(t, path);
    }
    char cwd[4096];
    if (getcwd(cwd, sizeof cwd) == NULL) {
        fake_die("the current directory has no name");
    }
    size_t size = strlen(cwd) + strlen(path) + 2;
    char *joined = fake_own(t, size);
    snprintf(joined, size, "%s/%s", cwd, path);
    return joined;
}

void fake_task_input(struct fake_task *t, const char *port, ...)
{
    va_list args;
    const char *paths[FAKE_MAX_PORTS];
    uint64_t n = 0;
    va_start(args, port);
    for (const char *p = va_arg(args, const char *); p != NULL; p = va_arg(args, const char *)) {
        if (n == FAKE_MAX_PORTS) {
            fake_die("more than %d paths", FAKE_MAX_PORTS);
        }
        paths[n++] = absolute(t, p);
    }
    va_end(args);
    const struct fw_port *declared = find_port(t, true, port);
    if (n == 0 || (n > 1 && (declared->flags & FW_PORT_MANY) == 0)) {
        fake_die("%s: input '%s' does not take %llu paths", t->task.use, port,
                 (unsigned long long)n);
    }
    if (t->task.n_inputs == FAKE_MAX_PORTS || fw_task_input(&t->task, port) != NULL) {
        fake_die("%s: input '%s' is taken, or too many inputs", t->task.use, port);
    }
    t->inputs[t->task.n_inputs++] = (struct fw_input){
        .struct_size = (uint32_t)sizeof t->inputs[0],
        .kind = declared->kind,
        .port = fake_own_text(t, port),
        .paths = memcpy(fake_own(t, n * sizeof *paths), paths, n * sizeof *paths),
        .n_paths = n,
        .digest = "0000000000000000000000000000000000000000000000000000000000000000",
    };
}

void fake_task_input_digest(struct fake_task *t, const char *port, const char *hex)
{
    for (uint32_t i = 0; i < t->task.n_inputs; i++) {
        if (strcmp(t->inputs[i].port, port) == 0) {
            t->inputs[i].digest = fake_own_text(t, hex);
            return;
        }
    }
    fake_die("%s: nothing is plugged into input '%s'", t->task.use, port);
}

void fake_task_output(struct fake_task *t, const char *port, const char *path)
{
    const struct fw_port *declared = find_port(t, false, port);
    if (t->task.n_outputs == FAKE_MAX_PORTS || fw_task_output(&t->task, port) != NULL) {
        fake_die("%s: output '%s' is taken, or too many outputs", t->task.use, port);
    }
    char *whole = absolute(t, path);
    if (access(whole, F_OK) == 0) {
        fake_die("%s: the output %s exists already", t->task.use, whole);
    }
    t->outputs[t->task.n_outputs++] = (struct fw_output){
        .struct_size = (uint32_t)sizeof t->outputs[0],
        .kind = declared->kind,
        .port = fake_own_text(t, port),
        .path = whole,
        .name = strrchr(whole, '/') + 1,
    };
}

/* The value of parameter `name`, made empty, with its declared type; dies if that is not among
 * `types`, a set of bits. */
static struct fw_value *value_for(struct fake_task *t, const char *name, uint32_t types)
{
    for (uint32_t i = 0; t->stage != NULL && i < t->stage->n_params; i++) {
        const struct fw_param *param = &t->stage->params[i];
        if (strcmp(param->name, name) != 0) {
            continue;
        }
        if ((types >> param->type & 1u) == 0) {
            fake_die("%s: parameter '%s' has another type (%u)", t->task.use, name, param->type);
        }
        t->values[i] = (struct fw_value){
            .struct_size = (uint32_t)sizeof t->values[i], .type = param->type, .name = param->name};
        return &t->values[i];
    }
    fake_die("%s: no parameter '%s'", t->task.use, name);
}

void fake_task_int(struct fake_task *t, const char *name, int64_t value)
{
    const uint32_t types = 1u << FW_PARAM_BOOL | 1u << FW_PARAM_INT | 1u << FW_PARAM_BYTES;
    value_for(t, name, types)->integer = value;
}

void fake_task_real(struct fake_task *t, const char *name, double value)
{
    value_for(t, name, 1u << FW_PARAM_REAL | 1u << FW_PARAM_DURATION)->real = value;
}

void fake_task_text(struct fake_task *t, const char *name, const char *value)
{
    const uint32_t types = 1u << FW_PARAM_STRING | 1u << FW_PARAM_ENUM | 1u << FW_PARAM_FILE;
    struct fw_value *v = value_for(t, name, types);
    v->text = v->type == FW_PARAM_FILE ? absolute(t, value) : fake_own_text(t, value);
}

void fake_task_texts(struct fake_task *t, const char *name, ...)
{
    va_list args;
    const char *texts[FAKE_MAX_PORTS];
    uint64_t n = 0;
    va_start(args, name);
    for (const char *p = va_arg(args, const char *); p != NULL; p = va_arg(args, const char *)) {
        if (n == FAKE_MAX_PORTS) {
            fake_die("more than %d texts", FAKE_MAX_PORTS);
        }
        texts[n++] = fake_own_text(t, p);
    }
    va_end(args);
    struct fw_value *v = value_for(t, name, 1u << FW_PARAM_TEXT_LIST);
    v->texts = memcpy(fake_own(t, n * sizeof *texts), texts, n * sizeof *texts);
    v->n = n;
}

void fake_task_reals(struct fake_task *t, const char *name, const double *values, uint64_t n)
{
    struct fw_value *v = value_for(t, name, 1u << FW_PARAM_REAL_LIST);
    double *copy = fake_own(t, n * sizeof *copy);
    for (uint64_t i = 0; i < n; i++) {
        copy[i] = values[i];
    }
    v->reals = copy;
    v->n = n;
}

void fake_task_param(struct fake_task *t, const char *name, const char *text)
{
    struct fw_value *v = value_for(t, name, UINT32_MAX);
    fake_value_parse(t, &t->stage->params[v - t->values], text, v);
}

void fake_task_seed(struct fake_task *t, uint64_t seed)
{
    t->task.seed = seed;
}

struct fw_limits *fake_task_limits(struct fake_task *t)
{
    return &t->limits;
}

void fake_task_restart_after(struct fake_task *t, uint64_t n)
{
    t->restart_after = n;
}

void fake_task_alter_state(struct fake_task *t,
                           void (*alter)(unsigned char *bytes, uint64_t *size, void *context),
                           void *context)
{
    t->alter = alter;
    t->alter_context = context;
}

void fake_task_cancel_before_step(struct fake_task *t, uint64_t n)
{
    t->cancel.before_step = n;
}

void fake_task_cancel_after_ms(struct fake_task *t, uint32_t ms)
{
    t->cancel.after_ms = ms;
}

void fake_task_max_steps(struct fake_task *t, uint64_t n)
{
    t->max_steps = n;
}

const struct fw_host *fake_task_host(struct fake_task *t)
{
    return &t->host;
}
