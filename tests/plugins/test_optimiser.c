/* SPDX-License-Identifier: MIT */
/* Optimisers, their schedule and clipping, against the sequences of training.md 3.2 (AT-9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <fw/testkit.h>

#include "optimiser/optimiser.h"
#include "optimiser/schedule.h"

static struct fake_kit *kit;

/* A device with a few weights and gradients on it. */
struct bench {
    struct fake_task *task;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_kernels_buffer *weights, *gradients;
    struct fw_optimiser optimiser;
    uint64_t n;
};

static int load(void **state)
{
    (void)state;
    kit = fake_kit_open(KERNELS_CPU_SO, NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static struct fw_operand at(struct fw_kernels_buffer *buffer)
{
    return (struct fw_operand){.buffer = buffer};
}

static void put(struct bench *b, struct fw_kernels_buffer *to, const double *values)
{
    assert_int_equal(b->kernels->upload(b->session, at(to), values, b->n * sizeof *values), FW_OK);
}

static void get(struct bench *b, struct fw_kernels_buffer *from, double *ret_values)
{
    assert_int_equal(
        b->kernels->download(b->session, at(from), ret_values, b->n * sizeof *ret_values), FW_OK);
}

static void open(struct bench *b, uint64_t n, struct fw_optimiser_settings settings)
{
    *b = (struct bench){.task = fake_task_create(kit, NULL), .n = n};
    b->kernels = fake_kit_service(kit, FW_KERNELS_ID);
    settings.dtype = FW_F64;
    settings.n = n;
    assert_int_equal(b->kernels->open(fake_task_host(b->task), &b->session), FW_OK);
    assert_int_equal(b->kernels->buffer_create(b->session, n * 8, &b->weights), FW_OK);
    assert_int_equal(b->kernels->buffer_create(b->session, n * 8, &b->gradients), FW_OK);
    assert_int_equal(fw_optimiser_init(&b->optimiser, b->kernels, b->session, &settings), FW_OK);
}

static void close(struct bench *b)
{
    fw_optimiser_finish(&b->optimiser);
    b->kernels->buffer_destroy(b->weights);
    b->kernels->buffer_destroy(b->gradients);
    b->kernels->close(b->session);
    fake_task_destroy(b->task);
}

/* Steps from theta = 1 with g = 0.5, rate 0.1, decay 0.01. */
static void must_step(struct fw_optimiser_settings settings, const double expected[3])
{
    struct bench b;
    double theta = 1;
    const double gradient = 0.5;
    settings.decay = 0.01;
    open(&b, 1, settings);
    put(&b, b.weights, &theta);
    put(&b, b.gradients, &gradient);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fw_optimiser_step(&b.optimiser, at(b.weights), at(b.gradients), 0.1),
                         FW_OK);
        get(&b, b.weights, &theta);
        if (!(fabs(theta - expected[i]) <= 1e-12)) {
            fail_msg("step %d: %.15g, expected %.15g", i + 1, theta, expected[i]);
        }
    }
    assert_int_equal(b.optimiser.step, 3);
    close(&b);
}

static void sgd_makes_the_steps_of_the_specification(void **state)
{
    (void)state;
    must_step((struct fw_optimiser_settings){.kind = FW_UPDATE_SGD, .momentum = 0.9},
              (double[]){0.949, 0.852151, 0.714134749});
}

static void sgd_without_momentum_keeps_no_state(void **state)
{
    (void)state;
    double theta = 1, expected[3];
    struct bench b;
    for (int i = 0; i < 3; i++) {
        theta -= 0.1 * (0.5 + 0.01 * theta);
        expected[i] = theta;
    }
    must_step((struct fw_optimiser_settings){.kind = FW_UPDATE_SGD}, expected);
    open(&b, 1, (struct fw_optimiser_settings){.kind = FW_UPDATE_SGD});
    assert_null(b.optimiser.m);
    assert_null(b.optimiser.v);
    close(&b);
}

