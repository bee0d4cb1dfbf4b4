/* SPDX-License-Identifier: MIT */
#include "subject.h"

#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "plugin/descriptor.h"
#include "run/run_internal.h"

/* What every made-up task may use; the second thread is there to be taken away. */
enum { THREADS = 2 };
#define MEMORY ((uint64_t)1 << 30)

/* Moves the entries of the search path behind the subject's. */
static int append(struct fw_registry *registry, struct fw_registry *others, struct fw_error *err)
{
    for (size_t i = 0; i < others->len; i++) {
        struct fw_registry_entry *slot = fw_vec_add(registry);
        if (!slot) {
            return fw_error_oom(err);
        }
        *slot = others->items[i];
        others->items[i] = (struct fw_registry_entry){0};
        const struct fw_plugin *own = registry->items[0].plugin;
        if (own && slot->plugin && !slot->shadowed_by && strcmp(own->id, slot->plugin->id) == 0 &&
            !(slot->shadowed_by = strdup(registry->items[0].path))) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

static int make_folder(char **ret_folder, struct fw_error *err)
{
    const char *base = getenv("TMPDIR");
    char *folder = fw_text("%s/fwrun-check.XXXXXX", base && *base ? base : "/tmp");
    if (!folder) {
        return fw_error_oom(err);
    }
    if (!mkdtemp(folder)) {
        fw_error_errno(err, FW_EXIT_STATE, "cannot make the folder %s", folder);
        free(folder);
        return -1;
    }
    *ret_folder = folder;
    return 0;
}

int fw_subject_open(const struct fw_cli *cli, const char *path, struct fw_subject *ret_subject,
                    struct fw_error *err)
{
    fw_auto(registry) struct fw_registry others = {0};
    struct fw_subject subject = {0};
    if (fw_registry_add(&subject.registry, path, err) < 0 ||
        fw_registry_open(&cli->plugin_dirs, &others, err) < 0 ||
        append(&subject.registry, &others, err) < 0 || make_folder(&subject.folder, err) < 0) {
        fw_subject_close(&subject);
        return -1;
    }
    subject.entry = &subject.registry.items[0];
    *ret_subject = subject;
    return 0;
}

void fw_subject_close(struct fw_subject *subject)
{
    if (subject->folder) {
        fw_fs_remove(subject->folder, NULL);
    }
    free(subject->folder);
    fw_registry_finish(&subject->registry);
}

static void add_quoted(struct fw_str *text, const char *value)
{
    fw_str_add(text, "\"");
    for (; *value != '\0'; value++) {
        fw_str_printf(text, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
    }
    fw_str_add(text, "\"");
}

/* Ports that the pipeline names itself have no name that could be made up. */
static int plug(const struct fw_subject *subject, const struct fw_stage *type,
                const struct fw_given *given, struct fw_str *text, struct fw_error *err)
{
    fw_auto(free) char *folder = fw_text("%s/in/%d", subject->folder, (int)given->size);
    for (uint32_t i = 0; folder && i < type->n_inputs; i++) {
        const struct fw_port *port = fw_port_at(type->inputs, i);
        fw_auto(free) char *path = NULL;
        if ((port->flags & FW_PORT_WILDCARD) ||
            ((port->flags & FW_PORT_OPTIONAL) && !given->optional)) {
            continue;
        }
        FW_TRY(fw_sample_make(folder, port, given->size, &path, err));
        fw_str_printf(text, "%s = ", port->name);
        add_quoted(text, path);
        fw_str_add(text, "; ");
    }
    return folder ? 0 : fw_error_oom(err);
}

static int make_up(const struct fw_subject *subject, const struct fw_stage *type,
                   const struct fw_given *given, char **ret_config, struct fw_error *err)
{
    fw_auto(free) char *config = fw_text("%s/check.cfg", subject->folder);
    fw_auto(str) struct fw_str text = {0};
    fw_str_add(&text, "name = \"check\"; seed = 1; run_root = ");
    add_quoted(&text, subject->folder);
    fw_str_printf(&text, ";\nstages: { %s: { use = \"%s\"; in: { ", type->name, type->name);
    FW_TRY(plug(subject, type, given, &text, err));
    fw_str_add(&text, "}; }; };\n");
    if (text.oom || !config) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_fs_write(config, text.text, text.len, FW_DURABLE_RENAME, err));
    *ret_config = fw_steal(&config);
    return 0;
}

/* "stages.NAME..." of a stage that the plugin has and that is not the one in hand. */
static bool is_of_another(const struct fw_subject *subject, const struct fw_stage *type,
                          const char *set)
{
    const struct fw_plugin *plugin = subject->entry->plugin;
    for (uint64_t i = 0; i < plugin->n_stages; i++) {
        const char *name = plugin->stages[i]->name;
        const size_t len = strlen(name);
        if (strcmp(name, type->name) != 0 && strncmp(set, "stages.", 7) == 0 &&
            strncmp(set + 7, name, len) == 0 && strchr(".=", set[7 + len])) {
            return true;
        }
    }
    return false;
}

static int own_sets(const struct fw_subject *subject, const struct fw_stage *type,
                    const struct fw_given *given, struct fw_strings *sets, struct fw_error *err)
{
    for (size_t i = 0; i < given->sets->len; i++) {
        const char *set = given->sets->items[i];
        if (!(given->config == NULL && is_of_another(subject, type, set)) &&
            fw_strings_add(sets, set) < 0) {
            return fw_error_oom(err);
        }
    }
    return 0;
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

/* What other stages are to leave must be there already. */
static int check_sources(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                         const char *folder, bool *ret_made_up, struct fw_error *err)
{
    const size_t len = strlen(folder);
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        for (size_t k = 0; !input->absent && k < input->len; k++) {
            const char *path = fw_plan_source_path(plan, &input->items[k]);
            if (access(path, F_OK) < 0) {
                return fw_error_set(err, FW_EXIT_CONFIG,
                                    "input \"%s\" is not there yet (%s): run the pipeline first",
                                    input->port, path);
            }
            *ret_made_up = *ret_made_up || strncmp(path, folder, len) == 0;
        }
    }
    return 0;
}

static int take_task(const struct fw_subject *subject, struct fw_plan *plan, const char *name,
                     struct fw_assignment *ret, struct fw_error *err)
{
    const struct fw_plan_stage *stage = fw_plan_find(plan, name);
    struct fw_digests *digests;
    fw_auto(free) char *memo = fw_text("%s/digests", subject->folder);
    fw_auto(free) char *home = fw_text("%s/run", subject->folder);
    if (!stage) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s has no stage \"%s\"", plan->pipeline->file,
                            name);
    }
    struct fw_run_stage *stages = calloc(plan->n_stages, sizeof *stages);
    struct fw_rundir dir = {.path = home};
    struct fw_run_options options = {0};
    struct fw_run run = {.plan = plan, .dir = &dir, .options = &options, .stages = stages};
    int rc = !memo || !home || !stages ? fw_error_oom(err) : fw_digests_open(memo, &digests, err);
    if (rc == 0) {
        const size_t index = (size_t)(stage - plan->stages);
        stages[index].limits = fw_limits_first(THREADS, MEMORY, 0);
        rc = fw_plan_assess_all(plan, digests, err);
        rc = rc < 0 ? rc : fw_digests_save(digests, err);
        rc = rc < 0 ? rc : check_sources(plan, stage, subject->folder, &ret->made_up, err);
        rc = rc < 0 ? rc : fw_run_task(&run, index, &ret->json, err);
        fw_digests_close(digests);
    }
    free(stages);
    return rc;
}

