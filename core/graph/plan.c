/* SPDX-License-Identifier: MIT */
#include "graph/plan.h"

#include <stdint.h>

#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "graph/wiring.h"

static void finish_stage(struct fw_plan_stage *stage)
{
    for (size_t i = 0; i < stage->inputs.len; i++) {
        for (size_t k = 0; k < stage->inputs.items[i].len; k++) {
            free(stage->inputs.items[i].items[k].path);
        }
        free(stage->inputs.items[i].items);
    }
    for (size_t i = 0; i < stage->outputs.len; i++) {
        free(stage->outputs.items[i].path);
    }
    free(stage->inputs.items);
    free(stage->outputs.items);
    free(stage->providers.items);
    free(stage->needs.items);
    free(stage->reason);
    free(stage->preimage);
    cJSON_Delete(stage->manifest);
    fw_values_finish(&stage->values);
}

void fw_plan_destroy(struct fw_plan *plan)
{
    if (!plan) {
        return;
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        finish_stage(&plan->stages[i]);
    }
    free(plan->stages);
    free(plan->order);
    free(plan->run_dir);
    free(plan);
}

/* A type that no usable plugin has: said with the nearest name and with the plugins that are bad.
 */
static void find_type(const struct fw_plan *plan, struct fw_plan_stage *stage,
                      struct fw_diag *plugin_diag)
{
    const char *use = stage->spec->use;
    if (!use) {
        return;
    }
    struct fw_registry_stage found;
    struct fw_error err;
    if (fw_registry_find_stage(plan->registry, use, &found, &err) < 0) {
        const struct fw_cfg_node *node = fw_cfg_get(stage->spec->node, "use");
        fw_diag_node(plugin_diag, node ? node : stage->spec->node, "%s", err.text);
        return;
    }
    stage->plugin = found.entry;
    stage->type = found.stage;
}

/* How far sorting has got with a stage. STUCK: it is on the path being followed, or cannot be
 * placed. */
enum mark { NEW, STUCK, PLACED };

/* The first stage that keeps one from being placed; each that is not placed has one. */
static size_t blocker(const struct fw_plan *plan, size_t index, const enum mark *marks)
{
    const struct fw_plan_stage *stage = &plan->stages[index];
    size_t k = 0;
    while (marks[stage->needs.items[k]] == PLACED) {
        k++;
    }
    return stage->needs.items[k];
}

static void report_cycle(const struct fw_plan *plan, size_t first, const enum mark *marks,
                         struct fw_diag *diag)
{
    fw_auto(str) struct fw_str text = {0};
    size_t at = blocker(plan, first, marks);
    if (at == first) {
        return; /* a stage that refers to itself was reported with the configuration */
    }
    fw_str_printf(&text, "\"%s\" waits for \"%s\"", plan->stages[first].spec->name,
                  plan->stages[at].spec->name);
    while (at != first) {
        at = blocker(plan, at, marks);
        fw_str_printf(&text, ", which waits for \"%s\"", plan->stages[at].spec->name);
    }
    diag->oom = diag->oom || text.oom;
    fw_diag_node(diag, plan->stages[first].spec->node,
                 "a cycle: %s; take one of these references out", text.oom ? "" : text.text);
}

/* Walks from blocker to blocker: a walk that meets itself has found a cycle, one that meets an
 * earlier walk leads to what was reported. */
static int report_cycles(const struct fw_plan *plan, const enum mark *marks, struct fw_diag *diag)
{
    fw_auto(free) size_t *walk = calloc(plan->n_stages + 1, sizeof *walk);
    if (!walk) {
        return -1;
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        size_t at = i;
        if (marks[i] == PLACED || walk[i] != 0) {
            continue;
        }
        while (walk[at] == 0) {
            walk[at] = i + 1;
            at = blocker(plan, at, marks);
        }
        if (walk[at] == i + 1) {
            report_cycle(plan, at, marks, diag);
        }
    }
    return 0;
}

/* Places a stage right after what it needs. What is found on the path that led to it waits for
 * itself: neither it nor anything that needs it is placed. Returns how many are placed now. */
