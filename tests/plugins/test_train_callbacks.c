/* SPDX-License-Identifier: MIT */
/* What callbacks are told by the stage `train`, and that they change nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "train_fixture.h"

enum { N_MOST = 64 };

static void callbacks_change_no_bit_of_the_training(void **state)
{
    (void)state;
    struct fake_task *alone = train_task(), *watched = train_task();
    fake_task_texts(watched, "callbacks", "asking", "loss_slope", "sink", NULL);
    fake_task_int(watched, "check_callbacks", 1);
    train_run(alone);
    train_run(watched);
    static const char *const names[] = {"answers.npz", "training.svg"};
    for (size_t i = 0; i < FW_COUNT(names); i++) {
        assert_true(train_file_is_same(alone, watched, names[i]));
    }
    cJSON *a = train_result(alone), *b = train_result(watched);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(a, "training"),
                              cJSON_GetObjectItem(b, "training"), true));
    cJSON_Delete(a);
    cJSON_Delete(b);
    fake_task_destroy(alone);
    fake_task_destroy(watched);
}

/* The last number of a metric of `asking`. */
static double last(const char *metrics, const char *name)
{
    double values[N_MOST];
    const size_t n = train_series(metrics, name, values, N_MOST);
    assert_int_equal(n, 3);
    return values[n - 1];
}

/* Sums of float32 in another order. */
static void assert_near(const char *metrics, const char *name, const char *other)
{
    const double a = last(metrics, name), b = last(metrics, other);
    assert_true(fabs(a - b) <= 1e-4 * fabs(b));
}

static void answers_what_callbacks_ask(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_texts(t, "callbacks", "asking", "sink", NULL);
    train_run(t);
    cJSON *result = train_result(t);
    char *metrics = train_metrics(t, "sink");
    assert_true(last(metrics, "asking/repeated") == 0);
    assert_true(last(metrics, "asking/asymmetry") < 1e-4);
    assert_true(last(metrics, "asking/loss") > 0);
    assert_true(isfinite(last(metrics, "asking/curvature")));
    assert_true(last(metrics, "asking/curvature") != 0);
    assert_near(metrics, "asking/bend", "asking/curvature");
    assert_near(metrics, "asking/bend_of_signs", "asking/curvature_of_signs");
    assert_true(last(metrics, "asking/distance") > 0);
    assert_true(last(metrics, "asking/nonfinite") == 0);
    assert_true(fabs(last(metrics, "asking/norm") - last(metrics, "asking/read_norm")) < 1e-9);
    assert_true(last(metrics, "asking/change") > 0);
    assert_true(last(metrics, "asking/change") < last(metrics, "asking/norm"));
    free(metrics);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void tells_the_sink_of_each_batch_and_validation(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    double loss[N_MOST], val[N_MOST], rate[N_MOST];
    fake_task_texts(t, "callbacks", "sink", NULL);
    train_run(t);
    cJSON *result = train_result(t);
    char *metrics = train_metrics(t, "sink");
    assert_int_equal(train_series(metrics, "train/loss_nats", loss, N_MOST), 24);
    assert_int_equal(train_series(metrics, "val/loss_nats", val, N_MOST), 12);
    assert_int_equal(train_series(metrics, "train/lr", rate, N_MOST), 24);
    assert_true(rate[0] == 0.1 / 8);
    assert_true(rate[7] == 0.1);
    assert_true(val[11] == train_number(result, "training.epochs.2.val_loss"));
    double mean = 0;
    for (int i = 16; i < 24; i++) {
        mean += loss[i] / 8;
    }
    assert_true(fabs(mean - train_number(result, "training.epochs.2.train_loss")) < 1e-12);
    free(metrics);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void a_callback_that_fails_is_called_no_more_and_ends_nothing(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    double values[N_MOST];
    fake_task_texts(t, "callbacks", "failing", "sink", NULL);
    const struct fake_result *r = train_run(t);
    assert_non_null(strstr(r->log, "it fails each time"));
    cJSON *result = train_result(t);
    assert_true(train_number(result, "callbacks.0.disabled") == 1);
    assert_true(train_number(result, "callbacks.0.failures") == 3);
    assert_true(train_number(result, "callbacks.1.disabled") == 0);
    char *metrics = train_metrics(t, "sink");
    const size_t n = train_series(metrics, "failing/value", values, N_MOST);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(isnan(values[i]));
    }
    free(metrics);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void two_owners_of_a_metric_are_refused(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_texts(t, "callbacks", "same=failing", "same=failing", NULL);
    train_must_fail(t, FW_E_CONFIG, "same");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_change_no_bit_of_the_training),
        cmocka_unit_test(answers_what_callbacks_ask),
        cmocka_unit_test(tells_the_sink_of_each_batch_and_validation),
        cmocka_unit_test(a_callback_that_fails_is_called_no_more_and_ends_nothing),
        cmocka_unit_test(two_owners_of_a_metric_are_refused),
    };
    return cmocka_run_group_tests(tests, train_load, train_unload);
}
