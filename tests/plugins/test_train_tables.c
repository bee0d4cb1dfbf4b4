/* SPDX-License-Identifier: MIT */
/* Trainings on tables and arrays: windows, rows, .npz; what they answer, and in which form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/predictor.h>

#include "npy/npy.h"
#include "train_fixture.h"

/* Days whose feature a rises and falls, and whether it is above 0 on the day after: a window of
   eight days tells it nearly always. */
#define FEATURES                                                                                   \
    "SELECT DATE '2020-01-01' + i::INTEGER AS \"Date\", sin(i * 0.7) AS a, cos(i * 0.3) AS b "     \
    "FROM range(300) r(i)"
#define SAMPLES                                                                                    \
    "SELECT 1 AS horizon, i - 8 AS sample, DATE '2020-01-01' + i::INTEGER AS \"Date\", i AS "      \
    "\"row\", i + 1 AS last_row, (sin((i + 1) * 0.7) > 0)::INTEGER AS y, CASE WHEN i < 200 THEN "  \
    "'train' WHEN i < 250 THEN 'val' ELSE 'test' END AS split FROM range(8, 299) r(i)"
/* The sign of a sum of two columns, and a third that says nothing. */
#define ROWS                                                                                       \
    "SELECT sin(i * 1.3) AS u, cos(i * 2.1) AS v, sin(i * 0.1) AS w, (sin(i * 1.3) + cos(i * "     \
    "2.1) > 0)::INTEGER AS y FROM range(400) r(i)"

static const char *table(struct fake_task *t, const char *name, const char *select)
{
    return fake_task_write(t, name, fake_task_query(t, select));
}

static void set(struct fake_task *t, const char *const params[][2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fake_task_param(t, params[i][0], params[i][1]);
    }
}

static struct fake_task *windows_task(void)
{
    static const char *const params[][2] = {
        {"source", "windows"},     {"model", "patchtst"},  {"context", "8"},
        {"patch_len", "4"},        {"patch_stride", "2"},  {"d_model", "8"},
        {"layers", "1"},           {"heads", "2"},         {"d_ff", "16"},
        {"dropout", "0.1"},        {"optimiser", "adam"},  {"lr", "0.01"},
        {"schedule", "constant"},  {"warmup_epochs", "0"}, {"turn", "0"},
        {"weight_decay", "0"},     {"epochs", "12"},       {"validate", "epoch"},
        {"monitor", "val_auc"},    {"patience", "10"},     {"min_delta", "0.001"},
        {"experiment", "waves_h1"}};
    struct fake_task *t = train_task();
    set(t, params, FW_COUNT(params));
    fake_task_input(t, "features", table(t, "features.csv", FEATURES), NULL);
    fake_task_input(t, "samples", table(t, "samples.csv", SAMPLES), NULL);
    return t;
}

/* SELECT `what` FROM the predictions, which gives a line with `answer`. */
static void must_have(struct fake_task *t, const char *what, const char *rest, const char *answer)
{
    char text[1024];
    snprintf(text, sizeof text, "SELECT %s FROM '%s' %s", what,
             fake_task_path(t, "predictions.parquet"), rest);
    const char *got = fake_task_query(t, text);
    if (strstr(got, answer) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", got, answer);
    }
}

static void must_be_day(const cJSON *result, const char *part, const char *what, const char *day)
{
    const cJSON *split = cJSON_GetObjectItem(cJSON_GetObjectItem(result, "splits"), part);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(split, what)), day);
}

static void patchtst_learns_from_windows_and_predicts_each_sample(void **state)
{
    (void)state;
    struct fake_task *t = windows_task();
    train_run(t);
    cJSON *result = train_result(t);
    assert_true(train_number(result, "val_metrics.auc") > 0.9);
    assert_true(train_number(result, "test_metrics.auc") > 0.9);
    assert_true(train_number(result, "test_metrics.n_samples") == 49);
    assert_true(train_number(result, "num_features") == 2);
    assert_true(train_number(result, "val_metrics.class_balance") > 0.4);
    assert_true(isfinite(train_number(result, "val_metrics.pred_std")));
    must_be_day(result, "train", "first_day", "2020-01-09");
    must_be_day(result, "test", "first_day", "2020-09-07");
    must_be_day(result, "test", "last_day", "2020-10-25");
    assert_int_equal(fake_task_rows(t, "predictions"), 291);
    must_have(t, "experiment, split, count(*)::INTEGER AS n, min(date)::VARCHAR AS d",
              "GROUP BY ALL", "waves_h1,test,49,2020-09-07");
    must_have(t, "typeof(date), typeof(y), typeof(p), min(p) >= 0 AND max(p) <= 1", "GROUP BY ALL",
              "DATE,INTEGER,DOUBLE,true");
    must_have(
        t,
        "count(*) FILTER (y = (sin((date - DATE '2020-01-01' + 1) * 0.7) > 0)::INTEGER)::INTEGER",
        "", "291");
    cJSON_Delete(result);
    fake_task_destroy(t);
}

