/* SPDX-License-Identifier: MIT */
/* grad and noise: training.md 2.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "test_files.h"
#include "training_fixture.h"

static const uint64_t shape[] = {2, 2};
static const struct fw_training_tensor tensors[] = {
    {.rank = 2, .name = "stem.conv.weight", .layer = "stem.conv", .count = 4, .shape = shape},
    {.rank = 1, .name = "stem.conv.bias", .layer = "stem.conv", .offset = 4, .count = 2},
    {.rank = 1, .name = "norm.scale", .layer = "norm", .offset = 6, .count = 2},
};
static const struct fw_training_tensor *const list[] = {&tensors[0], &tensors[1], &tensors[2]};

static const struct training_instance grad = {.kind = "grad", .name = "grad"};

static int make_folder(void **state)
{
    *state = test_folder_create();
    return 0;
}

static int remove_folder(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static void near(const struct training *t, const char *name, uint64_t step, double expected)
{
    double value = training_value(t, name, step);

    if (!(fabs(value - expected) <= 1e-9)) {
        fail_msg("%s is %.15g at step %d, not %.15g", name, value, (int)step, expected);
    }
}

static void lacks(const struct training *t, const char *name, uint64_t step)
{
    assert_true(isnan(training_value(t, name, step)));
}

static double one(uint64_t step)
{
    (void)step;
    return 1;
}

/* 0, 1 ... 7; lost at the fifth, sixth and eighth step. */
static void ramp(uint64_t step, double *ret_g)
{
    for (int i = 0; i < 8; i++) {
        ret_g[i] = i;
    }
    if (step == 4 || step == 5 || step == 7) {
        ret_g[1] = NAN;
        ret_g[6] = -INFINITY;
    }
}

static struct training make_training(const struct training_instance *instance)
{
    return (struct training){.epochs = 2,
                             .batches = 8,
                             .n = 8,
                             .tensors = list,
                             .n_tensors = 3,
                             .loss = one,
                             .gradient = ramp,
                             .callbacks = instance,
                             .n_callbacks = 1};
}

static void norms_are_of_the_whole_each_step_and_of_layers_each_quarter(void **state)
{
    struct training t = make_training(&grad);
    double changes = 0, weights = 0, of_norm;

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 16);
    assert_int_equal(t.failed, FW_OK);
    assert_int_equal(training_count(&t, "grad/global_norm"), 16);
    assert_int_equal(training_count(&t, "grad/stem.conv/norm"), 8);
    near(&t, "grad/global_norm", 1, sqrt(140));
    near(&t, "grad/max_abs", 1, 7);
    near(&t, "grad/zero_fraction", 1, 1.0 / 8);
    near(&t, "grad/nonfinite", 1, 0);
    near(&t, "grad/stem.conv/norm", 2, sqrt(55));
    near(&t, "grad/stem.conv/max_abs", 2, 5);
    near(&t, "grad/stem.conv/zero_fraction", 2, 1.0 / 6);
    near(&t, "grad/norm/norm", 2, sqrt(85));
    near(&t, "grad/norm/zero_fraction", 2, 0);
    for (int i = 0; i < 8; i++) {
        changes += 1e-6 * i * i;
        weights += (1 - 0.002 * i) * (1 - 0.002 * i);
    }
    assert_int_equal(training_count(&t, "grad/update_ratio"), 8);
    near(&t, "grad/update_ratio", 2, sqrt(changes / weights));
    of_norm = 0.001 * sqrt(85) / hypot(1 - 0.012, 1 - 0.014);
    near(&t, "grad/norm/update_ratio", 2, of_norm);
    assert_int_equal(training_count(&t, "grad/global_norm_clipped"), 0);
    training_close(&t);
}

static void what_is_not_finite_is_counted_and_said_when_it_begins(void **state)
{
    struct training t = make_training(&grad);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 8);
    near(&t, "grad/nonfinite", 5, 2);
    near(&t, "grad/nonfinite", 6, 2);
    near(&t, "grad/nonfinite", 7, 0);
    near(&t, "grad/norm/nonfinite", 6, 1);
    lacks(&t, "grad/max_abs", 5);
    lacks(&t, "grad/global_norm", 5);
    assert_string_equal(t.events,
                        "nonfinite_grad: 2 entries of the gradient of step 5 are not finite\n"
                        "nonfinite_grad: 2 entries of the gradient of step 8 are not finite\n");
    training_close(&t);
}

