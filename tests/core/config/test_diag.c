/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/diag.h"
#include "config/near.h"

static void counts_typing_slips(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {{"", "", 0},
                 {"", "abc", 3},
                 {"abc", "abc", 0},
                 {"abc", "acb", 1},
                 {"abc", "ab", 1},
                 {"abc", "xabc", 1},
                 {"kitten", "sitting", 3},
                 {"ca", "abc", 3},
                 {"threads", "thraeds", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(fw_near_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(fw_near_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
    char a[200], b[200];
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    a[199] = b[199] = '\0';
    assert_int_equal(fw_near_distance(a, b), 63);
}

static void offers_only_what_is_near(void **state)
{
    (void)state;
    static const char *const known[] = {"threads", "memory", "temp", "temp_limit", "in", "out"};
    const size_t n = sizeof known / sizeof known[0];
    assert_string_equal(fw_near("thread", known, n), "threads");
    assert_string_equal(fw_near("memroy", known, n), "memory");
    assert_string_equal(fw_near("tmp", known, n), "temp");
    assert_string_equal(fw_near("temp_limi", known, n), "temp_limit");
    assert_string_equal(fw_near("temp", known, n), "temp");
    assert_null(fw_near("colour", known, n));
    assert_null(fw_near("x", known, n));
    assert_null(fw_near("thread", known, 0));
}

static void prints_in_order_of_file_and_line(void **state)
{
    (void)state;
    char name[] = "threads", text[] = "20", stages[] = "stages", a[] = "a";
    const struct fw_cfg_node top = {.name = stages}, stage = {.name = a, .up = &top};
    struct fw_cfg_node node = {.kind = FW_CFG_STRING,
                               .file = "p.cfg",
                               .line = 14,
                               .name = name,
                               .up = &stage,
                               .text = text};
    static const char *const known[] = {"memory", "threads"};
    fw_auto(diag) struct fw_diag diag = {0};
    assert_false(fw_diag_any(&diag));
    fw_diag_node(&diag, &node, "expected an integer from %d to %d", 1, 64);
    fw_diag_at(&diag, "p.cfg", 3, "syntax error");
    fw_diag_at(&diag, "b.cfg", 20, "late");
    fw_diag_at(&diag, "p.cfg", 0, "the whole file");
    fw_diag_at(&diag, NULL, 0, "no file at all");
    node.kind = FW_CFG_BOOL;
    node.line = 15;
    strcpy(name, "thread");
    fw_diag_unknown(&diag, &node, known, 2);
    node.line = 16;
    strcpy(name, "zzzzz");
    fw_diag_unknown(&diag, &node, known, 2);
    assert_true(fw_diag_any(&diag));
    fw_auto(str) struct fw_str out = {0};
    fw_diag_print(&diag, &out);
    assert_string_equal(
        out.text,
        "no file at all\n"
        "b.cfg:20: late\n"
        "p.cfg: the whole file\n"
        "p.cfg:3: syntax error\n"
        "p.cfg:14: stages.a.threads = \"20\": expected an integer from 1 to 64\n"
        "p.cfg:15: stages.a.thread = false: unknown setting; did you mean \"threads\"?\n"
        "p.cfg:16: stages.a.zzzzz = false: unknown setting; known here: memory, threads\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_typing_slips),
        cmocka_unit_test(offers_only_what_is_near),
        cmocka_unit_test(prints_in_order_of_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
