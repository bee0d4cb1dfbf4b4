/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "graph/key.h"
#include "graph/plan.h"
#include "test_files.h"

/* Plans over the good fixtures: t_noop and t_count take any number of files in and give one. */
struct box {
    char *folder;
    struct fw_pipeline pipeline;
    struct fw_registry registry;
    struct fw_plan *plan;
    struct fw_digests *digests;
    struct fw_diag diag, plugin_diag;
    struct fw_str text;
};

static void make(struct box *box, const char *text)
{
    struct fw_strings dirs = {0};
    const char *root = getenv("FWRUN_BUILD_ROOT");
    assert_non_null(root);
    assert_int_equal(fw_strings_take(&dirs, fw_text("%s/tests/fixtures/good", root)), 0);
    box->folder = test_folder_create();
    char *path = test_path(box->folder, "p.cfg"), *memo = test_path(box->folder, "memo");
    test_file_write(box->folder, "p.cfg", text);
    test_file_write(box->folder, "in.txt", "hello");
    assert_int_equal(fw_pipeline_load(path, NULL, &box->pipeline, &box->diag), 0);
    assert_int_equal(fw_registry_open(&dirs, &box->registry, NULL), 0);
    assert_int_equal(fw_plan_create(&box->pipeline, &box->registry, NULL, &box->plan, &box->diag,
                                    &box->plugin_diag),
                     0);
    assert_int_equal(fw_digests_open(memo, &box->digests, NULL), 0);
    fw_diag_print(&box->diag, &box->text);
    fw_diag_print(&box->plugin_diag, &box->text);
    fw_strings_finish(&dirs);
    free(path);
    free(memo);
}

static void finish(struct box *box)
{
    fw_digests_close(box->digests);
    fw_plan_destroy(box->plan);
    fw_registry_finish(&box->registry);
    fw_pipeline_finish(&box->pipeline);
    fw_diag_finish(&box->diag);
    fw_diag_finish(&box->plugin_diag);
    fw_str_finish(&box->text);
    test_folder_remove(box->folder);
}

static const char *name_at(const struct box *box, size_t i)
{
    return box->plan->stages[box->plan->order[i]].spec->name;
}

static void producers_come_before_consumers(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box, "stages: { c: { use = \"t_noop\"; in: { in = \"@b.out\"; }; };\n"
               "b: { use = \"t_noop\"; in: { in = [\"@a.out\", \"in.txt\"]; }; };\n"
               "d: { use = \"t_noop\"; after = [\"c\"]; };\n"
               "a: { use = \"t_noop\"; }; };");
    assert_int_equal(box.diag.len + box.plugin_diag.len, 0);
    assert_string_equal(name_at(&box, 0), "a");
    assert_string_equal(name_at(&box, 1), "b");
    assert_string_equal(name_at(&box, 2), "c");
    assert_string_equal(name_at(&box, 3), "d");
    finish(&box);
}

static void a_cycle_names_its_stages(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box, "stages: { a: { use = \"t_noop\"; in: { in = \"@b.out\"; }; };\n"
               "b: { use = \"t_noop\"; in: { in = \"@a.out\"; }; }; };");
    assert_int_equal(box.diag.len, 1);
    assert_non_null(strstr(box.text.text, "a cycle: \"a\" waits for \"b\", which waits for \"a\""));
    finish(&box);
}

static void what_waits_for_itself_or_for_a_cycle_is_reported_once(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box, "stages = ( { name = \"a\"; use = \"t_noop\"; after = \"a\"; },\n"
               "{ name = \"b\"; use = \"t_noop\"; after = [\"d\", \"c\"]; },\n"
               "{ name = \"c\"; use = \"t_noop\"; after = [\"e\", \"b\"]; },\n"
               "{ name = \"d\"; use = \"t_noop\"; after = \"b\"; },\n"
               "{ name = \"e\"; use = \"t_noop\"; } );");
    assert_int_equal(box.diag.len, 2);
    assert_non_null(strstr(box.text.text, "the stage refers to itself"));
    assert_non_null(strstr(box.text.text, "a cycle: \"b\" waits for \"d\", which waits for \"b\""));
    finish(&box);
}

static void two_outputs_in_one_place_are_refused(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box,
         "run_root = \"runs\"; stages = (\n"
         "{ name = \"a\"; use = \"t_noop\"; out : { out = \"x\"; }; },\n"
         "{ name = \"b\"; use = \"t_noop\"; out : { out = \"./x\"; }; },\n"
         "{ name = \"c\"; use = \"t_noop\"; out : { out = \"runs/p/stages/d/out.txt\"; }; },\n"
         "{ name = \"d\"; use = \"t_noop\"; } );");
    assert_int_equal(box.diag.len, 2);
    assert_non_null(strstr(box.text.text, "p.cfg:3: stages.b.out.out"));
    assert_non_null(strstr(box.text.text, "is already the output \"out\" of stage \"a\""));
    assert_non_null(strstr(box.text.text, "p.cfg:4: stages.c.out.out"));
    finish(&box);
}

