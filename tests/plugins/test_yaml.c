/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fw/testkit.h"
#include "yaml/yaml.h"

static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    kit = fake_kit_open(NULL, NULL);
    t = fake_task_create(kit, NULL);
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

static cJSON *read_text(const char *text)
{
    cJSON *tree = NULL;
    fw_status status = fw_yaml_read(fake_task_host(t), fake_task_write(t, "in.yaml", text), &tree);

    if (status != FW_OK) {
        fail_msg("%s", fake_task_take_fault(t));
    }
    return tree;
}

/* The document as JSON. */
static void assert_reads(const char *text, const char *expected)
{
    cJSON *tree = read_text(text);
    char *json = cJSON_PrintUnformatted(tree);

    assert_string_equal(json, expected);
    cJSON_free(json);
    cJSON_Delete(tree);
}

static void assert_refused(const char *text, const char *line, const char *why)
{
    cJSON *tree = NULL;

    assert_int_equal(fw_yaml_read(fake_task_host(t), fake_task_write(t, "in.yaml", text), &tree),
                     FW_E_DATA);
    assert_null(tree);
    const char *fault = fake_task_take_fault(t);
    if (strstr(fault, line) == NULL || strstr(fault, why) == NULL) {
        fail_msg("'%s' does not say '%s' and '%s'", fault, line, why);
    }
}

static void reads_blocks_and_flows(void **state)
{
    (void)state;
    assert_reads("# a contract\nstamp: \"20260203_225620\"\nmin: 0.001\nmax: 200000\n"
                 "core:\n  must_keep: [cik, link]\n  none: []\n  list:\n  - a\n  - b: 1\n",
                 "{\"stamp\":\"20260203_225620\",\"min\":0.001,\"max\":200000,\"core\":"
                 "{\"must_keep\":[\"cik\",\"link\"],\"none\":[],\"list\":[\"a\",{\"b\":1}]}}");
}

static void plain_words_mean_what_yaml_1_2_says(void **state)
{
    (void)state;
    assert_reads("[null, ~, true, False, yes, no, 0x10, 12, -1.5, 1e3, .5, +7]",
                 "[null,null,true,false,\"yes\",\"no\",\"0x10\",12,-1.5,1000,0.5,7]");
}

static void ids_and_stamps_stay_text(void **state)
{
    (void)state;
    assert_reads("[20260203_225620, 0001877762, '17', \"\", 2026-02-03, 1.2.3, ., -, 1e]",
                 "[\"20260203_225620\",\"0001877762\",\"17\",\"\",\"2026-02-03\",\"1.2.3\",\".\","
                 "\"-\",\"1e\"]");
}

static void nodes_know_their_line(void **state)
{
    (void)state;
    cJSON *tree = read_text("a: one\nb:\n  - two\n");
    const cJSON *b = cJSON_GetObjectItem(tree, "b");

    assert_int_equal(fw_yaml_line(cJSON_GetObjectItem(tree, "a")), 1);
    assert_int_equal(fw_yaml_line(b), 3);
    assert_int_equal(fw_yaml_line(b->child), 3);
    assert_int_equal(fw_yaml_refuse(fake_task_host(t), "x.yaml", b, "%s is no map", "b"),
                     FW_E_DATA);
    const char *fault = fake_task_take_fault(t);
    assert_non_null(strstr(fault, "x.yaml:3"));
    assert_non_null(strstr(fault, "b is no map"));
    cJSON_Delete(tree);
}

