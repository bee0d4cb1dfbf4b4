/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scores/scores.h"

enum { THREADS = 3 };

/* market.md T10 */
static const double t10_p[] = {.90, .80, .70, .60, .55, .40, .35, .10};
static const uint8_t t10_y[] = {1, 0, 1, 1, 0, 0, 1, 0};

static uint64_t random_state = 88172645463325252U;

static double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) * 0x1p-53;
}

static struct fw_scores scores_of(const double *p, const uint8_t *y, size_t n)
{
    struct fw_scores scores;

    assert_true(fw_scores_init(&scores, p, y, n, THREADS));
    return scores;
}

static struct fw_score_summary summary_of(const double *p, const uint8_t *y, size_t n)
{
    struct fw_scores scores = scores_of(p, y, n);
    struct fw_score_summary summary;

    assert_true(fw_scores_summary(&scores, THREADS, &summary));
    fw_scores_finish(&scores);
    return summary;
}

static void near(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-12 * fmax(1, fabs(expected)))) {
        fail_msg("%.17g, expected %.17g", actual, expected);
    }
}

static void counts_at_thresholds(void **state)
{
    static const struct {
        double threshold;
        struct fw_score_counts counts;
        double precision, recall, f1, accuracy, rate;
    } rows[] = {
        {.50, {3, 2, 1, 2}, .6, .75, 2. / 3, .625, .625},
        {.60, {3, 1, 1, 3}, .75, .75, .75, .75, .5},
        {.70, {2, 1, 2, 3}, 2. / 3, .5, 4. / 7, .625, .375},
        {.80, {1, 1, 3, 3}, .5, .25, 1. / 3, .5, .25},
        {.95, {0, 0, 4, 4}, 0, 0, 0, .5, 0},
        {0, {4, 4, 0, 0}, .5, 1, 2. / 3, .5, 1},
    };
    struct fw_scores scores = scores_of(t10_p, t10_y, 8);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fw_score_counts counts = fw_scores_counts(&scores, rows[i].threshold);
        assert_memory_equal(&counts, &rows[i].counts, sizeof counts);
        near(fw_score_precision(&counts), rows[i].precision);
        near(fw_score_recall(&counts), rows[i].recall);
        near(fw_score_f1(&counts), rows[i].f1);
        near(fw_score_accuracy(&counts), rows[i].accuracy);
        near(fw_score_positive_rate(&counts), rows[i].rate);
    }
    fw_scores_finish(&scores);
    near(summary_of(t10_p, t10_y, 8).auc, 11. / 16);
}

static void a_threshold_between_float_and_double_splits_them(void **state)
{
    const double p[] = {.6, (double)0.6F, nextafter(.6, 0)};
    const uint8_t y[] = {1, 1, 1};
    struct fw_scores scores = scores_of(p, y, 3);

    (void)state;
    assert_int_equal(fw_scores_counts(&scores, .6).tp, 2);
    assert_int_equal(fw_scores_counts(&scores, nextafter(.6, 1)).tp, 1);
    assert_int_equal(fw_scores_counts(&scores, (double)0.6F).tp, 1);
    fw_scores_finish(&scores);
}

static void ties_count_half(void **state)
{
    const double p[] = {.5, .7, .8, .5, .2};
    const uint8_t y[] = {1, 0, 1, 0, 1};
    struct fw_score_summary summary = summary_of(p, y, 5);

    (void)state;
    near(summary.auc, 2.5 / 6);
    assert_int_equal(summary.n_distinct, 4);
    near(summary.mean_p, 2.7 / 5);
}

static void walks_over_distinct_values(void **state)
{
    const double p[] = {.5, .7, .7, 0, .7, -0.0};
    const uint8_t y[] = {1, 0, 1, 0, 1, 1};
    static const struct fw_score_counts counts[] = {{4, 2, 0, 0}, {3, 1, 1, 1}, {2, 1, 2, 1}};
    static const double values[] = {0, .5, .7};
    struct fw_scores scores = scores_of(p, y, 6);
    struct fw_score_walk walk = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(fw_scores_next(&scores, &walk));
        assert_true(walk.p == values[i] && !signbit(walk.p));
        assert_memory_equal(&walk.counts, &counts[i], sizeof counts[i]);
        struct fw_score_counts at = fw_scores_counts(&scores, walk.p);
        assert_memory_equal(&at, &counts[i], sizeof at);
    }
    assert_false(fw_scores_next(&scores, &walk));
    fw_scores_finish(&scores);
}