static void wrong_wiring_is_reported_with_what_would_be_right(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box, "stages: { a: { use = \"t_noop\"; in: { inn = \"in.txt\"; }; };\n"
               "b: { use = \"t_noop\"; in: { in = \"@a.output\"; }; };\n"
               "c: { use = \"t_noop\"; in: { in = \"gone.txt\"; }; };\n"
               "d: { use = \"t_noop\"; in: { in = \"*.tsv\"; }; };\n"
               "e: { use = \"t_nope\"; };\n"
               "f: { use = \"t_copy\"; };\n"
               "g: { use = \"t_noop\"; out: { out = \"same\"; }; };\n"
               "h: { use = \"t_noop\"; out: { out = \"same\"; }; };\n"
               "i: { use = \"t_noop\"; materialize = false; }; };");
    assert_non_null(strstr(box.text.text, "p.cfg:1: stages.a.in.inn"));
    assert_non_null(strstr(box.text.text, "has no output \"output\"; it has out"));
    assert_non_null(strstr(box.text.text, "gone.txt"));
    assert_non_null(strstr(box.text.text, "no file matches"));
    assert_non_null(strstr(box.text.text, "t_nope"));
    assert_non_null(strstr(box.text.text, "input \"in\" is missing"));
    assert_non_null(strstr(box.text.text, "is already the output \"out\" of stage \"g\""));
    assert_non_null(strstr(box.text.text, "materialize"));
    assert_int_equal(box.plugin_diag.len, 1);
    finish(&box);
}

static void only_what_the_named_stages_need_is_kept(void **state)
{
    (void)state;
    struct box box = {0};
    struct fw_strings names = {0};
    struct fw_error err;
    make(&box,
         "stages: { a: { use = \"t_noop\"; }; b: { use = \"t_noop\"; in: { in = \"@a.out\"; }; };\n"
         "c: { use = \"t_noop\"; }; };");
    assert_int_equal(fw_strings_add(&names, "b"), 0);
    assert_int_equal(fw_plan_select(box.plan, &names, NULL), 0);
    assert_int_not_equal(fw_plan_find(box.plan, "a")->state, FW_PLAN_LEFT_OUT);
    assert_int_equal(fw_plan_find(box.plan, "c")->state, FW_PLAN_LEFT_OUT);
    assert_int_equal(fw_strings_add(&names, "zz"), 0);
    assert_int_equal(fw_plan_select(box.plan, &names, &err), -1);
    assert_int_equal(err.code, FW_EXIT_USAGE);
    fw_strings_finish(&names);
    finish(&box);
}

static void key_of(const char *text, char ret_key[FW_SHA256_TEXT])
{
    struct box box = {0};
    make(&box, text);
    assert_int_equal(box.diag.len + box.plugin_diag.len, 0);
    assert_int_equal(fw_plan_assess_all(box.plan, box.digests, NULL), 0);
    memcpy(ret_key, box.plan->stages[0].key, FW_SHA256_TEXT);
    assert_int_equal(strlen(ret_key), 64);
    finish(&box);
}

/* Each line: what must not change the key, and what must. */
static void the_key_covers_what_changes_bytes_and_nothing_else(void **state)
{
    (void)state;
    const char *base = "stages: { a: { use = \"t_count\"; in: { in = \"in.txt\"; }; "
                       "params: { n = 7; }; }; };";
    const char *same[] = {
        /* defaults expanded, budgets, places, a parameter without effect, another folder */
        "resources: { threads = 1; memory = \"1GB\"; }; stages: { a: { use = \"t_count\"; "
        "in: { in = \"in.txt\"; }; params: { n = 7; per_step = 99; }; "
        "resources: { threads = 2; }; }; };",
        "run_root = \"elsewhere\"; name = \"other\"; stages: { a: { use = \"t_count\"; "
        "in: { in = \"in.txt\"; }; params: { n = 7; }; isolate = \"none\"; }; };",
        "stages: { a: { use = \"t_count\"; in: { in = \"in.txt\"; }; params: { n = 7; }; "
        "out: { out = \"place/numbers.txt\"; }; }; };"};
    const char *different[] = {
        "stages: { a: { use = \"t_count\"; in: { in = \"in.txt\"; }; params: { n = 8; }; }; };",
        "seed = 3; stages: { a: { use = \"t_count\"; in: { in = \"in.txt\"; }; "
        "params: { n = 7; }; }; };",
        "stages: { a: { use = \"t_count\"; in: { in = \"p.cfg\"; }; params: { n = 7; }; }; };",
        "stages: { a: { use = \"t_count\"; params: { n = 7; }; }; };",
        "stages: { a: { use = \"t_count\"; in: { in = \"in.txt\"; }; params: { n = 7; }; "
        "out: { out = \"numbers.parquet\"; }; }; };"};
    char key[FW_SHA256_TEXT], other[FW_SHA256_TEXT];
    key_of(base, key);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        key_of(same[i], other);
        assert_string_equal(key, other);
    }
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        key_of(different[i], other);
        assert_string_not_equal(key, other);
    }
}

static void what_waits_for_a_run_says_so(void **state)
{
    (void)state;
    struct box box = {0};
    make(&box, "stages: { a: { use = \"t_noop\"; }; b: { use = \"t_noop\"; in: { in = \"@a.out\"; "
               "}; }; };");
    assert_int_equal(fw_plan_assess_all(box.plan, box.digests, NULL), 0);
    assert_int_equal(box.plan->stages[0].state, FW_PLAN_RUN);
    assert_int_equal(box.plan->stages[1].state, FW_PLAN_WAITING);
    assert_string_equal(box.plan->stages[1].reason, "\"a\" runs before it");
    finish(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(producers_come_before_consumers),
        cmocka_unit_test(a_cycle_names_its_stages),
        cmocka_unit_test(what_waits_for_itself_or_for_a_cycle_is_reported_once),
        cmocka_unit_test(two_outputs_in_one_place_are_refused),
        cmocka_unit_test(wrong_wiring_is_reported_with_what_would_be_right),
        cmocka_unit_test(only_what_the_named_stages_need_is_kept),
        cmocka_unit_test(the_key_covers_what_changes_bytes_and_nothing_else),
        cmocka_unit_test(what_waits_for_a_run_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
