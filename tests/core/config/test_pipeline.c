/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/machine.h"
#include "base/path.h"
#include "config_case.h"

static void expect_below(const struct config_case *c, const char *path, const char *expected)
{
    char *joined = fw_path_join(c->folder, expected);
    assert_non_null(path);
    assert_string_equal(path, joined);
    free(joined);
}

static const char whole[] =
    "name = \"freeze\";\n"
    "vars : { raw = \"raw\"; };\n"
    "run_root = \"/runs/here\";\n"
    "seed = 42;\ndurability = \"fsync\";\non_error = \"continue\";\n"
    "heartbeat_s = 0.5;\nstall_s = \"10m\";\n"
    "resources : { threads = 4; memory = \"50%\"; temp = \"scratch\"; temp_limit = \"20GB\"; };\n"
    "stages : {\n"
    "  snapshot : {\n"
    "    use = \"snapshot\";\n"
    "    in : { raw = [ \"${raw}/a.parquet\", \"${raw}/*.csv\" ]; };\n"
    "    out : { table = \"out/snapshot\"; };\n"
    "    params : { keys = [ \"a\" ]; };\n"
    "    resources : { memory = 1048576; };\n"
    "    allow_empty = true;\n"
    "  };\n"
    "  daily : {\n"
    "    use = \"daily\";\n"
    "    in : { snapshot = \"@snapshot.table\"; more = ( \"@snapshot.extra\", \"/abs/x\" ); };\n"
    "    after = [ \"snapshot\" ];\n"
    "    isolate = \"none\";\n"
    "    materialize = false;\n"
    "    gate : { x = 1; };\n"
    "  };\n"
    "};\n";

static void reads_a_whole_pipeline(void **state)
{
    struct config_case *c = *state;
    struct fw_machine machine;
    fw_machine_look(&machine);
    config_case_write(c, "p.cfg", whole);
    config_case_pipeline(c, "p.cfg", NULL);
    const struct fw_pipeline *p = &c->pipeline;
    assert_string_equal(c->said, "");
    assert_int_equal(c->rc, 0);
    assert_string_equal(p->name, "freeze");
    assert_string_equal(p->run_root, "/runs/here");
    expect_below(c, p->root, ".");
    assert_int_equal(p->seed, 42);
    assert_int_equal(p->durability, FW_DURABLE_FSYNC);
    assert_true(p->keep_going);
    assert_true(p->heartbeat_s == 0.5 && p->stall_s == 600);
    assert_int_equal(p->resources.threads, 4);
    assert_int_equal(p->resources.memory_bytes, (uint64_t)((double)machine.memory_bytes * 0.5));
    assert_int_equal(p->resources.temp_bytes, 20000000000);
    expect_below(c, p->resources.temp, "scratch");
    assert_int_equal(p->stages.len, 2);

    const struct fw_pipeline_stage *snapshot = fw_pipeline_find(p, "snapshot");
    assert_ptr_equal(snapshot, &p->stages.items[0]);
    assert_int_equal(snapshot->node->line, 11);
    assert_string_equal(snapshot->use, "snapshot");
    assert_string_equal(snapshot->in.items[0].port, "raw");
    assert_int_equal(snapshot->in.items[0].len, 2);
    expect_below(c, snapshot->in.items[0].items[1].path, "raw/*.csv");
    expect_below(c, snapshot->out.items[0].path, "out/snapshot");
    assert_int_equal(snapshot->resources.memory_bytes, 1048576);
    assert_int_equal(snapshot->resources.threads, 0);
    assert_true(snapshot->isolated && snapshot->materialize && snapshot->allow_empty);
    assert_int_equal(fw_cfg_get(snapshot->params, "keys")->len, 1);

    const struct fw_pipeline_stage *daily = fw_pipeline_find(p, "daily");
    const struct fw_pipeline_source *source = &daily->in.items[0].items[0];
    assert_null(source->path);
    assert_string_equal(source->stage, "snapshot");
    assert_string_equal(source->port, "table");
    assert_string_equal(daily->in.items[1].items[0].port, "extra");
    assert_string_equal(daily->in.items[1].items[1].path, "/abs/x");
    assert_string_equal(daily->after.items[0].stage, "snapshot");
    assert_false(daily->isolated || daily->materialize || daily->allow_empty);
    assert_non_null(daily->gate);
    assert_null(daily->params);
    assert_null(fw_pipeline_find(p, "nope"));
}

