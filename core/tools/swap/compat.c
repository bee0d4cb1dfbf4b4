/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include <stdbool.h>
#include <string.h>

#include "plugin/descriptor.h"

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int differ(struct fw_error *err, const char *what, const char *name)
{
    return fw_error_set(err, FW_EXIT_CHECK, "%s \"%s\" is declared in another way", what, name);
}

static int count(struct fw_error *err, const char *what, uint32_t now, uint32_t next)
{
    return now == next ? 0
                       : fw_error_set(err, FW_EXIT_CHECK, "it declares %u %s, expected %u", next,
                                      what, now);
}

static int check_ports(const char *what, const struct fw_port *now, const struct fw_port *next,
                       uint32_t n, struct fw_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_port *a = fw_port_at(now, i), *b = fw_port_at(next, i);
        if (!same(a->name, b->name) || a->kind != b->kind || a->flags != b->flags ||
            !same(a->file, b->file)) {
            return differ(err, what, a->name);
        }
    }
    return 0;
}

static int check_params(const struct fw_stage *now, const struct fw_stage *next,
                        struct fw_error *err)
{
    for (uint32_t i = 0; i < now->n_params; i++) {
        const struct fw_param *a = fw_param_at(now->params, i), *b = fw_param_at(next->params, i);
        if (!same(a->name, b->name) || a->type != b->type || a->flags != b->flags ||
            !same(a->default_value, b->default_value) || !same(a->min, b->min) ||
            !same(a->max, b->max) || !same(a->choices, b->choices)) {
            return differ(err, "parameter", a->name);
        }
    }
    return 0;
}

static int check_services(const char *const *now, const char *const *next, uint32_t n,
                          struct fw_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!same(now[i], next[i])) {
            return differ(err, "service", now[i]);
        }
    }
    return 0;
}

int fw_stage_compatible(const struct fw_stage *now, const struct fw_stage *next,
                        struct fw_error *err)
{
    FW_TRY(count(err, "inputs", now->n_inputs, next->n_inputs));
    FW_TRY(count(err, "outputs", now->n_outputs, next->n_outputs));
    FW_TRY(count(err, "parameters", now->n_params, next->n_params));
    FW_TRY(count(err, "required services", now->n_services_required, next->n_services_required));
    FW_TRY(count(err, "optional services", now->n_services_optional, next->n_services_optional));
    FW_TRY(check_ports("input", now->inputs, next->inputs, now->n_inputs, err));
    FW_TRY(check_ports("output", now->outputs, next->outputs, now->n_outputs, err));
    FW_TRY(check_params(now, next, err));
    FW_TRY(check_services(now->services_required, next->services_required, now->n_services_required,
                          err));
    FW_TRY(check_services(now->services_optional, next->services_optional, now->n_services_optional,
                          err));
    if (!(now->caps & next->caps & FW_CAP_CHECKPOINT)) {
        return fw_error_set(err, FW_EXIT_CHECK,
                            "the %s build does not declare FW_CAP_CHECKPOINT: a state cannot be "
                            "handed over",
                            now->caps & FW_CAP_CHECKPOINT ? "new" : "old");
    }
    return 0;
}
