/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "graph/values.h"
#include "test_files.h"

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "flag", .default_value = "true", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "count", .default_value = "5", .min = "1", .max = "10",
             .doc = "d"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "alpha", .default_value = "0.2", .min = "0", .max = "1",
             .doc = "d"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "text", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "policy", .default_value = "last",
             .choices = "first|last", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_BYTES, .name = "size", .default_value = "64KiB", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_DURATION, .name = "wait", .default_value = "1m30s", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_FILE, .name = "query", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "names", .default_value = "a,b", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "levels", .min = "0", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_SECRET, .name = "token", .doc = "d"),
    FW_PARAM(.type = FW_PARAM_INT, .flags = FW_PARAM_REQUIRED, .name = "needed", .doc = "say it"),
};

static const struct fw_stage type = {
    .struct_size = sizeof type, .name = "x", .params = params, .n_params = FW_COUNT(params)};

struct box {
    char *folder;
    struct fw_pipeline pipeline;
    struct fw_values values;
    struct fw_diag diag;
    struct fw_str text; /* of the mistakes */
};

static void check_as(struct box *box, const struct fw_stage *as, const char *settings)
{
    char *text = fw_text("vars: { n = 7; yes = true; part = 0.5; word = \"ten\"; };\nstages: { s: "
                         "{ use = \"x\"; params: { %s }; }; };\n",
                         settings);
    char *path;
    box->folder = test_folder_create();
    path = test_path(box->folder, "p.cfg");
    test_file_write(box->folder, "p.cfg", text);
    test_file_write(box->folder, "q.sql", "select 1");
    assert_int_equal(fw_pipeline_load(path, NULL, &box->pipeline, &box->diag), 0);
    assert_int_equal(fw_values_check(&box->pipeline, &box->pipeline.stages.items[0], as,
                                     &box->values, &box->diag),
                     0);
    fw_diag_print(&box->diag, &box->text);
    free(text);
    free(path);
}

static void check(struct box *box, const char *settings)
{
    check_as(box, &type, settings);
}

static void finish(struct box *box)
{
    fw_values_finish(&box->values);
    fw_pipeline_finish(&box->pipeline);
    fw_diag_finish(&box->diag);
    fw_str_finish(&box->text);
    test_folder_remove(box->folder);
}

static const struct fw_value *value(const struct box *box, const char *name)
{
    for (size_t i = 0; i < box->values.len; i++) {
        if (strcmp(box->values.items[i].view.name, name) == 0) {
            return &box->values.items[i].view;
        }
    }
    fail_msg("no value %s", name);
    return NULL;
}

static void defaults_are_expanded(void **state)
{
    (void)state;
    struct box box = {0};
    check(&box, "needed = 1;");
    assert_int_equal(box.diag.len, 0);
    assert_int_equal(value(&box, "flag")->integer, 1);
    assert_int_equal(value(&box, "count")->integer, 5);
    assert_true(fabs(value(&box, "alpha")->real - 0.2) < 1e-15);
    assert_int_equal(value(&box, "text")->type, FW_PARAM_UNSET);
    assert_string_equal(value(&box, "policy")->text, "last");
    assert_int_equal(value(&box, "size")->integer, 65536);
    assert_true(fabs(value(&box, "wait")->real - 90) < 1e-12);
    assert_int_equal(value(&box, "names")->n, 2);
    assert_string_equal(value(&box, "names")->texts[1], "b");
    finish(&box);
}

static void given_values_are_taken(void **state)
{
    (void)state;
    struct box box = {0};
    check(&box, "needed = 1; flag = false; count = 10; alpha = 1; text = \"t\"; policy = \"first\";"
                "size = \"2GB\"; wait = 5; query = \"q.sql\"; names = [\"x\"]; levels = (0, 0.5);");
    assert_int_equal(box.diag.len, 0);
    assert_int_equal(value(&box, "flag")->integer, 0);
    assert_int_equal(value(&box, "count")->integer, 10);
    assert_true(fabs(value(&box, "alpha")->real - 1) < 1e-15);
    assert_int_equal(value(&box, "size")->integer, 2000000000);
    assert_true(fabs(value(&box, "wait")->real - 5) < 1e-15);
    assert_int_equal(value(&box, "query")->text[0], '/');
    assert_int_equal(value(&box, "names")->n, 1);
    assert_int_equal(value(&box, "levels")->n, 2);
    assert_true(fabs(value(&box, "levels")->reals[1] - 0.5) < 1e-15);
    finish(&box);
}