static void takes_stages_as_a_list(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "base.cfg",
                      "stages = ( { name = \"a\"; use = \"sql\"; },\n"
                      "{ use = \"sql\"; name = \"b\"; params : { n = 1; }; } );\n");
    config_case_write(c, "p.cfg",
                      "extends = \"base.cfg\";\n"
                      "stages = ( { name = \"c\"; use = \"exec\"; after = \"b\"; } );\n");
    config_case_pipeline(c, "p.cfg", "stages.b.params.n=2", NULL);
    assert_string_equal(c->said, "");
    assert_int_equal(c->pipeline.stages.len, 3);
    const struct fw_pipeline_stage *b = fw_pipeline_find(&c->pipeline, "b");
    assert_ptr_equal(b, &c->pipeline.stages.items[1]);
    assert_int_equal(b->node->len, 2);
    assert_int_equal(fw_cfg_get(b->params, "n")->integer, 2);
    assert_string_equal(fw_pipeline_find(&c->pipeline, "c")->use, "exec");
}

static void refuses_lists_of_stages_without_a_name_each(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "p.cfg",
                      "stages = ( { name = \"a\"; use = \"x\"; },\n"
                      "{ use = \"x\"; },\n"
                      "\"b\",\n"
                      "{ name = \"a\"; use = \"x\"; us = 1; } );\n");
    config_case_pipeline(c, "p.cfg", NULL);
    config_case_expect(c, "p.cfg:2: stages.: expected a group that says its name");
    config_case_expect(c, "p.cfg:3: stages. = \"b\": expected a group that says its name");
    config_case_expect(c, "p.cfg:4: stages.a.us = 1: unknown setting; did you mean \"use\"?");
    config_case_expect(c, "p.cfg:4: stages.a: the stage of this name stands at ");
}

static void has_defaults(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "sub/my_run.cfg", "stages : { a : { use = \"sql\"; }; };\n");
    config_case_pipeline(c, "sub/my_run.cfg", NULL);
    const struct fw_pipeline *p = &c->pipeline;
    assert_string_equal(c->said, "");
    assert_string_equal(p->name, "my_run");
    expect_below(c, p->root, "sub");
    expect_below(c, p->run_root, "sub/runs");
    assert_int_equal(p->durability, FW_DURABLE_RENAME);
    assert_false(p->keep_going);
    assert_true(p->heartbeat_s == 30 && p->stall_s == 600);
    assert_int_equal(p->resources.memory_bytes, 0);
    assert_null(p->resources.temp);
}

static void takes_paths_from_the_file_that_has_them(void **state)
{
    struct config_case *c = *state;
    config_case_write(
        c, "lib/base.cfg",
        "stages : { a : { use = \"x\"; in : { p = \"data/a\"; }; out : { o = \"../o\"; }; }; };\n");
    config_case_write(
        c, "top/p.cfg",
        "extends = \"../lib/base.cfg\";\nstages : { a : { in : { q = \"./b\"; }; }; };\n");
    config_case_pipeline(c, "top/p.cfg", "stages.a.in.r=c", NULL);
    assert_string_equal(c->said, "");
    const struct fw_pipeline_stage *a = fw_pipeline_find(&c->pipeline, "a");
    expect_below(c, a->in.items[0].items[0].path, "lib/data/a");
    expect_below(c, a->in.items[1].items[0].path, "top/b");
    expect_below(c, a->in.items[2].items[0].path, "top/c");
    expect_below(c, a->out.items[0].path, "o");
}

