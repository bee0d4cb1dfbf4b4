/* SPDX-License-Identifier: MIT */
/* The baseline: what scikit-learn finds, learnt from training rows alone, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *features,
                              const char *samples)
{
    struct fake_task *t = stage_task("logistic_regression");

    stage_folder(f, run);
    fake_task_text(t, "experiment", "t");
    fake_task_input(t, "features", features, NULL);
    fake_task_input(t, "samples", samples, NULL);
    fake_task_output(t, "predictions", stage_path(f, "%s/predictions.parquet", run));
    fake_task_output(t, "model", stage_path(f, "%s/model.json", run));
    return t;
}

static const char *reference(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/tests/reference/logistic_%s.csv",
             getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

/* How far the predictions are from scikit-learn's, and how many it has that are not there. */
static void assert_agrees(struct sql_fixture *f, const char *run, const char *experiment, double l2)
{
    struct fake_task *t = task(f, run, reference("features"), reference("samples"));

    fake_task_text(t, "experiment", experiment);
    fake_task_real(t, "l2", l2);
    stage_must(t);
    assert_string_equal(
        sql_cell(f,
                 "SELECT concat_ws(' ', count(*), count(*) FILTER (p.p IS NULL OR abs(p.p - g.p) > "
                 "1e-8)) FROM '%s' g LEFT JOIN '%s' p ON g.experiment = p.experiment AND g.split = "
                 "p.split AND g.\"Date\" = p.date AND g.y = p.y WHERE g.experiment LIKE '%s%%'",
                 reference("golden"), stage_path(f, "%s/predictions.parquet", run), experiment),
        "520 0");
}

static void predicts_what_scikit_learn_predicts(void **state)
{
    struct sql_fixture *f = *state;

    assert_agrees(f, "a", "weak", 0.5);
    assert_agrees(f, "b", "strong", 40);
    assert_string_equal(stage_columns(f, "a/predictions.parquet"),
                        "experiment VARCHAR, split VARCHAR, date DATE, y INTEGER, p DOUBLE");
}

/* n days with y from x0 and noise; the last third is val, then test. */
#define FEATURES                                                                                   \
    "SELECT DATE '2020-01-01' + i::INTEGER AS \"Date\", ((i * 7919) %% 101) / 50.0 - 1 AS x0, "    \
    "((i * 104729) %% 97) / 48.0 - 1 AS x1, i + 0.5 AS \"Close\" FROM range(90) r(i)"
#define SAMPLES                                                                                    \
    "SELECT 1 AS horizon, \"Date\", CASE WHEN i < 60 THEN 'train' WHEN i < 75 THEN 'val' ELSE "    \
    "'test' END AS split, %s AS y FROM (SELECT *, row_number() OVER (ORDER BY \"Date\") - 1 AS i " \
    "FROM '%s')"

static const char *features(struct sql_fixture *f, const char *name, const char *change)
{
    return stage_table(f, name, "SELECT * REPLACE (%s) FROM (" FEATURES ")", change);
}

static const char *samples(struct sql_fixture *f, const char *name, const char *label)
{
    return stage_table(f, name, SAMPLES, label, features(f, "plain", "x0 AS x0"));
}

static struct fake_task *usual_task(struct sql_fixture *f, const char *run, const char *change)
{
    return task(f, run, features(f, run, change), samples(f, "samples", "(x0 > 0.1)::INTEGER"));
}

static const char *model_of(struct sql_fixture *f, const char *run, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(%s, ' ') FROM (SELECT unnest(experiments) AS e FROM "
                    "read_json('%s'))",
                    expression, stage_path(f, "%s/model.json", run));
}

static void learns_from_the_training_rows_alone(void **state)
{
    struct sql_fixture *f = *state;
    char plain[512];

    stage_must(usual_task(f, "a", "x0 AS x0"));
    snprintf(plain, sizeof plain, "%s", model_of(f, "a", "e.features::VARCHAR || e.intercept"));
    stage_must(usual_task(
        f, "b", "CASE WHEN \"Date\" >= DATE '2020-01-01' + 60 THEN 100 ELSE x0 END AS x0"));
    assert_string_equal(model_of(f, "b", "e.features::VARCHAR || e.intercept"), plain);
    assert_non_null(strstr(plain, "x1"));
}

static void leaves_prices_out_unless_told(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t;

    stage_must(usual_task(f, "a", "x0 AS x0"));
    assert_string_equal(model_of(f, "a", "[x.name for x in e.features]::VARCHAR"), "[x0, x1]");
    t = usual_task(f, "b", "x0 AS x0");
    fake_task_int(t, "include_ohlcv", 1);
    stage_must(t);
    assert_string_equal(model_of(f, "b", "[x.name for x in e.features]::VARCHAR"),
                        "[x0, x1, Close]");
    t = usual_task(f, "c", "x0 AS x0");
    fake_task_texts(t, "columns", "Close", "x0", NULL);
    stage_must(t);
    assert_string_equal(model_of(f, "c", "[x.name for x in e.features]::VARCHAR"), "[Close, x0]");
    t = usual_task(f, "d", "x0 AS x0");
    fake_task_texts(t, "columns", "x7", NULL);
    stage_must_fail(t, FW_E_MISSING, "there is no column \"x7\"");
}