static size_t place(struct fw_plan *plan, size_t first, size_t done, enum mark *marks, size_t *up)
{
    size_t at = first;
    for (;;) {
        const struct fw_plan_stage *stage = &plan->stages[at];
        size_t k = 0, n_placed = 0;
        marks[at] = STUCK;
        for (; k < stage->needs.len && marks[stage->needs.items[k]] != NEW; k++) {
            n_placed += marks[stage->needs.items[k]] == PLACED;
        }
        if (k < stage->needs.len) {
            up[stage->needs.items[k]] = at;
            at = stage->needs.items[k];
            continue;
        }
        if (n_placed == k) {
            marks[at] = PLACED;
            plan->order[done++] = at;
        }
        if (at == first) {
            return done;
        }
        at = up[at];
    }
}

/* In file order as far as it goes, so that a plan reads like its file. */
static int sort_stages(struct fw_plan *plan, struct fw_diag *diag)
{
    fw_auto(free) enum mark *marks = calloc(plan->n_stages + 1, sizeof *marks);
    fw_auto(free) size_t *up = calloc(plan->n_stages + 1, sizeof *up);
    size_t done = 0;
    for (size_t i = 0; marks && up && i < plan->n_stages; i++) {
        done = marks[i] == NEW ? place(plan, i, done, marks, up) : done;
    }
    return !marks || !up ? -1 : done < plan->n_stages ? report_cycles(plan, marks, diag) : 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct fw_plan_output *const *left = a, *const *right = b;
    return strcmp((*left)->path, (*right)->path);
}

/* Two outputs in one place would destroy each other. */
static int check_places(const struct fw_plan *plan, struct fw_diag *diag)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_stages; i++) {
        n += plan->stages[i].outputs.len;
    }
    fw_auto(free) const struct fw_plan_output **list = calloc(n + 1, sizeof *list);
    for (size_t i = 0, at = 0; list && i < plan->n_stages; i++) {
        for (size_t k = 0; k < plan->stages[i].outputs.len; k++) {
            list[at++] = &plan->stages[i].outputs.items[k];
        }
    }
    if (list) {
        qsort(list, n, sizeof *list, compare_places);
    }
    for (size_t i = 1; list && i < n; i++) {
        const struct fw_plan_output *other = list[i - 1], *output = list[i];
        if (strcmp(other->path, output->path) == 0) {
            const struct fw_cfg_node *node = output->node ? output->node : other->node;
            fw_diag_node(diag, node ? node : output->stage->node,
                         "%s is already the output \"%s\" of stage \"%s\"; every output needs a "
                         "place of its own",
                         output->path, other->port, other->stage->name);
        }
    }
    return list ? 0 : -1;
}

static void check_unsupported(const struct fw_plan_stage *stage, struct fw_diag *diag)
{
    if (!stage->spec->materialize) {
        fw_diag_node(diag, fw_cfg_get(stage->spec->node, "materialize"),
                     "every output is written to a file in this version; take the line out");
    }
    if (stage->spec->gate) {
        fw_diag_node(diag, stage->spec->gate,
                     "the gates of a stage are its own (fw.gate/1): take the group out");
    }
}

static int wire(struct fw_plan *plan, struct fw_diag *diag, struct fw_diag *plugin_diag)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        struct fw_plan_stage *stage = &plan->stages[i];
        check_unsupported(stage, diag);
        find_type(plan, stage, plugin_diag);
        if (stage->type &&
            (fw_values_check(plan->pipeline, stage->spec, stage->type, &stage->values, diag) < 0 ||
             fw_wire_services(plan, i, diag) < 0)) {
            return -1;
        }
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        if (plan->stages[i].type && fw_wire_outputs(plan, i, diag) < 0) {
            return -1;
        }
    }
    if (fw_wire_wildcards(plan) < 0) {
        return -1;
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        if (plan->stages[i].type && fw_wire_inputs(plan, i, diag) < 0) {
            return -1;
        }
    }
    return check_places(plan, diag) < 0 ? -1 : sort_stages(plan, diag);
}

