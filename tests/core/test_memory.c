/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_sweep.h"
#include "base/files.h"
#include "base/json.h"
#include "base/lease.h"
#include "base/path.h"
#include "config/pipeline.h"
#include "test_files.h"

/* See alloc_sweep.h. */
static void sweep(alloc_sweep_fn *run, unsigned at_least)
{
    char *folder = test_folder_create();
    test_file_write(folder, "base.cfg", "vars : { a = \"x\"; };\nroot = \".\";\n");
    test_file_write(
        folder, "p.cfg",
        "extends = \"base.cfg\";\n"
        "resources : { threads = 2; memory = \"1GB\"; temp = \"t\"; };\n"
        "stages : {\n a : { use = \"x\"; in : { p = [ \"a\", \"${a}/b\" ]; }; };\n"
        " b : { use = \"y\"; in : { q = \"@a.o\"; }; out : { r = \"s\"; }; after = \"a\"; };\n"
        "};\n");
    alloc_sweep(folder, run, at_least);
    test_folder_remove(folder);
}

static int load_pipeline(const char *folder, struct fw_error *err)
{
    char set[] = "stages.a.params.k=v", *items[] = {set}, path[200];
    struct fw_strings sets = {.items = items, .len = 1};
    struct fw_pipeline pipeline;
    struct fw_diag diag = {0};
    snprintf(path, sizeof path, "%s/p.cfg", folder);
    int rc = fw_pipeline_load(path, &sets, &pipeline, &diag);
    if (rc == 0) {
        fw_pipeline_finish(&pipeline);
    }
    rc = fw_diag_any(&diag) ? fw_error_oom(err) : rc;
    fw_diag_finish(&diag);
    return rc;
}

static void loading_a_pipeline_reports_it(void **state)
{
    (void)state;
    sweep(load_pipeline, 60);
}

static int round_trip(const char *folder, struct fw_error *err)
{
    static const char text[] = "{\"b\":[1,{\"c\":9007199254740993}],\"a\":\"x\"}";
    char path[200];
    fw_auto(json) cJSON *json = NULL, *again = NULL;
    fw_auto(free) char *canonical = NULL;
    snprintf(path, sizeof path, "%s/x.json", folder);
    FW_TRY(fw_json_parse(text, strlen(text), "x", &json, err));
    FW_TRY(fw_json_write(path, json, FW_DURABLE_RENAME, err));
    FW_TRY(fw_json_read(path, &again, err));
    return fw_json_canonical(again, &canonical, err);
}

static void json_reports_it(void **state)
{
    (void)state;
    sweep(round_trip, 30);
}

static int work_with_files(const char *folder, struct fw_error *err)
{
    char pattern[200], deep[200];
    fw_auto(files) struct fw_files files = {0};
    fw_auto(strings) struct fw_strings found = {0};
    snprintf(pattern, sizeof pattern, "%s/*.cfg", folder);
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    FW_TRY(fw_fs_mkdirs(deep, err));
    FW_TRY(fw_fs_probe_writable(deep, err));
    FW_TRY(fw_files_list(folder, &files, err));
    FW_TRY(fw_path_glob(pattern, &found, err));
    return fw_fs_remove(deep, err);
}

static void files_report_it(void **state)
{
    (void)state;
    sweep(work_with_files, 10);
}

static int hold_a_lease(const char *folder, struct fw_error *err)
{
    char path[200];
    struct fw_lease lease = {0};
    snprintf(path, sizeof path, "%s/lease", folder);
    FW_TRY(fw_lease_take(&lease, path, NULL, err));
    int rc = fw_lease_beat(&lease, err);
    struct fw_error ignored;
    while (fw_lease_drop(&lease, &ignored) < 0) {
    }
    return rc;
}

static void a_lease_reports_it(void **state)
{
    (void)state;
    sweep(hold_a_lease, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_a_pipeline_reports_it),
        cmocka_unit_test(json_reports_it),
        cmocka_unit_test(files_report_it),
        cmocka_unit_test(a_lease_reports_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