/* All samples at once, as compare_models asks: rank 3, the first axis counts them. */
static fw_status predict(struct fake_task *t, const char *checkpoint, const float *x,
                         const int64_t shape[3], int64_t columns, float *ret_p)
{
    const struct fw_predictor *predictor = fake_kit_service(train_kit(), FW_PREDICTOR_ID);
    const struct fw_predictor_array input = {
        .element = FW_F32, .rank = 3, .shape = shape, .data = x};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .n_samples = (uint64_t)shape[0], .inputs = &input};
    const struct fw_predictor_array *outputs = NULL;
    struct fw_predictor_model *model = NULL;
    fw_status status = predictor->open(fake_task_host(t), checkpoint, &model);
    if (status == FW_OK) {
        assert_string_equal(predictor->kind, "checkpoint");
        assert_int_equal(predictor->info(model)->outputs[0]->shape[1], columns);
        status = predictor->predict(model, &batch, &outputs);
    }
    if (status == FW_OK) {
        assert_int_equal(outputs[0].shape[0], shape[0]);
        memcpy(ret_p, outputs[0].data, (size_t)(shape[0] * columns) * sizeof *ret_p);
    }
    predictor->close(model);
    return status;
}

/* Numbers of a query's rows, column by column, in their order. */
static size_t numbers(struct fake_task *t, const char *query, double *ret_numbers, size_t room)
{
    const char *at = strchr(fake_task_query(t, query), '\n');
    size_t n = 0;
    for (char *end; n < room && at != NULL && at[0] != '\0' && at[1] != '\0'; at = end) {
        ret_numbers[n++] = strtod(at + 1, &end);
        assert_true(end > at + 1);
    }
    return n;
}

static void a_checkpoint_answers_for_windows_what_the_training_answered(void **state)
{
    (void)state;
    enum { DAYS = 300, CONTEXT = 8, FEATURES_N = 2, FIRST = 250, TEST = 49 };
    static double days[DAYS * FEATURES_N], expected[TEST];
    static float x[TEST * CONTEXT * FEATURES_N], p[TEST];
    struct fake_task *t = windows_task();
    char query[512];
    train_run(t);
    snprintf(query, sizeof query, "SELECT a, b FROM '%s' ORDER BY \"Date\"",
             fake_task_path(t, "features.csv"));
    assert_int_equal(numbers(t, query, days, FW_COUNT(days)), FW_COUNT(days));
    snprintf(query, sizeof query, "SELECT p FROM '%s' WHERE split = 'test' ORDER BY date",
             fake_task_path(t, "predictions.parquet"));
    assert_int_equal(numbers(t, query, expected, TEST), TEST);
    for (size_t i = 0; i < FW_COUNT(x); i++) {
        const size_t sample = i / (CONTEXT * FEATURES_N), within = i % (CONTEXT * FEATURES_N);
        x[i] = (float)days[(FIRST + sample + 1 - CONTEXT) * FEATURES_N + within];
    }
    assert_int_equal(predict(t, fake_task_path(t, "model.ckpt"), x,
                             (int64_t[]){TEST, CONTEXT, FEATURES_N}, 1, p),
                     FW_OK);
    for (size_t i = 0; i < TEST; i++) {
        assert_true(p[i] == (float)expected[i]);
    }
    fake_task_destroy(t);
}

static void windows_are_the_same_again_in_steps_of_their_own(void **state)
{
    (void)state;
    struct fake_task *whole = windows_task(), *parts = windows_task();
    fake_task_restart_after(parts, FAKE_EACH_STEP);
    train_run(whole);
    train_run(parts);
    train_same(whole, parts);
    assert_true(train_file_is_same(whole, parts, "predictions.parquet"));
    fake_task_destroy(whole);
    fake_task_destroy(parts);
}

