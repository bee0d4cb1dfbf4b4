/* SPDX-License-Identifier: MIT */
/* Slopes, fits, spectra and correlations of training runs: training.md 1, AT-1 and AT-2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "analysis/correlation.h"
#include "analysis/epochs.h"
#include "analysis/ewma.h"
#include "analysis/fit.h"
#include "analysis/noise.h"
#include "analysis/psd.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.15g is not %.15g", actual, expected);
    }
}

static void averages_with_the_old_mean(void **state)
{
    static const double means[] = {1, 1.1, 1.29, 1.561, 1.9049};
    static const double variances[] = {0, 0.1, 0.451, 1.14031, 2.2089511};
    struct fw_ewma ewma;
    double mean = 1, variance = 0.5;

    (void)state;
    assert_int_equal(fw_ewma_step(2, 0.1, &mean, &variance), FW_OUTCOME_OK);
    assert_close(mean, 1.1, 1e-10);
    assert_close(variance, 0.55, 1e-10);
    assert_int_equal(fw_ewma_init(&ewma, 0.1), FW_OUTCOME_OK);
    for (size_t i = 0; i < COUNT(means); i++) {
        assert_int_equal(fw_ewma_update(&ewma, (double)i + 1), FW_OUTCOME_OK);
        assert_close(ewma.mean, means[i], 1e-10);
        assert_close(ewma.variance, variances[i], 1e-10);
    }
    assert_close(fw_ewma_unbiased_variance(&ewma), 2.2089511 * 0.95, 1e-10);
    mean = variance = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(fw_ewma_step(1, 0.1, &mean, &variance), FW_OUTCOME_OK);
    }
    assert_close(mean, 0.6513215599, 1e-10);
    assert_close(variance, 0.252335317233, 1e-10);
    assert_int_equal(fw_ewma_init(&ewma, 0.1), FW_OUTCOME_OK);
    for (int i = 0; i < 400; i++) {
        assert_int_equal(fw_ewma_update(&ewma, i % 2), FW_OUTCOME_OK);
    }
    assert_close(ewma.mean, 0.526315789474, 1e-10);
    assert_close(ewma.variance, 0.277008310249, 1e-10);
}

static void a_sample_that_is_not_finite_changes_nothing(void **state)
{
    struct fw_ewma ewma;

    (void)state;
    assert_int_equal(fw_ewma_init(&ewma, 0.3), FW_OUTCOME_OK);
    assert_int_equal(fw_ewma_update(&ewma, 4), FW_OUTCOME_OK);
    assert_int_equal(fw_ewma_update(&ewma, 5), FW_OUTCOME_OK);
    struct fw_ewma before = ewma;
    assert_int_equal(fw_ewma_update(&ewma, NAN), FW_OUTCOME_NUMERIC);
    assert_int_equal(fw_ewma_update(&ewma, INFINITY), FW_OUTCOME_NUMERIC);
    assert_memory_equal(&ewma.mean, &before.mean, 2 * sizeof(double));
    assert_int_equal(ewma.skipped, 2);
    assert_int_equal(ewma.n, 2);
    assert_int_equal(fw_ewma_init(&ewma, 0), FW_OUTCOME_BAD_ARGUMENT);
    assert_int_equal(fw_ewma_init(&ewma, 1.01), FW_OUTCOME_BAD_ARGUMENT);
    assert_int_equal(fw_ewma_step(1, NAN, &ewma.mean, &ewma.variance), FW_OUTCOME_BAD_ARGUMENT);
    assert_true(ewma.a == 0.3);
    assert_int_equal(fw_ewma_init(NULL, 0.1), FW_OUTCOME_BAD_ARGUMENT);
}

static void assert_law(const double *x, const double *y, size_t n, double b, double log_a,
                       double r2)
{
    struct fw_power_law law;

    assert_int_equal(fw_power_law_fit(x, y, n, &law), FW_OUTCOME_OK);
    assert_close(law.b, b, 1e-10);
    assert_close(law.log_a, log_a, 1e-10);
    assert_close(law.r2, r2, 1e-10);
}

static void fits_power_laws(void **state)
{
    double x[200], y[200];
    struct fw_power_law law;

    (void)state;
    for (int i = 0; i < 10; i++) {
        x[i] = i + 1;
        y[i] = 3 / sqrt(x[i]);
    }
    assert_law(x, y, 10, -0.5, 1.098612288668, 1);
    assert_law((double[]){0, 1, 2, 4, -1, 8}, (double[]){5, 2, 1, .5, 3, .25}, 6, -1,
               0.693147180560, 1);
    assert_law((double[]){1, 2, 3, 4, 5}, (double[]){2, 1.5, 1.2, 1.1, 1.0}, 5, -0.435952038666,
               0.692672162125, 0.995653963141);
    assert_law((double[]){1, 2, 3}, (double[]){2, 2, 2}, 3, 0, 0.693147180560, 0);
    assert_law((double[]){1, 4}, (double[]){4, 1}, 2, -1, 1.386294361120, 1);
    for (int i = 0; i < 50; i++) {
        x[i] = i + 1;
        y[i] = 0.25 + 3 * pow(x[i], -0.8);
    }
    assert_law(x, y, 50, -0.501729850536, 0.909297152501, 0.977752175363);
    for (int i = 0; i <= 180; i++) {
        x[i] = i + 20;
        y[i] = 0.4 * pow(x[i], -0.3) * (1 + 0.02 * sin(x[i]));
    }
    assert_law(x, y, 181, -0.300628479914, -0.913536397654, 0.993714677836);
    assert_int_equal(fw_power_law_fit((double[]){1, -1}, (double[]){1, 1}, 2, &law),
                     FW_OUTCOME_INSUFFICIENT);
    assert_true(isnan(law.b) && isnan(law.log_a) && law.r2 == 0 && law.n == 1);
    assert_int_equal(fw_power_law_fit((double[]){3, 3, 3}, (double[]){1, 2, 3}, 3, &law),
                     FW_OUTCOME_NUMERIC);
    assert_true(isnan(law.b) && isnan(law.log_a) && law.r2 == 0 && law.n == 3);
    assert_int_equal(fw_power_law_fit(NULL, y, 3, &law), FW_OUTCOME_BAD_ARGUMENT);
    assert_close(fw_bits_of_nats(log(10)), 3.321928094887, 1e-10);
    assert_close(fw_bits_of_nats(0.25), 0.360673760222, 1e-10);
    assert_true(isnan(fw_bits_of_nats(NAN)) && isinf(fw_bits_of_nats(INFINITY)));
}

static struct fw_psd psd_of(const double *signal, size_t n)
{
    struct fw_psd psd;

    assert_int_equal(fw_psd_of(signal, n, &fw_psd_low, &fw_psd_high, &psd), FW_OUTCOME_OK);
    return psd;
}

static void assert_psd(const double *signal, size_t n, double tail, double total)
{
    struct fw_psd psd = psd_of(signal, n);

    assert_close(psd.tail, tail, 1e-9 * fmax(1, fabs(tail)));
    assert_close(psd.total, total, 1e-9 * fmax(1, total));
}

static void finds_where_power_lies(void **state)
{
    double s[100];

    (void)state;
    assert_psd((double[]){1, 2, 3, 4}, 4, 1.99999999929, 0.84375);
    assert_psd((double[]){1, -1, 1, -1, 1, -1, 1, -1}, 8, 341.680125239, 16.625);
    for (int i = 0; i < 60; i++) {
        s[i] = cos(2 * M_PI * 0.2 * i);
    }
    assert_psd(s, 60, 3.7299958e-07, 331.874989050);
    struct fw_psd psd = psd_of(s, 60);
    assert_close(psd.low, 331.874778835, 1e-6);
    assert_close(psd.high, 1.237891542e-4, 1e-12);
    for (int i = 0; i < 60; i++) {
        s[i] += 0.5 * cos(2 * M_PI * 0.4 * i);
    }
    assert_psd(s, 60, 0.249998930333, 414.842615851);
    for (int i = 0; i < 64; i++) {
        s[i] = i == 20;
    }
    assert_psd(s, 64, 0.999994472431, 15.8922359442);
    for (int i = 0; i < 32; i++) {
        s[i] = i;
    }
    assert_psd(s, 32, 0.00149604688592, 3576.27773947);
}

static void a_bin_belongs_to_one_band(void **state)
{
    double s[100];
    struct fw_psd psd;

    (void)state;
    for (int i = 0; i < 100; i++) {
        s[i] = sin(0.1 * i * i);
    }
    assert_psd(s, 64, .791047635687, 401.750902186);
    psd = psd_of(s, 100);
    assert_close(psd.tail, 1.4513187671, 1e-9);
    psd = psd_of(s, 50);
    assert_close(psd.tail, .914086327485, 1e-9);
}

static void has_no_power_in_a_constant(void **state)
{
    static const double ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    double s[16];
    struct fw_psd psd = psd_of(ones, 16);

    (void)state;
    assert_true(psd.tail == 0 && psd.total == 0 && psd.low_confidence);
    for (int i = 0; i < 16; i++) {
        s[i] = 0.1;
    }
    psd = psd_of(s, 16);
    assert_true(psd.tail == 0 && psd.total == 0);
    assert_int_equal(fw_psd_of(ones, 3, &fw_psd_low, &fw_psd_high, &psd), FW_OUTCOME_INSUFFICIENT);
    assert_true(isnan(psd.tail) && isnan(psd.total));
    s[7] = NAN;
    assert_int_equal(fw_psd_of(s, 16, &fw_psd_low, &fw_psd_high, &psd), FW_OUTCOME_NUMERIC);
    assert_true(isnan(psd.tail) && isnan(psd.total));
}

static void scales_and_shifts_as_a_spectrum_does(void **state)
{
    double s[97], scaled[97], shifted[97];

    (void)state;
    for (int i = 0; i < 97; i++) {
        s[i] = sin(0.1 * i * i) + 0.01 * i;
        scaled[i] = -7 * s[i];
        shifted[i] = s[i] + 3;
    }
    struct fw_psd plain = psd_of(s, 97), seven = psd_of(scaled, 97), up = psd_of(shifted, 97);
    assert_close(seven.total / plain.total, 49, 49e-12);
    assert_close(seven.tail, plain.tail, 1e-6);
    assert_close(up.total, plain.total, 1e-9 * plain.total);
    assert_close(up.tail, plain.tail, 1e-9);
    assert_false(plain.low_confidence);
}

static void add_epochs(struct fw_epoch *epochs, const double *means, size_t n)
{
    memset(epochs, 0, n * sizeof *epochs);
    for (size_t i = 0; i < n; i++) {
        fw_epoch_add(&epochs[i], means[i]);
    }
}

static void assert_slope(const double *means, size_t n, double expected)
{
    struct fw_epoch epochs[32];
    double slope;

    add_epochs(epochs, means, n);
    assert_int_equal(fw_epoch_slope(epochs, n, 5, 15, &slope), FW_OUTCOME_OK);
    assert_close(slope, expected, 1e-10);
}

static void slopes_are_linear_over_epochs(void **state)
{
    double falling[20], inverse[20], decaying[20], slope;
    struct fw_epoch epochs[20] = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        falling[i] = 2 - 0.1 * i;
        inverse[i] = 1.0 / (i + 1);
        decaying[i] = exp(-i / 10.0);
    }
    assert_slope(falling, 20, -0.1);
    assert_slope(inverse, 20, -0.010501871866);
    assert_slope(decaying, 20, -0.039626554440);
    fw_epoch_add(&epochs[5], 1.0);
    fw_epoch_add(&epochs[7], 0.8);
    fw_epoch_add(&epochs[14], 0.3);
    assert_int_equal(fw_epoch_slope(epochs, 20, 5, 15, &slope), FW_OUTCOME_OK);
    assert_close(slope, -0.076119402985, 1e-10);
    memset(epochs, 0, sizeof epochs);
    fw_epoch_add(&epochs[5], 1);
    fw_epoch_add(&epochs[5], 2);
    fw_epoch_add(&epochs[6], 1);
    assert_int_equal(fw_epoch_slope(epochs, 20, 5, 15, &slope), FW_OUTCOME_OK);
    assert_close(slope, -0.5, 1e-10);
    memset(epochs, 0, sizeof epochs);
    fw_epoch_add(&epochs[0], 1);
    fw_epoch_add(&epochs[1], 0.9);
    assert_int_equal(fw_epoch_slope(epochs, 20, 5, 15, &slope), FW_OUTCOME_INSUFFICIENT);
    assert_true(isnan(slope));
    assert_int_equal(fw_epoch_slope(NULL, 0, 5, 15, &slope), FW_OUTCOME_INSUFFICIENT);
}

static void an_epoch_of_bad_batches_has_no_mean(void **state)
{
    struct fw_epoch epoch = {0};

    (void)state;
    for (int i = 0; i < 9; i++) {
        fw_epoch_add(&epoch, 2);
    }
    fw_epoch_add(&epoch, NAN);
    assert_close(fw_epoch_mean(&epoch), 2, 0);
    fw_epoch_add(&epoch, INFINITY);
    assert_true(isnan(fw_epoch_mean(&epoch)));
}

static void finds_the_knee_and_what_comes_after_it(void **state)
{
    static const double means[] = {2.1, 1.7, 1.4, 1.15, 1.02, .98, .93, .89,
                                   .86, .83, .81, .79,  .775, .76, .75, .74};
    double x[16], slope, squares = 0;
    struct fw_epoch epochs[16];
    struct fw_power_law law;

    (void)state;
    add_epochs(epochs, means, 16);
    assert_int_equal(fw_epoch_knee(epochs, 16, 1.0, 1), 5);
    assert_int_equal(fw_epoch_knee(epochs, 16, 1.0, 11), 5);
    assert_int_equal(fw_epoch_knee(epochs, 16, 1.0, 12), -1);
    assert_int_equal(fw_epoch_knee(epochs, 16, 0.5, 1), -1);
    assert_int_equal(fw_epoch_slope(epochs, 16, 5, 15, &slope), FW_OUTCOME_OK);
    assert_close(slope, -0.024636363636, 1e-10);
    assert_int_equal(fw_epoch_slope(epochs, 16, 5, 16, &slope), FW_OUTCOME_OK);
    assert_close(slope, -0.022909090909, 1e-10);
    for (int i = 0; i < 11; i++) {
        x[i] = i + 6;
    }
    assert_int_equal(fw_power_law_fit(x, means + 5, 11, &law), FW_OUTCOME_OK);
    assert_close(law.b, -0.286864937176, 1e-10);
    assert_close(law.log_a, 0.483118035877, 1e-10);
    assert_close(law.r2, 0.994603254366, 1e-10);
    for (int i = 0; i < 11; i++) {
        double off = means[i + 5] - exp(law.log_a) * pow(x[i], law.b);
        squares += off * off / 11;
    }
    assert_close(squares, 2.940300121e-05, 1e-12);
}

static void correlates_values_and_ranks(void **state)
{
    static const double x[] = {-.050, -.045, -.060, -.030, NAN, -.055, -.040, -.035, -.045};
    static const double y[] = {.31, .33, .29, .45, 7, .30, .36, .35, .34};
    static const double same[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    double value, lower, upper;

    (void)state;
    assert_int_equal(fw_pearson(x, y, 9, &value), FW_OUTCOME_OK);
    assert_close(value, 0.895216972338, 1e-10);
    assert_int_equal(fw_spearman(x, y, 9, &value), FW_OUTCOME_OK);
    assert_close(value, 0.970077272150, 1e-10);
    assert_int_equal(fw_pearson(x, same, 9, &value), FW_OUTCOME_NUMERIC);
    assert_true(isnan(value));
    assert_int_equal(fw_spearman(x, y, 2, &value), FW_OUTCOME_INSUFFICIENT);
    assert_true(isnan(value));
    assert_int_equal(fw_fisher_interval(.7, 216, &lower, &upper), FW_OUTCOME_OK);
    assert_close(lower, .6249, 5e-5);
    assert_close(upper, .7623, 5e-5);
    assert_int_equal(fw_fisher_interval(.7, 54, &lower, &upper), FW_OUTCOME_OK);
    assert_close(lower, .5319, 5e-5);
    assert_close(upper, .8150, 5e-5);
    assert_int_equal(fw_fisher_interval(.7, 3, &lower, &upper), FW_OUTCOME_INSUFFICIENT);
}

static void tells_noise_from_gradients(void **state)
{
    struct fw_noise noise;

    (void)state;
    assert_int_equal(fw_noise_of_sizes(1.8, 64, 1.2, 128, &noise), FW_OUTCOME_OK);
    assert_close(noise.squared_gradient, 0.6, 1e-10);
    assert_close(noise.trace, 76.8, 1e-10);
    assert_close(noise.scale, 128, 1e-9);
    assert_int_equal(fw_noise_of_sizes(1.8, 64, 0.8, 128, &noise), FW_OUTCOME_NUMERIC);
    assert_true(isnan(noise.scale) && noise.squared_gradient < 0);
    assert_int_equal(fw_noise_of_sizes(1, 64, 1, 64, &noise), FW_OUTCOME_BAD_ARGUMENT);
    assert_close(fw_noise_of_halves(32, 0.5), 4, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_with_the_old_mean),
        cmocka_unit_test(a_sample_that_is_not_finite_changes_nothing),
        cmocka_unit_test(fits_power_laws),
        cmocka_unit_test(finds_where_power_lies),
        cmocka_unit_test(a_bin_belongs_to_one_band),
        cmocka_unit_test(has_no_power_in_a_constant),
        cmocka_unit_test(scales_and_shifts_as_a_spectrum_does),
        cmocka_unit_test(slopes_are_linear_over_epochs),
        cmocka_unit_test(an_epoch_of_bad_batches_has_no_mean),
        cmocka_unit_test(finds_the_knee_and_what_comes_after_it),
        cmocka_unit_test(correlates_values_and_ranks),
        cmocka_unit_test(tells_noise_from_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
