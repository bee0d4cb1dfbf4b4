/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fw/testkit.h"
#include "line_hash.h"

static struct fake_kit *kit;

static int open_kit(void **state)
{
    (void)state;
    kit = fake_kit_open(PLUGIN, NULL);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static void run(struct fake_task *t)
{
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_int_equal(r->status, FW_OK);
    assert_null(r->defect);
}

static void the_hash_never_changes(void **state)
{
    (void)state;
    const struct line_hash *table = fake_kit_service(kit, LINE_HASH_ID);
    assert_int_equal(table->hash("", 0), 0xf52a15e9a9b5e89b);
    assert_int_equal(table->hash("a\n", 2), 0x2ca4ed9206d868bc);
}

/* Each line is on exactly one side, and on the same side whatever stands around it. */
static void a_line_keeps_its_side(void **state)
{
    (void)state;
    char text[8192] = "", *at = text;
    for (int i = 0; i < 1000; i++) {
        at += sprintf(at, "%d\n", i);
    }
    struct fake_task *t = fake_task_create(kit, "split_lines");
    fake_task_int(t, "percent", 70);
    fake_task_input(t, "in", fake_task_write(t, "in.txt", text), NULL);
    fake_task_output(t, "train", fake_task_path(t, "train.txt"));
    fake_task_output(t, "holdout", fake_task_path(t, "holdout.txt"));
    run(t);
    const char *train = fake_task_read(t, fake_task_path(t, "train.txt"));
    const char *holdout = fake_task_read(t, fake_task_path(t, "holdout.txt"));
    assert_int_equal(strlen(train) + strlen(holdout), strlen(text));
    assert_in_range(strlen(train), strlen(text) * 6 / 10, strlen(text) * 8 / 10);

    struct fake_task *again = fake_task_create(kit, "split_lines");
    fake_task_int(again, "percent", 70);
    fake_task_input(again, "in", fake_task_write(again, "in.txt", holdout), NULL);
    fake_task_output(again, "train", fake_task_path(again, "train.txt"));
    fake_task_output(again, "holdout", fake_task_path(again, "holdout.txt"));
    run(again);
    assert_string_equal(fake_task_read(again, fake_task_path(again, "train.txt")), "");
    assert_string_equal(fake_task_read(again, fake_task_path(again, "holdout.txt")), holdout);
    fake_task_destroy(again);
    fake_task_destroy(t);
}

static void the_order_does_not_count(void **state)
{
    (void)state;
    struct fake_task *whole = fake_task_create(kit, "fingerprint_lines");
    fake_task_input(whole, "in", fake_task_write(whole, "in.txt", "one\ntwo\nthree\n"), NULL);
    fake_task_output(whole, "out", fake_task_path(whole, "out.json"));
    run(whole);
    struct fake_task *parts = fake_task_create(kit, "fingerprint_lines");
    fake_task_input(parts, "in", fake_task_write(parts, "a.txt", "three\n"),
                    fake_task_write(parts, "b.txt", "two\none\n"), NULL);
    fake_task_output(parts, "out", fake_task_path(parts, "out.json"));
    run(parts);
    assert_string_equal(fake_task_read(whole, fake_task_path(whole, "out.json")),
                        fake_task_read(parts, fake_task_path(parts, "out.json")));
    fake_task_destroy(parts);
    fake_task_destroy(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_never_changes),
        cmocka_unit_test(a_line_keeps_its_side),
        cmocka_unit_test(the_order_does_not_count),
    };
    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
