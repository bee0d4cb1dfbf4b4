/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/testkit.h>

#include "compare_fixture.h"
#include "npy/npy.h"

static int load(void **state)
{
    char odd[512];
    (void)state;
    snprintf(odd, sizeof odd, "%s/predictors/p_odd.so", getenv("FWRUN_FIXTURES"));
    compare_use(fake_kit_open(COMPARE_MODELS_SO, PREDICTOR_NPZ_SO, odd, NULL));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(compare_kit());
    return 0;
}

static void two_classes_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_p.npz", CASES "/two_logits.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", "logits=npz/logits", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "two", 8);
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
    const char *plot = fake_task_read(t, fake_task_path(t, "comparison.svg"));
    assert_non_null(strstr(plot, "auc"));
    assert_non_null(strstr(plot, "logits: 0.7"));
    assert_non_null(strstr(plot, "2  logits"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(result, "pairs")), 4);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void five_classes_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("five");
    fake_task_input(t, "models", CASES "/five_p.npz", CASES "/five_logits.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", "logits=npz/logits", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "five", 12);
    compare_check_classes(result, "five", 10);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void a_class_without_a_sample_has_no_area(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("absent");
    fake_task_input(t, "models", CASES "/absent_p.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "absent", 6);
    compare_check_classes(result, "absent", 3);
    assert_non_null(strstr(fake_task_read(t, fake_task_path(t, "comparison.md")),
                           "The test set has no sample of class 2"));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void too_many_classes_have_no_areas_and_it_says_so(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("five");
    fake_task_input(t, "models", CASES "/five_p.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", NULL);
    fake_task_int(t, "area_classes", 4);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(result, "metrics")), 3);
    assert_non_null(strstr(fake_task_read(t, fake_task_path(t, "comparison.md")),
                           "there are 5 classes, and area_classes is 4"));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void numbers_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("numbers");
    fake_task_input(t, "models", CASES "/numbers_near.npz", CASES "/numbers_far.npz", NULL);
    fake_task_texts(t, "arms", "near=npz", "far=npz", NULL);
    fake_task_text(t, "task", "regression");
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "numbers", 6);
    const cJSON *pair = cJSON_GetArrayItem(cJSON_GetObjectItem(result, "pairs"), 0);
    assert_string_equal(cJSON_GetObjectItem(pair, "better")->valuestring, "near");
    assert_true(cJSON_GetObjectItem(pair, "upper")->valuedouble < 0);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

/* --- the way there leaves no trace --- */

static char *run_by(int64_t chunk, int64_t batch, uint64_t restart)
{
    struct fake_task *t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_p.npz", fake_task_write(t, "word", "sum"), NULL);
    fake_task_texts(t, "arms", "p=npz", "sum=odd", NULL);
    fake_task_int(t, "chunk", chunk);
    fake_task_int(t, "batch", batch);
    if (restart > 0) {
        fake_task_restart_after(t, restart);
    }
    compare_must_run(t);
    char *text = strdup(fake_task_read(t, fake_task_path(t, "result.json")));
    fake_task_destroy(t);
    return text;
}

static void chunks_batches_and_restarts_change_no_byte(void **state)
{
    (void)state;
    char *whole = run_by(1000, 1000, 0);
    const int64_t ways[][2] = {{300, 7}, {16, 16}, {7, 3}, {1, 1}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *other = run_by(ways[i][0], ways[i][1], i == 2 ? FAKE_EACH_STEP : 1 + 20 * i);
        assert_string_equal(whole, other);
        free(other);
    }
    free(whole);
}

static void halves_the_batch_where_memory_runs_out(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for("two");
    fake_task_input(t, "models", fake_task_write(t, "word", "greedy"), NULL);
    fake_task_texts(t, "arms", "greedy=odd", NULL);
    fake_task_int(t, "batch", 64);
    compare_must_run(t);
    assert_non_null(strstr(fake_task_log(t), "going on with 8 samples at a time"));
    assert_null(strstr(fake_task_log(t), "going on with 4 samples"));
    fake_task_destroy(t);
    t = compare_task_for("two");
    fake_task_input(t, "models", fake_task_write(t, "word", "insatiable"), NULL);
    fake_task_texts(t, "arms", "insatiable=odd", NULL);
    assert_int_equal(fake_task_run(t)->status, FW_E_NOMEM);
    fake_task_destroy(t);
}

/* --- guards --- */

