/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/facts.h"
#include "internal.h"

static bool has_stage(const struct fw_plugin *plugin, const char *use)
{
    for (uint64_t i = 0; plugin && i < plugin->n_stages; i++) {
        if (strcmp(plugin->stages[i]->name, use) == 0) {
            return true;
        }
    }
    return false;
}

/* Moves the entries of the search path behind the one that was given, which wins over all that have
 * its id or the stage. */
static int append(struct fw_registry *registry, struct fw_registry *others, const char *use,
                  struct fw_error *err)
{
    const char *id = registry->items[0].plugin->id;
    for (size_t i = 0; i < others->len; i++) {
        struct fw_registry_entry *slot = fw_vec_add(registry);
        FW_TRY(slot ? 0 : fw_error_oom(err));
        *slot = others->items[i];
        others->items[i] = (struct fw_registry_entry){0};
        bool loses = slot->plugin && !slot->shadowed_by &&
                     (strcmp(slot->plugin->id, id) == 0 || has_stage(slot->plugin, use));
        if (loses && !(slot->shadowed_by = strdup(registry->items[0].path))) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

static int put_first(struct fw_solo *solo, const char *plugin, const char *use,
                     struct fw_error *err)
{
    fw_auto(registry) struct fw_registry others = {0};
    FW_TRY(fw_registry_add(&solo->registry, plugin, err));
    const struct fw_registry_entry *given = &solo->registry.items[0];
    if (given->reason) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "%s cannot be used: %s", plugin, given->reason);
    }
    if (!has_stage(given->plugin, use)) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s is the plugin %s, which has no stage \"%s\"",
                            plugin, given->plugin->id, use);
    }
    FW_TRY(fw_registry_open(&solo->lab->cli->plugin_dirs, &others, err));
    return append(&solo->registry, &others, use, err);
}

static void drop_input(struct fw_plan_stage *stage, size_t at)
{
    struct fw_plan_input *input = &stage->inputs.items[at];
    for (size_t k = 0; k < input->len; k++) {
        free(input->items[k].path);
    }
    free(input->items);
    memmove(input, input + 1, (--stage->inputs.len - at) * sizeof *input);
}

/* What came from other stages comes from their files. */
static int cut_loose(struct fw_plan_stage *stage, const struct fw_plan *from, struct fw_error *err)
{
    const struct fw_plan_stage *source = fw_plan_find(from, stage->spec->name);
    for (size_t i = source->inputs.len; i-- > 0;) {
        const struct fw_plan_input *input = &source->inputs.items[i];
        if (input->absent) {
            drop_input(stage, i);
            continue;
        }
        for (size_t k = 0; k < input->len; k++) {
            char **path = &stage->inputs.items[i].items[k].path;
            if (!*path && !(*path = strdup(fw_plan_source_path(from, &input->items[k])))) {
                return fw_error_oom(err);
            }
        }
    }
    stage->needs.len = 0;
    return 0;
}

static int plan_alone(struct fw_solo *solo, const char *name, const char *run_dir,
                      const struct fw_registry *registry, struct fw_error *err)
{
    FW_TRY(fw_lab_plan(solo->lab, registry, run_dir, &solo->plan, err));
    for (size_t i = 0; i < solo->plan->n_stages; i++) {
        struct fw_plan_stage *stage = &solo->plan->stages[i];
        stage->state = FW_PLAN_LEFT_OUT;
        if (strcmp(stage->spec->name, name) == 0) {
            solo->stage = stage;
        }
    }
    solo->stage->state = FW_PLAN_RUN;
    solo->stage->forced = true;
    return cut_loose(solo->stage, solo->lab->inputs, err);
}

int fw_solo_open(struct fw_lab *lab, const char *stage, const char *plugin, const char *label,
                 struct fw_solo *solo, struct fw_error *err)
{
    solo->lab = lab;
    const char *use = fw_pipeline_find(&lab->target.pipeline, stage)->use;
    fw_auto(free) char *run_dir = fw_text("%s/%s-%s", lab->folder, stage, label);
    FW_TRY(run_dir ? 0 : fw_error_oom(err));
    FW_TRY(plugin ? put_first(solo, plugin, use, err) : 0);
    FW_TRY(plan_alone(solo, stage, run_dir, plugin ? &solo->registry : &lab->target.registry, err));
    FW_TRY(fw_rundir_open(&solo->dir, run_dir, lab->target.pipeline.durability, NULL, err));
    const struct fw_run run = {.plan = solo->plan, .dir = &solo->dir};
    solo->scratch = fw_run_tmp_root(&run);
    FW_TRY(solo->scratch ? 0 : fw_error_oom(err));
    FW_TRY(fw_plan_assess_all(solo->plan, lab->target.digests, err));
    return fw_lab_probe(lab, solo->plan, err);
}

static void overhear(void *arg, const cJSON *event)
{
    (void)arg;
    (void)event;
}

int fw_solo_run(struct fw_solo *solo, struct fw_error *err)
{
    const struct fw_run_options options = {
        .version = FWRUN_VERSION, .sets = &solo->lab->target.sets, .on_event = overhear};
    solo->stage->state = FW_PLAN_RUN; /* after a repetition it is done */
    return fw_lab_carry_out(solo->lab, solo->plan, &solo->dir, &options, err);
}

void fw_solo_close(struct fw_solo *solo, bool failed)
{
    fw_auto(free) char *path = solo->dir.path ? strdup(solo->dir.path) : NULL;
    fw_rundir_close(&solo->dir, NULL);
    if (path && !failed) {
        fw_fs_remove(path, NULL); /* what stays is overwritten by the next one */
    }
    fw_plan_destroy(solo->plan);
    fw_registry_finish(&solo->registry);
    free(solo->scratch);
}
