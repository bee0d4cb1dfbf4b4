/* SPDX-License-Identifier: MIT */
#include "graph/wiring.h"

#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "config/near.h"
#include "plugin/descriptor.h"
#include "store/rundir.h"

static int unknown_port(const struct fw_cfg_node *node, const struct fw_port *ports, uint32_t n,
                        struct fw_diag *diag)
{
    fw_auto(free) const char **names = calloc(n + 1, sizeof *names);
    if (!names) {
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        names[i] = fw_port_at(ports, i)->name;
    }
    fw_diag_unknown(diag, node, names, n);
    return 0;
}

static const struct fw_plan_output *find_output(const struct fw_plan_stage *stage, const char *port)
{
    for (size_t i = 0; i < stage->outputs.len; i++) {
        if (strcmp(stage->outputs.items[i].port, port) == 0) {
            return &stage->outputs.items[i];
        }
    }
    return NULL;
}

/* `path` NULL: the default place, under the port's file name or, for a wildcard, its own name. */
static int add_output(struct fw_plan *plan, struct fw_plan_stage *stage, const struct fw_port *port,
                      const char *name, const char *path, const struct fw_cfg_node *node)
{
    if (find_output(stage, name)) {
        return 0;
    }
    struct fw_plan_output *output = fw_vec_add(&stage->outputs);
    if (!output) {
        return -1;
    }
    fw_auto(free) char *folder = path ? NULL : fw_rundir_stage(plan->run_dir, stage->spec->name);
    const char *file = (port->flags & FW_PORT_WILDCARD) || !port->file ? name : port->file;
    output->port = name;
    output->stage = stage->spec;
    output->kind = port->kind;
    output->flags = port->flags;
    output->node = node;
    output->path = path ? strdup(path) : folder ? fw_text("%s/%s", folder, file) : NULL;
    return output->path ? 0 : -1;
}

int fw_wire_outputs(struct fw_plan *plan, size_t index, struct fw_diag *diag)
{
    struct fw_plan_stage *stage = &plan->stages[index];
    const struct fw_pipeline_outputs *out = &stage->spec->out;
    for (size_t i = 0; i < out->len; i++) {
        const struct fw_port *port =
            fw_port_find(stage->type->outputs, stage->type->n_outputs, out->items[i].port);
        int rc = port ? add_output(plan, stage, port, out->items[i].port, out->items[i].path,
                                   out->items[i].node)
                      : unknown_port(out->items[i].node, stage->type->outputs,
                                     stage->type->n_outputs, diag);
        if (rc < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < stage->type->n_outputs; i++) {
        const struct fw_port *port = fw_port_at(stage->type->outputs, i);
        if (!(port->flags & FW_PORT_WILDCARD) &&
            add_output(plan, stage, port, port->name, NULL, NULL) < 0) {
            return -1;
        }
    }
    return 0;
}

static struct fw_plan_stage *find_producer(const struct fw_plan *plan,
                                           const struct fw_pipeline_source *source)
{
    const struct fw_plan_stage *stage = source->stage ? fw_plan_find(plan, source->stage) : NULL;
    return stage && stage->type ? &plan->stages[stage - plan->stages] : NULL;
}

/* A wildcard output exists because somebody reads it. */
static int add_referenced(struct fw_plan *plan, const struct fw_pipeline_source *source)
{
    struct fw_plan_stage *stage = find_producer(plan, source);
    const struct fw_port *port =
        stage ? fw_port_find(stage->type->outputs, stage->type->n_outputs, source->port) : NULL;
    return port && (port->flags & FW_PORT_WILDCARD)
               ? add_output(plan, stage, port, source->port, NULL, NULL)
               : 0;
}

int fw_wire_wildcards(struct fw_plan *plan)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct fw_pipeline_inputs *in = &plan->stages[i].spec->in;
        for (size_t k = 0; k < in->len; k++) {
            for (size_t s = 0; s < in->items[k].len; s++) {
                if (add_referenced(plan, &in->items[k].items[s]) < 0) {
                    return -1;
                }
            }
        }
    }
    return 0;
}

static int add_need(struct fw_plan_stage *stage, size_t other)
{
    for (size_t i = 0; i < stage->needs.len; i++) {
        if (stage->needs.items[i] == other) {
            return 0;
        }
    }
    size_t *need = fw_vec_add(&stage->needs);
    if (!need) {
        return -1;
    }
    *need = other;
    return 0;
}