static void the_norm_is_taken_before_clipping(void **state)
{
    struct training t = make_training(&grad);

    t.clip = 1;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    near(&t, "grad/global_norm", 3, sqrt(140));
    near(&t, "grad/global_norm_clipped", 3, 1);
    lacks(&t, "grad/global_norm_clipped", 5); /* not finite, but there */
    training_close(&t);
}

static void looks_as_often_as_it_is_told(void **state)
{
    const struct training_instance seldom = {
        .kind = "grad", .name = "grad", .options = {"every_n_steps=3", "per_layer=false", NULL}};
    struct training t = make_training(&seldom);

    t.clip = 1;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 16);
    assert_int_equal(training_count(&t, "grad/global_norm"), 5);
    assert_int_equal(training_count(&t, "grad/global_norm_clipped"), 5);
    assert_int_equal(training_count(&t, "grad/update_ratio"), 8);
    assert_int_equal(training_count(&t, "grad/norm/norm"), 0);
    near(&t, "grad/global_norm", 3, sqrt(140));
    training_close(&t);
}

static void restored_anywhere_it_says_the_same(void **state)
{
    static const struct training_instance both[] = {
        {.kind = "grad", .name = "grad"},
        {.kind = "noise", .name = "noise", .options = {"every_epochs=1", NULL}}};
    struct training whole = make_training(both), cut;

    whole.n_callbacks = 2;
    whole.epochs = 6;
    cut = whole;
    cut.restarts = true;
    training_open(&whole, MONITORS_SO, *state);
    training_open(&cut, MONITORS_SO, *state);
    training_run(&whole, 0, 48);
    training_run(&cut, 0, 48);
    assert_true(training_same(&whole, &cut));
    assert_string_equal(whole.events, cut.events);
    assert_true(whole.n_said > 500);
    training_close(&whole);
    training_close(&cut);
}

static void refuses_a_state_that_is_not_its_own(void **state)
{
    static const struct training_instance both[] = {{.kind = "noise", .name = "noise"},
                                                    {.kind = "grad", .name = "grad"}};
    struct training t = make_training(both);
    struct fw_blob blobs[8];

    t.n_callbacks = 2;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 10);
    training_save(&t, blobs);
    for (int i = 0; i < 2; i++) {
        blobs[i].size--;
        training_forget(&t);
        assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
        blobs[i].size++;
        blobs[i].version++;
        training_forget(&t);
        assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
        blobs[i].version--;
    }
    training_release(blobs);
    training_close(&t);
}

/* Of 1.2, at steps 20 to 200. */
static double power_law(uint64_t step)
{
    double t = (double)step + 1;

    return 0.4 * pow(t, -0.3) * (1 + 0.02 * sin(t));
}

static void fits_the_window_and_looks_beside_the_fit(void **state)
{
    const struct training_instance noise = {
        .kind = "noise", .name = "noise", .options = {"window=181", NULL}};
    struct training t = {.epochs = 4,
                         .batches = 100,
                         .n = 4,
                         .loss = power_law,
                         .callbacks = &noise,
                         .n_callbacks = 1};
    double power = 0;

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 200);
    assert_int_equal(training_count(&t, "noise/psd_tail"), 1); /* epochs 1, 3 ... */
    near(&t, "noise/window", 200, 181);
    near(&t, "noise/power_law_slope", 200, -0.300628479914);
    near(&t, "noise/power_law_r2", 200, 0.993714677836);
    near(&t, "noise/residual_mode", 200, 0);
    for (int i = 20; i <= 200; i++) {
        double beside = power_law((uint64_t)i - 1) - exp(-0.913536397654) * pow(i, -0.300628479914);
        power += beside * beside / 181;
    }
    near(&t, "noise/residual_power", 200, power);
    assert_true(training_value(&t, "noise/psd_tail", 200) < 0.1); /* sin t is at 0.159 */
    assert_true(training_value(&t, "noise/total_power", 200) > 0);
    training_run(&t, 200, 400);
    near(&t, "noise/window", 400, 181);
    assert_int_equal(training_count(&t, "noise/psd_tail"), 2);
    training_close(&t);
}