static void variables_are_numbers_where_numbers_are_wanted(void **state)
{
    (void)state;
    struct box box = {0};
    check(&box, "needed = \"${n}\"; flag = \"${yes}\"; alpha = \"${part}\"; text = \"${n}\";\n"
                "count = \"${word}\";");
    assert_int_equal(value(&box, "needed")->integer, 7);
    assert_int_equal(value(&box, "flag")->integer, 1);
    assert_true(fabs(value(&box, "alpha")->real - 0.5) < 1e-15);
    assert_string_equal(value(&box, "text")->text, "7");
    assert_int_equal(box.diag.len, 1);
    assert_non_null(strstr(box.text.text, "count = \"ten\": expected an integer from 1 to 10"));
    finish(&box);
    struct box plain = {0};
    check(&plain, "needed = \"7\";");
    assert_int_equal(plain.diag.len, 1);
    finish(&plain);
}

static void every_mistake_is_reported_with_what_was_expected(void **state)
{
    (void)state;
    struct box box = {0};
    check(&box, "flag = 1;\ncount = 11;\nalpha = -0.5;\ntext = 3;\npolicy = \"frist\";\n"
                "size = \"2 bananas\";\nwait = \"soon\";\nquery = \"none.sql\";\n"
                "names = [1, 2];\nlevels = (1, -1);\ntoken = \"hunter2\";\ncuont = 3;");
    assert_int_equal(box.diag.len, 13); /* twelve above, and `needed` */
    assert_non_null(strstr(box.text.text, "count = 11: expected an integer from 1 to 10"));
    assert_non_null(strstr(box.text.text, "p.cfg:3: "));
    assert_non_null(strstr(box.text.text, "one of \"first\", \"last\""));
    assert_non_null(strstr(box.text.text, "none.sql"));
    assert_non_null(strstr(box.text.text, "\"env:NAME\""));
    assert_non_null(strstr(box.text.text, "cuont"));
    assert_non_null(strstr(box.text.text, "count\""));
    assert_non_null(strstr(box.text.text, "parameter \"needed\" is missing: say it"));
    finish(&box);
}

/* A stage that wants a list can do nothing with an empty one, and would say so hours later. */
static void a_list_that_is_required_is_not_empty(void **state)
{
    static const struct fw_param list[] = {
        FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "arms",
                 .doc = "d"),
        FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "others", .doc = "d"),
    };
    static const struct fw_stage listed = {
        .struct_size = sizeof listed, .name = "x", .params = list, .n_params = FW_COUNT(list)};
    (void)state;
    struct box box = {0};
    check_as(&box, &listed, "arms = [];\nothers = [];");
    assert_int_equal(box.diag.len, 1);
    assert_non_null(strstr(box.text.text, "arms"));
    assert_non_null(strstr(box.text.text, "expected a list of strings, at least one"));
    finish(&box);
}

/* A share of the machine in a parameter would give each machine another key. */
static void a_percentage_is_no_size(void **state)
{
    (void)state;
    struct box box = {0};
    check(&box, "needed = 1; size = \"60%\";");
    assert_int_equal(box.diag.len, 1);
    finish(&box);
}

static void values_cross_to_the_worker_unchanged(void **state)
{
    (void)state;
    struct box box = {0};
    struct fw_values copy = {0};
    cJSON *task = cJSON_CreateObject();
    setenv("FWRUN_TEST_TOKEN", "hunter2", 1);
    check(&box, "needed = 9007199254740993L; text = \"\"; token = \"env:FWRUN_TEST_TOKEN\";"
                "levels = (0.1, 1e300);");
    assert_int_equal(box.diag.len, 0);
    assert_int_equal(fw_values_add_json(task, &box.values, NULL), 0);
    char *text = cJSON_PrintUnformatted(task);
    assert_null(strstr(text, "hunter2"));
    assert_int_equal(fw_values_from_json(task, &copy, NULL), 0);
    assert_int_equal(copy.len, box.values.len);
    for (size_t i = 0; i < copy.len; i++) {
        const struct fw_value *a = &box.values.items[i].view, *b = &copy.items[i].view;
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->integer, b->integer);
        assert_int_equal(a->n, b->n);
        for (uint64_t k = 0; a->type == FW_PARAM_REAL_LIST && k < a->n; k++) {
            assert_memory_equal(&a->reals[k], &b->reals[k], sizeof(double));
        }
        if (strcmp(a->name, "token") == 0) {
            assert_string_equal(b->text, "hunter2");
        }
    }
    free(text);
    fw_values_finish(&copy);
    cJSON_Delete(task);
    finish(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_expanded),
        cmocka_unit_test(given_values_are_taken),
        cmocka_unit_test(variables_are_numbers_where_numbers_are_wanted),
        cmocka_unit_test(every_mistake_is_reported_with_what_was_expected),
        cmocka_unit_test(a_list_that_is_required_is_not_empty),
        cmocka_unit_test(a_percentage_is_no_size),
        cmocka_unit_test(values_cross_to_the_worker_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
