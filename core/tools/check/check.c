/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "exercise.h"
#include "image.h"
#include "judge.h"
#include "plugin/descriptor.h"
#include "plugins/kinds.h"
#include "subject.h"

/* What a call other than step may take, where --timeout says nothing. */
#define LIMIT_S 10.0

struct check {
    const struct fw_cli *cli;
    struct fw_report report;
    struct fw_subject subject;
    struct fw_strings folders; /* of the trials */
};

static double limit_s(const struct check *check)
{
    return check->cli->timeout_s > 0 ? check->cli->timeout_s : LIMIT_S;
}

static int make_trial(struct check *check, const struct fw_stage *type,
                      const struct fw_assignment *task, const char *given,
                      struct fw_trial *ret_trial, struct fw_error *err)
{
    char *folder = fw_text("%s/trial-%zu", check->subject.folder, check->folders.len + 1);
    if (fw_strings_take(&check->folders, folder) < 0) {
        return fw_error_oom(err);
    }
    *ret_trial = (struct fw_trial){.report = &check->report,
                                   .type = type,
                                   .task = task->json,
                                   .made_up = task->made_up,
                                   .given = given,
                                   .folder = folder,
                                   .limit_s = limit_s(check)};
    return 0;
}

/* A task without a stage: loaded, unloaded, and that is all. */
static int check_load(struct check *check, struct fw_error *err)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    cJSON *plugin = cJSON_AddObjectToObject(json, "plugin");
    const struct fw_assignment task = {.json = json};
    struct fw_trial trial;
    cJSON_AddStringToObject(plugin, "path", check->subject.entry->path);
    cJSON_AddStringToObject(plugin, "digest", check->subject.entry->elf.digest);
    cJSON_AddArrayToObject(json, "providers");
    if (!cJSON_AddStringToObject(json, "use", "")) {
        return fw_error_oom(err);
    }
    FW_TRY(make_trial(check, NULL, &task, "the plugin alone", &trial, err));
    FW_TRY(fw_judge_load(&trial, err));
    fw_report_done(&check->report, "loaded and unloaded by the engine's loader");
    return 0;
}

static void leave_out(struct check *check, const char *what, const char *why)
{
    const char *stage = check->report.stage;
    fw_report_left(&check->report, what,
                   "%s; give what it needs with --set stages.%s.params.NAME=VALUE and --set "
                   "stages.%s.in.PORT=PATH, or with a pipeline: check-plugin %s PIPELINE.cfg STAGE",
                   why, stage, stage, check->cli->args.items[0]);
}

/* What one stage is tried with, and how that went. */
struct attempt {
    struct fw_given given;
    const char *what;
    bool whole; /* everything there is, not only one run */
    enum fw_verdict verdict;
};

static int try_task(struct check *check, const struct fw_stage *type, struct fw_assignment *task,
                    struct attempt *attempt, struct fw_error *err)
{
    struct fw_trial trial;
    fw_auto(json) cJSON *facts = NULL;
    FW_TRY(make_trial(check, type, task, attempt->what, &trial, err));
    trial.by_default =
        !attempt->given.config && attempt->given.sets->len == 0 && type->n_params > 0;
    FW_TRY(fw_judge_run(&trial, attempt->whole, &attempt->verdict, &facts, err));
    if (attempt->verdict == FW_TRIAL_REFUSED) {
        leave_out(check, attempt->what, trial.refusal);
        return 0;
    }
    if (attempt->verdict == FW_TRIAL_PASSED) {
        fw_report_done(&check->report, attempt->what);
    }
    return attempt->verdict == FW_TRIAL_PASSED && attempt->whole ? fw_judge_rest(&trial, facts, err)
                                                                 : 0;
}