static void one_row_and_one_class_have_no_auc(void **state)
{
    const double p[] = {.25, 1, 0};
    const uint8_t none[] = {0, 0, 0}, all[] = {1, 1, 1};

    (void)state;
    struct fw_score_summary summary = summary_of(p, none, 1);
    assert_true(isnan(summary.auc) && isnan(summary.average_precision));
    near(summary.brier, .0625);
    near(summary.log_loss, -log(.75));
    summary = summary_of(p, all, 3);
    assert_true(isnan(summary.auc));
    near(summary.average_precision, 1);
    near(summary.log_loss, (-log(.25) + 52 * log(2) - log1p(-0x1p-52)) / 3);
    assert_true(isfinite(summary_of(p, none, 3).log_loss));
}

static void perfect_predictions_lose_nothing(void **state)
{
    const double p[] = {1, 0, 1, 0};
    const uint8_t y[] = {1, 0, 1, 0};
    struct fw_score_summary summary = summary_of(p, y, 4);

    (void)state;
    near(summary.auc, 1);
    near(summary.average_precision, 1);
    assert_true(summary.brier == 0);
    assert_true(summary.log_loss >= 0 && summary.log_loss < 1e-15);
}

/* Shapes of p that a sort by value or by digits finds hard. */
static double shaped(size_t shape, size_t i)
{
    switch (shape) {
    case 0:
        return uniform();
    case 1:
        return exp(-700 * uniform());
    case 2:
        return .5;
    case 3:
        return floor(uniform() * 7) / 7;
    case 4:
        return .3 + 1e-13 * uniform();
    case 5:
        return i % 1000 == 0 ? uniform() : exp(-40 - 20 * uniform());
    case 6:
        return (double)(i % 5) * 0x1p-1074;
    default:
        return i == 7 ? 1 : 0;
    }
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return one < other ? -1 : one > other;
}

static void sorts_whatever_the_shape_and_the_threads(void **state)
{
    enum { N = 150001 };
    double *p = malloc(N * sizeof *p);
    uint8_t *y = malloc(N);
    uint64_t *keys = malloc(N * sizeof *keys);
    struct fw_scores one, many;
    struct fw_score_summary of_one, of_many;

    (void)state;
    for (size_t shape = 0; shape < 8; shape++) {
        for (size_t i = 0; i < N; i++) {
            uint64_t bits;
            p[i] = shaped(shape, i);
            y[i] = uniform() < p[i];
            memcpy(&bits, &p[i], sizeof bits);
            keys[i] = bits << 1 | y[i];
        }
        qsort(keys, N, sizeof *keys, compare_keys);
        assert_true(fw_scores_init(&one, p, y, N, 1));
        assert_true(fw_scores_init(&many, p, y, N, 100));
        assert_memory_equal(one.keys, keys, N * sizeof *keys);
        assert_memory_equal(many.keys, keys, N * sizeof *keys);
        assert_true(fw_scores_summary(&one, 1, &of_one));
        assert_true(fw_scores_summary(&many, 100, &of_many));
        assert_memory_equal(&of_one, &of_many, sizeof of_one);
        fw_scores_finish(&one);
        fw_scores_finish(&many);
    }
    free(p);
    free(y);
    free(keys);
}

/* By definition: every pair, every threshold. */
static void agrees_with_the_definitions(void **state)
{
    enum { N = 300 };
    double p[N];
    uint8_t y[N];

    (void)state;
    for (size_t round = 0; round < 20; round++) {
        double wins = 0, pairs = 0, squares = 0, logs = 0, ap = 0;
        for (size_t i = 0; i < N; i++) {
            p[i] = floor(uniform() * (double)(round * 20 + 2)) / (double)(round * 20 + 2);
            y[i] = uniform() < .3;
            squares += (p[i] - y[i]) * (p[i] - y[i]);
            logs -= y[i] ? log(fmax(p[i], 0x1p-52)) : log1p(-p[i]);
        }
        struct fw_scores scores = scores_of(p, y, N);
        for (size_t i = 0; i < N; i++) {
            struct fw_score_counts counts = fw_scores_counts(&scores, p[i]);
            ap += y[i] ? fw_score_precision(&counts) / (double)scores.n_positive : 0;
            for (size_t j = 0; j < N && y[i]; j++) {
                pairs += !y[j];
                wins += y[j] ? 0 : p[i] > p[j] ? 1 : p[i] == p[j] ? .5 : 0;
            }
        }
        struct fw_score_summary summary = summary_of(p, y, N);
        near(summary.auc, wins / pairs);
        near(summary.average_precision, ap);
        near(summary.brier, squares / N);
        near(summary.log_loss, logs / N);
        fw_scores_finish(&scores);
    }
}

