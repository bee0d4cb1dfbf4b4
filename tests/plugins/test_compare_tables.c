/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/budget.h>
#include <fw/testkit.h>

#include "compare_fixture.h"
#include "test_files.h"

static int load(void **state)
{
    char odd[512];
    (void)state;
    snprintf(odd, sizeof odd, "%s/predictors/p_odd.so", getenv("FWRUN_FIXTURES"));
    compare_use(fake_kit_open(DUCKDB_SO, COMPARE_MODELS_SO, PREDICTOR_NPZ_SO, odd, NULL));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(compare_kit());
    return 0;
}

/* Without a table yet; samples are in the order of id. */
static struct fake_task *task_without(const char *target)
{
    struct fake_task *t = compare_task_for(NULL);
    fake_task_texts(t, "target", target, NULL);
    fake_task_texts(t, "columns", "x0", "x1", "x2", NULL);
    fake_task_texts(t, "id_columns", "id", NULL);
    fake_task_text(t, "split_column", "split");
    return t;
}

/* Of the case's table. */
static struct fake_task *task_of(const char *target)
{
    struct fake_task *t = task_without(target);
    fake_task_input(t, "table", CASES "/table.csv", NULL);
    return t;
}

/* With one arm, whose model behaves as the word says. */
static struct fake_task *with(struct fake_task *t, const char *word)
{
    fake_task_input(t, "models", fake_task_write(t, "word", word), NULL);
    fake_task_texts(t, "arms", "odd=odd", NULL);
    return t;
}

static struct fake_task *task_with(const char *target, const char *word)
{
    return with(task_of(target), word);
}

/* --- against scikit-learn --- */

static void classes_by_name_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = task_of("name");
    fake_task_input(t, "models", CASES "/table_rows.npz", NULL);
    fake_task_input(t, "predictions", CASES "/table_given.csv", NULL);
    fake_task_texts(t, "arms", "given=predictions", "rows=npz", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "table", 12);
    compare_check_classes(result, "table", 6);
    assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(result, "labels"), 1)->valuestring,
                        "dog");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(result, "pairs")), 6);
    assert_non_null(
        strstr(fake_task_read(t, fake_task_path(t, "comparison.md")), "| rows | eel | "));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void two_classes_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = task_of("two");
    fake_task_input(t, "predictions", CASES "/table_two.csv", NULL);
    fake_task_texts(t, "arms", "given=predictions/given", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "table_two", 4);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void several_targets_are_worth_what_scikit_learn_says(void **state)
{
    (void)state;
    struct fake_task *t = task_of("t0");
    fake_task_texts(t, "target", "t0", "t1", NULL);
    fake_task_text(t, "task", "regression");
    fake_task_input(t, "predictions", CASES "/table_numbers.csv", NULL);
    fake_task_texts(t, "arms", "given=predictions", NULL);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    compare_check_golden(result, "table_numbers", 3);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

/* --- the way there leaves no trace --- */

/* The lines of the case's table from the last to the first, dealt to two files. */
static void deal(struct fake_task *t, const char *ret_paths[2])
{
    char *text = test_file_read(CASES "/table.csv", NULL), *lines[256] = {NULL};
    char *files[2] = {calloc(1, strlen(text) + 1), calloc(1, strlen(text) + 1)};
    size_t n = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines[n++] = line;
    }
    for (int i = 0; i < 2; i++) {
        strcat(strcat(files[i], lines[0]), "\n");
    }
    for (size_t i = n - 1; i > 0; i--) {
        strcat(strcat(files[i % 3 == 0], lines[i]), "\n");
    }
    ret_paths[0] = fake_task_write(t, "b.csv", files[0]);
    ret_paths[1] = fake_task_write(t, "a.csv", files[1]);
    for (int i = 0; i < 2; i++) {
        free(files[i]);
    }
    free(text);
}

struct way {
    int64_t chunk, batch;
    uint64_t restart;
    uint32_t threads;
    bool dealt;
};