static void unknown_output(const struct fw_plan_stage *producer,
                           const struct fw_pipeline_source *source, struct fw_diag *diag)
{
    const char *names[64] = {0};
    size_t n = 0;
    for (size_t i = 0; i < producer->outputs.len && n < 64; i++) {
        names[n++] = producer->outputs.items[i].port;
    }
    const char *near = fw_near(source->port, names, n);
    fw_auto(str) struct fw_str all = {0};
    for (size_t i = 0; i < n; i++) {
        fw_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    }
    fw_diag_node(diag, source->node, "stage \"%s\" has no output \"%s\"; %s%s%s", source->stage,
                 source->port, near ? "did you mean \"" : "it has ", near ? near : all.text,
                 near ? "\"?" : "");
}

static int add_reference(struct fw_plan *plan, struct fw_plan_stage *stage,
                         struct fw_plan_input *input, const struct fw_pipeline_source *source,
                         struct fw_diag *diag)
{
    const struct fw_plan_stage *producer = find_producer(plan, source);
    if (!producer) {
        return 0; /* an unknown stage was reported with the configuration, an unusable one by name
                   */
    }
    const struct fw_plan_output *output = find_output(producer, source->port);
    if (!output) {
        unknown_output(producer, source, diag);
        return 0;
    }
    if (input->kind != FW_KIND_ANY && output->kind != FW_KIND_ANY && input->kind != output->kind) {
        fw_diag_node(diag, source->node, "expected a %s, but \"@%s.%s\" is a %s",
                     fw_kind_name(input->kind), source->stage, source->port,
                     fw_kind_name(output->kind));
    }
    struct fw_plan_source *item = fw_vec_add(input);
    if (!item) {
        return -1;
    }
    item->stage = (size_t)(producer - plan->stages);
    item->output = (size_t)(output - producer->outputs.items);
    return add_need(stage, item->stage);
}

static int add_path(struct fw_plan_input *input, char *path)
{
    struct fw_plan_source *item = path ? fw_vec_add(input) : NULL;
    if (!item) {
        free(path);
        return -1;
    }
    item->path = path;
    return 0;
}

static int add_paths(struct fw_plan_input *input, const struct fw_pipeline_source *source,
                     struct fw_diag *diag)
{
    fw_auto(strings) struct fw_strings found = {0};
    struct fw_error err;
    if (!fw_path_is_glob(source->path)) {
        if (access(source->path, R_OK) < 0) {
            fw_diag_node(diag, source->node,
                         "input not found: %s; make it, mend the path, or fetch the data that the "
                         "pipeline's documentation names (scripts/get-data)",
                         source->path);
        }
        return add_path(input, strdup(source->path));
    }
    if (fw_path_glob(source->path, &found, &err) < 0) {
        fw_diag_node(diag, source->node, "%s", err.text);
    } else if (found.len == 0) {
        fw_diag_node(diag, source->node,
                     "no file matches %s; mend the pattern, or fetch the data that the pipeline's "
                     "documentation names (scripts/get-data)",
                     source->path);
    }
    for (size_t i = 0; i < found.len; i++) {
        if (add_path(input, strdup(found.items[i])) < 0) {
            return -1;
        }
    }
    return 0;
}

static int wire_input(struct fw_plan *plan, struct fw_plan_stage *stage,
                      const struct fw_pipeline_input *given, struct fw_diag *diag)
{
    const struct fw_port *port =
        fw_port_find(stage->type->inputs, stage->type->n_inputs, given->port);
    if (!port) {
        return unknown_port(given->node, stage->type->inputs, stage->type->n_inputs, diag);
    }
    struct fw_plan_input *input = fw_vec_add(&stage->inputs);
    if (!input) {
        return -1;
    }
    input->port = given->port;
    input->kind = port->kind;
    input->flags = port->flags;
    input->node = given->node;
    for (size_t i = 0; i < given->len; i++) {
        int rc = given->items[i].stage ? add_reference(plan, stage, input, &given->items[i], diag)
                                       : add_paths(input, &given->items[i], diag);
        if (rc < 0) {
            return -1;
        }
    }
    if (input->len > 1 && !(port->flags & FW_PORT_MANY)) {
        fw_diag_node(diag, given->node, "input \"%s\" takes one path, %zu were given", port->name,
                     input->len);
    }
    return 0;
}