static void a_million_equal_values_are_one(void **state)
{
    enum { N = 1000000 };
    double *p = malloc(N * sizeof *p);
    uint8_t *y = malloc(N);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        p[i] = .125;
        y[i] = i % 4 == 0;
    }
    struct fw_score_summary summary = summary_of(p, y, N);
    assert_true(summary.auc == .5);
    near(summary.average_precision, .25);
    near(summary.log_loss, -.25 * log(.125) - .75 * log(.875));
    assert_int_equal(summary.n_distinct, 1);
    free(p);
    free(y);
}

static void wilson_intervals_stay_in_their_range(void **state)
{
    (void)state;
    struct fw_score_interval none = fw_score_wilson(0, 0, FW_SCORE_Z95);
    assert_true(none.lower == 0 && none.upper == 1);
    struct fw_score_interval few = fw_score_wilson(3, 3, FW_SCORE_Z95);
    near(few.lower, 3 / (3 + FW_SCORE_Z95 * FW_SCORE_Z95));
    assert_true(few.upper == 1);
    assert_true(fw_score_wilson(0, 10, FW_SCORE_Z95).lower == 0);
    struct fw_score_interval half = fw_score_wilson(50, 100, FW_SCORE_Z95);
    near(half.lower, 0.4038315303659956);
    near(half.upper, 1 - 0.4038315303659956);
}

static void calibration_bins_hold_every_row_once(void **state)
{
    const double p[] = {0, .0999, .1, .55, .95, 1};
    const uint8_t y[] = {0, 0, 1, 1, 0, 1};
    struct fw_scores scores = scores_of(p, y, 6);
    struct fw_score_bin bins[10];

    (void)state;
    fw_scores_calibration(&scores, bins, 10);
    assert_int_equal(bins[0].n, 3);
    assert_int_equal(bins[0].n_positive, 1);
    near(bins[0].mean_p, .1999 / 3);
    assert_true(isnan(bins[2].mean_p));
    assert_int_equal(bins[5].n, 1);
    assert_int_equal(bins[9].n, 2);
    assert_int_equal(bins[9].n_positive, 1);
    assert_true(bins[9].upper == 1);
    fw_scores_finish(&scores);
}

static void orders_rows_by_p_and_then_by_row(void **state)
{
    enum { N = 5000 };
    double p[N];
    uint32_t order[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        p[i] = i % 3 == 0 ? .25 : uniform();
    }
    p[17] = -0.0;
    p[4000] = 0;
    assert_true(fw_scores_order(p, N, order));
    assert_int_equal(order[0], 17);
    assert_int_equal(order[1], 4000);
    for (size_t i = 1; i < N; i++) {
        assert_true(p[order[i - 1]] < p[order[i]] ||
                    (p[order[i - 1]] == p[order[i]] && order[i - 1] < order[i]));
    }
    assert_true(fw_scores_order(p, 0, order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_at_thresholds),
        cmocka_unit_test(a_threshold_between_float_and_double_splits_them),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(walks_over_distinct_values),
        cmocka_unit_test(one_row_and_one_class_have_no_auc),
        cmocka_unit_test(perfect_predictions_lose_nothing),
        cmocka_unit_test(sorts_whatever_the_shape_and_the_threads),
        cmocka_unit_test(agrees_with_the_definitions),
        cmocka_unit_test(a_million_equal_values_are_one),
        cmocka_unit_test(wilson_intervals_stay_in_their_range),
        cmocka_unit_test(calibration_bins_hold_every_row_once),
        cmocka_unit_test(orders_rows_by_p_and_then_by_row),
    };

    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
