/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "run/growth.h"

#define MIB (UINT64_C(1) << 20)

static void says(const struct fw_growth *growth, const char *expected)
{
    char *text = fw_growth_text(growth);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void names_memory_at_doubling_steps(void **state)
{
    (void)state;
    struct fw_growth growth = {0};
    for (uint64_t step = 1; step <= 1000; step++) {
        fw_growth_note(&growth, step, (30 + step) * MIB);
    }
    says(&growth, "; it grew step by step (158 MiB at step 128, 286 MiB at step 256, 542 MiB at "
                  "step 512), so it leaks or keeps more than its budget holds");
}

static void begins_where_a_resumed_stage_begins(void **state)
{
    (void)state;
    struct fw_growth growth = {0};
    for (uint64_t step = 1000; step < 1008; step++) {
        fw_growth_note(&growth, step, (step - 999) * 10 * MIB);
        fw_growth_note(&growth, step, 0); /* the second sample at one step */
    }
    says(&growth, "; it grew step by step (20 MiB at step 1001, 40 MiB at step 1003, 80 MiB at "
                  "step 1007), so it leaks or keeps more than its budget holds");
}

static void is_silent_about_a_stage_that_does_not_grow(void **state)
{
    (void)state;
    struct fw_growth growth = {0};
    for (uint64_t step = 1; step <= 1000; step++) {
        fw_growth_note(&growth, step, (step % 2 ? 300 : 310) * MIB);
    }
    says(&growth, "");
}

static void is_silent_about_one_big_step(void **state)
{
    (void)state;
    struct fw_growth growth = {0};
    says(&growth, "");
    fw_growth_note(&growth, 1, 10 * MIB);
    fw_growth_note(&growth, 2, 900 * MIB);
    says(&growth, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_memory_at_doubling_steps),
        cmocka_unit_test(begins_where_a_resumed_stage_begins),
        cmocka_unit_test(is_silent_about_a_stage_that_does_not_grow),
        cmocka_unit_test(is_silent_about_one_big_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
