/* SPDX-License-Identifier: MIT */
#include "lab.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "cli/console.h"
#include "cli/facts.h"
#include "internal.h"

static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int mistakes(struct fw_diag *diag, int code, struct fw_error *err)
{
    fw_auto(str) struct fw_str text = {0};
    if (!fw_diag_any(diag)) {
        return 0;
    }
    fw_diag_print(diag, &text);
    while (text.len > 0 && text.text[text.len - 1] == '\n') {
        text.text[--text.len] = '\0';
    }
    return fw_error_set(err, code, "%s", text.text ? text.text : "out of memory");
}

int fw_lab_plan(const struct fw_lab *lab, const struct fw_registry *registry, const char *run_dir,
                struct fw_plan **ret_plan, struct fw_error *err)
{
    fw_auto(diag) struct fw_diag diag = {0};
    fw_auto(diag) struct fw_diag plugin_diag = {0};
    fw_auto(plan) struct fw_plan *plan = NULL;
    if (fw_plan_create(&lab->target.pipeline, registry, run_dir, &plan, &diag, &plugin_diag) < 0) {
        return fw_error_oom(err);
    }
    FW_TRY(mistakes(&diag, FW_EXIT_CONFIG, err));
    FW_TRY(mistakes(&plugin_diag, FW_EXIT_PLUGIN, err));
    for (size_t i = 0; i < plan->n_stages; i++) {
        const char *name = plan->stages[i].spec->name;
        for (size_t k = 0; k < plan->stages[i].outputs.len; k++) {
            struct fw_plan_output *output = &plan->stages[i].outputs.items[k];
            if (output->node) { /* `out` names a place that is not ours */
                char *path = fw_text("%s/stages/%s/out-%s/%s", run_dir, name, output->port,
                                     fw_path_name(output->path));
                free(output->path);
                output->path = path;
                FW_TRY(path ? 0 : fw_error_oom(err));
            }
        }
    }
    *ret_plan = fw_steal(&plan);
    return 0;
}

static void mark_needs(const struct fw_plan *plan, size_t index, bool *needed)
{
    for (size_t i = 0; i < plan->stages[index].needs.len; i++) {
        size_t need = plan->stages[index].needs.items[i];
        if (!needed[need]) {
            needed[need] = true;
            mark_needs(plan, need, needed);
        }
    }
}

/* Leaves out all that none of the stages reads from. *ret_open: not all of the rest is done. */
static int select_needs(const struct fw_lab *lab, struct fw_plan *plan, bool *ret_open,
                        struct fw_error *err)
{
    fw_auto(free) bool *needed = calloc(plan->n_stages + 1, sizeof *needed);
    FW_TRY(needed ? 0 : fw_error_oom(err));
    for (size_t i = 0; i < lab->names.len; i++) {
        const struct fw_plan_stage *stage = fw_plan_find(plan, lab->names.items[i]);
        mark_needs(plan, (size_t)(stage - plan->stages), needed);
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        plan->stages[i].state = needed[i] ? FW_PLAN_RUN : FW_PLAN_LEFT_OUT;
    }
    FW_TRY(fw_plan_assess_all(plan, lab->target.digests, err));
    *ret_open = false;
    for (size_t i = 0; i < plan->n_stages; i++) {
        *ret_open |= needed[i] && plan->stages[i].state != FW_PLAN_REUSE;
    }
    return 0;
}

int fw_lab_carry_out(struct fw_lab *lab, struct fw_plan *plan, struct fw_rundir *dir,
                     const struct fw_run_options *options, struct fw_error *err)
{
    int code = fw_run(plan, lab->target.digests, dir, options, err);
    int saved = fw_digests_save(lab->target.digests, code == 0 ? err : NULL);
    if (code != 0) {
        err->code = code;
        return -1;
    }
    return saved;
}

