/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fw/testkit.h"

static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    kit = fake_kit_open(PLUGIN, NULL);
    t = fake_task_create(kit, "top_words");
    fake_task_output(t, "words", fake_task_path(t, "words.json"));
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

static void counts_words_whatever_their_case(void **state)
{
    (void)state;
    fake_task_int(t, "n", 2);
    fake_task_input(t, "text", fake_task_write(t, "in.txt", "The cat, the dog\nA dog: THE end"),
                    NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_null(r->defect);
    assert_string_equal(fake_task_read(t, fake_task_path(t, "words.json")),
                        "{\n  \"the\": 3,\n  \"dog\": 2\n}\n");
}

static void an_exception_becomes_a_fault(void **state)
{
    (void)state;
    fake_task_input(t, "text", "/nowhere/in.txt", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_IO);
    assert_non_null(strstr(r->fault, "/nowhere/in.txt"));
    assert_null(r->defect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_words_whatever_their_case, make_task, drop_task),
        cmocka_unit_test_setup_teardown(an_exception_becomes_a_fault, make_task, drop_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
