/* SPDX-License-Identifier: MIT */
/* loss_slope: training.md 1.5 and 2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "test_files.h"
#include "training_fixture.h"

/* The epochs of 1.5. */
static const double means[] = {2.1, 1.7, 1.4, 1.15, 1.02, .98, .93, .89,
                               .86, .83, .81, .79,  .775, .76, .75, .74};

static double mean_of_step(uint64_t step)
{
    return means[step % 16];
}

static double mean_of_epoch_of_four(uint64_t step)
{
    return means[step / 4] + 0.01 * ((double)(step % 4) - 1.5);
}

static double lost_at_times(uint64_t step)
{
    return step == 3 || step == 8 || step == 9 ? NAN : 1 + 1 / (double)(step + 1);
}

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

    if (!(fabs(value - expected) <= 1e-10)) {
        fail_msg("%s is %.15g at step %d, not %.15g", name, value, (int)step, expected);
    }
}

static void lacks(const struct training *t, const char *name, uint64_t step)
{
    assert_true(isnan(training_value(t, name, step)));
}

static void gives_the_knee_and_slopes_of_the_reference(void **state)
{
    const struct training_instance slope = {.kind = "loss_slope", .name = "loss_slope"};
    struct training t = {.epochs = 16,
                         .batches = 1,
                         .n = 4,
                         .loss = mean_of_step,
                         .callbacks = &slope,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 16);
    near(&t, "loss_slope/knee_epoch", 16, 5);
    near(&t, "loss_slope/burn_in_loss", 16, 0.98);
    near(&t, "loss_slope/alpha_5_15", 16, -0.024636363636364);
    near(&t, "loss_slope/alpha_full", 16, -0.022909090909091);
    near(&t, "loss_slope/r_squared", 16, 0.994603254366);
    near(&t, "loss_slope/r_squared_val", 16, 0.994603254366); /* 1.5 times as much */
    near(&t, "loss_slope/nonfinite_batches", 16, 0);
    near(&t, "loss_slope/ewma", 1, 2.1);
    near(&t, "loss_slope/ewma", 2, 2.06);
    near(&t, "loss_slope/ewma_var_unbiased", 2, 0.95 * 0.016);
    assert_int_equal(t.failed, FW_OK);
    training_close(&t);
}

/* Epoch 5 has one point of the window, 14 has the last. */
static void alpha_is_provisional_from_six_and_final_from_fourteen(void **state)
{
    const struct training_instance slope = {.kind = "loss_slope", .name = "loss_slope"};
    struct training t = {.epochs = 16,
                         .batches = 4,
                         .n = 4,
                         .loss = mean_of_epoch_of_four,
                         .callbacks = &slope,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 64);
    assert_int_equal(training_count(&t, "loss_slope/alpha_5_15"), 11);
    lacks(&t, "loss_slope/alpha_5_15", 4 * 6);
    near(&t, "loss_slope/alpha_5_15", 4 * 7, -0.05);
    for (uint64_t epoch = 6; epoch < 16; epoch++) {
        near(&t, "loss_slope/alpha_final", 4 * (epoch + 1), epoch >= 14);
    }
    near(&t, "loss_slope/alpha_5_15", 4 * 15, -0.024636363636364);
    near(&t, "loss_slope/alpha_5_15", 4 * 16, -0.024636363636364);
    /* Behind the knee alone: 11 epochs; eight quarters are there behind two of them. */
    assert_int_equal(training_count(&t, "loss_slope/alpha_full"), 11);
    lacks(&t, "loss_slope/alpha_full", 4 * 6);
    lacks(&t, "loss_slope/r_squared", 4 * 6);
    assert_true(training_value(&t, "loss_slope/r_squared", 4 * 7) > 0);
    /* Quarters: the norms of four parameters that were 1, and of gradients that are. */
    assert_int_equal(training_count(&t, "loss_slope/weight_norm_periodic"), 64);
    near(&t, "loss_slope/grad_norm_periodic", 5, 2);
    near(&t, "loss_slope/weight_norm_periodic", 5, 2 * 0.995);
    training_close(&t);
}

static void the_window_is_in_the_key(void **state)
{
    const struct training_instance slope = {
        .kind = "loss_slope",
        .name = "early",
        .options = {"slope_window_start=1", "slope_window_end=3", "burn_in_ce=0",
                    "burn_in_epochs=2", "log_every_n_steps=2", NULL}};
    struct training t = {.epochs = 4,
                         .batches = 4,
                         .n = 4,
                         .loss = mean_of_epoch_of_four,
                         .callbacks = &slope,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 16);
    lacks(&t, "early/alpha_1_3", 8);
    near(&t, "early/alpha_1_3", 12, -0.3);
    near(&t, "early/alpha_final", 12, 1);
    /* Without a knee it counts from burn_in_epochs on. */
    assert_int_equal(training_count(&t, "early/knee_epoch"), 0);
    assert_int_equal(training_count(&t, "early/alpha_full"), 2);
    near(&t, "early/alpha_full", 16, -0.25);
    assert_int_equal(training_count(&t, "early/ewma"), 8);
    training_close(&t);
}

