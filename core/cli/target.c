/* SPDX-License-Identifier: MIT */
#include "cli/target.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"

struct place {
    char *config;
    char *run_dir; /* NULL: where the configuration says */
};

/* A run directory: run.json names the configuration and the overrides it was run with. */
static int find_config(const struct fw_cli *cli, const char *what, struct place *place,
                       struct fw_strings *sets, struct fw_error *err)
{
    struct stat st;
    fw_auto(json) cJSON *json = NULL;
    const char *config;
    if (stat(what, &st) == 0 && S_ISDIR(st.st_mode)) {
        fw_auto(free) char *record = fw_text("%s/run.json", what);
        if (!record) {
            return fw_error_oom(err);
        }
        if (access(record, F_OK) < 0) {
            return fw_error_set(err, FW_EXIT_USAGE,
                                "%s is no run directory: it has no run.json; name the pipeline",
                                what);
        }
        if (fw_json_read(record, &json, err) < 0 ||
            fw_json_get_string(json, "config", &config, err) < 0) {
            return fw_error_prefix(err, "name the pipeline instead of its run directory: ");
        }
        const cJSON *set;
        cJSON_ArrayForEach(set, cJSON_GetObjectItemCaseSensitive(json, "sets"))
        {
            if (cJSON_IsString(set) && fw_strings_add(sets, set->valuestring) < 0) {
                return fw_error_oom(err);
            }
        }
        place->run_dir = fw_path_absolute(what);
        place->config = strdup(config);
    } else {
        place->config = strdup(what);
    }
    for (size_t i = 0; i < cli->sets.len; i++) {
        if (fw_strings_add(sets, cli->sets.items[i]) < 0) {
            return fw_error_oom(err);
        }
    }
    return place->config ? 0 : fw_error_oom(err);
}

/* Plugins that are missing stand with the other mistakes, in the order of the lines. */
static int merge(struct fw_diag *plugin_diag, struct fw_diag *diag)
{
    for (; plugin_diag->len > 0; plugin_diag->len--) {
        struct fw_diag_item *slot = fw_vec_add(diag);
        if (!slot) {
            return -1;
        }
        *slot = plugin_diag->items[plugin_diag->len - 1];
    }
    return 0;
}

static int report(struct fw_diag *diag, struct fw_diag *plugin_diag, const char *config,
                  struct fw_error *err)
{
    if (!fw_diag_any(diag) && !fw_diag_any(plugin_diag)) {
        return 0;
    }
    fw_auto(str) struct fw_str text = {0};
    int code = fw_diag_any(diag) ? FW_EXIT_CONFIG : FW_EXIT_PLUGIN;
    if (merge(plugin_diag, diag) < 0) {
        return fw_error_oom(err);
    }
    fw_diag_print(diag, &text);
    fputs(text.text ? text.text : "", stderr);
    return fw_error_set(err, code, "%zu mistake%s in %s; nothing was run", diag->len,
                        diag->len == 1 ? "" : "s", config);
}

static int open_digests(struct fw_target *target, struct fw_error *err)
{
    fw_auto(free) char *path = fw_text("%s/.digests", target->pipeline.run_root);
    return path ? fw_digests_open(path, &target->digests, err) : fw_error_oom(err);
}

static int load(const struct fw_cli *cli, const struct place *place, struct fw_target *target,
                struct fw_error *err)
{
    fw_auto(diag) struct fw_diag diag = {0};
    fw_auto(diag) struct fw_diag plugin_diag = {0};
    if (fw_pipeline_load(place->config, &target->sets, &target->pipeline, &diag) < 0) {
        return report(&diag, &plugin_diag, place->config, err) < 0 ? -1 : fw_error_oom(err);
    }
    if (fw_registry_open(&cli->plugin_dirs, &target->registry, err) < 0) {
        fw_pipeline_finish(&target->pipeline);
        return -1;
    }
    target->loaded = true;
    if (fw_plan_create(&target->pipeline, &target->registry, place->run_dir, &target->plan, &diag,
                       &plugin_diag) < 0) {
        return fw_error_oom(err);
    }
    if (report(&diag, &plugin_diag, place->config, err) < 0) {
        return -1;
    }
    return open_digests(target, err);
}

int fw_target_open(const struct fw_cli *cli, const char *what, struct fw_target *target,
                   struct fw_error *err)
{
    struct place place = {0};
    int rc = find_config(cli, what, &place, &target->sets, err);
    if (rc == 0) {
        rc = load(cli, &place, target, err);
    }
    free(place.config);
    free(place.run_dir);
    return rc;
}

int fw_target_select(const struct fw_cli *cli, struct fw_target *target, struct fw_error *err)
{
    struct fw_plan *plan = target->plan;
    struct fw_strings names = {.items = cli->args.items + 1, .len = cli->args.len - 1};
    FW_TRY(fw_plan_select(plan, &names, err));
    FW_TRY(cli->from ? fw_plan_begin_at(plan, cli->from, err) : 0);
    for (size_t i = 0; i < cli->force.len; i++) {
        const struct fw_plan_stage *stage = fw_plan_find(plan, cli->force.items[i]);
        if (!stage) {
            return fw_error_set(err, FW_EXIT_USAGE, "--force: there is no stage \"%s\"",
                                cli->force.items[i]);
        }
        plan->stages[stage - plan->stages].forced = true;
    }
    return 0;
}

int fw_target_assess(struct fw_target *target, struct fw_error *err)
{
    if (fw_plan_assess_all(target->plan, target->digests, err) < 0) {
        return -1;
    }
    /* Only a folder that is there: looking at a plan must not leave anything behind. */
    if (fw_fs_probe_writable(target->pipeline.run_root, NULL) == 0) {
        struct stat st;
        if (stat(target->pipeline.run_root, &st) == 0) {
            return fw_digests_save(target->digests, err);
        }
    }
    return 0;
}

void fw_target_close(struct fw_target *target)
{
    fw_digests_close(target->digests);
    fw_plan_destroy(target->plan);
    if (target->loaded) {
        fw_registry_finish(&target->registry);
        fw_pipeline_finish(&target->pipeline);
    }
    fw_strings_finish(&target->sets);
    *target = (struct fw_target){0};
}
