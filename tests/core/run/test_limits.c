/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/limits.h"

/* What a stage may use on one rung. */
struct expected {
    uint32_t threads, small, factor, attempt;
    uint64_t engine;
};

static void check(const struct fw_limits *limits, const struct expected *expected)
{
    assert_int_equal(limits->threads, expected->threads);
    assert_int_equal(limits->small_row_groups, expected->small);
    assert_int_equal(limits->partition_factor, expected->factor);
    assert_int_equal(limits->attempt, expected->attempt);
    assert_int_equal(limits->engine_bytes, expected->engine);
    assert_int_equal(limits->memory_bytes, 1000);
    assert_int_equal(limits->temp_bytes, 7);
}

static void walk(uint32_t threads, enum fw_memory_cause cause, const struct expected *rungs,
                 size_t n)
{
    struct fw_limits first = fw_limits_first(threads, 1000, 7), limits = first;
    struct fw_rung rung = {0};
    check(&first, &rungs[0]);
    for (size_t i = 1; i < n; i++) {
        assert_true(fw_rung_lower(&rung, &first, cause));
        limits = fw_limits_on(&first, &rung);
        check(&limits, &rungs[i]);
    }
    assert_false(fw_rung_lower(&rung, &first, cause));
    assert_int_equal(rung.number, FW_RUNG_LAST);
    limits = fw_limits_on(&first, &rung);
    check(&limits, &rungs[n - 1]);
}

#define N(array) (sizeof(array) / sizeof *(array))

static void half_the_threads_then_one_with_small_row_groups_then_more_partitions(void **state)
{
    (void)state;
    const struct expected rungs[] = {
        {8, 0, 1, 1, 550}, {4, 0, 1, 2, 550}, {1, 1, 1, 3, 550}, {1, 1, 4, 4, 550}};
    walk(8, FW_MEMORY_ENGINE, rungs, N(rungs));
}

static void half_of_an_odd_number_is_the_lesser(void **state)
{
    (void)state;
    const struct expected rungs[] = {
        {3, 0, 1, 1, 550}, {1, 0, 1, 2, 550}, {1, 1, 1, 3, 550}, {1, 1, 4, 4, 550}};
    walk(3, FW_MEMORY_ENGINE, rungs, N(rungs));
}

static void a_rung_that_changes_nothing_is_skipped(void **state)
{
    (void)state;
    const struct expected rungs[] = {{1, 0, 1, 1, 550}, {1, 1, 1, 2, 550}, {1, 1, 4, 3, 550}};
    walk(1, FW_MEMORY_ENGINE, rungs, N(rungs));
}

static void each_kill_lowers_the_engine_too_and_never_alone(void **state)
{
    (void)state;
    const struct expected rungs[] = {
        {2, 0, 1, 1, 550}, {1, 0, 1, 2, 330}, {1, 1, 1, 3, 198}, {1, 1, 4, 4, 118}};
    walk(2, FW_MEMORY_KILL, rungs, N(rungs));
}

static void a_stage_has_at_least_one_thread(void **state)
{
    (void)state;
    assert_int_equal(fw_limits_first(0, 1000, 0).threads, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_the_threads_then_one_with_small_row_groups_then_more_partitions),
        cmocka_unit_test(half_of_an_odd_number_is_the_lesser),
        cmocka_unit_test(a_rung_that_changes_nothing_is_skipped),
        cmocka_unit_test(each_kill_lowers_the_engine_too_and_never_alone),
        cmocka_unit_test(a_stage_has_at_least_one_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