int fw_wire_inputs(struct fw_plan *plan, size_t index, struct fw_diag *diag)
{
    struct fw_plan_stage *stage = &plan->stages[index];
    const struct fw_pipeline_inputs *in = &stage->spec->in;
    for (size_t i = 0; i < in->len; i++) {
        if (wire_input(plan, stage, &in->items[i], diag) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < stage->type->n_inputs; i++) {
        const struct fw_port *port = fw_port_at(stage->type->inputs, i);
        bool given = (port->flags & (FW_PORT_WILDCARD | FW_PORT_OPTIONAL)) != 0;
        for (size_t k = 0; k < in->len && !given; k++) {
            given = strcmp(in->items[k].port, port->name) == 0;
        }
        if (!given) {
            fw_diag_node(diag, stage->spec->node, "input \"%s\" is missing: %s", port->name,
                         port->doc);
        }
    }
    for (size_t i = 0; i < stage->spec->after.len; i++) {
        const struct fw_plan_stage *other = fw_plan_find(plan, stage->spec->after.items[i].stage);
        if (other && add_need(stage, (size_t)(other - plan->stages)) < 0) {
            return -1;
        }
    }
    return 0;
}

bool fw_wire_is_host_service(const char *id)
{
    static const char *const ids[] = {"fw.log/1",     "fw.progress/1", "fw.cancel/1",
                                      "fw.metrics/1", "fw.artifact/1", "fw.tmp/1",
                                      "fw.rng/1",     "fw.budget/1",   "fw.gate/1"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (strcmp(ids[i], id) == 0) {
            return true;
        }
    }
    return false;
}

/* The provider of kernels is the one for the device that `compute` names. */
static int find_kernels(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                        struct fw_registry_wish *wish, struct fw_registry_service *found,
                        struct fw_error *err)
{
    const char *own = stage->spec->resources.compute, *given = plan->pipeline->resources.compute;
    const char *compute = own ? own : given ? given : "auto";
    bool any = strcmp(compute, "auto") == 0;
    wish->kind = any ? "cuda" : compute;
    if (any && (access("/dev/nvidiactl", F_OK) < 0 ||
                fw_registry_find_service(plan->registry, wish, found, err) < 0)) {
        wish->kind = "cpu";
    }
    return fw_registry_find_service(plan->registry, wish, found, err) < 0
               ? fw_error_prefix(err, "to compute on \"%s\": ", wish->kind)
               : 0;
}

static int find_provider(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                         struct fw_registry_wish *wish, struct fw_registry_service *found,
                         struct fw_error *err)
{
    return strcmp(wish->id, "fw.kernels/1") == 0
               ? find_kernels(plan, stage, wish, found, err)
               : fw_registry_find_service(plan->registry, wish, found, err);
}

static int wire_service(struct fw_plan *plan, struct fw_plan_stage *stage, const char *id,
                        bool required, struct fw_diag *diag)
{
    bool many = id[strcspn(id, "*")] == '*';
    fw_auto(free) char *bare = strndup(id, strcspn(id, "*"));
    struct fw_registry_wish wish = {.id = bare};
    struct fw_registry_service found;
    struct fw_error err;
    if (!bare) {
        return -1;
    }
    for (; !fw_wire_is_host_service(bare) && (many || wish.skip == 0); wish.skip++) {
        if (find_provider(plan, stage, &wish, &found, &err) < 0) {
            if (required && wish.skip == 0) {
                fw_diag_node(diag, stage->spec->node,
                             "stage type \"%s\" needs the service \"%s\": %s", stage->spec->use,
                             bare, err.text);
            }
            return 0;
        }
        struct fw_registry_service *provider = fw_vec_add(&stage->providers);
        if (!provider) {
            return -1;
        }
        *provider = found;
    }
    return 0;
}

int fw_wire_services(struct fw_plan *plan, size_t index, struct fw_diag *diag)
{
    struct fw_plan_stage *stage = &plan->stages[index];
    const struct fw_stage *type = stage->type;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < type->n_services_required; i++) {
        rc = wire_service(plan, stage, type->services_required[i], true, diag);
    }
    for (uint32_t i = 0; rc == 0 && i < type->n_services_optional; i++) {
        rc = wire_service(plan, stage, type->services_optional[i], false, diag);
    }
    return rc;
}
