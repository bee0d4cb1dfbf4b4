/* SPDX-License-Identifier: MIT */
/* Early stopping on series of validations that are given (market.md T15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "stopping.h"

enum { NEVER = -1 };

/* The epoch behind which a run with these values stops. */
static int stop_of(struct stopping *stopping, const struct stopping_rule *rule,
                   const double *values, int n)
{
    *stopping = stopping_begin();
    for (int i = 0; i < n; i++) {
        stopping_improves(stopping, rule, (uint64_t)i, values[i]);
        if (stopping_is_due(stopping, rule)) {
            return i;
        }
    }
    return NEVER;
}

static void stops_as_the_specification_says(void **state)
{
    (void)state;
    static const double auc[] = {.60, .6005, .6009, .6015, .6015, .6015, .6015, .6015, .6015};
    const struct stopping_rule rule = {true, .001, 3};
    struct stopping stopping = stopping_begin();
    assert_true(stopping_improves(&stopping, &rule, 0, auc[0]));
    assert_false(stopping_improves(&stopping, &rule, 1, auc[1]));
    assert_false(stopping_improves(&stopping, &rule, 2, auc[2]));
    assert_int_equal(stopping.waiting, 2);
    assert_true(stopping_improves(&stopping, &rule, 3, auc[3]));
    assert_int_equal(stopping.waiting, 0);
    assert_int_equal(stop_of(&stopping, &rule, auc, 9), 6);
    assert_int_equal(stopping.best_epoch, 3);
    assert_true(stopping.best == .6015);
}

static void an_improvement_is_more_than_the_delta(void **state)
{
    (void)state;
    static const double auc[] = {.5, .75, 1};
    const struct stopping_rule rule = {true, .25, 1};
    struct stopping stopping;
    assert_int_equal(stop_of(&stopping, &rule, auc, 3), 1);
    assert_int_equal(stopping.best_epoch, 0);
}

static void losses_improve_by_falling(void **state)
{
    (void)state;
    static const double loss[] = {2, 1, 1.5, .5, .6, .7};
    const struct stopping_rule rule = {false, 0, 2};
    struct stopping stopping;
    assert_int_equal(stop_of(&stopping, &rule, loss, 6), 5);
    assert_int_equal(stopping.best_epoch, 3);
}

static void what_is_no_number_is_no_improvement(void **state)
{
    (void)state;
    const double auc[] = {NAN, NAN, .5, NAN, NAN, NAN};
    const struct stopping_rule rule = {true, 0, 3};
    struct stopping stopping;
    assert_int_equal(stop_of(&stopping, &rule, auc, 6), 5);
    assert_int_equal(stopping.best_epoch, 2);
    assert_int_equal(stop_of(&stopping, &rule, auc, 2), NEVER);
    assert_false(stopping.has_best);
}

static void without_patience_it_never_stops(void **state)
{
    (void)state;
    static const double loss[] = {1, 2, 3, 4, 5, 6};
    const struct stopping_rule rule = {false, 0, 0};
    struct stopping stopping;
    assert_int_equal(stop_of(&stopping, &rule, loss, 6), NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_as_the_specification_says),
        cmocka_unit_test(an_improvement_is_more_than_the_delta),
        cmocka_unit_test(losses_improve_by_falling),
        cmocka_unit_test(what_is_no_number_is_no_improvement),
        cmocka_unit_test(without_patience_it_never_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
