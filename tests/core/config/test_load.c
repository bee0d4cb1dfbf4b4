/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "comma_locale.h"
#include "config_case.h"
#include "test_files.h"

static void expect_path(const struct fw_cfg_node *node, const char *wanted)
{
    char *path = fw_cfg_path(node);
    assert_string_equal(path, wanted);
    free(path);
}

static void expect_place(const struct fw_cfg_node *node, const char *file, int line)
{
    assert_string_equal(node->file + strlen(node->file) - strlen(file), file);
    assert_int_equal(node->line, line);
}

static void reads_every_kind_with_its_place(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg",
                      "i = -5;\nh = 0x1F;\nw = 5000000000L;\nf = 1.5;\nb = true;\n"
                      "s = \"one \"\n    \"two\";\ng : { x = 1; };\na = [ 1, 2 ];\n"
                      "l = ( \"t\",\n  { y = 2; } );\n");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, 0);
    assert_string_equal(c->said, "");
    assert_int_equal(config_case_node(&c->cfg, "i")->integer, -5);
    assert_true(config_case_node(&c->cfg, "i")->real == -5);
    assert_int_equal(config_case_node(&c->cfg, "h")->integer, 31);
    assert_int_equal(config_case_node(&c->cfg, "w")->integer, 5000000000);
    assert_true(config_case_node(&c->cfg, "f")->real == 1.5);
    assert_true(config_case_node(&c->cfg, "b")->truth);
    assert_string_equal(config_case_node(&c->cfg, "s")->text, "one two");
    const struct fw_cfg_node *list = config_case_node(&c->cfg, "l");
    assert_int_equal(list->kind, FW_CFG_LIST);
    assert_int_equal(list->len, 2);
    expect_path(&list->items[1].items[0], "l[1].y");
    assert_int_equal(config_case_node(&c->cfg, "a")->kind, FW_CFG_ARRAY);
    expect_place(&list->items[1].items[0], "a.cfg", 11);
    expect_place(config_case_node(&c->cfg, "g.x"), "a.cfg", 8);
    assert_null(fw_cfg_get(list, "y"));
    assert_null(fw_cfg_get(NULL, "y"));
}

static void writes_values_as_in_a_file(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "i = 3; f = 0.1; b = false; s = \"x\"; g : { };");
    config_case_load(c, "a.cfg", NULL);
    static const char *const cases[][2] = {
        {"i", "3"}, {"f", "0.1"}, {"b", "false"}, {"s", "\"x\""}};
    for (size_t i = 0; i < 4; i++) {
        char *text = fw_cfg_value_text(config_case_node(&c->cfg, cases[i][0]));
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
    assert_null(fw_cfg_value_text(config_case_node(&c->cfg, "g")));
}

static void keeps_file_and_line_inside_includes(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "x = 1;\n@include \"parts/b.cfg\"\ny = 1;\n");
    config_case_write(c, "parts/b.cfg", "\nz = 7;\n@include \"parts/c.cfg\"\n");
    config_case_write(c, "parts/c.cfg", "q : { r = 4000000000; };\n");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, 0);
    expect_place(config_case_node(&c->cfg, "z"), "parts/b.cfg", 2);
    expect_place(config_case_node(&c->cfg, "q.r"), "parts/c.cfg", 1);
    expect_place(config_case_node(&c->cfg, "y"), "a.cfg", 3);
    assert_int_equal(c->cfg.files.len, 3);
    assert_string_equal(c->said, "parts/c.cfg:1: q.r = 4000000000: does not fit in 32 bits: add "
                                 "the suffix L, as in 4000000000L\n");
}

static void survives_includes_that_would_end_the_process(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "@include \"folder\"\n");
    config_case_write(c, "folder/x", "");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, -1);
    config_case_expect(c, "folder: not a file");
    config_case_load(c, "folder", NULL);
    assert_int_equal(c->rc, -1);
}

