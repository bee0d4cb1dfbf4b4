/* SPDX-License-Identifier: MIT */
/* Indicators on a few bars each, worked out by hand, and what must hold for all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "market_table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_value(double actual, double expected, size_t row)
{
    assert_near(actual, expected, 1e-9, "value", row);
}

static void counts_gains_against_moves_as_wilder_did(void **state)
{
    static const double closes[] = {10, 11, 10, 12, 12, 9, 11};
    static const double expected[] = {NAN, NAN, NAN, 75, 75, 1200.0 / 43, 390.0 / 7};
    struct fw_rsi rsi;

    (void)state;
    fw_rsi_init(&rsi, 3);
    for (size_t t = 0; t < COUNT(closes); t++) {
        assert_value(fw_rsi_push(&rsi, closes[t]), expected[t], t);
    }
    fw_rsi_init(&rsi, 3);
    for (size_t t = 0; t < 5; t++) {
        assert_value(fw_rsi_push(&rsi, 5), t < 3 ? NAN : 0, t);
    }
}

static void averages_true_ranges(void **state)
{
    static const double highs[] = {10, 11, 12, 11.5, 13}, lows[] = {9, 9.5, 10.5, 10, 11};
    static const double closes[] = {9.5, 10.5, 11, 10.2, 12.5};
    static const double expected[] = {NAN, NAN, NAN, 1.5, 29.0 / 15};
    struct fw_atr atr;

    (void)state;
    fw_atr_init(&atr, 3);
    for (size_t t = 0; t < COUNT(closes); t++) {
        struct fw_bar bar = {.high = highs[t], .low = lows[t], .close = closes[t]};
        assert_value(fw_atr_push(&atr, &bar), expected[t], t);
    }
}

static void adds_and_takes_volume_by_the_close(void **state)
{
    static const double closes[] = {10, 11, 11, 10.5, 12}, volumes[] = {100, 200, 300, 400, 500};
    static const double expected[] = {100, 300, 300, -100, 400};
    struct fw_obv obv;

    (void)state;
    fw_obv_init(&obv);
    for (size_t t = 0; t < COUNT(closes); t++) {
        assert_value(fw_obv_push(&obv, closes[t], volumes[t]), expected[t], t);
    }
}

static void seeds_each_average_as_its_name_says(void **state)
{
    static const double values[] = {1, 2, 4, 7, 11, 16};
    static const double seeded[] = {NAN, NAN, 7.0 / 3, 14.0 / 3, 47.0 / 6, 143.0 / 12};
    static const double at_once[] = {1, 1.5, 2.75, 4.875, 7.9375, 11.96875};
    static const double twice[] = {NAN, NAN, NAN, NAN, 193.0 / 18, 1109.0 / 72};
    struct fw_ema ema;
    struct fw_ewm ewm;
    struct fw_dema dema;

    (void)state;
    fw_ema_init(&ema, 3);
    fw_ewm_init(&ewm, 3);
    fw_dema_init(&dema, 3);
    for (size_t t = 0; t < COUNT(values); t++) {
        assert_value(fw_ema_push(&ema, values[t]), seeded[t], t);
        assert_value(fw_ewm_push(&ewm, values[t]), at_once[t], t);
        assert_value(fw_dema_push(&dema, values[t]), twice[t], t);
    }
}

static void weighs_rising_highs_against_falling_lows(void **state)
{
    static const double highs[] = {10, 11, 10.5, 12, 12, 13}, lows[] = {9, 9.5, 9.25, 9, 10, 10.5};
    static const double expected[] = {0.5, 0.5, 0.5, 2.5 / 3, 0.75, 2.5 / 2.75};
    struct fw_demarker demarker;

    (void)state;
    fw_demarker_init(&demarker, 3);
    for (size_t t = 0; t < COUNT(highs); t++) {
        struct fw_bar bar = {.high = highs[t], .low = lows[t]};
        fw_demarker_push(&demarker, &bar);
        assert_value(demarker.value, expected[t], t);
    }
}

static struct fw_window window_of(const double *values, int32_t n)
{
    struct fw_window window;

    fw_window_init(&window, n, FW_DEVIATION);
    for (int32_t i = 0; i < n; i++) {
        fw_window_push(&window, values[i]);
    }
    return window;
}

static void ranks_the_newest_value_among_all(void **state)
{
    struct fw_window last = window_of((const double[]){3, 1, 4, 1, 5}, 5);
    struct fw_window middle = window_of((const double[]){3, 1, 4, 1, 2}, 5);

    (void)state;
    assert_value(fw_percentile(&last, true), 20, 0);
    assert_value(fw_percentile(&last, false), 100, 0);
    assert_value(fw_percentile(&middle, true), 60, 0);
    assert_value(fw_percentile(&middle, false), 60, 0);
}

static void says_what_lies_in_the_tail_and_what_to_expect(void **state)
{
    double returns[20];

    (void)state;
    for (int i = 0; i < 20; i++) {
        returns[i] = (i * 7 % 20 - 10) / 10.0; /* -1.0 to 0.9, in some order */
    }
    struct fw_window window = window_of(returns, 20);
    struct fw_tail tail = fw_tail(&window);
    struct fw_odds odds = fw_odds(&window);
    assert_value(tail.var_95, -0.905, 0);
    assert_value(tail.var_99, -0.981, 0);
    assert_value(tail.cvar_95, -1, 0);
    assert_value(odds.win_rate, 0.45, 0);
    assert_value(odds.expectancy, -0.0775, 0);
}