static char *run_by(struct way way)
{
    struct fake_task *t = way.dealt ? task_without("two") : task_of("two");
    const char *paths[2];
    if (way.dealt) {
        deal(t, paths);
        fake_task_input(t, "table", paths[0], paths[1], NULL);
    }
    fake_task_input(t, "models", fake_task_write(t, "word", "sum"), NULL);
    fake_task_input(t, "predictions", CASES "/table_two.csv", NULL);
    fake_task_texts(t, "arms", "sum=odd", "given=predictions/given", NULL);
    fake_task_int(t, "chunk", way.chunk);
    fake_task_int(t, "batch", way.batch);
    fake_task_limits(t)->threads = way.threads;
    if (way.restart > 0) {
        fake_task_restart_after(t, way.restart);
    }
    compare_must_run(t);
    char *text = strdup(fake_task_read(t, fake_task_path(t, "result.json")));
    fake_task_destroy(t);
    return text;
}

static void files_chunks_batches_threads_and_restarts_change_no_byte(void **state)
{
    (void)state;
    const struct way ways[] = {{1000, 1000, 0, 1, true},
                               {40, 7, FAKE_EACH_STEP, 2, true},
                               {50, 16, 2, 1, false},
                               {1, 1, 0, 2, true}};
    char *whole = run_by((struct way){1000, 1000, 0, 2, false});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *other = run_by(ways[i]);
        assert_string_equal(whole, other);
        free(other);
    }
    free(whole);
}

static void halves_the_batch_where_memory_runs_out(void **state)
{
    (void)state;
    struct fake_task *t = task_with("two", "greedy");
    fake_task_int(t, "batch", 64);
    compare_must_run(t);
    assert_non_null(strstr(fake_task_log(t), "going on with 8 samples at a time"));
    fake_task_destroy(t);
}

/* --- guards --- */

static void check_guard(const char *word, const char *reason, const char *says)
{
    struct fake_task *t = task_with("two", word);
    fake_task_int(t, "chunk", 50);
    const struct fake_result *r = compare_must_run(t);
    const char *why = fake_task_gate_reason(t, "answers");
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    if (strstr(why, reason) == NULL || strstr(why, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", why, reason, says);
    }
    assert_int_equal(r->steps, 1);
    assert_int_equal(access(fake_task_path(t, "metrics.csv"), F_OK), -1);
    fake_task_destroy(t);
}

static void answers_that_are_none_end_it_after_the_first_chunk(void **state)
{
    (void)state;
    check_guard("zero", "all_zero", "nonzero_count 0/50");
    check_guard("constant", "constant", "0.25");
    check_guard("nan", "non_finite", "(id = ");
    check_guard("short", "shape", "49 rows for the 50 samples");
    check_guard("wide", "shape", "3 numbers per sample, the test set has 2 classes");
}

static void answers_made_before_are_guarded_alike(void **state)
{
    (void)state;
    struct fake_task *t = task_of("two");
    fake_task_input(t, "predictions", CASES "/table_two.csv", NULL);
    fake_task_texts(t, "arms", "given=predictions/given", "dull=predictions/other", NULL);
    compare_must_run(t);
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    assert_non_null(strstr(fake_task_gate_reason(t, "answers"), "constant: arm dull"));
    fake_task_destroy(t);
}

static void a_sample_is_called_by_its_key_or_its_place(void **state)
{
    (void)state;
    compare_check_refused(with(task_of("two"), "percent"), FW_E_DATA, "sample 7 (id = 8): class 1");
    struct fake_task *t = with(task_of("two"), "percent");
    fake_task_texts(t, "id_columns", NULL);
    compare_check_refused(t, FW_E_DATA, "table.csv:2): class 1 has 40, so these are no prob");
}

/* --- mistakes in the table --- */

static const char head[] = "id,split,x0,x1,x2,name,two\n";

/* The rows are the table; the arm adds them up. */
static struct fake_task *task_on(const char *rows, const char *target)
{
    struct fake_task *t = with(task_without(target), "sum");
    char text[1024];
    snprintf(text, sizeof text, "%s%s", head, rows);
    fake_task_input(t, "table", fake_task_write(t, "table.csv", text), NULL);
    return t;
}

/* FW_E_DATA, with the place. */
static void refused_at(struct fake_task *t, const char *place, const char *says)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_E_DATA || strstr(r->fault, says) == NULL ||
        strstr(r->fault, place) == NULL) {
        fail_msg("%d: \"%s\" does not say \"%s\" at %s", (int)r->status, r->fault, says, place);
    }
    fake_task_destroy(t);
}