static void says_which_line_libconfig_refuses(void **state)
{
    static const char *const cases[][2] = {
        {"a = 1;\nb = = 2;\n", "a.cfg:2: syntax error"},
        {"a = 1;\n\na = 2;\n", "a.cfg:3: duplicate setting name"},
        {"a = 1;\n@include \"none.cfg\"\n", "a.cfg:2: cannot include "},
        {"@include \"a.cfg\"\n", "a.cfg:1: include file nesting too deep"},
        {"a = [ 1, \"x\" ];\n", "a.cfg:1: mismatched element type in array"},
        {"a = \"never ends\n", "a.cfg:"},
    };
    struct config_case *c = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config_case_write(c, "a.cfg", cases[i][0]);
        config_case_load(c, "a.cfg", NULL);
        assert_int_equal(c->rc, -1);
        config_case_expect(c, cases[i][1]);
        fw_diag_finish(&c->diag);
    }
    config_case_load(c, "missing.cfg", NULL);
    assert_int_equal(c->rc, -1);
    config_case_expect(c, "missing.cfg: cannot open this file");
}

static void refuses_nesting_without_end(void **state)
{
    struct config_case *c = *state;
    struct fw_str text = {0};
    for (int i = 0; i < 2000; i++) {
        fw_str_add(&text, i == 0 ? "a = ( " : "( ");
    }
    fw_str_add(&text, "1");
    for (int i = 0; i < 2000; i++) {
        fw_str_add(&text, " )");
    }
    fw_str_add(&text, ";");
    config_case_write(c, "a.cfg", text.text);
    fw_str_finish(&text);
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, -1);
    config_case_expect(c, "a.cfg:1: nested deeper than 32 levels");
}

static void refuses_integers_that_libconfig_wraps(void **state)
{
    struct config_case *c = *state;
    config_case_write(
        c, "a.cfg",
        "a = 2147483647; b = -2147483648; /* 99999999999 */ # 99999999999\n"
        "c = 2147483648;\n"
        "d = \"9999999999 \\\" 9999999999\"; e =\n -2147483649; // 99999999999\n"
        "f = [ 1, 0xFFFFFFFF ]; g = 0x7fffffff; h = 9999999999.5; i = 99999999999e1;\n"
        "j = 9223372036854775807L; k = 9223372036854775808L; l = 3000000000LL;\n"
        "m9999999999 = 5; n = +7;\n");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, 0);
    assert_string_equal(
        c->said,
        "a.cfg:2: c = 2147483648: does not fit in 32 bits: add the suffix L, as in 2147483648L\n"
        "a.cfg:3: e = -2147483649: does not fit in 32 bits: add the suffix L, as in -2147483649L\n"
        "a.cfg:5: f[1] = 4294967295: does not fit in 32 bits: add the suffix L, as in 0xFFFFFFFFL\n"
        "a.cfg:6: k = 9223372036854775807: 9223372036854775808L does not fit in 64 bits\n");
    assert_int_equal(config_case_node(&c->cfg, "c")->integer, 2147483648);
    assert_int_equal(config_case_node(&c->cfg, "m9999999999")->integer, 5);
    assert_int_equal(config_case_node(&c->cfg, "n")->integer, 7);
}

static void refuses_floats_out_of_range(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "\na = 1.0e999;\n");
    config_case_load(c, "a.cfg", NULL);
    config_case_expect(c, "a.cfg:2: a: the number is out of range");
}