static void gives_a_constant_column_no_weight(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(
        f, "a", "CASE WHEN \"Date\" >= DATE '2020-01-01' + 60 THEN 9 ELSE 0.1 END AS x1");

    stage_must(t);
    assert_string_equal(model_of(f, "a", "e.constant_columns::VARCHAR"), "[x1]");
    assert_string_equal(model_of(f, "a", "e.features[2].weight::VARCHAR"), "0.0");
    t = task(f, "b", features(f, "still", "0.1 AS x1"),
             samples(f, "noisy", "abs((x0 * 3)::INTEGER + i) % 2"));
    fake_task_real(t, "l2", 0);
    stage_must(t);
    assert_string_equal(model_of(f, "b", "e.features[2].weight::VARCHAR"), "0.0");
}

static void refuses_one_class_and_values_that_are_none(void **state)
{
    struct sql_fixture *f = *state;
    const char *plain = features(f, "plain", "x0 AS x0");

    stage_must_fail(task(f, "a", plain, samples(f, "ones", "1")), FW_E_DATA,
                    "of horizon 1 60 of 60 training samples are positive");
    stage_must_fail(
        usual_task(f, "b",
                   "CASE WHEN \"Date\" = DATE '2020-01-11' THEN 'nan'::DOUBLE ELSE x1 END AS x1"),
        FW_E_DATA, "\"x1\" has no finite value on 2020-01-11, the day of a sample");
    stage_must_fail(task(f, "c", plain, samples(f, "twos", "2")), FW_E_DATA, "y, 0 or 1");
    stage_must_fail(task(f, "d",
                         stage_table(f, "twice", "FROM '%s' UNION ALL FROM '%s'", plain, plain),
                         samples(f, "samples", "(x0 > 0)::INTEGER")),
                    FW_E_DATA, "a day has two rows of features: 2020-01-01");
    stage_must_fail(task(f, "e", stage_table(f, "none", "FROM '%s' WHERE x0 > 5", plain),
                         samples(f, "samples", "(x0 > 0)::INTEGER")),
                    FW_E_DATA, "no sample has features");
}

/* Classes that a line tells apart have no finite weights, unless something holds them back. */
static void says_when_there_is_no_solution(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual_task(f, "a", "x0 AS x0");

    fake_task_real(t, "l2", 0);
    stage_must_fail(t, FW_E_DATA, "told apart without an error");
    t = usual_task(f, "b", "x0 AS x0");
    fake_task_int(t, "max_iterations", 1);
    stage_must_fail(t, FW_E_DATA, "after 1 steps");
}

static void learns_from_fewer_rows_than_columns_and_says_so(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a",
        stage_table(f, "wide",
                    "SELECT * FROM (PIVOT (SELECT \"Date\", 'c' || k AS k, sin(x0 * k + k) AS v "
                    "FROM (" FEATURES "), range(80) r(k)) ON k USING first(v))"),
        samples(f, "samples", "(x0 > 0.1)::INTEGER"));
    const struct fake_result *result = stage_run(t);

    assert_non_null(strstr(result->log, "fewer training samples (60) than features (80)"));
    fake_task_destroy(t);
}

static void counts_samples_without_features(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a", stage_table(f, "most", "FROM '%s' LIMIT 80", features(f, "plain", "x0 AS x0")),
             samples(f, "samples", "(x0 > 0.1)::INTEGER"));
    const struct fake_result *result = stage_run(t);

    assert_non_null(strstr(result->log, "10 samples of horizon 1 have no features"));
    assert_int_equal(fake_task_rows(t, "predictions"), 80);
    fake_task_destroy(t);
    assert_string_equal(model_of(f, "a", "e.test.without_features::VARCHAR"), "10");
}

static void gives_the_same_bytes_for_any_threads(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "one", reference("features"), reference("samples"));

    fake_task_limits(t)->threads = 1;
    stage_must(t);
    setenv("OPENBLAS_NUM_THREADS", "4", 1);
    stage_must(task(f, "four", reference("features"), reference("samples")));
    stage_same(f, "one", "four");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(predicts_what_scikit_learn_predicts),
        TEST(learns_from_the_training_rows_alone),
        TEST(leaves_prices_out_unless_told),
        TEST(gives_a_constant_column_no_weight),
        TEST(refuses_one_class_and_values_that_are_none),
        TEST(says_when_there_is_no_solution),
        TEST(learns_from_fewer_rows_than_columns_and_says_so),
        TEST(counts_samples_without_features),
        TEST(gives_the_same_bytes_for_any_threads),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
