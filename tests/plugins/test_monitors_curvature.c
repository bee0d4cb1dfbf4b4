/* SPDX-License-Identifier: MIT */
/* curvature: training.md 2.5, on matrices of 1.8 and 1.9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/probe.h"
#include "test_files.h"
#include "training_fixture.h"

static const double three[] = {4, 1, 0, 1, 3, -1, 0, -1, 2};
static const double indefinite[] = {3, 0, 0, 0, -5, 0, 0, 0, 1};

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

static double one(uint64_t step)
{
    (void)step;
    return 1;
}

/* Two epochs of ten steps; an event at steps 5, 10, 15 and 20. */
#define OPTIONS(...)                                                                               \
    {                                                                                              \
        .kind = "curvature", .name = "curvature", .options = { "every_n_steps=5", __VA_ARGS__ }    \
    }
static const struct training_instance plain = OPTIONS("probes=50", "eig_products=20", NULL);

static struct training make_training(const struct training_instance *instance,
                                     const double *hessian, uint64_t n)
{
    return (struct training){.epochs = 2,
                             .batches = 10,
                             .n = n,
                             .hessian = hessian,
                             .loss = one,
                             .callbacks = instance,
                             .n_callbacks = 1};
}

static const double *tridiagonal_of_ten(void)
{
    static double cells[100];

    for (int i = 0; i < 10; i++) {
        cells[11 * i] = 2;
        if (i < 9) {
            cells[11 * i + 1] = cells[11 * i + 10] = -1;
        }
    }
    return cells;
}

static const double *diagonal_of_64(void)
{
    static double cells[64 * 64];

    for (int i = 0; i < 64; i++) {
        cells[65 * i] = i + 1;
    }
    return cells;
}

/* z'Az = 9 + 2 z0 z1 - 2 z1 z2, for the probes that a run of seed 42 has at this step. */
static double mean_of_fifty(uint64_t step)
{
    double sum = 0;

    for (uint64_t i = 0; i < 50; i++) {
        uint64_t seed = fw_probe_seed(42, step, i);
        double z[3];
        fw_probe_fill(seed, 3, z);
        sum += 9 + 2 * z[0] * z[1] - 2 * z[1] * z[2];
    }
    return sum / 50;
}

static void gives_the_trace_and_both_ends(void **state)
{
    struct training t = make_training(&plain, three, 3);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 20);
    assert_int_equal(t.failed, FW_OK);
    for (uint64_t step = 5; step <= 20; step += 5) {
        near(&t, "curvature/hutchinson_trace", step, mean_of_fifty(step));
        double error = training_value(&t, "curvature/hutchinson_stderr", step);
        assert_true(error > 0.2 && error < 0.6); /* sqrt(8 / 50) = 0.4 */
        near(&t, "curvature/hutchinson_probes", step, 50);
        near(&t, "curvature/lambda_max", step, 3 + sqrt(3));
        near(&t, "curvature/lambda_min", step, 3 - sqrt(3));
        near(&t, "curvature/eig_iters", step, 3);
        near(&t, "curvature/eig_converged", step, 1);
        near(&t, "curvature/eig_residual", step, 0);
        near(&t, "curvature/batch_size_used", step, 32);
        assert_true(training_value(&t, "curvature/wall_s", step) >= 0);
    }
    assert_int_equal(training_count(&t, "curvature/lambda_max"), 4);
    assert_int_equal(t.n_bends, 4 * 50);
    assert_int_equal(t.n_products, 4 * 3);
    assert_int_equal(t.last_samples, 32);
    training_close(&t);
}

/* The matrix has whole numbers: sums of them are the same in any order. */
static void a_trainer_of_products_alone_does_as_well(void **state)
{
    struct training t = make_training(&plain, three, 3), old = t;

    old.without_bend = true;
    training_open(&t, MONITORS_SO, *state);
    training_open(&old, MONITORS_SO, *state);
    training_run(&t, 0, 20);
    training_run(&old, 0, 20);
    assert_int_equal(old.n_bends, 0);
    assert_int_equal(old.n_products, 4 * 53);
    assert_true(training_same(&t, &old));
    training_close(&t);
    training_close(&old);
}