static void extends_bases_by_name(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "lib/root.cfg",
                      "x = 1;\ng : { a = 1; b = [ 1, 2 ]; };\nonly_root = true;\n");
    config_case_write(c, "lib/base.cfg", "extends = \"root.cfg\";\ng : { b = [ 3 ]; c = 4; };\n");
    config_case_write(c, "a.cfg",
                      "extends = \"lib/base.cfg\";\nx = \"text\";\ng : { new : { y = 1; }; };\n");
    config_case_load(c, "a.cfg", NULL);
    assert_string_equal(c->said, "");
    expect_place(config_case_node(&c->cfg, "x"), "a.cfg", 2);
    expect_place(config_case_node(&c->cfg, "g.a"), "lib/root.cfg", 2);
    expect_place(config_case_node(&c->cfg, "g.b"), "lib/base.cfg", 2);
    expect_place(config_case_node(&c->cfg, "g"), "lib/root.cfg", 2);
    assert_int_equal(config_case_node(&c->cfg, "g.b")->len, 1);
    expect_path(config_case_node(&c->cfg, "g.new.y"), "g.new.y");
    assert_string_equal(config_case_node(&c->cfg, "g")->items[3].name, "new");
    assert_int_equal(c->cfg.files.len, 3);
}

static void refuses_bases_that_lead_nowhere(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "\nextends = \"b.cfg\";\n");
    config_case_write(c, "b.cfg", "extends = \"./a.cfg\";\n");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, -1);
    config_case_expect(c, "b.cfg:1: extends = \"./a.cfg\": ");
    config_case_expect(c, "extends itself");
    config_case_write(c, "b.cfg", "extends = \"none.cfg\";\n");
    config_case_load(c, "a.cfg", NULL);
    config_case_expect(c, "b.cfg:1: extends = \"none.cfg\": cannot look at none.cfg: No such file");
    config_case_write(c, "b.cfg", "extends = 5;\n");
    config_case_load(c, "a.cfg", NULL);
    config_case_expect(c, "b.cfg:1: extends = 5: expected the path");
    for (int i = 0; i < 20; i++) {
        char name[20], text[40];
        snprintf(name, sizeof name, "n%d.cfg", i);
        snprintf(text, sizeof text, "extends = \"n%d.cfg\";\n", i + 1);
        config_case_write(c, name, text);
    }
    config_case_load(c, "n0.cfg", NULL);
    config_case_expect(c, "n16.cfg:1: extends = \"n17.cfg\": a chain of more than 16 files");
}

static void replaces_variables_everywhere(void **state)
{
    struct config_case *c = *state;
    config_case_write(
        c, "a.cfg",
        "vars : { day = \"2024\"; n = 3; in = \"${day}/in\"; f = 0.5; yes = true; };\n"
        "a = \"x-${in}-${n}\";\nl = ( \"${f}\", { b = \"${yes}\"; } );\n"
        "c = \"$${day} $5 ${day}$${\";\n");
    config_case_load(c, "a.cfg", "vars.day=2025", NULL);
    assert_string_equal(c->said, "");
    assert_string_equal(config_case_node(&c->cfg, "a")->text, "x-2025/in-3");
    assert_string_equal(config_case_node(&c->cfg, "l")->items[0].text, "0.5");
    assert_string_equal(config_case_node(&c->cfg, "l")->items[1].items[0].text, "true");
    assert_string_equal(config_case_node(&c->cfg, "c")->text, "${day} $5 2025${");
}

static void a_variable_chooses_another(void **state)
{
    struct config_case *c = *state;
    config_case_write(
        c, "a.cfg",
        "vars : { budget = \"small\"; epochs_small = 3; epochs_full = 50; x = \"budget\"; };\n"
        "a = \"${epochs_${budget}} epochs\";\nb = \"${epochs_${${x}}}\";\n"
        "c = \"${epochs_${budget\";\nd = \"${epochs_${x}}\";\n");
    config_case_load(c, "a.cfg", "vars.budget=full", NULL);
    assert_string_equal(config_case_node(&c->cfg, "a")->text, "50 epochs");
    assert_string_equal(config_case_node(&c->cfg, "b")->text, "50");
    config_case_expect(c, "a.cfg:4: c = \"${epochs_${budget\": \"${\" without \"}\"");
    config_case_expect(c,
                       "a.cfg:5: d = \"${epochs_${x}}\": there is no variable \"epochs_budget\"");
}