static unsigned count_notes(struct fake_task *t, const char *reason)
{
    unsigned n = 0;
    DIR *dir = opendir(fake_task_path(t, "red"));
    for (const struct dirent *item = dir == NULL ? NULL : readdir(dir); item != NULL;
         item = readdir(dir)) {
        n += strncmp(item->d_name, "blocked_", 8) == 0 && strstr(item->d_name, reason) != NULL;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

static void check_guard(const char *word, const char *reason, const char *says)
{
    struct fake_task *t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_p.npz", fake_task_write(t, "word", word), NULL);
    fake_task_texts(t, "arms", "p=npz", "odd=odd", NULL);
    fake_task_int(t, "chunk", 100);
    const struct fake_result *r = compare_must_run(t);
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    const char *why = fake_task_gate_reason(t, "answers");
    if (strstr(why, reason) == NULL || strstr(why, says) == NULL || !strstr(why, "arm odd")) {
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", why, reason, says);
    }
    assert_int_equal(r->steps, 4); /* three chunks of the good arm, one of the other */
    assert_int_equal(count_notes(t, reason), 1);
    assert_int_equal(access(fake_task_path(t, "metrics.csv"), F_OK), -1);
    fake_task_destroy(t);
}

static void answers_that_are_none_end_it_after_the_first_chunk(void **state)
{
    (void)state;
    check_guard("zero", "all_zero", "nonzero_count 0/100");
    check_guard("constant", "constant", "0.25");
    check_guard("nan", "non_finite", "sample 7");
    check_guard("short", "shape", "99 rows for the 100 samples");
    check_guard("wide", "shape", "3 numbers per sample, the test set has 2 classes");
}

/* --- mistakes --- */

static struct fake_task *task_with_arm(const char *set, const char *arm)
{
    struct fake_task *t = compare_task_for(set);
    fake_task_input(t, "models", CASES "/two_p.npz", NULL);
    fake_task_texts(t, "arms", arm, NULL);
    return t;
}

static void says_what_is_wrong_with_an_arm(void **state)
{
    (void)state;
    compare_check_refused(task_with_arm("two", "npz"), FW_E_CONFIG, "NAME=KIND");
    compare_check_refused(task_with_arm("two", "a,b=npz"), FW_E_CONFIG, "NAME=KIND");
    compare_check_refused(task_with_arm("two", "a=npz/odds"), FW_E_CONFIG, "NAME=KIND");
    compare_check_refused(task_with_arm("two", "a=abacus"), FW_E_MISSING, "npz, odd");
    struct fake_task *t = task_with_arm("two", "a=npz");
    fake_task_texts(t, "arms", "a=npz", "b=npz", NULL);
    compare_check_refused(t, FW_E_CONFIG, "there are 2 arms with a model and 1 models");
    t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_p.npz", CASES "/two_p.npz", NULL);
    fake_task_texts(t, "arms", "a=npz", "a=npz", NULL);
    compare_check_refused(t, FW_E_CONFIG, "the same name");
}

static void says_what_is_wrong_with_the_data(void **state)
{
    (void)state;
    struct fake_task *t = task_with_arm("two", "a=npz");
    fake_task_texts(t, "target", "label", NULL);
    compare_check_refused(t, FW_E_MISSING, "label");
    compare_check_refused(task_with_arm("numbers", "a=npz"), FW_E_DATA, "2 numbers per sample");
    t = task_with_arm("five", "a=npz");
    fake_task_int(t, "classes", 3);
    compare_check_refused(t, FW_E_DATA, "class 4");
    t = task_with_arm("two", "a=npz");
    fake_task_texts(t, "target", "x", NULL);
    compare_check_refused(t, FW_E_DATA, "3 numbers per sample");
    t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_logits.npz", NULL);
    fake_task_texts(t, "arms", "a=npz", NULL);
    compare_check_refused(t, FW_E_DATA, "NAME=KIND/logits");
    t = compare_task_for("two");
    fake_task_input(t, "models", fake_task_write(t, "word", "percent"), NULL);
    fake_task_texts(t, "arms", "a=odd", NULL);
    compare_check_refused(t, FW_E_DATA, "no probabilities");
}

/* A set of one array of four samples with these axes, beside four targets. */
static struct fake_task *task_on(const uint64_t *shape, unsigned n_dims, const double *targets)
{
    struct fake_task *t = compare_task_for(NULL);
    struct fw_npz_writer *writer = NULL;
    const char *path = fake_task_path(t, "set.npz");
    const uint64_t four = 4;
    uint64_t n = 1;
    static const float zeros[64];
    for (unsigned i = 0; i < n_dims; i++) {
        n *= shape[i];
    }
    assert_int_equal(fw_npz_writer_create(fake_task_host(t), path, &writer), FW_OK);
    assert_int_equal(fw_npz_writer_begin(writer, "x", FW_NPY_F4, shape, n_dims), FW_OK);
    assert_int_equal(fw_npz_writer_append(writer, zeros, n * sizeof *zeros), FW_OK);
    assert_int_equal(fw_npz_writer_begin(writer, "y", FW_NPY_F8, &four, 1), FW_OK);
    assert_int_equal(fw_npz_writer_append(writer, targets, 4 * sizeof *targets), FW_OK);
    assert_int_equal(fw_npz_writer_finish(writer), FW_OK);
    fake_task_input(t, "data", path, NULL);
    fake_task_input(t, "models", fake_task_write(t, "word", "sum"), NULL);
    fake_task_texts(t, "arms", "a=odd", NULL);
    fake_task_text(t, "task", "regression");
    return t;
}

static void says_what_cannot_be_compared(void **state)
{
    (void)state;
    const double good[] = {0, 1, 2, 3}, bad[] = {0, 1, NAN, 3};
    const uint64_t plain[] = {4, 3};
    uint64_t axes[17] = {4, 2};
    for (unsigned i = 2; i < 17; i++) {
        axes[i] = 1;
    }
    compare_check_refused(task_on(axes, 17, good), FW_E_UNSUPPORTED, "an array 17 axes");
    compare_check_refused(task_on(plain, 2, bad), FW_E_DATA, "number 0 of sample 2 is nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_classes_are_worth_what_scikit_learn_says),
        cmocka_unit_test(five_classes_are_worth_what_scikit_learn_says),
        cmocka_unit_test(a_class_without_a_sample_has_no_area),
        cmocka_unit_test(too_many_classes_have_no_areas_and_it_says_so),
        cmocka_unit_test(numbers_are_worth_what_scikit_learn_says),
        cmocka_unit_test(chunks_batches_and_restarts_change_no_byte),
        cmocka_unit_test(halves_the_batch_where_memory_runs_out),
        cmocka_unit_test(answers_that_are_none_end_it_after_the_first_chunk),
        cmocka_unit_test(says_what_is_wrong_with_an_arm),
        cmocka_unit_test(says_what_is_wrong_with_the_data),
        cmocka_unit_test(says_what_cannot_be_compared),
    };
    return cmocka_run_group_tests_name("compare_models", tests, load, unload);
}