static void a_diagonal_is_exact(void **state)
{
    struct training t = make_training(&plain, diagonal_of_64(), 64);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    assert_true(training_value(&t, "curvature/hutchinson_trace", 5) == 2080);
    assert_true(training_value(&t, "curvature/hutchinson_stderr", 5) == 0);
    near(&t, "curvature/eig_iters", 5, 20);
    /* 20 steps do not reach the ends of 64 values, but come near them. */
    assert_true(fabs(training_value(&t, "curvature/lambda_max", 5) - 64) < 0.5);
    assert_true(fabs(training_value(&t, "curvature/lambda_min", 5) - 1) < 0.5);
    training_close(&t);
}

static void the_tridiagonal_of_the_reference(void **state)
{
    struct training t = make_training(&plain, tridiagonal_of_ten(), 10);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 10);
    for (uint64_t step = 5; step <= 10; step += 5) {
        near(&t, "curvature/lambda_max", step, 3.9189859472289947);
        near(&t, "curvature/lambda_min", step, 2 - 2 * cos(M_PI / 11));
        assert_true(fabs(training_value(&t, "curvature/hutchinson_trace", step) - 20) <
                    4 * sqrt(36.0 / 50));
    }
    training_close(&t);
}

static void power_iteration_asks_for_the_sign(void **state)
{
    static const struct training_instance power =
        OPTIONS("eig_method=power", "eig_tolerance=1e-12", "eig_products=200", NULL);
    struct training t = make_training(&power, indefinite, 3);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    assert_true(fabs(training_value(&t, "curvature/lambda_max", 5) - 3) < 1e-5);
    assert_true(fabs(training_value(&t, "curvature/lambda_min", 5) + 5) < 1e-5);
    near(&t, "curvature/eig_converged", 5, 1);
    training_close(&t);

    t = make_training(&power, three, 3);
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    assert_true(fabs(training_value(&t, "curvature/lambda_max", 5) - 3 - sqrt(3)) < 1e-5);
    lacks(&t, "curvature/lambda_min", 5);
    training_close(&t);
}

static void power_iteration_goes_on_from_where_it_was(void **state)
{
    static const struct training_instance power =
        OPTIONS("eig_method=power", "eig_tolerance=1e-6", "eig_products=250", NULL);
    struct training t = make_training(&power, tridiagonal_of_ten(), 10);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 10);
    assert_true(training_value(&t, "curvature/eig_iters", 5) > 20);
    assert_true(training_value(&t, "curvature/eig_iters", 10) <= 3);
    assert_true(fabs(training_value(&t, "curvature/lambda_max", 10) - 3.918985947229) < 1e-3);
    training_close(&t);
}

/* Twelve steps from a new start do not find what twelve from the last event's vector do. */
static void lanczos_goes_on_from_where_it_was(void **state)
{
    static const struct training_instance few = OPTIONS("eig_products=12", NULL);
    struct training t = make_training(&few, diagonal_of_64(), 64);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 20);
    double first = 64 - training_value(&t, "curvature/lambda_max", 5);
    double last = 64 - training_value(&t, "curvature/lambda_max", 20);
    assert_true(first > 1e-3 && last >= 0 && last < first / 10);
    assert_true(fabs(training_value(&t, "curvature/lambda_min", 20) - 1) < 2);
    training_close(&t);
}

static void lanczos_makes_way_where_memory_is_short(void **state)
{
    static const struct training_instance none = OPTIONS("lanczos_mem_mb=0", NULL);
    struct training t = make_training(&none, three, 3);

    training_open(&t, MONITORS_SO, *state);
    assert_non_null(strstr(fake_task_log(t.host), "power iteration instead"));
    training_run(&t, 0, 5);
    lacks(&t, "curvature/lambda_min", 5);
    assert_true(fabs(training_value(&t, "curvature/lambda_max", 5) - 4.732) < 0.05);
    training_close(&t);
}