static void a_row_that_cannot_be_used_is_named(void **state)
{
    (void)state;
    refused_at(task_on("1,test,0,0,0,a,0\n2,train,,0,0,a,0\n3,test,0,,0,a,1\n", "two"),
               "table.csv:4", "the column \"x1\" is nothing");
    compare_check_refused(task_on("1,test,0,0,1e300,a,0\n", "two"), FW_E_DATA, "finite as float32");
    refused_at(task_on("1,test,0,0,0,a,0\n2,test,0,0,0,a,\n", "two"), "table.csv:3",
               "the column \"two\" is nothing, where a class");
    compare_check_refused(task_on("1,test,0,0,0,a,1.5\n", "two"), FW_E_DATA, "\"two\" is 1.5");
    refused_at(task_on("1,test,0,0,0,a,0\n,test,0,0,0,a,1\n", "two"), "table.csv:3",
               "the column \"id\" is nothing");
    compare_check_refused(task_on("7,test,0,0,0,a,0\n5,test,0,0,0,a,1\n7,test,0,0,0,a,0\n", "two"),
                          FW_E_DATA, "the key id = 7 occurs twice, first at ");
    struct fake_task *t = task_on("1,test,0,0,0,a,0\n2,test,0,0,0,b,1\n", "name");
    fake_task_texts(t, "labels", "a", "c", NULL);
    refused_at(t, "table.csv:3", "the column \"name\" is b");
}

static void says_what_the_table_does_not_have(void **state)
{
    (void)state;
    struct fake_task *t = task_with("colour", "sum");
    compare_check_refused(t, FW_E_MISSING, "there is no column \"colour\" (parameter target)");
    t = task_with("two", "sum");
    fake_task_text(t, "split", "exam");
    compare_check_refused(t, FW_E_DATA,
                          "no row has \"exam\" in the column \"split\"; there are: "
                          "test, train");
    t = task_with("name", "sum");
    fake_task_text(t, "task", "regression");
    compare_check_refused(t, FW_E_DATA, "the column \"name\" is a VARCHAR");
    t = task_with("two", "sum");
    fake_task_texts(t, "target", "two", "y", NULL);
    compare_check_refused(t, FW_E_CONFIG, "2 targets are named");
    t = task_with("two", "sum");
    fake_task_texts(t, "labels", "no", "yes", NULL);
    compare_check_refused(t, FW_E_CONFIG, "labels are of classes that are texts");
}

static void says_which_test_set_it_wants(void **state)
{
    (void)state;
    struct fake_task *t = task_with("two", "sum");
    fake_task_input(t, "data", CASES "/two.npz", NULL);
    compare_check_refused(t, FW_E_CONFIG, "given twice");
    t = compare_task_for(NULL);
    fake_task_input(t, "models", CASES "/two_p.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", NULL);
    compare_check_refused(t, FW_E_CONFIG, "there is no test set");
    t = compare_task_for("two");
    fake_task_input(t, "models", CASES "/two_p.npz", NULL);
    fake_task_texts(t, "arms", "p=npz", NULL);
    fake_task_texts(t, "columns", "x0", NULL);
    compare_check_refused(t, FW_E_CONFIG, "the test set is a tensor");
}

static void a_model_of_other_features_is_refused_before_anything_runs(void **state)
{
    (void)state;
    struct fake_task *t = task_of("two");
    fake_task_texts(t, "columns", "x2", "x0", NULL);
    fake_task_input(t, "models", CASES "/table_rows.npz", fake_task_write(t, "word", "sum"), NULL);
    fake_task_texts(t, "arms", "rows=npz", "odd=odd", NULL);
    compare_check_refused(
        t, FW_E_DATA,
        "arm odd: the model takes 3 numbers a sample (3), the table has 2 columns of features: "
        "x2, x0");
    t = task_of("two");
    fake_task_texts(t, "columns", NULL);
    fake_task_input(t, "models", fake_task_write(t, "word", "sum"), NULL);
    fake_task_texts(t, "arms", "odd=odd", NULL);
    compare_check_refused(t, FW_E_DATA, "6 columns of features: x0, x1, x2, y, t0, t1");
}