static void refuses_variables_that_mean_nothing(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg",
                      "vars : { data = \"x\"; a = \"${b}\"; b = \"${a}\"; g : { }; };\n"
                      "one = \"${dta}\";\ntwo = \"${a}\";\nthree = \"${g}\";\nfour = \"${open\";\n"
                      "five = \"${env:HOME}\";\nsix = \"env:KEY\";\n");
    config_case_load(c, "a.cfg", NULL);
    assert_int_equal(c->rc, 0);
    config_case_expect(
        c, "a.cfg:2: one = \"${dta}\": there is no variable \"dta\"; did you mean \"data\"?");
    config_case_expect(c, "a.cfg:3: two = \"${a}\": its variables refer to themselves");
    config_case_expect(c, "a.cfg:4: three = \"${g}\": the variable \"g\" is a group");
    config_case_expect(c, "a.cfg:5: four");
    config_case_expect(c, "a.cfg:6: five");
    config_case_expect(c, "\"env:HOME\"");
    config_case_expect(c, "a.cfg:1: vars.a");
    assert_null(strstr(c->said, "six"));
    assert_string_equal(config_case_node(&c->cfg, "six")->text, "env:KEY");
}

/* Each variable that holds the next one ten times over would come to ten thousand million. */
static void refuses_variables_that_explode(void **state)
{
    struct config_case *c = *state;
    struct fw_str text = {0};
    fw_str_add(&text, "vars : { v0 = \"x\";");
    for (int i = 1; i <= 10; i++) {
        fw_str_printf(&text, " v%d = \"", i);
        for (int k = 0; k < 10; k++) {
            fw_str_printf(&text, "${v%d}", i - 1);
        }
        fw_str_add(&text, "\";");
    }
    fw_str_add(&text, " };\na = \"${v10}\";\nb = \"${v2}\";\n");
    config_case_write(c, "a.cfg", text.text);
    fw_str_finish(&text);
    config_case_load(c, "a.cfg", NULL);
    config_case_expect(c, "a.cfg:2: a = \"${v10}\": comes to more than 1000 variables");
    assert_int_equal(strlen(config_case_node(&c->cfg, "b")->text), 100);
}

static void overrides_from_the_command_line(void **state)
{
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "stages : { daily : { params : { k = 1; }; }; };\n");
    config_case_load(c, "a.cfg", "stages.daily.params.k=2", "stages.daily.params.policy=latest_row",
                     "stages.daily.params.list=[ 1, 2 ]", "a=\"2\"", "b=true", "c=20m", "d=1e5",
                     "e=/data/x=y", "f=say \"hi\" \\ there", "g=", "h=1; i = 2", "j=-0.5",
                     "new.group.key=5L", NULL);
    assert_string_equal(c->said, "");
    assert_int_equal(config_case_node(&c->cfg, "stages.daily.params.k")->integer, 2);
    expect_place(config_case_node(&c->cfg, "stages.daily.params.k"), FW_CFG_CLI, 1);
    expect_place(config_case_node(&c->cfg, "stages.daily"), "a.cfg", 1);
    assert_string_equal(config_case_node(&c->cfg, "stages.daily.params.policy")->text,
                        "latest_row");
    assert_int_equal(config_case_node(&c->cfg, "stages.daily.params.list")->len, 2);
    assert_string_equal(config_case_node(&c->cfg, "a")->text, "2");
    assert_true(config_case_node(&c->cfg, "b")->truth);
    assert_string_equal(config_case_node(&c->cfg, "c")->text, "20m");
    assert_int_equal(config_case_node(&c->cfg, "d")->kind, FW_CFG_FLOAT);
    assert_true(config_case_node(&c->cfg, "d")->real == 1e5);
    assert_string_equal(config_case_node(&c->cfg, "e")->text, "/data/x=y");
    assert_string_equal(config_case_node(&c->cfg, "f")->text, "say \"hi\" \\ there");
    assert_string_equal(config_case_node(&c->cfg, "g")->text, "");
    assert_string_equal(config_case_node(&c->cfg, "h")->text, "1; i = 2");
    assert_true(config_case_node(&c->cfg, "j")->real == -0.5);
    assert_int_equal(config_case_node(&c->cfg, "new.group.key")->integer, 5);
    expect_path(config_case_node(&c->cfg, "new.group.key"), "new.group.key");
}