static void stops_when_the_trace_is_known_well_enough(void **state)
{
    static const struct training_instance rough = OPTIONS("trace_relative_error=0.2", NULL);
    struct training t = make_training(&rough, tridiagonal_of_ten(), 10);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    double used = training_value(&t, "curvature/hutchinson_probes", 5);
    assert_true(used >= 2 && used < 20);
    assert_true(training_value(&t, "curvature/hutchinson_stderr", 5) <=
                0.2 * training_value(&t, "curvature/hutchinson_trace", 5));
    training_close(&t);
}

static void restored_anywhere_it_says_the_same(void **state)
{
    static const struct training_instance instances[] = {
        OPTIONS("eig_products=6", NULL), OPTIONS("eig_method=power", "eig_products=6", NULL)};

    for (int i = 0; i < 2; i++) {
        struct training whole = make_training(&instances[i], diagonal_of_64(), 64), cut = whole;
        cut.restarts = true;
        training_open(&whole, MONITORS_SO, *state);
        training_open(&cut, MONITORS_SO, *state);
        training_run(&whole, 0, 20);
        training_run(&cut, 0, 20);
        assert_true(training_same(&whole, &cut));
        assert_int_equal(whole.n_said, cut.n_said);
        training_close(&whole);
        training_close(&cut);
    }
}