static void says_at_setup_that_a_window_is_out_of_reach(void **state)
{
    const struct training_instance slope = {.kind = "loss_slope", .name = "loss_slope"};
    struct training t = {.epochs = 6,
                         .batches = 1,
                         .n = 4,
                         .loss = mean_of_step,
                         .callbacks = &slope,
                         .n_callbacks = 1};

    training_open(&t, MONITORS_SO, *state);
    assert_non_null(strstr(fake_task_log(t.host), "loss_slope: 6 epochs have no two of the window "
                                                  "[5, 15): there will be no alpha_5_15"));
    training_close(&t);
}

static void refuses_a_window_of_one_epoch(void **state)
{
    struct fake_kit *kit = fake_kit_open(MONITORS_SO, NULL);
    struct fake_task *host = fake_task_create(kit, NULL);
    const struct fw_callbacks *table = fake_kit_service(kit, FW_CALLBACK_ID);
    const struct fw_value values[] = {
        {.struct_size = (uint32_t)sizeof *values, .name = "slope_window_start", .integer = 5},
        {.struct_size = (uint32_t)sizeof *values, .name = "slope_window_end", .integer = 6}};
    const struct fw_callback_task task = {.struct_size = (uint32_t)sizeof task,
                                          .n_values = 2,
                                          .values = values,
                                          .instance = "loss_slope",
                                          .folder = *state};
    void *self = NULL;

    assert_string_equal(table->kinds[0]->kind, "loss_slope");
    assert_int_equal(table->kinds[0]->create(fake_task_host(host), &task, &self), FW_E_CONFIG);
    assert_null(self);
    assert_non_null(strstr(fake_task_take_fault(host), "[5, 6) has no two epochs"));
    fake_task_destroy(host);
    fake_kit_close(kit);
}

/* Ten batches an epoch: one that is lost is a tenth, two are too many. */
static void losses_that_are_not_finite_count_for_nothing(void **state)
{
    const struct training_instance slope = {
        .kind = "loss_slope",
        .name = "loss_slope",
        .options = {"slope_window_start=0", "slope_window_end=3", "burn_in_ce=1.5", NULL}};
    struct training t = {.epochs = 3,
                         .batches = 10,
                         .n = 4,
                         .loss = lost_at_times,
                         .callbacks = &slope,
                         .n_callbacks = 1};
    double before;

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 30);
    near(&t, "loss_slope/nonfinite_batches", 10, 3);
    before = training_value(&t, "loss_slope/ewma", 8);
    near(&t, "loss_slope/ewma", 10, before);
    near(&t, "loss_slope/knee_epoch", 20, 1); /* the first has no mean */
    lacks(&t, "loss_slope/alpha_0_3", 20);
    assert_true(training_value(&t, "loss_slope/alpha_0_3", 30) < 0);
    training_close(&t);
}

static void restored_anywhere_it_says_the_same(void **state)
{
    const struct training_instance slope = {
        .kind = "loss_slope", .name = "loss_slope", .options = {"knee_hold=2", NULL}};
    struct training whole = {.epochs = 16,
                             .batches = 4,
                             .n = 4,
                             .loss = mean_of_epoch_of_four,
                             .callbacks = &slope,
                             .n_callbacks = 1};
    struct training cut = whole;

    cut.restarts = true;
    training_open(&whole, MONITORS_SO, *state);
    training_open(&cut, MONITORS_SO, *state);
    training_run(&whole, 0, 64);
    training_run(&cut, 0, 64);
    assert_true(whole.n_said > 300);
    assert_true(training_same(&whole, &cut));
    training_close(&whole);
    training_close(&cut);
}

static void refuses_a_state_that_is_not_its_own(void **state)
{
    const struct training_instance slope = {.kind = "loss_slope", .name = "loss_slope"};
    struct training t = {.epochs = 16,
                         .batches = 1,
                         .n = 4,
                         .loss = mean_of_step,
                         .callbacks = &slope,
                         .n_callbacks = 1};
    struct fw_blob blobs[8];

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 8);
    training_save(&t, blobs);
    const uint64_t size = blobs[0].size;
    for (blobs[0].size = 0; blobs[0].size < size; blobs[0].size += 7) {
        training_forget(&t);
        assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
    }
    blobs[0].size = size;
    blobs[0].version++;
    training_forget(&t);
    assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
    blobs[0].version--;
    training_forget(&t);
    assert_int_equal(training_restore(&t, blobs), FW_OK);
    training_release(blobs);
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_the_knee_and_slopes_of_the_reference, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(alpha_is_provisional_from_six_and_final_from_fourteen,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_window_is_in_the_key, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(says_at_setup_that_a_window_is_out_of_reach, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_window_of_one_epoch, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(losses_that_are_not_finite_count_for_nothing, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(restored_anywhere_it_says_the_same, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_state_that_is_not_its_own, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