/* --- mistakes in predictions --- */

static const char three[] = "id,two\n4,0\n2,1\n9,1\n";

static struct fake_task *task_of_both(const char *arm, const char *table, const char *text)
{
    struct fake_task *t = compare_task_for(NULL);
    fake_task_input(t, "table", fake_task_write(t, "table.csv", table), NULL);
    fake_task_input(t, "predictions", fake_task_write(t, "given.csv", text), NULL);
    fake_task_texts(t, "target", "two", NULL);
    fake_task_texts(t, "id_columns", "id", NULL);
    fake_task_texts(t, "arms", arm, NULL);
    return t;
}

/* Answers for a table of the keys 2, 4, 9. */
static struct fake_task *task_given(const char *arm, const char *text)
{
    return task_of_both(arm, three, text);
}

static void answers_are_of_the_samples_and_no_others(void **state)
{
    (void)state;
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n"), "table.csv:2",
               "arm a: 2 rows of the test set have no answer; the first is "
               "id = 4");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n4,0,0.1\n2,1,0.4\n5,1,0.3\n6,1,0.3\n"),
               "given.csv:5",
               "arm a: 2 answers are of keys that the test set does not have; the first is "
               "id = 5");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n4,0,0.1\n2,1,0.4\n9,1,0.3\n"),
               "given.csv:5",
               "arm a: 1 answers are of a key that has one already; the first is id = 9");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n4,1,0.1\n2,1,0.4\n"), "given.csv:3",
               "arm a: 1 answers have another y");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n4,0,1.1\n2,1,0.4\n"), "given.csv:3",
               "the column \"p\" is 1.1, where a number from 0");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n4,0,\n2,1,0.4\n"), "given.csv:3",
               "the column \"p\" is nothing");
    refused_at(task_given("a=predictions", "id,y,p\n9,1,0.2\n,0,0.1\n2,1,0.4\n"), "given.csv:3",
               "the column \"id\" is nothing");
}

static void says_which_answers_there_are(void **state)
{
    (void)state;
    const char *two = "experiment,split,id,y,p\nb,test,9,1,0.2\na,val,4,0,0.1\na,test,2,1,0.4\n";
    compare_check_refused(
        task_given("a=predictions", two), FW_E_DATA,
        "there are several experiments, and it names none; split is \"test\", and "
        "there are: a in test, a in val, b in test");
    compare_check_refused(task_given("a=predictions/c", two), FW_E_DATA,
                          "arm a, experiment c: it has no answers");
    compare_check_refused(task_given("a=predictions/c", "id,y,p\n9,1,0.2\n"), FW_E_DATA,
                          "the table has no column experiment");
    compare_check_refused(task_given("a=predictions/", two), FW_E_CONFIG, "cannot be read");
    compare_check_refused(task_given("a=predictions", "id,y,q\n9,1,0.2\n"), FW_E_MISSING,
                          "there is no column \"p\"");
    compare_check_refused(task_given("a=predictions", "key,y,p\n9,1,0.2\n"), FW_E_MISSING,
                          "there is no column \"id\" (parameter id_columns)");
    compare_check_refused(task_given("a=predictions", "date,y,p\n2024-01-02,1,0.2\n"), FW_E_DATA,
                          "the key \"date\" is a DATE, and the test set's \"id\" a BIGINT");
}

static void answers_are_joined_by_keys_alone(void **state)
{
    (void)state;
    struct fake_task *t = task_given("a=predictions", "id,y,p\n9,1,0.2\n");
    fake_task_texts(t, "id_columns", NULL);
    compare_check_refused(t, FW_E_CONFIG, "the test set has none");
    t = compare_task_for("two");
    fake_task_input(t, "predictions", CASES "/table_two.csv", NULL);
    fake_task_texts(t, "arms", "a=predictions", NULL);
    compare_check_refused(t, FW_E_CONFIG, "the test set is a tensor");
    t = task_of("two");
    fake_task_texts(t, "arms", "a=predictions", NULL);
    compare_check_refused(t, FW_E_CONFIG, "there is no table of them");
    t = task_with("two", "sum");
    fake_task_input(t, "predictions", CASES "/table_two.csv", NULL);
    compare_check_refused(t, FW_E_CONFIG, "predictions are plugged in, and no arm is of them");
    /* Texts and numbers are the same key where they read the same. */
    t = task_given("a=predictions", "id,y,p\n\"9\",1,0.8\n\"4\",0,0.1\n\"2\",1,0.4\n");
    compare_must_run(t);
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
    fake_task_destroy(t);
}