static void refuses_a_state_that_is_not_its_own(void **state)
{
    struct training t = make_training(&plain, three, 3);
    struct training larger = make_training(&plain, tridiagonal_of_ten(), 10);
    struct fw_blob blobs[8];

    training_open(&t, MONITORS_SO, *state);
    training_open(&larger, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    training_save(&t, blobs);
    assert_int_equal(training_restore(&larger, blobs), FW_E_STATE);
    const uint64_t size = blobs[0].size;
    for (blobs[0].size = 0; blobs[0].size < size; blobs[0].size += 3) {
        training_forget(&t);
        assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
    }
    blobs[0].size = size;
    training_forget(&t);
    assert_int_equal(training_restore(&t, blobs), FW_OK);
    training_release(blobs);
    training_close(&t);
    training_close(&larger);
}

static void a_smaller_batch_is_taken_where_memory_is_short(void **state)
{
    struct training t = make_training(&plain, three, 3);

    t.probe_most = 9;
    training_open(&t, MONITORS_SO, *state);
    assert_non_null(strstr(fake_task_log(t.host),
                           "there is memory for 8 samples of the 32 that curvature_batch says"));
    training_run(&t, 0, 5);
    near(&t, "curvature/batch_size_used", 5, 8);
    training_close(&t);
}

static unsigned warnings(const struct training *t)
{
    unsigned n = 0;

    for (const char *at = fake_task_log(t->host); (at = strstr(at, "warning")) != NULL; at++) {
        n++;
    }
    return n;
}

static void assert_off(struct training *t, const char *why)
{
    assert_non_null(strstr(fake_task_log(t->host), why));
    training_run(t, 0, 20);
    assert_int_equal(warnings(t), 1);
    assert_int_equal(t->failed, FW_OK);
    assert_int_equal(training_count(t, "curvature/lambda_max"), 4);
    lacks(t, "curvature/lambda_max", 5);
    lacks(t, "curvature/hutchinson_trace", 20);
    assert_int_equal(t->n_bends + t->n_products, 0);
    training_restart(t);
    training_close(t);
}

static void without_memory_for_eight_samples_it_is_off(void **state)
{
    struct training t = make_training(&plain, three, 3);

    t.probe_most = 7;
    training_open(&t, MONITORS_SO, *state);
    assert_off(&t, "there is no memory for second derivatives of eight samples");
}

static void without_second_derivatives_it_is_off(void **state)
{
    struct training t = make_training(&plain, NULL, 3);

    training_open(&t, MONITORS_SO, *state);
    assert_off(&t, "curvature: the model has a layer without second derivatives: there is no "
                   "curvature in this run");
}

static const struct fw_callback *kind_of(const struct training *t)
{
    const struct fw_callbacks *table = fake_kit_service(t->kit, FW_CALLBACK_ID);
    uint32_t i = 0;

    while (strcmp(table->kinds[i]->kind, "curvature") != 0) {
        i++;
    }
    return table->kinds[i];
}

static void does_less_step_by_step(void **state)
{
    static const char *const steps[] = {
        "25 probes instead of 50",
        "12 probes instead of 25",
        "10 probes instead of 12",
        "16 samples instead of 32",
        "8 samples instead of 16",
        "every 10 steps instead of every 5",
        "every 20 steps instead of every 10",
        "every 40 steps instead of every 20",
    };
    struct training t = make_training(&plain, three, 3);
    char text[128];

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    for (int i = 0; i < 8; i++) {
        fw_status status = kind_of(&t)->relax(t.selves[0], text, sizeof text);
        assert_string_equal(text, steps[i]);
        assert_int_equal(status, i < 7 ? FW_MORE : FW_OK);
        if (i == 5) {
            training_restart(&t); /* what was decided is kept */
            training_run(&t, 5, 10);
        }
    }
    near(&t, "curvature/hutchinson_probes", 10, 10);
    near(&t, "curvature/batch_size_used", 10, 8);
    assert_int_equal(t.last_samples, 8);
    training_run(&t, 10, 20);
    assert_int_equal(training_count(&t, "curvature/lambda_max"), 2);
    training_close(&t);
}

/* A kernel with its bias, and a scale that is no part of the scope. */
static void looks_at_layers_with_a_kernel_alone(void **state)
{
    static const uint64_t shape[] = {1, 1};
    static const struct fw_training_tensor tensors[] = {
        {.rank = 1, .name = "norm.scale", .layer = "norm", .count = 1},
        {.rank = 2,
         .name = "conv.weight",
         .layer = "conv",
         .offset = 1,
         .count = 1,
         .shape = shape},
        {.rank = 1, .name = "out.scale", .layer = "out", .offset = 2, .count = 1},
    };
    static const struct fw_training_tensor *const list[] = {&tensors[0], &tensors[1], &tensors[2]};
    static const struct training_instance dense = OPTIONS("scope=conv_fc", NULL);
    struct training t = make_training(&dense, indefinite, 3);

    t.tensors = list;
    t.n_tensors = 3;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    near(&t, "curvature/hutchinson_trace", 5, -5);
    near(&t, "curvature/lambda_max", 5, -5);
    near(&t, "curvature/lambda_min", 5, -5);
    training_close(&t);
}

static void gives_up_when_the_host_asks(void **state)
{
    struct training t = make_training(&plain, three, 3);

    t.cancel_behind = 7;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    assert_int_equal(t.failed, FW_E_CANCELLED);
    assert_int_equal(t.n_bends + t.n_products, 7);
    assert_int_equal(training_count(&t, "curvature/lambda_max"), 0);
    assert_non_null(strstr(fake_task_take_fault(t.host), "the host asked to stop"));
    training_close(&t);
}

static void a_hessian_that_is_not_finite_is_nan(void **state)
{
    static const double cells[] = {NAN, 0, 0, 1};
    struct training t = make_training(&plain, cells, 2);

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 10);
    assert_int_equal(t.failed, FW_OK);
    lacks(&t, "curvature/hutchinson_trace", 5);
    lacks(&t, "curvature/lambda_max", 5);
    lacks(&t, "curvature/lambda_max", 10);
    near(&t, "curvature/eig_converged", 10, 0);
    training_close(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_the_trace_and_both_ends),
        TEST(a_trainer_of_products_alone_does_as_well),
        TEST(a_diagonal_is_exact),
        TEST(the_tridiagonal_of_the_reference),
        TEST(power_iteration_asks_for_the_sign),
        TEST(power_iteration_goes_on_from_where_it_was),
        TEST(lanczos_goes_on_from_where_it_was),
        TEST(lanczos_makes_way_where_memory_is_short),
        TEST(stops_when_the_trace_is_known_well_enough),
        TEST(restored_anywhere_it_says_the_same),
        TEST(refuses_a_state_that_is_not_its_own),
        TEST(a_smaller_batch_is_taken_where_memory_is_short),
        TEST(without_memory_for_eight_samples_it_is_off),
        TEST(without_second_derivatives_it_is_off),
        TEST(does_less_step_by_step),
        TEST(looks_at_layers_with_a_kernel_alone),
        TEST(gives_up_when_the_host_asks),
        TEST(a_hessian_that_is_not_finite_is_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