static void a_checkpoint_of_other_features_is_refused(void **state)
{
    (void)state;
    struct fake_task *first = windows_task(), *t = windows_task();
    fake_task_param(first, "epochs", "1");
    train_run(first);
    fake_task_texts(t, "columns", "b", "a", NULL);
    fake_task_input(t, "weights", fake_task_path(first, "run/last.ckpt"), NULL);
    train_must_fail(t, FW_E_DATA, "data.features.0 is \"a\" in the checkpoint, and \"b\" here");
    fake_task_destroy(first);
}

static struct fake_task *rows_task(const char *model)
{
    static const char *const params[][2] = {
        {"source", "rows"},      {"val_share", "0.2"}, {"test_share", "0.1"},
        {"optimiser", "adamw"},  {"lr", "0.05"},       {"hidden", "16,8"},
        {"scaling", "measured"}, {"turn", "0"},        {"epochs", "20"}};
    struct fake_task *t = train_task();
    set(t, params, FW_COUNT(params));
    fake_task_text(t, "model", model);
    fake_task_input(t, "features", table(t, "rows.csv", ROWS), NULL);
    return t;
}

static void perceptrons_and_logistic_regression_learn_from_rows(void **state)
{
    (void)state;
    static const char *const models[] = {"logistic", "mlp"};
    static const double parameters[] = {4, 3 * 16 + 16 + 16 * 8 + 8 + 8 + 1};
    for (size_t i = 0; i < FW_COUNT(models); i++) {
        struct fake_task *t = rows_task(models[i]);
        train_run(t);
        cJSON *result = train_result(t);
        assert_true(train_number(result, "param_count") == parameters[i]);
        assert_true(train_number(result, "test_metrics.accuracy") > 0.9);
        assert_true(train_number(result, "splits.val.samples") == 80);
        assert_int_equal(fake_task_rows(t, "predictions"), 400);
        must_have(t, "typeof(id), count(DISTINCT id)::INTEGER", "GROUP BY ALL", "BIGINT,400");
        cJSON_Delete(result);
        fake_task_destroy(t);
    }
}

/* --- arrays --- */

enum { N_TRAIN = 120, N_TEST = 30, SIDE = 6, N_CLASSES = 3 };

/* Images of noise with a bright stripe at the place of their class. */
static const char *images(struct fake_task *t, const char *name, uint64_t n, uint64_t seed)
{
    const uint64_t shape[] = {n, SIDE, SIDE};
    float *x = calloc(n * SIDE * SIDE, sizeof *x);
    int64_t *y = calloc(n, sizeof *y);
    struct fw_npz_writer *writer = NULL;
    for (uint64_t i = 0; i < n; i++) {
        y[i] = (int64_t)((i * 7 + seed) % N_CLASSES);
        for (uint64_t k = 0; k < SIDE * SIDE; k++) {
            const double noise = sin((double)(i * 37 + k * 11 + seed * 101));
            x[i * SIDE * SIDE + k] = (float)(0.3 * noise + ((int64_t)(k / SIDE) / 2 == y[i]));
        }
    }
    const char *path = fake_task_path(t, name);
    assert_int_equal(fw_npz_writer_create(fake_task_host(t), path, &writer), FW_OK);
    assert_int_equal(fw_npz_writer_begin(writer, "x", FW_NPY_F4, shape, 3), FW_OK);
    assert_int_equal(fw_npz_writer_append(writer, x, n * SIDE * SIDE * sizeof *x), FW_OK);
    assert_int_equal(fw_npz_writer_begin(writer, "y", FW_NPY_I8, shape, 1), FW_OK);
    assert_int_equal(fw_npz_writer_append(writer, y, n * sizeof *y), FW_OK);
    assert_int_equal(fw_npz_writer_finish(writer), FW_OK);
    free(x);
    free(y);
    return path;
}

static struct fake_task *arrays_task(void)
{
    static const char *const params[][2] = {{"source", "npz"}, {"val_share", "0.25"},
                                            {"turn", "0"},     {"batch_size", "16"},
                                            {"epochs", "6"},   {"lr", "0.05"}};
    struct fake_task *t = train_task();
    set(t, params, FW_COUNT(params));
    fake_task_input(t, "train", images(t, "train.npz", N_TRAIN, 1), NULL);
    return t;
}