static int try_one(struct check *check, const struct fw_stage *type, struct attempt *attempt,
                   struct fw_error *err)
{
    struct fw_assignment task;
    struct fw_error why = {0};
    bool taken;
    attempt->verdict = FW_TRIAL_FOUND;
    if (fw_subject_assign(&check->subject, type, &attempt->given, &task, &taken, &why) < 0) {
        if (taken) {
            fw_report_finding(&check->report, FW_FINDING_STAGE_TAKEN, "%s", why.text);
        } else {
            leave_out(check, attempt->what, why.text);
        }
        return 0;
    }
    int rc = try_task(check, type, &task, attempt, err);
    cJSON_Delete(task.json);
    return rc;
}

/* Whether it has input ports that can be plugged, of all kinds, or only of those with the flag. */
static bool has_inputs(const struct fw_stage *type, uint32_t flag)
{
    for (uint32_t i = 0; i < type->n_inputs; i++) {
        const struct fw_port *port = fw_port_at(type->inputs, i);
        if (!(port->flags & FW_PORT_WILDCARD) && (flag == 0 || (port->flags & flag))) {
            return true;
        }
    }
    return false;
}

/* Inputs of other sizes, and none where they are optional, for a stage that is right with many. */
static int try_others(struct check *check, const struct fw_stage *type, const struct attempt *first,
                      struct fw_error *err)
{
    static const struct {
        const char *what;
        enum fw_sample size;
        bool optional;
    } others[] = {{"run with one item in each input", FW_SAMPLE_ONE, true},
                  {"run with empty inputs", FW_SAMPLE_EMPTY, true},
                  {"run without its optional inputs", FW_SAMPLE_MANY, false}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct attempt attempt = {.given = first->given, .what = others[i].what};
        attempt.given.size = others[i].size;
        attempt.given.optional = others[i].optional && first->given.optional;
        const bool useful = others[i].optional ? has_inputs(type, 0) : first->given.optional;
        if (useful && fw_report_count_stage(&check->report) == 0) {
            FW_TRY(try_one(check, type, &attempt, err));
        }
    }
    return 0;
}

static int check_stage(struct check *check, const struct fw_stage *type, struct fw_error *err)
{
    struct attempt attempt = {
        .given = {.sets = &check->cli->sets,
                  .size = FW_SAMPLE_MANY,
                  .optional = has_inputs(type, FW_PORT_OPTIONAL)},
        .what = has_inputs(type, 0) ? "run with many items in each input" : "run",
        .whole = true,
    };
    check->report.stage = type->name;
    FW_TRY(try_one(check, type, &attempt, err));
    if (attempt.verdict == FW_TRIAL_REFUSED && attempt.given.optional) {
        attempt.given.optional = false;
        attempt.what = "run without its optional inputs";
        FW_TRY(try_one(check, type, &attempt, err));
    }
    return attempt.verdict == FW_TRIAL_PASSED ? try_others(check, type, &attempt, err) : 0;
}

/* The stage of a user's pipeline, with what it says: nothing is made up. */
static int check_given(struct check *check, const char *config, const char *name,
                       struct fw_error *err)
{
    struct attempt attempt = {
        .given = {.sets = &check->cli->sets, .config = config, .name = name},
        .what = "run as the pipeline says",
        .whole = true,
    };
    struct fw_assignment task;
    bool taken;
    const char *use;
    check->report.stage = name;
    FW_TRY(fw_subject_assign(&check->subject, NULL, &attempt.given, &task, &taken, err));
    int rc = fw_json_get_string(task.json, "use", &use, err);
    const struct fw_stage *type =
        rc < 0 ? NULL : fw_plugin_stage(check->subject.entry->plugin, use);
    if (rc == 0 && !type) {
        rc = fw_error_set(err, FW_EXIT_USAGE,
                          "%s: stage \"%s\" uses \"%s\", which is no stage of %s", config, name,
                          use, check->subject.entry->path);
    }
    rc = rc < 0 ? rc : try_task(check, type, &task, &attempt, err);
    cJSON_Delete(task.json);
    return rc;
}

