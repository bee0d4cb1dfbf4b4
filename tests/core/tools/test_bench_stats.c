/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bench/stats/stats.h"

/* Against tests/reference/bench_stats.py, which asks numpy and scipy. */

enum { MOST = 400, EXPECTED = 16 };

struct golden {
    char kind[16];
    size_t n_a, n_b, n_expected;
    double a[MOST], b[MOST], expected[EXPECTED];
};

static size_t read_values(char **at, double *values, size_t n)
{
    size_t read = 0;
    for (char *end; read < n; read++, *at = end) {
        values[read] = strtod(*at, &end);
        if (end == *at) {
            break;
        }
    }
    return read;
}

static void parse(char *line, struct golden *g)
{
    int used;
    assert_int_equal(sscanf(line, "%15s %zu %zu%n", g->kind, &g->n_a, &g->n_b, &used), 3);
    assert_true(g->n_a <= MOST && g->n_b <= MOST);
    line += used;
    assert_int_equal(read_values(&line, g->a, g->n_a), g->n_a);
    assert_int_equal(read_values(&line, g->b, g->n_b), g->n_b);
    g->n_expected = read_values(&line, g->expected, EXPECTED);
    assert_true(g->n_expected > 0);
}

static size_t each_golden(const char *kind, void (*check)(struct golden *golden))
{
    static struct golden golden;
    char path[4096], line[65536];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/tests/reference/bench_stats.golden",
             getenv("FWRUN_SOURCE_ROOT"));
    fw_auto(fclose) FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        parse(line, &golden);
        if (strcmp(golden.kind, kind) == 0) {
            check(&golden);
            n++;
        }
    }
    return n;
}

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g within %g", found, expected, tolerance);
    }
}

static struct fw_stats_two two_of(const struct golden *g, bool paired)
{
    return (struct fw_stats_two){
        .a = g->a, .b = g->b, .n_a = g->n_a, .n_b = g->n_b, .paired = paired};
}

static void check_quantile(struct golden *g)
{
    fw_stats_sort(g->a, g->n_a);
    near(fw_stats_quantile(g->a, g->n_a, g->b[0]), g->expected[0], 1e-15);
}

static void quantiles_are_numpys(void **state)
{
    (void)state;
    assert_int_equal(each_golden("quantile", check_quantile), 24);
}

static void check_shift(struct golden *g)
{
    const struct fw_stats_two two = two_of(g, false);
    double shift;
    assert_int_equal(fw_stats_shift(&two, &shift, NULL), 0);
    near(shift, g->expected[0], 1e-16);
}

static void the_shift_is_the_median_of_all_differences(void **state)
{
    (void)state;
    assert_int_equal(each_golden("shift", check_shift), 10);
}

static void check_rank(struct golden *g)
{
    const struct fw_stats_two two = two_of(g, false);
    double p;
    assert_int_equal(fw_stats_mann_whitney(&two, &p, NULL), 0);
    near(p, g->expected[0], 1e-12);
}

static void mann_whitney_is_scipys_exact_and_approximate_with_ties(void **state)
{
    (void)state;
    assert_int_equal(each_golden("rank", check_rank), 11);
}

static void check_interval(const struct golden *g, bool paired)
{
    const struct fw_stats_two two = two_of(g, paired);
    double low, high, again_low, again_high;
    assert_int_equal(fw_stats_interval(&two, &low, &high, NULL), 0);
    assert_int_equal(fw_stats_interval(&two, &again_low, &again_high, NULL), 0);
    assert_true(low == again_low && high == again_high);
    const double width = g->expected[1] - g->expected[0];
    /* Of 2,000 resamples numpy's own come no nearer. */
    near(low, g->expected[0], 0.1 * width);
    near(high, g->expected[1], 0.1 * width);
}

static void check_unpaired(struct golden *g)
{
    check_interval(g, false);
}

static void check_pairs(struct golden *g)
{
    check_interval(g, true);
}

static void intervals_are_those_of_many_more_resamples(void **state)
{
    (void)state;
    assert_int_equal(each_golden("interval", check_unpaired), 3);
    assert_int_equal(each_golden("pairs", check_pairs), 3);
}

static void check_adjust(struct golden *g)
{
    assert_int_equal(fw_stats_adjust(g->a, g->n_a, NULL), 0);
    assert_int_equal(g->n_expected, g->n_a);
    for (size_t i = 0; i < g->n_a; i++) {
        near(g->a[i], g->expected[i], 1e-15);
    }
}

static void p_values_are_adjusted_to_their_number(void **state)
{
    (void)state;
    assert_int_equal(each_golden("adjust", check_adjust), 3);
}

static void outliers_are_found_and_nothing_else(void **state)
{
    (void)state;
    const double values[] = {1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 4.0, 0.98, -3.0};
    bool out[9];
    assert_int_equal(fw_stats_outliers(values, 9, out, NULL), 2);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(out[i], i == 6 || i == 8);
    }
    const double same[] = {1, 1, 1, 1};
    assert_int_equal(fw_stats_outliers(same, 4, out, NULL), 0);
    assert_int_equal(fw_stats_outliers(same, 0, out, NULL), 0);
    const double few[] = {1, 1.01, 0.99, 100};
    assert_int_equal(fw_stats_outliers(few, 4, out, NULL), 0);
}

static void noise_is_spread_or_shift_whichever_is_more(void **state)
{
    (void)state;
    double noise;
    /* Neighbours 0.02 apart; A and B have the same values. */
    const double spread[] = {0, 0.02, 0, 0.02, 0, 0.02, 0, 0.02, 0};
    assert_int_equal(fw_stats_noise(spread, 9, 9, &noise, NULL), 0);
    near(noise, expm1(1.96 * 1.4826 * 0.02 / sqrt(2) * sqrt(2.0 / 9)), 1e-12);
    /* A B B A A B B A A: B is 0.1 above A. */
    const double shifted[] = {0, 0.1, 0.1, 0, 0, 0.1, 0.1, 0, 0};
    assert_int_equal(fw_stats_noise(shifted, 9, 900, &noise, NULL), 0);
    near(noise, expm1(0.1), 1e-12);
    assert_int_equal(fw_stats_noise(spread, 1, 1, &noise, NULL), 0);
    assert_true(isinf(noise));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_numpys),
        cmocka_unit_test(the_shift_is_the_median_of_all_differences),
        cmocka_unit_test(mann_whitney_is_scipys_exact_and_approximate_with_ties),
        cmocka_unit_test(intervals_are_those_of_many_more_resamples),
        cmocka_unit_test(p_values_are_adjusted_to_their_number),
        cmocka_unit_test(outliers_are_found_and_nothing_else),
        cmocka_unit_test(noise_is_spread_or_shift_whichever_is_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
