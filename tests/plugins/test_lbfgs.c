/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "lbfgs.h"

enum { N = 30 };

/* Convex, badly scaled: sum of c (x - i)^2 / 2 + (x - i)^4, c from 1 to 100. */
static double evaluate(const double *x, double *gradient)
{
    double value = 0;
    for (size_t i = 0; i < N; i++) {
        const double c = pow(10, 2.0 * (double)i / (N - 1)), off = x[i] - (double)i;
        value += c * off * off / 2 + pow(off, 4);
        gradient[i] = c * off + 4 * pow(off, 3);
    }
    return value;
}

/* Evaluations until the gradient is below `tolerance`; 0: the search ended before, or took too
 * many. */
static size_t minimise(struct lbfgs *lbfgs, double tolerance)
{
    double gradient[N];
    assert_true(lbfgs_init(lbfgs, N));
    for (size_t n = 1; n < 500; n++) {
        const double value = evaluate(lbfgs->trial, gradient);
        const bool on = lbfgs_next(lbfgs, value, gradient);
        if (lbfgs_norm(lbfgs) <= tolerance) {
            return n;
        }
        if (!on) {
            return 0;
        }
    }
    return 0;
}

static void finds_the_minimum_of_a_badly_scaled_function(void **state)
{
    (void)state;
    struct lbfgs lbfgs;
    const size_t n = minimise(&lbfgs, 1e-7);
    assert_in_range(n, 2, 300);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabs(lbfgs.x[i] - (double)i) < 1e-7);
    }
    assert_true(lbfgs.iterations < n);
    lbfgs_finish(&lbfgs);
}

/* As values are that a sum of floats gives: 1 is added, and what is below 1e-7 is lost. */
static void goes_on_where_values_are_rounded(void **state)
{
    (void)state;
    double gradient[N];
    struct lbfgs lbfgs;
    size_t n = 0;
    assert_true(lbfgs_init(&lbfgs, N));
    do {
        const double value = round((1 + evaluate(lbfgs.trial, gradient)) * 1e7) / 1e7;
        if (!lbfgs_next(&lbfgs, value, gradient)) {
            break;
        }
    } while (lbfgs_norm(&lbfgs) > 1e-7 && ++n < 500);
    assert_true(lbfgs_norm(&lbfgs) <= 1e-7);
    lbfgs_finish(&lbfgs);
}

static void ends_where_it_begins_at_the_minimum(void **state)
{
    (void)state;
    const double gradient[N] = {0};
    struct lbfgs lbfgs;
    assert_true(lbfgs_init(&lbfgs, N));
    assert_false(lbfgs_next(&lbfgs, 3, gradient));
    assert_true(lbfgs_norm(&lbfgs) == 0);
    lbfgs_finish(&lbfgs);
}

/* The step is halved, and x stays, until the value is a number again. */
static void steps_back_from_values_that_are_none(void **state)
{
    (void)state;
    const double gradient[N] = {[0] = 1};
    struct lbfgs lbfgs;
    assert_true(lbfgs_init(&lbfgs, N));
    assert_true(lbfgs_next(&lbfgs, 3, gradient));
    const double first = lbfgs.trial[0];
    assert_true(first < 0);
    assert_true(lbfgs_next(&lbfgs, NAN, gradient));
    assert_true(lbfgs.trial[0] == first / 2);
    assert_true(lbfgs.x[0] == 0 && lbfgs.iterations == 0);
    lbfgs_finish(&lbfgs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_minimum_of_a_badly_scaled_function),
        cmocka_unit_test(goes_on_where_values_are_rounded),
        cmocka_unit_test(ends_where_it_begins_at_the_minimum),
        cmocka_unit_test(steps_back_from_values_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