static void answers_for_arrays_are_an_array(void **state)
{
    (void)state;
    struct fake_task *t = arrays_task();
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    float p[N_TEST][N_CLASSES];
    fake_task_input(t, "test", images(t, "test.npz", N_TEST, 2), NULL);
    train_run(t);
    cJSON *result = train_result(t);
    assert_true(train_number(result, "test_metrics.accuracy") > 0.9);
    assert_true(train_number(result, "splits.train.samples") == 90);
    assert_int_equal(fw_npz_open(fake_task_host(t), fake_task_path(t, "answers.npz"), &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, "p", &npy), FW_OK);
    assert_int_equal(fw_npy_header(npy)->shape[0], N_TEST);
    assert_int_equal(fw_npy_header(npy)->shape[1], N_CLASSES);
    assert_int_equal(fw_npy_read(npy, 0, N_TEST, p), FW_OK);
    int right = 0;
    for (int i = 0; i < N_TEST; i++) {
        const int y = (i * 7 + 2) % N_CLASSES;
        assert_true(fabs((double)p[i][0] + p[i][1] + p[i][2] - 1) < 1e-5);
        right += p[i][y] > 0.5f;
    }
    assert_true(right > 25);
    fw_npy_close(npy);
    fw_npz_close(npz);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void read_array(struct fake_task *t, const char *path, const char *name, void *ret_items,
                       uint64_t n)
{
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    assert_int_equal(fw_npz_open(fake_task_host(t), path, &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_read(npy, 0, n, ret_items), FW_OK);
    fw_npy_close(npy);
    fw_npz_close(npz);
}

static void a_checkpoint_answers_what_the_training_answered(void **state)
{
    (void)state;
    enum { N_MANY = 200 }; /* more than go through the net together */
    struct fake_task *t = arrays_task();
    float x[N_MANY * SIDE * SIDE], p[N_MANY * N_CLASSES], expected[N_MANY * N_CLASSES];
    const int64_t shape[] = {N_MANY, SIDE, SIDE};
    const char *test = images(t, "test.npz", N_MANY, 2);
    fake_task_input(t, "test", test, NULL);
    train_run(t);
    read_array(t, test, "x", x, N_MANY);
    read_array(t, fake_task_path(t, "answers.npz"), "p", expected, N_MANY);
    assert_int_equal(predict(t, fake_task_path(t, "model.ckpt"), x, shape, N_CLASSES, p), FW_OK);
    assert_memory_equal(p, expected, sizeof p);
    assert_int_equal(predict(t, test, x, shape, N_CLASSES, p), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(t), "this is no checkpoint"));
    fake_task_destroy(t);
}

static void a_test_part_that_is_not_asked_for_is_not_touched(void **state)
{
    (void)state;
    struct fake_task *t = arrays_task();
    fake_task_input(t, "test", images(t, "test.npz", N_TEST, 2), NULL);
    fake_task_int(t, "evaluate_test", 0);
    train_run(t);
    cJSON *result = train_result(t);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(result, "test_metrics")));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void a_lone_last_sample_is_left_out(void **state)
{
    (void)state;
    struct fake_task *t = arrays_task();
    fake_task_param(t, "batch_size", "89"); /* 90 samples train */
    fake_task_param(t, "epochs", "2");
    const struct fake_result *r = train_run(t);
    assert_int_equal(r->done, 2);
    assert_int_equal(r->items, 2 * 89);
    fake_task_destroy(t);
}

static void patience_without_validation_is_refused(void **state)
{
    (void)state;
    struct fake_task *t = arrays_task();
    fake_task_param(t, "val_share", "0");
    fake_task_param(t, "patience", "3");
    train_must_fail(t, FW_E_CONFIG, "no validation part");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patchtst_learns_from_windows_and_predicts_each_sample),
        cmocka_unit_test(a_checkpoint_answers_for_windows_what_the_training_answered),
        cmocka_unit_test(windows_are_the_same_again_in_steps_of_their_own),
        cmocka_unit_test(a_checkpoint_of_other_features_is_refused),
        cmocka_unit_test(perceptrons_and_logistic_regression_learn_from_rows),
        cmocka_unit_test(answers_for_arrays_are_an_array),
        cmocka_unit_test(a_checkpoint_answers_what_the_training_answered),
        cmocka_unit_test(a_test_part_that_is_not_asked_for_is_not_touched),
        cmocka_unit_test(a_lone_last_sample_is_left_out),
        cmocka_unit_test(patience_without_validation_is_refused),
    };
    return cmocka_run_group_tests(tests, train_load, train_unload);
}