static void counts_days_since_a_price_crossed_its_average(void **state)
{
    static const double prices[] = {10, 11, 12, 11, 9, 10, 13}, expected[] = {0, 0, 1, 0, 1, 0, 1};
    struct fw_window pair;
    struct fw_cross cross;

    (void)state;
    fw_window_init(&pair, 2, FW_MEAN);
    fw_cross_init(&cross, false);
    for (size_t t = 0; t < COUNT(prices); t++) {
        fw_window_push(&pair, prices[t]);
        fw_cross_push(&cross, prices[t] - fw_window_mean(&pair));
        assert_value(cross.bars, expected[t], t);
    }
}

static void lets_a_distance_of_zero_hide_a_cross_only_as_in_the_reference(void **state)
{
    static const double distances[] = {1, 0, -1, -1};
    static const double hidden[] = {0, 1, 2, 3}, seen[] = {0, 1, 0, 1};
    struct fw_cross reference, fixed;

    (void)state;
    fw_cross_init(&reference, true);
    fw_cross_init(&fixed, false);
    for (size_t t = 0; t < COUNT(distances); t++) {
        fw_cross_push(&reference, distances[t]);
        fw_cross_push(&fixed, distances[t]);
        assert_value(reference.bars, hidden[t], t);
        assert_value(fixed.bars, seen[t], t);
    }
}

static void turns_supertrend_where_the_close_breaks_the_line(void **state)
{
    static const double highs[] = {10, 11, 12, 14, 16, 15}, lows[] = {9, 10, 11, 12, 14, 11};
    static const double closes[] = {9.5, 10.5, 11.5, 13.5, 15.5, 11.5};
    static const double lines[] = {NAN, NAN, 13, 11, 12.75, 16.375};
    static const double directions[] = {NAN, NAN, -1, 1, 1, -1};
    struct fw_supertrend trend;

    (void)state;
    fw_supertrend_init(&trend, 2, 1);
    for (size_t t = 0; t < COUNT(closes); t++) {
        struct fw_bar bar = {.high = highs[t], .low = lows[t], .close = closes[t]};
        fw_supertrend_push(&trend, &bar);
        assert_value(trend.value, lines[t], t);
        assert_value(trend.direction, directions[t], t);
    }
}

static void measures_the_force_of_volume(void **state)
{
    static const double highs[] = {10, 11, 12, 11, 10}, lows[] = {8, 9, 10, 9, 8};
    static const double closes[] = {9, 10.5, 11, 10, 8.5}, volumes[] = {100, 200, 100, 300, 100};
    static const double forces[] = {-10000, 0, 10000.0 / 3, 0, -10000.0 / 3};
    static const double values[] = {0, 214.285714286, 480.102040816, 649.369533528, 730.510958975};
    static const double signals[] = {0, 30.612244898, 94.825072886, 174.045710121, 253.540745671};
    struct fw_klinger klinger;

    (void)state;
    fw_klinger_init(&klinger);
    for (size_t t = 0; t < COUNT(closes); t++) {
        struct fw_bar bar = {
            .high = highs[t], .low = lows[t], .close = closes[t], .volume = volumes[t]};
        fw_klinger_push(&klinger, &bar);
        assert_near(klinger.force, forces[t], 1e-9, "force", t);
        assert_near(klinger.value, values[t], 1e-9, "value", t);
        assert_near(klinger.signal.value, signals[t], 1e-9, "signal", t);
    }
}