static void takes_paths_from_root_where_it_is_set(void **state)
{
    struct config_case *c = *state;
    config_case_write(
        c, "lib/base.cfg",
        "root = \"..\";\nstages : { a : { use = \"x\"; in : { p = \"data\"; }; }; };\n");
    config_case_write(c, "top/p.cfg", "extends = \"../lib/base.cfg\";\nrun_root = \"r\";\n");
    config_case_pipeline(c, "top/p.cfg", "stages.a.in.r=c", NULL);
    assert_string_equal(c->said, "");
    const struct fw_pipeline_stage *a = fw_pipeline_find(&c->pipeline, "a");
    expect_below(c, c->pipeline.root, ".");
    expect_below(c, c->pipeline.run_root, "r");
    expect_below(c, a->in.items[0].items[0].path, "data");
    expect_below(c, a->in.items[1].items[0].path, "c");
}

static void takes_root_from_the_command_line(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "top/p.cfg",
                      "stages : { a : { use = \"x\"; in : { p = \"data\"; }; }; };\n");
    config_case_pipeline(c, "top/p.cfg", "root=../other", NULL);
    assert_string_equal(c->said, "");
    expect_below(c, c->pipeline.stages.items[0].in.items[0].items[0].path, "other/data");
}

static const char full_of_mistakes[] = "name = \"a b\";\n"
                                       "sede = 5;\n"
                                       "seed = \"x\";\n"
                                       "durability = \"none\";\n"
                                       "on_error = true;\n"
                                       "heartbeat_s = 600;\n"
                                       "stall_s = \"soon\";\n"
                                       "resources : {\n"
                                       "  threads = 0;\n"
                                       "  memory = \"8G\";\n"
                                       "  memroy = 5;\n"
                                       "}; vars : { data = \"d\"; };\n"
                                       "stages : {\n"
                                       "  snapshot : {\n"
                                       "    in : { raw = ( \"a\", 7 ); };\n"
                                       "    out : { table = [ \"a\" ]; };\n"
                                       "    params = 5;\n"
                                       "  };\n"
                                       "  daily : { use = \"daily\";\n"
                                       "    uses = \"daily\";\n"
                                       "    in : { a = \"@snapshto.table\";\n"
                                       "    }; after = \"daily\";\n"
                                       "    isolate = \"thread\";\n"
                                       "    materialize = \"no\"; params : {\n"
                                       "    big2 = 5; c = \"${dat}/x\";\n"
                                       "    big = 4294967296; };\n"
                                       "  };\n"
                                       "  x = \"daily\";\n"
                                       "  y : { use = \"z\"; in : { p = \"@daily\"; }; };\n"
                                       "};\n";

static const char *const mistakes[] = {
    "p.cfg:1: name = \"a b\": expected at most 64 letters",
    "p.cfg:2: sede = 5: unknown setting; did you mean \"seed\"?",
    "p.cfg:3: seed = \"x\": expected an integer, found a string",
    "p.cfg:4: durability = \"none\": expected \"rename\" or \"fsync\"",
    "p.cfg:5: on_error = true: expected \"stop\" or \"continue\"",
    "p.cfg:6: heartbeat_s = 600: expected 0.05 to 30 seconds",
    "p.cfg:7: stall_s = \"soon\": \"soon\" is no duration",
    "p.cfg:9: resources.threads = 0: expected an integer from 1 to 4096",
    "p.cfg:10: resources.memory = \"8G\": \"8G\" is no size",
    "p.cfg:11: resources.memroy = 5: unknown setting; did you mean \"memory\"?",
    "p.cfg:14: stages.snapshot: the setting \"use\" is missing",
    "p.cfg:15: stages.snapshot.in.raw[1] = 7: expected a path",
    "p.cfg:16: stages.snapshot.out.table: expected a string, found an array",
    "p.cfg:17: stages.snapshot.params = 5: expected a group, found an integer",
    "p.cfg:20: stages.daily.uses = \"daily\": unknown setting; did you mean \"use\"?",
    "p.cfg:21: stages.daily.in.a = \"@snapshto.table\": there is no stage \"snapshto\"; did "
    "you mean \"snapshot\"?",
    "p.cfg:22: stages.daily.after = \"daily\": the stage refers to itself",
    "p.cfg:23: stages.daily.isolate = \"thread\": expected \"none\" or \"process\"",
    "p.cfg:24: stages.daily.materialize = \"no\": expected a boolean, found a string",
    "p.cfg:25: stages.daily.params.c = \"${dat}/x\": there is no variable \"dat\"; did you "
    "mean \"data\"?",
    "p.cfg:26: stages.daily.params.big = 4294967296: does not fit in 32 bits",
    "p.cfg:28: stages.x = \"daily\": expected a group",
    "p.cfg:29: stages.y.in.p = \"@daily\": expected \"@stage.port\"",
    "cli:1: stages.y.resources.temp_limit = -1: expected a size above 0",
};

