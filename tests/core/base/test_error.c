/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void says_what_class_and_where(void **state)
{
    (void)state;
    struct fw_error err = {0};
    assert_int_equal(fw_error_set(&err, FW_EXIT_STATE, "row %d of %s", 7, "x.csv"), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_string_equal(err.text, "row 7 of x.csv");
    assert_int_equal(fw_error_prefix(&err, "stage %s: ", "daily"), -1);
    assert_string_equal(err.text, "stage daily: row 7 of x.csv");
    assert_int_equal(err.code, FW_EXIT_STATE);
}

static void keeps_the_cause_that_was_current_at_the_call(void **state)
{
    (void)state;
    struct fw_error err = {0};
    errno = ENOSPC;
    fw_error_errno(&err, FW_EXIT_STATE, "cannot write %s", "out");
    assert_string_equal(err.text, "cannot write out: No space left on device");
}

static void accepts_no_receiver(void **state)
{
    (void)state;
    assert_int_equal(fw_error_set(NULL, 1, "x"), -1);
    assert_int_equal(fw_error_errno(NULL, 1, "x"), -1);
    assert_int_equal(fw_error_oom(NULL), -1);
    assert_int_equal(fw_error_prefix(NULL, "x"), -1);
}

static void truncates_long_texts(void **state)
{
    (void)state;
    struct fw_error err = {0};
    char longer[3000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    fw_error_set(&err, 1, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    fw_error_prefix(&err, "ab");
    assert_memory_equal(err.text, "abxx", 4);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    fw_error_errno(&err, 1, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_class_and_where),
        cmocka_unit_test(keeps_the_cause_that_was_current_at_the_call),
        cmocka_unit_test(accepts_no_receiver),
        cmocka_unit_test(truncates_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