int fw_subject_assign(const struct fw_subject *subject, const struct fw_stage *type,
                      const struct fw_given *given, struct fw_assignment *ret_assignment,
                      bool *ret_taken, struct fw_error *err)
{
    fw_auto(diag) struct fw_diag diag = {0};
    fw_auto(diag) struct fw_diag plugin_diag = {0};
    fw_auto(strings) struct fw_strings sets = {0};
    fw_auto(free) char *config = given->config ? strdup(given->config) : NULL;
    fw_auto(plan) struct fw_plan *plan = NULL;
    struct fw_pipeline pipeline;
    *ret_taken = false;
    *ret_assignment = (struct fw_assignment){0};
    FW_TRY(own_sets(subject, type, given, &sets, err));
    if (!config) {
        FW_TRY(make_up(subject, type, given, &config, err));
    }
    if (fw_pipeline_load(config, &sets, &pipeline, &diag) < 0) {
        return mistakes(&diag, FW_EXIT_CONFIG, err);
    }
    int rc = fw_plan_create(&pipeline, &subject->registry, NULL, &plan, &diag, &plugin_diag);
    rc = rc < 0 ? fw_error_oom(err) : mistakes(&diag, FW_EXIT_CONFIG, err);
    if (rc == 0) {
        rc = mistakes(&plugin_diag, FW_EXIT_PLUGIN, err);
        *ret_taken = rc < 0 && strstr(err->text, "two plugins have");
    }
    if (rc == 0) {
        rc =
            take_task(subject, plan, given->config ? given->name : type->name, ret_assignment, err);
    }
    fw_plan_destroy(fw_steal(&plan));
    fw_pipeline_finish(&pipeline);
    return rc;
}