int fw_plan_create(const struct fw_pipeline *pipeline, const struct fw_registry *registry,
                   const char *run_dir, struct fw_plan **ret_plan, struct fw_diag *diag,
                   struct fw_diag *plugin_diag)
{
    struct fw_plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return -1;
    }
    plan->pipeline = pipeline;
    plan->registry = registry;
    plan->stages = calloc(pipeline->stages.len + 1, sizeof *plan->stages);
    plan->order = calloc(pipeline->stages.len + 1, sizeof *plan->order);
    plan->n_stages = plan->stages ? pipeline->stages.len : 0;
    plan->run_dir = run_dir ? strdup(run_dir) : fw_path_join(pipeline->run_root, pipeline->name);
    for (size_t i = 0; i < plan->n_stages; i++) {
        plan->stages[i].spec = &pipeline->stages.items[i];
    }
    if (!plan->stages || !plan->order || !plan->run_dir || wire(plan, diag, plugin_diag) < 0) {
        fw_plan_destroy(plan);
        return -1;
    }
    *ret_plan = plan;
    return 0;
}

const struct fw_plan_stage *fw_plan_find(const struct fw_plan *plan, const char *name)
{
    const struct fw_pipeline_stage *spec = fw_pipeline_find(plan->pipeline, name);
    return spec ? &plan->stages[spec - plan->pipeline->stages.items] : NULL;
}

static void keep(struct fw_plan *plan, size_t index, bool *wanted)
{
    if (wanted[index]) {
        return;
    }
    wanted[index] = true;
    for (size_t i = 0; i < plan->stages[index].needs.len; i++) {
        keep(plan, plan->stages[index].needs.items[i], wanted);
    }
}

/* False when none is wanted. */
static bool leave_out_others(struct fw_plan *plan, const bool *wanted)
{
    bool any = false;
    for (size_t i = 0; i < plan->n_stages; i++) {
        any |= wanted[i];
        plan->stages[i].state = wanted[i] ? plan->stages[i].state : FW_PLAN_LEFT_OUT;
    }
    return any;
}

int fw_plan_select(struct fw_plan *plan, const struct fw_strings *names, struct fw_error *err)
{
    if (names->len == 0) {
        return 0;
    }
    fw_auto(free) bool *wanted = calloc(plan->n_stages + 1, sizeof *wanted);
    if (!wanted) {
        return fw_error_oom(err);
    }
    for (size_t i = 0; i < names->len; i++) {
        const struct fw_plan_stage *stage = fw_plan_find(plan, names->items[i]);
        if (!stage) {
            return fw_error_set(err, FW_EXIT_USAGE,
                                "there is no stage \"%s\" in %s; `fwrun plan` lists them",
                                names->items[i], plan->pipeline->file);
        }
        keep(plan, (size_t)(stage - plan->stages), wanted);
    }
    leave_out_others(plan, wanted);
    return 0;
}

int fw_plan_begin_at(struct fw_plan *plan, const char *name, struct fw_error *err)
{
    const struct fw_plan_stage *first = fw_plan_find(plan, name);
    fw_auto(free) bool *after = calloc(plan->n_stages + 1, sizeof *after);
    fw_auto(free) bool *wanted = calloc(plan->n_stages + 1, sizeof *wanted);
    FW_TRY(after && wanted ? 0 : fw_error_oom(err));
    FW_TRY(first ? 0 : fw_error_set(err, FW_EXIT_USAGE, "--from: there is no stage \"%s\"", name));
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct fw_plan_stage *stage = &plan->stages[plan->order[i]];
        bool *mark = &after[plan->order[i]];
        *mark = stage == first;
        for (size_t k = 0; k < stage->needs.len; k++) {
            *mark |= after[stage->needs.items[k]];
        }
        if (*mark && stage->state != FW_PLAN_LEFT_OUT) {
            keep(plan, plan->order[i], wanted);
        }
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        plan->stages[i].trusted = !after[i];
    }
    return leave_out_others(plan, wanted)
               ? 0
               : fw_error_set(err, FW_EXIT_CONFIG,
                              "zero stages to run: none of those that were asked for is \"%s\" or "
                              "needs it",
                              name);
}

const char *fw_plan_source_path(const struct fw_plan *plan, const struct fw_plan_source *source)
{
    return source->path ? source->path
                        : plan->stages[source->stage].outputs.items[source->output].path;
}
