/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "graph/key.h"

static void explain(const char *before, const char *after, struct fw_strings *lines)
{
    cJSON *one = NULL, *two = NULL;
    assert_int_equal(fw_json_parse(before, strlen(before), "before", &one, NULL), 0);
    assert_int_equal(fw_json_parse(after, strlen(after), "after", &two, NULL), 0);
    assert_int_equal(fw_key_explain(one, two, NULL, lines, NULL), 0);
    cJSON_Delete(one);
    cJSON_Delete(two);
}

static void equal_preimages_have_no_difference(void **state)
{
    (void)state;
    struct fw_strings lines = {0};
    explain("{\"a\":{\"b\":[1,2]},\"c\":null}", "{\"c\":null,\"a\":{\"b\":[1,2]}}", &lines);
    assert_int_equal(lines.len, 0);
    fw_strings_finish(&lines);
}

static void each_difference_is_one_line_with_both_values(void **state)
{
    (void)state;
    struct fw_strings lines = {0};
    explain("{\"params\":{\"a\":1,\"b\":\"x\",\"old\":true},\"seed\":1}",
            "{\"params\":{\"a\":2,\"b\":\"x\",\"new\":[1]},\"seed\":1}", &lines);
    assert_int_equal(lines.len, 3);
    assert_string_equal(lines.items[0], "params.a: 1 -> 2");
    assert_string_equal(lines.items[1], "params.old: true -> (absent)");
    assert_string_equal(lines.items[2], "params.new: (absent) -> [1]");
    fw_strings_finish(&lines);
}

static void digests_are_shown_by_their_beginning(void **state)
{
    (void)state;
    struct fw_strings lines = {0};
    explain("{\"inputs\":{\"raw\":"
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}}",
            "{\"inputs\":{\"raw\":"
            "\"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1\"}}",
            &lines);
    assert_int_equal(lines.len, 1);
    assert_string_equal(lines.items[0], "inputs.raw: ba7816bf8f01 -> 248d6a61d206");
    fw_strings_finish(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_preimages_have_no_difference),
        cmocka_unit_test(each_difference_is_one_line_with_both_values),
        cmocka_unit_test(digests_are_shown_by_their_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
