/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "test_files.h"

static cJSON *parse(const char *text)
{
    cJSON *json = NULL;
    struct fw_error err = {0};
    if (fw_json_parse(text, strlen(text), "t.json", &json, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return json;
}

static void has_one_canonical_text(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"b\":[1,2.50,-0.0,1E2,true,null],\"a\":{\"z\":\"\\u00e4\\n\\u0001\\/"
        "\",\"Z\":{},\"\":[]}}",
        " {\"a\" : {\"\":[ ],\"z\":\"\xc3\xa4\\n\\u0001/\",\"Z\":{ }}, "
        "\"b\":[1.0,2.5,-0,100,true,null]}\n",
    };
    for (size_t i = 0; i < 2; i++) {
        fw_auto(json) cJSON *json = parse(same[i]);
        fw_auto(free) char *text = NULL;
        assert_int_equal(fw_json_canonical(json, &text, NULL), 0);
        assert_string_equal(text, "{\"a\":{\"\":[],\"Z\":{},\"z\":\"\xc3\xa4\\n\\u0001/\"},"
                                  "\"b\":[1,2.5,-0,100,true,null]}");
    }
}

static void keeps_members_in_order_on_a_line(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json = parse("{\"time\":1,\"a\":{\"c\":2,\"b\":3}}");
    fw_auto(free) char *text = NULL;
    assert_int_equal(fw_json_line(json, &text, NULL), 0);
    assert_string_equal(text, "{\"time\":1,\"a\":{\"c\":2,\"b\":3}}");
}

static void refuses_what_has_no_canonical_text(void **state)
{
    (void)state;
    char *text = NULL;
    struct fw_error err = {0};
    fw_auto(json) cJSON *twice = parse("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}");
    assert_int_equal(fw_json_canonical(twice, &text, &err), -1);
    assert_string_equal(err.text, "member \"a\" occurs twice");
    fw_auto(json) cJSON *nan_inside = cJSON_CreateObject();
    cJSON_AddNumberToObject(nan_inside, "loss", NAN);
    assert_int_equal(fw_json_canonical(nan_inside, &text, &err), -1);
    assert_non_null(strstr(err.text, "\"loss\""));
    assert_null(text);
}

static void keeps_all_64_bits(void **state)
{
    (void)state;
    static const int64_t signed_values[] = {0,
                                            -1,
                                            9007199254740991,
                                            9007199254740992,
                                            9007199254740993,
                                            -9007199254740993,
                                            INT64_MAX,
                                            INT64_MIN};
    for (size_t i = 0; i < sizeof signed_values / sizeof signed_values[0]; i++) {
        fw_auto(json) cJSON *json = cJSON_CreateObject();
        assert_non_null(fw_json_add_i64(json, "n", signed_values[i]));
        fw_auto(free) char *text = NULL;
        assert_int_equal(fw_json_canonical(json, &text, NULL), 0);
        char expected[64];
        snprintf(expected, sizeof expected, "{\"n\":%lld}", (long long)signed_values[i]);
        assert_string_equal(text, expected);
        fw_auto(json) cJSON *again = parse(text);
        int64_t value = 7;
        assert_int_equal(fw_json_get_i64(again, "n", &value, NULL), 0);
        assert_true(value == signed_values[i]);
        assert_int_equal(fw_json_get_i64(json, "n", &value, NULL), 0);
        assert_true(value == signed_values[i]);
    }
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    assert_non_null(fw_json_add_u64(json, "n", UINT64_MAX));
    uint64_t natural = 0;
    assert_int_equal(fw_json_get_u64(json, "n", &natural, NULL), 0);
    assert_true(natural == UINT64_MAX);
    int64_t value;
    assert_int_equal(fw_json_get_i64(json, "n", &value, NULL), -1);
}

static void finds_large_integers_among_strings_that_look_like_them(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json =
        parse("{\"9007199254740993\":\"-1\\\"2\",\"a\":[false,1e5,{\"x\":-9007199254740993}],"
              "\"b\":18446744073709551615,\"c\":1.5e300}");
    fw_auto(free) char *text = NULL;
    assert_int_equal(fw_json_line(json, &text, NULL), 0);
    assert_string_equal(text, "{\"9007199254740993\":\"-1\\\"2\",\"a\":[false,100000,{\"x\":"
                              "-9007199254740993}],\"b\":18446744073709551615,\"c\":1.5e+300}");
    double real = 0;
    assert_int_equal(fw_json_get_double(json, "b", &real, NULL), 0);
    assert_true(real == 0x1p64);
}

static void says_where_a_text_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } cases[] = {
        {"{\"a\":1,\n \"b\":nul}", "t.json:2:6:"},
        {"[1,2", "t.json:1:5:"},
        {"", "t.json:1:1:"},
        {"[1]\n\n x", "t.json:3:2:"},
        {"{\"a\" 1}", "t.json:1:6:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *json = NULL;
        struct fw_error err = {0};
        assert_int_equal(fw_json_parse(cases[i].text, strlen(cases[i].text), "t.json", &json, &err),
                         -1);
        assert_int_equal(err.code, FW_EXIT_STATE);
        assert_memory_equal(err.text, cases[i].where, strlen(cases[i].where));
        assert_null(json);
    }
}

