/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/limits.h"

static void the_first_attempt_has_the_whole_budget(void **state)
{
    (void)state;
    struct fw_limits limits = fw_limits_first(8, 1000, 0);
    assert_int_equal(limits.threads, 8);
    assert_int_equal(limits.engine_bytes, 550);
    assert_int_equal(limits.attempt, 1);
    assert_int_equal(limits.partition_factor, 1);
}

static void every_rung_only_lowers_until_there_is_none(void **state)
{
    (void)state;
    struct fw_limits limits = fw_limits_first(4, 1000, 0);
    const struct {
        uint32_t threads, small, factor;
    } rungs[] = {{2, 0, 1}, {1, 0, 1}, {1, 1, 1}, {1, 1, 4}};
    for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++) {
        assert_true(fw_limits_lower(&limits, FW_MEMORY_ENGINE));
        assert_int_equal(limits.threads, rungs[i].threads);
        assert_int_equal(limits.small_row_groups, rungs[i].small);
        assert_int_equal(limits.partition_factor, rungs[i].factor);
        assert_int_equal(limits.engine_bytes, 550);
        assert_int_equal(limits.attempt, i + 2);
    }
    struct fw_limits last = limits;
    assert_false(fw_limits_lower(&limits, FW_MEMORY_ENGINE));
    assert_memory_equal(&limits, &last, sizeof last);
}

static void a_kill_lowers_the_engine_too(void **state)
{
    (void)state;
    struct fw_limits limits = fw_limits_first(2, 1000, 0);
    assert_true(fw_limits_lower(&limits, FW_MEMORY_KILL));
    assert_int_equal(limits.engine_bytes, 330);
    assert_int_equal(limits.memory_bytes, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_attempt_has_the_whole_budget),
        cmocka_unit_test(every_rung_only_lowers_until_there_is_none),
        cmocka_unit_test(a_kill_lowers_the_engine_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