static void lets_the_averages_of_accumulation_begin_with_its_first_value(void **state)
{
    static const double highs[] = {10, 11, 12, 11}, lows[] = {8, 9, 10, 9};
    static const double closes[] = {9.5, 10.5, 10.5, 10}, volumes[] = {100, 200, 100, 300};
    static const double lines[] = {50, 150, 100, 100};
    static const double values[] = {0, 16.666666666667, 5.555555555556, 1.851851851852};
    struct fw_adosc adosc;

    (void)state;
    fw_adosc_init(&adosc, 2, 3);
    for (size_t t = 0; t < COUNT(closes); t++) {
        struct fw_bar bar = {
            .high = highs[t], .low = lows[t], .close = closes[t], .volume = volumes[t]};
        fw_adosc_push(&adosc, &bar);
        assert_value(adosc.line, lines[t], t);
        assert_value(adosc.fast - adosc.slow, values[t], t);
        assert_value(adosc.value, t < 2 ? NAN : values[t], t);
    }
}

/* 2024-01-08, a Monday, is day 19730. A holiday, the next Monday, delays the reference. */
static void shows_a_week_once_it_is_over(void **state)
{
    enum { MONDAY = 19730, WEEKS = 16 };
    static const int32_t days[] = {0, 4, 8, 9, 14};
    struct fw_week fixed, reference;
    struct fw_rsi rsi;
    double of_week[WEEKS + 2];

    (void)state;
    fw_week_init(&fixed, false);
    fw_week_init(&reference, true);
    fw_rsi_init(&rsi, 14);
    for (int32_t i = 0; i < WEEKS; i++) {
        double close = 100 + i * 7 % 5;
        fw_week_push(&fixed, MONDAY + 7 * (i - WEEKS), close - 1);
        fw_week_push(&reference, MONDAY + 7 * (i - WEEKS), close - 1);
        fw_week_push(&fixed, MONDAY + 7 * (i - WEEKS) + 4, close);
        fw_week_push(&reference, MONDAY + 7 * (i - WEEKS) + 4, close);
        of_week[i] = fw_rsi_push(&rsi, close);
    }
    for (size_t i = 0; i < COUNT(days); i++) {
        double close = 101 + (double)i * 0.5;
        fw_week_push(&fixed, MONDAY + days[i], close);
        fw_week_push(&reference, MONDAY + days[i], close);
        if (i == 1 || i == 3) {
            of_week[WEEKS + i / 2] = fw_rsi_push(&rsi, close); /* the week's last close */
        }
        size_t week = WEEKS + (size_t)days[i] / 7, stale = days[i] / 7 == 1 ? week - 1 : week;
        assert_value(fixed.rsi, of_week[week - 1], i);
        assert_value(reference.rsi, of_week[stale - 1], i);
        assert_false(isnan(fixed.rsi));
    }
    assert_true(of_week[WEEKS - 1] != of_week[WEEKS]);
}

static void sums_windows_without_losing_digits(void **state)
{
    struct fw_window window;

    (void)state;
    fw_window_init(&window, 3, FW_DEVIATION);
    for (int i = 0; i < 100000; i++) {
        fw_window_push(&window, i % 2 == 0 ? 1e8 : -3e7);
    }
    const double small[] = {1e-3, 3e-3, 2e-3};
    for (int i = 0; i < 3; i++) {
        fw_window_push(&window, small[i]);
    }
    assert_near(fw_window_mean(&window) * 1e3, 2, 1e-9, "mean", 0);
    assert_near(fw_window_deviation(&window, 1) * 1e3, 1, 1e-9, "deviation", 0);
    for (int i = 0; i < 3; i++) {
        fw_window_push(&window, 0.1);
    }
    assert_true(fw_window_deviation(&window, 0) == 0 && fw_window_mean(&window) == 0.1);
}

