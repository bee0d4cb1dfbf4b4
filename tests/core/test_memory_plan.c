/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_sweep.h"
#include "base/json.h"
#include "base/path.h"
#include "graph/key.h"
#include "graph/plan.h"
#include "store/manifest.h"
#include "store/rundir.h"
#include "test_files.h"

/* Allocations that fail one after the other, from the plugins' files to the plan. */
static char plugins[4096];

static int enter(void **state)
{
    const char *root = getenv("FWRUN_BUILD_ROOT");
    char *folder = test_folder_create();
    snprintf(plugins, sizeof plugins, "%s/tests/fixtures/good", root ? root : ".");
    test_file_write(folder, "in.txt", "hello");
    test_file_write(
        folder, "p.cfg",
        "stages : {\n"
        " a : { use = \"t_count\"; in : { in = \"in.txt\"; }; params : { n = 7; }; };\n"
        " b : { use = \"t_copy\"; in : { in = \"@a.out\"; }; out : { out = \"o\"; }; };\n"
        " c : { use = \"t_noop\"; in : { in = [ \"*.txt\" ]; }; after = \"b\"; };\n"
        "};\n");
    *state = folder;
    return 0;
}

static int leave(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static int open_registry(struct fw_registry *ret_registry, struct fw_error *err)
{
    char *dirs[] = {plugins};
    return fw_registry_open(&(struct fw_strings){.items = dirs, .len = 1}, ret_registry, err);
}

static int find_plugins(const char *folder, struct fw_error *err)
{
    (void)folder;
    struct fw_registry registry;
    struct fw_registry_stage stage;
    FW_TRY(open_registry(&registry, err));
    int rc = fw_registry_find_stage(&registry, "t_noop", &stage, err);
    fw_registry_finish(&registry);
    return rc;
}

static void the_registry_reports_it(void **state)
{
    alloc_sweep(*state, find_plugins, 40);
}

/* The bad ones are told from those that memory ran out for. */
static int find_bad_plugins(const char *folder, struct fw_error *err)
{
    struct fw_registry registry = {0};
    char path[200];
    snprintf(path, sizeof path, "%s/in.txt", folder);
    int rc = fw_registry_add(&registry, path, err);
    assert_true(rc < 0 || registry.items[0].reason);
    fw_registry_finish(&registry);
    return rc;
}

static void bad_plugins_report_it(void **state)
{
    alloc_sweep(*state, find_bad_plugins, 3);
}

static struct fw_pipeline pipeline;
static struct fw_registry registry;

static bool all_done; /* every stage has been completed: planning must find that out */

static int assess(struct fw_plan *plan, const char *folder, struct fw_error *err)
{
    char memo[200];
    struct fw_digests *digests;
    fw_auto(json) cJSON *json = NULL;
    snprintf(memo, sizeof memo, "%s/memo", folder);
    FW_TRY(fw_digests_open(memo, &digests, err));
    int rc = fw_plan_assess_all(plan, digests, err);
    for (size_t i = 0; rc == 0 && i < plan->n_stages; i++) {
        assert_true((plan->stages[i].state == FW_PLAN_REUSE) == all_done);
    }
    rc = rc < 0 ? rc : fw_plan_json(plan, &json, err);
    fw_digests_close(digests);
    return rc;
}

/* Memory that ran out is said, and never taken for a mistake in the configuration. */
static void expect_no_false_mistake(const struct fw_diag *diag)
{
    for (size_t i = 0; i < diag->len; i++) {
        const char *text = diag->items[i].text;
        if (text && !strstr(text, "out of memory")) {
            fail_msg("a false mistake: %s", text);
        }
    }
}

static int plan(const char *folder, struct fw_error *err)
{
    struct fw_diag diag = {0}, plugin_diag = {0};
    fw_auto(plan) struct fw_plan *made = NULL;
    int rc = fw_plan_create(&pipeline, &registry, NULL, &made, &diag, &plugin_diag);
    expect_no_false_mistake(&diag);
    expect_no_false_mistake(&plugin_diag);
    rc = rc < 0 || fw_diag_any(&diag) || fw_diag_any(&plugin_diag) ? fw_error_oom(err) : 0;
    fw_diag_finish(&diag);
    fw_diag_finish(&plugin_diag);
    return rc < 0 ? rc : assess(made, folder, err);
}

/* What a run would leave of a stage: its output and its manifest. */
static void complete(const struct fw_plan *made, const struct fw_plan_stage *stage)
{
    struct fw_error err;
    const struct fw_plan_output *output = &stage->outputs.items[0];
    fw_auto(json) cJSON *manifest = cJSON_CreateObject();
    fw_auto(free) char *folder = fw_path_folder(output->path);
    cJSON *outputs = cJSON_AddArrayToObject(manifest, "outputs"), *item;
    cJSON_AddStringToObject(manifest, "key", stage->key);
    test_file_write(folder, fw_path_name(output->path), "done\n");
    assert_int_equal(fw_manifest_describe(output->path, &item, &err), 0);
    cJSON_AddStringToObject(item, "port", output->port);
    cJSON_AddStringToObject(item, "path", output->path);
    cJSON_AddItemToArray(outputs, item);
    fw_auto(free) char *own = fw_rundir_stage(made->run_dir, stage->spec->name);
    assert_int_equal(fw_fs_mkdirs(own, &err), 0);
    cJSON_AddRawToObject(manifest, "preimage", stage->preimage);
    assert_int_equal(
        fw_manifest_write(made->run_dir, stage->spec->name, manifest, FW_DURABLE_RENAME, &err), 0);
}

static void complete_all(const char *folder)
{
    struct fw_diag diag = {0};
    struct fw_error err;
    struct fw_digests *digests;
    fw_auto(plan) struct fw_plan *made = NULL;
    char *memo = test_path(folder, "memo");
    assert_int_equal(fw_plan_create(&pipeline, &registry, NULL, &made, &diag, &diag), 0);
    assert_int_equal(fw_digests_open(memo, &digests, &err), 0);
    for (size_t i = 0; i < made->n_stages; i++) {
        size_t index = made->order[i];
        assert_int_equal(fw_plan_assess(made, index, digests, &err), 0);
        complete(made, &made->stages[index]);
        assert_int_equal(fw_plan_assess(made, index, digests, &err), 0);
    }
    fw_digests_close(digests);
    free(memo);
}

static void planning_reports_it(void **state)
{
    struct fw_diag diag = {0};
    struct fw_error err;
    char *path = test_path(*state, "p.cfg");
    assert_int_equal(fw_pipeline_load(path, NULL, &pipeline, &diag), 0);
    assert_false(fw_diag_any(&diag));
    assert_int_equal(open_registry(&registry, &err), 0);
    all_done = false;
    alloc_sweep(*state, plan, 200);
    complete_all(*state);
    all_done = true;
    alloc_sweep(*state, plan, 250);
    fw_registry_finish(&registry);
    fw_pipeline_finish(&pipeline);
    free(path);
}

static int explain(const char *folder, struct fw_error *err)
{
    (void)folder;
    static const char before[] = "{\"params\":{\"a\":1,\"b\":\"x\"},\"seed\":3}";
    static const char after[] = "{\"params\":{\"a\":2,\"c\":[1,2]},\"seed\":4}";
    fw_auto(json) cJSON *old = NULL, *new = NULL;
    fw_auto(strings) struct fw_strings lines = {0};
    FW_TRY(fw_json_parse(before, strlen(before), "before", &old, err));
    FW_TRY(fw_json_parse(after, strlen(after), "after", &new, err));
    FW_TRY(fw_key_explain(old, new, NULL, &lines, err));
    assert_true(lines.len >= 4);
    return 0;
}

static void explaining_reports_it(void **state)
{
    alloc_sweep(*state, explain, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_registry_reports_it, enter, leave),
        cmocka_unit_test_setup_teardown(bad_plugins_report_it, enter, leave),
        cmocka_unit_test_setup_teardown(planning_reports_it, enter, leave),
        cmocka_unit_test_setup_teardown(explaining_reports_it, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
