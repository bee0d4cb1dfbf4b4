/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical_json/canonical_json.h"
#include "golden.h"

static void check_double(const char *input, const char *expected, void *arg)
{
    uint64_t bits = strtoull(input, NULL, 16);
    struct fw_text *text = arg;
    double value;

    memcpy(&value, &bits, sizeof value);
    fw_text_clear(text);
    fw_canonical_double(text, value);
    assert_string_equal(fw_text_get(text), expected);
}

static void writes_doubles_as_python_does(void **state)
{
    struct fw_text text = {0};

    (void)state;
    assert_true(golden_each("double", check_double, &text) > 5000);
    fw_text_finish(&text);
}

static void check_string(const char *input, const char *expected, void *arg)
{
    struct fw_text *text = arg;
    char bytes[512];
    size_t size = strlen(input) / 2;

    assert_true(size <= sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {input[2 * i], input[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    fw_text_clear(text);
    fw_canonical_string(text, bytes, size);
    assert_string_equal(fw_text_get(text), expected);
}

static void writes_strings_as_python_does(void **state)
{
    struct fw_text text = {0};

    (void)state;
    assert_true(golden_each("string", check_string, &text) > 300);
    fw_text_finish(&text);
}

static void counts_days_both_ways_from_1970(void **state)
{
    struct fw_text text = {0};

    (void)state;
    fw_canonical_date(&text, -719162);
    assert_string_equal(fw_text_get(&text), "0001-01-01");
    fw_text_clear(&text);
    fw_canonical_date(&text, -719163);
    assert_string_equal(fw_text_get(&text), "0001-12-31 (BC)");
    fw_text_clear(&text);
    fw_canonical_date(&text, 11016);
    assert_string_equal(fw_text_get(&text), "2000-02-29");
    fw_text_finish(&text);
}

static void writes_the_first_and_the_last_second(void **state)
{
    struct fw_text text = {0};

    (void)state;
    fw_canonical_timestamp(&text, INT64_MIN, 0);
    assert_string_equal(fw_text_get(&text), "292277022658-01-27 08:29:52 (BC)");
    fw_text_clear(&text);
    fw_canonical_timestamp(&text, INT64_MAX, 0);
    assert_string_equal(fw_text_get(&text), "292277026596-12-04 15:30:07");
    fw_text_clear(&text);
    fw_canonical_timestamp(&text, -1, 500000000);
    assert_string_equal(fw_text_get(&text), "1969-12-31 23:59:59.500000");
    fw_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_doubles_as_python_does),
        cmocka_unit_test(writes_strings_as_python_does),
        cmocka_unit_test(counts_days_both_ways_from_1970),
        cmocka_unit_test(writes_the_first_and_the_last_second),
    };

    return cmocka_run_group_tests_name("canonical json", tests, NULL, NULL);
}