static void mistakes_are_refused_with_their_line(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: [1\nc: 2\n", "in.yaml:3", "not YAML");
    assert_refused("a: 1\nb: 2\na: 3\n", "in.yaml:3", "the key a stands twice");
    assert_refused("a: 1\n? [b]\n: 2\n", "in.yaml:2", "a key that is no plain text");
    assert_refused("a: &x 1\nb: *x\n", "in.yaml:2", "aliases are not read");
    assert_refused("a: !!int 1\n", "in.yaml:1", "tags are not read");
    assert_refused("a: 1\n---\nb: 2\n", "in.yaml:2", "a second document");
    assert_refused("a: 9007199254740991\nb: 9007199254740993\n", "in.yaml:2", "beyond 2^53");
    assert_refused("a: 1e400\n", "in.yaml:1", "beyond 2^53");
    assert_refused("\n\na: \"x\\0y\"\n", "in.yaml:3", "NUL");
    assert_refused("# nothing\n", "in.yaml:1", "no document");
    assert_refused("a: \xff\n", "in.yaml", "not YAML");
}

static void deep_nesting_is_refused(void **state)
{
    char deep[200];

    (void)state;
    memset(deep, '[', 64);
    memset(deep + 64, ']', 64);
    deep[128] = '\0';
    cJSON_Delete(read_text(deep));
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = '\0';
    assert_refused(deep, "in.yaml:1", "64 levels");
}

static void an_absent_file_is_missing(void **state)
{
    cJSON *tree = NULL;

    (void)state;
    assert_int_equal(fw_yaml_read(fake_task_host(t), fake_task_path(t, "none.yaml"), &tree),
                     FW_E_MISSING);
    assert_non_null(strstr(fake_task_take_fault(t), "none.yaml"));
}

static const char *written(const cJSON *tree)
{
    const char *path = fake_task_path(t, "out.yaml");

    if (fw_yaml_write(fake_task_host(t), path, tree) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(t));
    }
    return fake_task_read(t, path);
}

static void writes_blocks_and_quotes_what_readers_mistake(void **state)
{
    (void)state;
    cJSON *tree =
        cJSON_Parse("{\"stamp\":\"20260203_225620\",\"dir\":\"runs/x_20260203\",\"cik\":"
                    "\"0001\",\"no\":\"No\",\"n\":null,\"t\":true,\"x\":[0.001,200000,\"a: "
                    "b\",\"\"],\"e\":[],\"o\":{},\"m\":{\"k\":\"two\\nlines\"}}");

    assert_string_equal(written(tree),
                        "stamp: '20260203_225620'\ndir: runs/x_20260203\ncik: '0001'\n'no': 'No'\n"
                        "'n': null\nt: true\nx:\n- 0.001\n- 200000\n- 'a: b'\n- ''\ne: []\no: {}\n"
                        "m:\n  k: \"two\\nlines\"\n");
    cJSON_Delete(tree);
}

static void what_is_written_reads_back_equal(void **state)
{
    static const char *const texts[] = {"20260203_225620",
                                        "0x1F",
                                        "1e3",
                                        "true",
                                        "null",
                                        "~",
                                        "- a",
                                        "a #b",
                                        "é|\"'\\",
                                        "*x",
                                        "&y",
                                        "!z",
                                        "%",
                                        "@",
                                        "`",
                                        "",
                                        " lead",
                                        "trail ",
                                        "a\tb",
                                        "{}",
                                        "[",
                                        "?",
                                        ": ",
                                        "=",
                                        "<<",
                                        ".inf",
                                        "2026-02-03",
                                        "190:20:30",
                                        "\xf0\x9f\x98\x80"};
    cJSON *tree = cJSON_CreateObject();

    (void)state;
    for (size_t i = 0; i < FW_COUNT(texts); i++) {
        cJSON_AddStringToObject(tree, texts[i], texts[i]);
    }
    written(tree);
    cJSON *again = NULL;
    assert_int_equal(fw_yaml_read(fake_task_host(t), fake_task_path(t, "out.yaml"), &again), FW_OK);
    assert_true(cJSON_Compare(tree, again, true));
    cJSON_Delete(again);
    cJSON_Delete(tree);
}

static void a_text_that_is_no_utf_8_is_refused(void **state)
{
    (void)state;
    cJSON *tree = cJSON_CreateString("a\xff");

    assert_int_equal(fw_yaml_write(fake_task_host(t), fake_task_path(t, "out.yaml"), tree),
                     FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(t), "no UTF-8"));
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_blocks_and_flows),
        cmocka_unit_test(plain_words_mean_what_yaml_1_2_says),
        cmocka_unit_test(ids_and_stamps_stay_text),
        cmocka_unit_test(nodes_know_their_line),
        cmocka_unit_test(mistakes_are_refused_with_their_line),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(an_absent_file_is_missing),
        cmocka_unit_test(writes_blocks_and_quotes_what_readers_mistake),
        cmocka_unit_test(what_is_written_reads_back_equal),
        cmocka_unit_test(a_text_that_is_no_utf_8_is_refused),
    };

    return cmocka_run_group_tests_name("yaml", tests, make_task, drop_task);
}