static void reads_members_by_type(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json =
        parse("{\"s\":\"x\",\"i\":-3,\"f\":0.5,\"t\":true,\"o\":{},\"a\":[],\"n\":null}");
    const char *text;
    int64_t integer;
    uint64_t natural;
    double real;
    const cJSON *node;
    struct fw_error err = {0};
    assert_int_equal(fw_json_get_string(json, "s", &text, &err), 0);
    assert_string_equal(text, "x");
    assert_int_equal(fw_json_get_double(json, "f", &real, &err), 0);
    assert_true(real == 0.5);
    assert_int_equal(fw_json_get_object(json, "o", &node, &err), 0);
    assert_int_equal(fw_json_get_array(json, "a", &node, &err), 0);
    assert_int_equal(fw_json_get_i64(json, "i", &integer, &err), 0);
    assert_int_equal(fw_json_get_u64(json, "i", &natural, &err), -1);
    assert_string_equal(err.text,
                        "member \"i\": expected an unsigned 64-bit integer, found another number");
    assert_int_equal(fw_json_get_i64(json, "f", &integer, &err), -1);
    assert_int_equal(fw_json_get_string(json, "o", &text, &err), -1);
    assert_string_equal(err.text, "member \"o\": expected a string, found an object");
    assert_int_equal(fw_json_get_array(json, "zz", &node, &err), -1);
    assert_string_equal(err.text, "member \"zz\": expected an array, found nothing");
    assert_int_equal(fw_json_get_array(json, "n", &node, &err), -1);
    assert_string_equal(err.text, "member \"n\": expected an array, found null");
    assert_int_equal(err.code, FW_EXIT_STATE);
}

static void writes_files_that_read_back(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = test_path(folder, "a.json");
    fw_auto(json) cJSON *json = parse("{\"b\":[1,{\"c\":0.1}],\"a\":{},\"d\":9007199254740993}");
    assert_int_equal(fw_json_write(path, json, FW_DURABLE_FSYNC, NULL), 0);
    char *text = test_file_read(path, NULL);
    assert_non_null(strstr(text, "\n\t\"d\":\t9007199254740993\n}\n"));
    fw_auto(json) cJSON *again = NULL;
    assert_int_equal(fw_json_read(path, &again, NULL), 0);
    assert_true(cJSON_Compare(json, again, 1));
    struct fw_error err = {0};
    test_file_write(folder, "a.json", "{");
    assert_int_equal(fw_json_read(path, &again, &err), -1);
    assert_non_null(strstr(err.text, "a.json:1:2:"));
    free(text);
    free(path);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_one_canonical_text),
        cmocka_unit_test(keeps_members_in_order_on_a_line),
        cmocka_unit_test(refuses_what_has_no_canonical_text),
        cmocka_unit_test(keeps_all_64_bits),
        cmocka_unit_test(finds_large_integers_among_strings_that_look_like_them),
        cmocka_unit_test(says_where_a_text_is_wrong),
        cmocka_unit_test(reads_members_by_type),
        cmocka_unit_test(writes_files_that_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