static void check_callbacks(struct check *check, const struct fw_service *service)
{
    struct fw_error err = {0};
    if (fw_kinds_check(&check->subject.entry->elf, service, &err) < 0) {
        fw_report_finding(&check->report, FW_FINDING_DESCRIPTOR, "%s", err.text);
        return;
    }
    const struct fw_callbacks *table = service->table;
    fw_report_done(&check->report, "the names, options and functions of its callbacks");
    for (uint32_t i = 0; i < table->n_kinds; i++) {
        fw_report_left(&check->report, table->kinds[i]->kind,
                       "hooks are called by a trainer: run a pipeline with one, with "
                       "check_callbacks = true, and a test through fw/testkit_training.h");
    }
}

static void check_service(struct check *check, const struct fw_service *service)
{
    if (fw_kinds_are(service)) {
        check_callbacks(check, service);
    } else {
        fw_report_left(&check->report, service->id,
                       "a service is exercised by stages that use it: check one of them");
    }
}

static int check_stages(struct check *check, struct fw_error *err)
{
    const struct fw_plugin *plugin = check->subject.entry->plugin;
    const struct fw_strings *args = &check->cli->args;
    for (size_t i = 2; i < args->len; i++) {
        FW_TRY(check_given(check, args->items[1], args->items[i], err));
    }
    for (uint64_t i = 0; args->len == 1 && i < plugin->n_stages; i++) {
        FW_TRY(check_stage(check, plugin->stages[i], err));
    }
    check->report.stage = NULL;
    for (uint64_t i = 0; i < plugin->n_services; i++) {
        check_service(check, plugin->services[i]);
    }
    return 0;
}

static int examine(struct check *check, struct fw_error *err)
{
    const struct fw_cli *cli = check->cli;
    FW_TRY(fw_report_begin(&check->report, cli->args.items[0], err));
    FW_TRY(fw_subject_open(cli, cli->args.items[0], &check->subject, err));
    if (!fw_image_check(check->subject.entry, &check->report)) {
        fw_report_left(&check->report, "everything that runs it", "the findings come first");
        return 0;
    }
    FW_TRY(check_load(check, err));
    if (fw_report_count_load(&check->report) > 0) {
        fw_report_left(&check->report, "its stages", "it cannot be loaded");
        return 0;
    }
    return check_stages(check, err);
}

static int check_run(const struct fw_cli *cli, struct fw_error *err)
{
    struct check check = {.cli = cli};
    const char *path = cli->args.items[0];
    if (cli->args.len == 2) {
        fw_error_set(err, FW_EXIT_USAGE, "name the stages of %s that are to be checked",
                     cli->args.items[1]);
        return err->code;
    }
    if (access(path, R_OK) < 0) {
        fw_error_set(err, FW_EXIT_USAGE, "%s cannot be read: %s", path, strerror(errno));
        return err->code;
    }
    int code = fw_proc_adopt_orphans(err) < 0 || examine(&check, err) < 0 ? err->code : 0;
    if (code == 0) {
        code = fw_report_print(&check.report, cli->json, err);
    }
    if (code == FW_EXIT_CHECK && check.subject.entry && !check.subject.entry->elf.memory) {
        code = FW_EXIT_PLUGIN;
    }
    fw_cleanup_report(&check.report);
    fw_subject_close(&check.subject);
    fw_strings_finish(&check.folders);
    return code;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "check-plugin",
        "PLUGIN.so [PIPELINE.cfg STAGE...] | --findings",
        "Proves that a plugin keeps its contract: its file, and its stages in child processes.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_TIMEOUT,
        1,
        SIZE_MAX,
        check_run};
    if (argc == 3 && strcmp(argv[1], "--exercise") == 0) {
        return fw_exercise_main(argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "--findings") == 0) {
        return fw_finding_print_all();
    }
    return fw_tool_main(&verb, argc, argv);
}