static void refuses_overrides_without_a_path(void **state)
{
    static const char *const bad[] = {"x",     "=1",   ".a=1", "a.=1",  "a..b=1",
                                      "a b=1", "1a=1", "",     "a;b=1", "a=3000000000"};
    struct config_case *c = *state;
    config_case_write(c, "a.cfg", "x = 1;\n");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config_case_load(c, "a.cfg", "y=1", bad[i], NULL);
        assert_int_equal(c->rc, 0);
        assert_int_equal(c->diag.len, 1);
        config_case_expect(c, "cli:2: ");
        fw_diag_finish(&c->diag);
        fw_cfg_finish(&c->cfg);
    }
}

static void does_not_ask_the_locale(void **state)
{
    struct config_case *c = *state;
    if (!comma_locale_enter(c->folder)) {
        skip();
    }
    config_case_write(c, "a.cfg", "vars : { f = 0.5; };\na = 1.5;\nb = \"${f}\";\n");
    config_case_load(c, "a.cfg", "c=2.5", NULL);
    setlocale(LC_ALL, "C");
    assert_true(config_case_node(&c->cfg, "a")->real == 1.5);
    assert_true(config_case_node(&c->cfg, "c")->real == 2.5);
    assert_string_equal(config_case_node(&c->cfg, "b")->text, "0.5");
}

/* Whatever is in a file, it is read or refused. */
static void load_all(struct config_case *c, const char *folder, int *n_files)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat info;
        char *path = test_path(folder, "%s", entry->d_name);
        if (entry->d_name[0] != '.' && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            load_all(c, path, n_files);
        } else if (entry->d_name[0] != '.') {
            struct fw_diag diag = {0};
            struct fw_pipeline pipeline;
            if (fw_pipeline_load(path, NULL, &pipeline, &diag) == 0) {
                fw_pipeline_finish(&pipeline);
            }
            assert_true(fw_diag_any(&diag)); /* none of them has stages */
            fw_diag_finish(&diag);
            (*n_files)++;
        }
        free(path);
    }
    closedir(dir);
}

static void reads_or_refuses_the_files_of_libconfig(void **state)
{
    char *folder = test_shared_data("libconfig");
    if (!folder) {
        print_message("# skipped: the shared data has no libconfig/\n");
        skip();
    }
    int n_files = 0;
    load_all(*state, folder, &n_files);
    assert_true(n_files > 20);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_CASE(reads_every_kind_with_its_place),
        CONFIG_CASE(writes_values_as_in_a_file),
        CONFIG_CASE(keeps_file_and_line_inside_includes),
        CONFIG_CASE(survives_includes_that_would_end_the_process),
        CONFIG_CASE(says_which_line_libconfig_refuses),
        CONFIG_CASE(refuses_nesting_without_end),
        CONFIG_CASE(refuses_integers_that_libconfig_wraps),
        CONFIG_CASE(refuses_floats_out_of_range),
        CONFIG_CASE(extends_bases_by_name),
        CONFIG_CASE(refuses_bases_that_lead_nowhere),
        CONFIG_CASE(replaces_variables_everywhere),
        CONFIG_CASE(a_variable_chooses_another),
        CONFIG_CASE(refuses_variables_that_mean_nothing),
        CONFIG_CASE(refuses_variables_that_explode),
        CONFIG_CASE(overrides_from_the_command_line),
        CONFIG_CASE(refuses_overrides_without_a_path),
        CONFIG_CASE(does_not_ask_the_locale),
        CONFIG_CASE(reads_or_refuses_the_files_of_libconfig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
