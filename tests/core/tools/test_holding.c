/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/swap/holding.h"

/* What `mappings(i)` says after swap i, of so many. */
static double growth_of(uint32_t n, int64_t (*mappings)(uint32_t i))
{
    struct fw_holdings holdings = {.stride = 1, .n = n, .seen = n};
    assert_true(n <= FW_HOLDINGS);
    for (uint32_t i = 0; i < n; i++) {
        holdings.items[i].held[FW_HELD_MAPPINGS] = mappings(i);
    }
    return fw_holdings_growth(&holdings, FW_HELD_MAPPINGS);
}

static int64_t one_each(uint32_t i)
{
    return 100 + i;
}

static int64_t one_in_five(uint32_t i)
{
    return 100 + i / 5;
}

static int64_t an_arena_in_the_middle(uint32_t i)
{
    return i < 20 ? 100 : 101;
}

static int64_t only_at_first(uint32_t i)
{
    return i < 8 ? 100 + i : 108;
}

static int64_t up_and_down(uint32_t i)
{
    return 100 + i % 7;
}

static void a_mapping_left_behind_by_each_swap_is_growth(void **state)
{
    (void)state;
    assert_true(growth_of(41, one_each) > 0.99);
    assert_true(growth_of(41, one_in_five) > 0.15);
}

static void what_an_allocator_does_once_is_none(void **state)
{
    (void)state;
    assert_true(growth_of(41, an_arena_in_the_middle) == 0);
    assert_true(growth_of(41, only_at_first) == 0);
    assert_true(growth_of(41, up_and_down) == 0);
}

static void of_few_swaps_nothing_is_said(void **state)
{
    (void)state;
    assert_true(growth_of(9, one_each) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_left_behind_by_each_swap_is_growth),
        cmocka_unit_test(what_an_allocator_does_once_is_none),
        cmocka_unit_test(of_few_swaps_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
