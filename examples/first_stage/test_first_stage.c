/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fw/testkit.h"

/* The stage as a host drives it; the build says in PLUGIN where it is. */

static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    kit = fake_kit_open(PLUGIN, NULL);
    t = fake_task_create(kit, "first_stage");
    fake_task_output(t, "out", fake_task_path(t, "out.txt"));
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

/* Runs it over `text` and gives what it wrote. */
static const char *run(const char *text)
{
    fake_task_input(t, "in", fake_task_write(t, "in.txt", text), NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_int_equal(r->status, FW_OK);
    assert_null(r->defect);
    return fake_task_read(t, fake_task_path(t, "out.txt"));
}

static void keeps_the_lines_that_contain_the_word(void **state)
{
    (void)state;
    fake_task_text(t, "contains", "an");
    assert_string_equal(run("banana\ncherry\nmango\nlast, and without an end"),
                        "banana\nmango\nlast, and without an end");
    assert_string_equal(fake_task_field(t, "lines_kept"), "3");
}

static void keeps_everything_by_default(void **state)
{
    (void)state;
    assert_string_equal(run("one\n\ntwo\n"), "one\n\ntwo\n");
}

static void keeps_the_others_when_inverted(void **state)
{
    (void)state;
    fake_task_text(t, "contains", "an");
    fake_task_int(t, "invert", 1);
    assert_string_equal(run("banana\ncherry\nmango\n"), "cherry\n");
}

static void writes_an_empty_file_when_nothing_fits(void **state)
{
    (void)state;
    fake_task_text(t, "contains", "plum");
    assert_string_equal(run("banana\n"), "");
}

/* As after a kill: the state moves into a fresh instance after each step. */
static void goes_on_from_a_saved_state(void **state)
{
    (void)state;
    enum { LINES = 70000, LINE = 6 };
    char *text = test_malloc(LINES * LINE + 1);
    for (int i = 0; i < LINES; i++) {
        memcpy(text + (size_t)i * LINE, i % 2 == 0 ? "even.\n" : "odd..\n", LINE + 1);
    }
    fake_task_text(t, "contains", "even");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    assert_int_equal(strlen(run(text)), LINES / 2 * LINE);
    assert_string_equal(fake_task_field(t, "lines_kept"), "35000");
    test_free(text);
}

static void names_the_file_that_is_not_there(void **state)
{
    (void)state;
    fake_task_input(t, "in", "/nowhere/in.txt", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_IO);
    assert_non_null(strstr(r->fault, "/nowhere/in.txt"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_task, drop_task)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_the_lines_that_contain_the_word),  TEST(keeps_everything_by_default),
        TEST(writes_an_empty_file_when_nothing_fits), TEST(goes_on_from_a_saved_state),
        TEST(names_the_file_that_is_not_there),       TEST(keeps_the_others_when_inverted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