static void reports_twenty_mistakes_at_once(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "p.cfg", full_of_mistakes);
    config_case_pipeline(c, "p.cfg", "stages.y.resources.temp_limit=-1", NULL);
    assert_int_equal(c->rc, 0);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        config_case_expect(c, mistakes[i]);
    }
    assert_int_equal(c->diag.len, sizeof mistakes / sizeof mistakes[0]);
}

static void refuses_a_pipeline_of_nothing(void **state)
{
    static const char *const cases[][2] = {
        {"name = \"x\";\n", "p.cfg: there are no stages"},
        {"\nstages : { };\n", "p.cfg:2: there are no stages"},
        {"stages = 5;\n", "p.cfg:1: stages = 5: expected a group"},
    };
    struct config_case *c = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config_case_write(c, "p.cfg", cases[i][0]);
        config_case_pipeline(c, "p.cfg", NULL);
        assert_int_equal(c->rc, 0);
        config_case_expect(c, cases[i][1]);
        fw_pipeline_finish(&c->pipeline);
        fw_diag_finish(&c->diag);
    }
}

static void refuses_settings_that_make_no_sense(void **state)
{
    static const char *const cases[][2] = {
        {"root = 5;", "p.cfg:1: root = 5: expected the path of a folder"},
        {"resources = 5;", "p.cfg:1: resources = 5: expected a group"},
        {"vars = 5;", "p.cfg:1: vars = 5: expected a group"},
        {"stages : { a : { use = \"x\"; in : { p = [ ]; }; }; };",
         "stages.a.in.p: the list is empty"},
        {"stages : { a : { use = \"x\"; in : { p = \"\"; }; }; };",
         "stages.a.in.p = \"\": expected a path"},
        {"stages : { a : { use = \"x\"; in = \"@b.c\"; }; };",
         "stages.a.in = \"@b.c\": expected a group"},
        {"stages : { a : { use = \"x\"; in : { p = \"@.c\"; }; }; };", "expected \"@stage.port\""},
        {"stages : { a : { use = \"x\"; in : { p = \"@b.\"; }; }; };", "expected \"@stage.port\""},
        {"stages : { a* : { use = \"x\"; }; };", "stages.a*: expected a name"},
        {"stages : { a : { use = 5; }; };", "stages.a.use = 5: expected a string"},
        {"stages : { a : { use = \"x\"; resources : { temp_limit = \"x\"; }; }; };", "is no size"},
    };
    struct config_case *c = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config_case_write(c, "p.cfg", cases[i][0]);
        config_case_pipeline(c, "p.cfg", NULL);
        config_case_expect(c, cases[i][1]);
        fw_pipeline_finish(&c->pipeline);
        fw_diag_finish(&c->diag);
    }
    config_case_write(c, "my run.cfg", "stages : { a : { use = \"x\"; }; };");
    config_case_pipeline(c, "my run.cfg", "extends=b.cfg", NULL);
    config_case_expect(c, "my run.cfg: give the pipeline a name");
    config_case_expect(c, "cli:1: extends = \"b.cfg\": works only inside a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_CASE(reads_a_whole_pipeline),
        CONFIG_CASE(takes_stages_as_a_list),
        CONFIG_CASE(refuses_lists_of_stages_without_a_name_each),
        CONFIG_CASE(has_defaults),
        CONFIG_CASE(takes_paths_from_the_file_that_has_them),
        CONFIG_CASE(takes_paths_from_root_where_it_is_set),
        CONFIG_CASE(takes_root_from_the_command_line),
        CONFIG_CASE(reports_twenty_mistakes_at_once),
        CONFIG_CASE(refuses_a_pipeline_of_nothing),
        CONFIG_CASE(refuses_settings_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
