/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "fw/testkit_training.h"

/* The callback as a trainer drives it; the build says in PLUGIN where it is. */

static struct fake_kit *kit;
static struct fake_training *t;

static int make_training(void **state)
{
    (void)state;
    kit = fake_kit_open(PLUGIN, NULL);
    t = fake_training_create(kit, "plugin_name");
    return 0;
}

static int drop_training(void **state)
{
    (void)state;
    fake_training_destroy(t);
    fake_kit_close(kit);
    return 0;
}

static void run(uint64_t n_steps)
{
    const fw_status status = fake_training_run(t, n_steps);
    assert_string_equal(fake_training_fault(t), "");
    assert_int_equal(status, FW_OK);
    assert_null(fake_training_defect(t));
}

static void tells_the_moving_mean_of_the_loss(void **state)
{
    (void)state;
    fake_training_option(t, "weight", "0.5");
    fake_training_losses(t, (const double[]){4, 2, 1}, 3);
    run(3);
    assert_true(fake_training_metric(t, "mean", 1) == 4);
    assert_true(fake_training_metric(t, "mean", 2) == 3);
    assert_true(fake_training_metric(t, "mean", 3) == 2);
}

static void notices_jumps(void **state)
{
    (void)state;
    fake_training_losses(t, (const double[]){1, 1, 3.5, 1}, 4);
    run(8); /* an epoch */
    assert_string_equal(fake_training_events(t), "3 jump the loss is 3.5, its mean was 1\n");
    assert_true(fake_training_metric(t, "jumps", 8) == 1);
}

static void leaves_out_losses_that_are_none(void **state)
{
    (void)state;
    fake_training_losses(t, (const double[]){2, NAN, 2}, 3);
    run(3);
    assert_true(isnan(fake_training_metric(t, "mean", 2)));
    assert_true(fake_training_metric(t, "mean", 3) == 2);
}

static void measures_the_gradients_four_times_an_epoch(void **state)
{
    (void)state;
    fake_training_tensor(t, "stem.weight", 3);
    memcpy(fake_training_gradients(t), (const double[]){2, -7, 6}, 3 * sizeof(double));
    run(8);
    assert_int_equal(fake_training_count(t, "largest_gradient"), 4);
    /* Before the update, so of the batch that makes step 2. */
    assert_true(fake_training_metric(t, "largest_gradient", 2) == 7);
}

/* As after a kill: the state moves into a fresh instance, which says what this one would have. */
static void goes_on_from_a_saved_state(void **state)
{
    (void)state;
    static const double losses[] = {4, 1, 20, 2, 5};
    struct fake_training *whole = t;
    fake_training_losses(whole, losses, 5);
    run(8);

    t = fake_training_create(kit, "plugin_name");
    fake_training_losses(t, losses, 5);
    run(3);
    assert_int_equal(fake_training_restart(t), FW_OK);
    run(5);
    assert_string_equal(fake_training_metrics(t), fake_training_metrics(whole));
    assert_string_equal(fake_training_events(t), fake_training_events(whole));
    fake_training_destroy(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_training, drop_training)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_the_moving_mean_of_the_loss), TEST(notices_jumps),
        TEST(leaves_out_losses_that_are_none),   TEST(measures_the_gradients_four_times_an_epoch),
        TEST(goes_on_from_a_saved_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