static void adamw_makes_the_steps_of_the_specification(void **state)
{
    (void)state;
    double theta = 1, m = 0, v = 0, expected[3];
    for (int t = 1; t <= 3; t++) {
        theta *= 1 - 0.1 * 0.01;
        m = 0.9 * m + 0.1 * 0.5;
        v = 0.999 * v + 0.001 * 0.25;
        theta -= 0.1 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
        expected[t - 1] = theta;
    }
    /* The digits that the specification prints. */
    assert_true(fabs(expected[0] - 0.899000002) < 5e-13);
    assert_true(fabs(expected[1] - 0.798101003998) < 5e-13);
    assert_true(fabs(expected[2] - 0.697302904994) < 5e-13);
    must_step(
        (struct fw_optimiser_settings){
            .kind = FW_UPDATE_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        expected);
}

static void adam_adds_the_decay_to_the_gradient(void **state)
{
    (void)state;
    double theta = 1, m = 0, v = 0, expected[3];
    for (int t = 1; t <= 3; t++) {
        const double g = 0.5 + 0.01 * theta;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        theta -= 0.1 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
        expected[t - 1] = theta;
    }
    must_step(
        (struct fw_optimiser_settings){
            .kind = FW_UPDATE_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        expected);
}

static void clips_by_the_norm_of_all_gradients(void **state)
{
    (void)state;
    struct bench b;
    double norm = 0, gradients[] = {3, 4};
    open(&b, 2, (struct fw_optimiser_settings){.kind = FW_UPDATE_SGD});
    put(&b, b.gradients, gradients);
    assert_int_equal(fw_optimiser_norm(&b.optimiser, at(b.gradients), &norm), FW_OK);
    assert_true(norm == 5);
    assert_int_equal(fw_optimiser_clip(&b.optimiser, at(b.gradients), fw_clip_scale(norm, 1)),
                     FW_OK);
    get(&b, b.gradients, gradients);
    assert_true(fabs(gradients[0] - 3 / (5 + 1e-6)) <= 1e-12);
    assert_true(fabs(gradients[1] - 4 / (5 + 1e-6)) <= 1e-12);
    assert_true(fabs(gradients[0] - 0.59999988) < 5e-9);
    assert_true(fabs(gradients[1] - 0.79999984) < 5e-9);
    close(&b);
}

static void leaves_gradients_within_the_limit_alone(void **state)
{
    (void)state;
    assert_true(fw_clip_scale(0.5, 1) == 1);
    assert_true(fw_clip_scale(1 - 1e-6, 1) == 1);
    assert_true(fw_clip_scale(1, 1) < 1);
    assert_true(fw_clip_scale(0, 1) == 1);
    assert_true(fw_clip_scale(NAN, 1) == 1);
}

/* --- the schedule --- */

static struct fw_schedule cosine(uint64_t batches)
{
    return (struct fw_schedule){FW_SCHEDULE_COSINE, 0.1, 5 * batches, 50 * batches, true};
}

static void assert_rate(const struct fw_schedule *schedule, uint64_t t, double expected,
                        double tolerance)
{
    const double rate = fw_schedule_rate(schedule, t);
    if (!(fabs(rate - expected) <= tolerance)) {
        fail_msg("step %llu: %.15g, expected %.15g", (unsigned long long)t, rate, expected);
    }
}

static void warms_up_and_falls_as_the_specification_says(void **state)
{
    (void)state;
    const struct fw_schedule a = cosine(391), b = cosine(352), c = cosine(32);
    assert_rate(&a, 0, 0.1 / 1955, 1e-12);
    assert_rate(&a, 0, 5.11509e-5, 5e-11);
    assert_rate(&a, 2 * 391, 0.0400511509, 5e-11);
    assert_rate(&a, 5 * 391 - 1, 0.1, 1e-12);
    assert_rate(&a, 5 * 391, 0.1, 1e-12);
    assert_rate(&a, 10 * 391, 0.0969846310, 5e-11);
    assert_rate(&a, 27 * 391, 0.0517449748, 5e-11);
    assert_rate(&a, 50 * 391 - 1, 8e-10, 1e-10);
    assert_rate(&b, 0, 5.68182e-5, 5e-11);
    assert_rate(&b, 2 * 352, 0.0400568182, 5e-11);
    assert_rate(&b, 27 * 352 + 176, 0.05, 1e-12);
    assert_rate(&c, 0, 6.25e-4, 1e-12);
    assert_rate(&c, 2 * 32, 0.040625, 1e-12);
    assert_rate(&c, 27 * 32, 0.0517449748, 5e-11);
}

static void can_count_the_cosine_from_the_first_step(void **state)
{
    (void)state;
    struct fw_schedule schedule = cosine(391);
    schedule.offset = false;
    assert_rate(&schedule, 5 * 391, 0.0975528, 5e-8);
    assert_rate(&schedule, 0, 0.1 / 1955, 1e-12);
}

static void stays_where_it_is_without_a_cosine(void **state)
{
    (void)state;
    const struct fw_schedule schedule = {FW_SCHEDULE_CONSTANT, 0.1, 4, 100, true};
    assert_rate(&schedule, 0, 0.025, 0);
    assert_rate(&schedule, 3, 0.1, 0);
    assert_rate(&schedule, 99, 0.1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_makes_the_steps_of_the_specification),
        cmocka_unit_test(sgd_without_momentum_keeps_no_state),
        cmocka_unit_test(adamw_makes_the_steps_of_the_specification),
        cmocka_unit_test(adam_adds_the_decay_to_the_gradient),
        cmocka_unit_test(clips_by_the_norm_of_all_gradients),
        cmocka_unit_test(leaves_gradients_within_the_limit_alone),
        cmocka_unit_test(warms_up_and_falls_as_the_specification_says),
        cmocka_unit_test(can_count_the_cosine_from_the_first_step),
        cmocka_unit_test(stays_where_it_is_without_a_cosine),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