int fw_lab_probe(const struct fw_lab *lab, const struct fw_plan *plan, struct fw_error *err)
{
    fw_auto(free) char *memo = fw_text("%s/.probed", lab->target.pipeline.run_root);
    return memo ? fw_run_probe(plan, memo, err) : fw_error_oom(err);
}

static int make_inputs(struct fw_lab *lab, struct fw_error *err)
{
    struct fw_console console;
    struct fw_rundir dir;
    struct fw_run_options options = {.version = FWRUN_VERSION,
                                     .sets = &lab->target.sets,
                                     .on_event = fw_console_event,
                                     .arg = &console};
    fprintf(stderr, "inputs that no run has left yet are made in %s and kept there\n",
            lab->made->run_dir);
    fw_console_init(&console, false, lab->cli->json);
    FW_TRY(fw_rundir_open(&dir, lab->made->run_dir, lab->target.pipeline.durability, NULL, err));
    int rc = fw_lab_probe(lab, lab->made, err);
    if (rc == 0) {
        rc = fw_lab_carry_out(lab, lab->made, &dir, &options, err);
    }
    return fw_rundir_close(&dir, rc == 0 ? err : NULL) < 0 ? -1 : rc;
}

/* A copy of the manifest that a stage wants elsewhere is of the ordinary run alone. */
static void forget_copies(struct fw_pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stages.len; i++) {
        free(pipeline->stages.items[i].manifest);
        pipeline->stages.items[i].manifest = NULL;
    }
}

static int find_inputs(struct fw_lab *lab, struct fw_error *err)
{
    bool open;
    FW_TRY(select_needs(lab, lab->target.plan, &open, err));
    lab->inputs = lab->target.plan;
    forget_copies(&lab->target.pipeline);
    if (open) {
        fw_auto(free) char *dir = fw_text("%s/inputs", lab->folder);
        FW_TRY(dir ? 0 : fw_error_oom(err));
        FW_TRY(fw_lab_plan(lab, &lab->target.registry, dir, &lab->made, err));
        lab->inputs = lab->made;
        FW_TRY(select_needs(lab, lab->made, &open, err));
        FW_TRY(open ? make_inputs(lab, err) : 0);
    }
    for (size_t i = 0; i < lab->names.len; i++) { /* what is plugged into them is known now */
        const struct fw_plan_stage *stage = fw_plan_find(lab->inputs, lab->names.items[i]);
        FW_TRY(fw_plan_assess(lab->inputs, (size_t)(stage - lab->inputs->stages),
                              lab->target.digests, err));
    }
    return 0;
}

static int find_names(struct fw_lab *lab, const char *only, struct fw_error *err)
{
    const struct fw_plan *plan = lab->target.plan;
    for (size_t i = 0; i < plan->n_stages; i++) {
        const char *name = plan->stages[plan->order[i]].spec->name;
        if ((!only || strcmp(name, only) == 0) && fw_strings_add(&lab->names, name) < 0) {
            return fw_error_oom(err);
        }
    }
    return lab->names.len > 0
               ? 0
               : fw_error_set(err, FW_EXIT_USAGE,
                              "there is no stage \"%s\" in %s; `fwrun plan` lists them", only,
                              plan->pipeline->file);
}

int fw_lab_open(const struct fw_cli *cli, const char *room, const char *stage, struct fw_lab *lab,
                struct fw_error *err)
{
    lab->cli = cli;
    FW_TRY(fw_target_open(cli, cli->args.items[0], &lab->target, err));
    const struct fw_pipeline *pipeline = &lab->target.pipeline;
    lab->folder = fw_text("%s/%s/%s", pipeline->run_root, room, pipeline->name);
    FW_TRY(lab->folder ? find_names(lab, stage, err) : fw_error_oom(err));
    block_signals();
    return find_inputs(lab, err);
}

void fw_lab_close(struct fw_lab *lab)
{
    fw_plan_destroy(lab->made);
    fw_target_close(&lab->target);
    fw_strings_finish(&lab->names);
    free(lab->folder);
}