/* --- what cannot be told --- */

static void replicates_without_a_class_are_left_out_and_counted(void **state)
{
    (void)state;
    struct fake_task *t = compare_task_for(NULL);
    fake_task_input(
        t, "table",
        fake_task_write(t, "table.csv", "id,y\n1,0\n2,0\n3,1\n4,1\n5,2\n6,1\n7,0\n8,0\n9,1\n"),
        NULL);
    fake_task_input(t, "predictions",
                    fake_task_write(t, "given.csv",
                                    "id,y,p_0,p_1,p_2\n1,0,.5,.2,.3\n2,0,.4,.5,.1\n3,1,.3,.3,.4\n"
                                    "4,1,.2,.6,.2\n5,2,.5,.2,.3\n6,1,.1,.8,.1\n7,0,.6,.2,.2\n"
                                    "8,0,.3,.4,.3\n9,1,.4,.4,.2\n"),
                    NULL);
    fake_task_texts(t, "id_columns", "id", NULL);
    fake_task_texts(t, "arms", "a=predictions", NULL);
    fake_task_int(t, "n_bootstrap", 1000);
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(result, "metrics"))
    {
        const cJSON *skipped = cJSON_GetObjectItem(item, "skipped");
        const bool area = strncmp(cJSON_GetObjectItem(item, "metric")->valuestring, "auc", 3) == 0;
        assert_true(area == (skipped != NULL));
        /* The one sample of class 2 is in none of nine draws: (8/9)^9 = 0.346. */
        assert_true(!area || (skipped->valueint > 300 && skipped->valueint < 400));
        n += area;
    }
    assert_int_equal(n, 3);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void a_target_that_does_not_vary_has_no_r2(void **state)
{
    (void)state;
    struct fake_task *t = task_of_both("a=predictions", "id,two\n4,5\n2,5\n9,5\n",
                                       "id,y,p\n9,5,4.5\n4,5,5.5\n2,5,5.25\n");
    fake_task_text(t, "task", "regression");
    compare_must_run(t);
    cJSON *result = compare_result_of(t);
    const cJSON *r2 = cJSON_GetArrayItem(cJSON_GetObjectItem(result, "metrics"), 2);
    assert_string_equal(cJSON_GetObjectItem(r2, "metric")->valuestring, "r2");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(r2, "value")));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_by_name_are_worth_what_scikit_learn_says),
        cmocka_unit_test(two_classes_are_worth_what_scikit_learn_says),
        cmocka_unit_test(several_targets_are_worth_what_scikit_learn_says),
        cmocka_unit_test(files_chunks_batches_threads_and_restarts_change_no_byte),
        cmocka_unit_test(halves_the_batch_where_memory_runs_out),
        cmocka_unit_test(answers_that_are_none_end_it_after_the_first_chunk),
        cmocka_unit_test(answers_made_before_are_guarded_alike),
        cmocka_unit_test(a_sample_is_called_by_its_key_or_its_place),
        cmocka_unit_test(a_row_that_cannot_be_used_is_named),
        cmocka_unit_test(says_what_the_table_does_not_have),
        cmocka_unit_test(says_which_test_set_it_wants),
        cmocka_unit_test(a_model_of_other_features_is_refused_before_anything_runs),
        cmocka_unit_test(answers_are_of_the_samples_and_no_others),
        cmocka_unit_test(says_which_answers_there_are),
        cmocka_unit_test(answers_are_joined_by_keys_alone),
        cmocka_unit_test(replicates_without_a_class_are_left_out_and_counted),
        cmocka_unit_test(a_target_that_does_not_vary_has_no_r2),
    };
    return cmocka_run_group_tests_name("compare_models", tests, load, unload);
}