static double chirp(uint64_t step)
{
    return sin(0.1 * (double)step * (double)step);
}

/* Of 1.3: a hundred samples, two epochs. */
static void the_raw_spectrum_is_that_of_the_losses(void **state)
{
    const struct training_instance noise = {.kind = "noise", .name = "noise"};
    struct training t = {
        .epochs = 2, .batches = 50, .n = 4, .loss = chirp, .callbacks = &noise, .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 100);
    near(&t, "noise/psd_tail_raw", 100, 1.4513187671);
    near(&t, "noise/window", 100, 100);
    training_close(&t);
}

/* Norms 1, 2, 3 ... as the samples of 1.1. */
static void count_up(uint64_t step, double *ret_g)
{
    memset(ret_g, 0, 4 * sizeof *ret_g);
    ret_g[0] = (double)step + 1;
}

static void the_noise_scale_is_of_two_halves(void **state)
{
    const struct training_instance noise = {
        .kind = "noise", .name = "noise", .options = {"every_epochs=1", NULL}};
    struct training t = {.epochs = 2,
                         .batches = 5,
                         .n = 4,
                         .loss = one,
                         .gradient = count_up,
                         .callbacks = &noise,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    near(&t, "noise/gradient_variance", 5, 2.2089511);
    near(&t, "noise/gradient_variance_total", 5, 8);
    near(&t, "noise/noise_scale", 5, 128.0 / 63);
    near(&t, "noise/small_norm", 5, sqrt(4 * 65.0 / 64));
    near(&t, "noise/big_norm", 5, 2);
    /* Too few losses for the rest. */
    lacks(&t, "noise/psd_tail", 5);
    lacks(&t, "noise/power_law_slope", 5);
    lacks(&t, "noise/residual_power", 5);
    lacks(&t, "noise/residual_mode", 5);
    training_close(&t);
}

static void one_norm_has_no_variance(void **state)
{
    const struct training_instance noise = {
        .kind = "noise", .name = "noise", .options = {"every_epochs=1", NULL}};
    struct training t = {.epochs = 2,
                         .batches = 1,
                         .n = 4,
                         .loss = one,
                         .gradient = count_up,
                         .callbacks = &noise,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 2);
    lacks(&t, "noise/gradient_variance", 1);
    near(&t, "noise/gradient_variance", 2, 0.1);
    training_close(&t);
}

static double lost_once(uint64_t step)
{
    return step == 20 ? NAN : 1 / ((double)step + 1);
}

static void a_loss_that_is_lost_spoils_the_window_that_has_it(void **state)
{
    const struct training_instance noise = {
        .kind = "noise", .name = "noise", .options = {"halves=false", NULL}};
    struct training t = {.epochs = 4,
                         .batches = 20,
                         .n = 4,
                         .loss = lost_once,
                         .callbacks = &noise,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 80);
    lacks(&t, "noise/psd_tail", 40);
    near(&t, "noise/power_law_slope", 40, -1);
    near(&t, "noise/power_law_slope", 80, -1);
    assert_true(training_value(&t, "noise/residual_power", 80) < 1e-12);
    assert_int_equal(training_count(&t, "noise/noise_scale"), 0);
    training_close(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(norms_are_of_the_whole_each_step_and_of_layers_each_quarter),
        TEST(what_is_not_finite_is_counted_and_said_when_it_begins),
        TEST(the_norm_is_taken_before_clipping),
        TEST(looks_as_often_as_it_is_told),
        TEST(restored_anywhere_it_says_the_same),
        TEST(refuses_a_state_that_is_not_its_own),
        TEST(fits_the_window_and_looks_beside_the_fit),
        TEST(the_raw_spectrum_is_that_of_the_losses),
        TEST(the_noise_scale_is_of_two_halves),
        TEST(one_norm_has_no_variance),
        TEST(a_loss_that_is_lost_spoils_the_window_that_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