/* A random walk from a generator that is the same everywhere. */
static struct fw_bar walk(uint64_t *seed, double *price, int32_t t)
{
    double draw[4];

    for (int i = 0; i < 4; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        draw[i] = (double)(*seed >> 40) / (1 << 24);
    }
    double open = *price * (1 + 0.01 * (draw[0] - 0.5));
    *price *= 1 + 0.03 * (draw[1] - 0.5);
    double high = fmax(open, *price) * (1 + 0.01 * draw[2]);
    return (struct fw_bar){
        .day = 17000 + t / 5 * 7 + t % 5,
        .open = open,
        .high = high,
        .low = fmin(open, *price) * (1 - 0.01 * draw[3]),
        .close = *price,
        .volume = 1e6 * (1 + draw[2]),
        .vix = 20,
    };
}

static void has_every_value_from_its_first_day_on(void **state)
{
    static struct fw_market market;
    uint64_t seed = 1;
    double price = 100;
    size_t rows = 0, n = fw_tier_columns(FW_TIER_A100);

    (void)state;
    fw_market_init(&market, false);
    for (int32_t t = 0; t < 600; t++) {
        struct fw_bar bar = walk(&seed, &price, t);
        fw_market_push(&market, &bar);
        for (size_t i = 0; i < n; i++) {
            bool weekly = strstr(fw_indicators[i].name, "weekly") != NULL;
            if (t >= (weekly ? 115 : fw_indicators[i].first) &&
                !isfinite(fw_indicators[i].value(&market))) {
                fail_msg("%s has no value on day %d", fw_indicators[i].name, (int)t);
            }
        }
        rows += t >= fw_tier_warm_up(FW_TIER_A100);
    }
    assert_int_equal(rows, 348);
    assert_int_equal(n, 100);
    assert_int_equal(fw_tier_columns(FW_TIER_A20), 20);
    assert_int_equal(fw_tier_columns(FW_TIER_A50), 50);
    assert_int_equal(fw_tier_warm_up(FW_TIER_A20), 199);
    assert_int_equal(fw_tier_warm_up(FW_TIER_A50), 252);
}

/* The state holds no more than it was given: a copy of it goes on as the whole would. */
static void goes_on_from_a_copy_as_if_nothing_had_been(void **state)
{
    static struct fw_market market, copy;
    uint64_t seed = 7;
    double price = 40;

    (void)state;
    fw_market_init(&market, true);
    for (int32_t t = 0; t < 700; t++) {
        struct fw_bar bar = walk(&seed, &price, t);
        fw_market_push(&market, &bar);
        if (t == 350) {
            copy = market;
        } else if (t > 350) {
            fw_market_push(&copy, &bar);
            for (size_t i = 0; i < fw_tier_columns(FW_TIER_A100); i++) {
                double a = fw_indicators[i].value(&market), b = fw_indicators[i].value(&copy);
                assert_memory_equal(&a, &b, sizeof a);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_gains_against_moves_as_wilder_did),
        cmocka_unit_test(averages_true_ranges),
        cmocka_unit_test(adds_and_takes_volume_by_the_close),
        cmocka_unit_test(seeds_each_average_as_its_name_says),
        cmocka_unit_test(weighs_rising_highs_against_falling_lows),
        cmocka_unit_test(ranks_the_newest_value_among_all),
        cmocka_unit_test(says_what_lies_in_the_tail_and_what_to_expect),
        cmocka_unit_test(counts_days_since_a_price_crossed_its_average),
        cmocka_unit_test(lets_a_distance_of_zero_hide_a_cross_only_as_in_the_reference),
        cmocka_unit_test(turns_supertrend_where_the_close_breaks_the_line),
        cmocka_unit_test(measures_the_force_of_volume),
        cmocka_unit_test(lets_the_averages_of_accumulation_begin_with_its_first_value),
        cmocka_unit_test(shows_a_week_once_it_is_over),
        cmocka_unit_test(sums_windows_without_losing_digits),
        cmocka_unit_test(has_every_value_from_its_first_day_on),
        cmocka_unit_test(goes_on_from_a_copy_as_if_nothing_had_been),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
