/* SPDX-License-Identifier: MIT */
/* Recorded runs: training.md 1 and 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    struct fake_task *t = stage_task("callbacks");

    stage_folder(f, run);
    fake_task_output(t, "report", stage_path(f, "%s/callbacks.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/callbacks.md", run));
    fake_task_output(t, "table", stage_path(f, "%s/callbacks.parquet", run));
    fake_task_output(t, "plots", stage_path(f, "%s/plots", run));
    return t;
}

static struct fake_task *task_of(struct sql_fixture *f, const char *run, const char *path)
{
    struct fake_task *t = task(f, run);

    fake_task_input(t, "runs", path, NULL);
    return t;
}

static const char *reference(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

/* Copies a query to FOLDER/NAME, whose ending says the form. */
__attribute__((format(printf, 3, 4))) static const char *
recorded(struct sql_fixture *f, const char *name, const char *format, ...)
{
    const char *path = stage_path(f, "%s", name);
    char query[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(query, sizeof query, format, args);
    va_end(args);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT %s)", query, path,
             strstr(name, ".jsonl") != NULL ? "json"
             : strstr(name, ".csv") != NULL ? "csv"
                                            : "parquet");
    return path;
}

static const char *value(struct sql_fixture *f, const char *run, const char *metric)
{
    return sql_cell(f,
                    "SELECT CASE WHEN value IS NULL THEN absent ELSE round(value, 12)::VARCHAR END "
                    "FROM '%s/%s/callbacks.parquet' WHERE metric = '%s'",
                    f->dir, run, metric);
}

static void near(struct sql_fixture *f, const char *run, const char *metric, double expected)
{
    const char *text = value(f, run, metric);
    double is = atof(text), off = is > expected ? is - expected : expected - is;

    if (!(off <= 1e-10)) {
        fail_msg("%s is %s, where %.12g is expected", metric, text, expected);
    }
}

static void must(struct sql_fixture *f, const char *run, const char *path)
{
    stage_must(task_of(f, run, path));
}

static void gives_what_numpy_and_scipy_give(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task_of(f, "a", reference("curves_run.csv"));
    fake_task_int(t, "batch_small", 16);
    fake_task_int(t, "batch_big", 128);
    stage_must(t);
    sql_must(f,
             "CREATE TABLE pairs AS SELECT metric, g.value AS golden, v.value AS made FROM "
             "read_csv('%s') g JOIN '%s/a/callbacks.parquet' v USING (metric)",
             reference("curves_golden.csv"), f->dir);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM pairs"), "41");
    const char *wrong =
        sql_cell(f, "SELECT string_agg(metric || ': ' || made || ', not ' || golden, "
                    "'; ') FROM pairs WHERE NOT coalesce(abs(made - golden) <= 1e-9 * "
                    "greatest(1e-3, abs(golden)), false)");
    assert_string_equal(wrong, "NULL");
}

static void csv_parquet_and_json_lines_give_the_same(void **state)
{
    struct sql_fixture *f = *state;
    const char *csv = reference("curves_run.csv");
    const char *forms[] = {"run.csv", "run.parquet", "run.jsonl"};
    const char *places[] = {"csv", "parquet", "jsonl"};
    for (int i = 0; i < 3; i++) {
        must(f, places[i], recorded(f, forms[i], "FROM read_csv('%s')", csv));
    }
    stage_same(f, "csv", "parquet");
    stage_same(f, "csv", "jsonl");
}

/* As the sink writes them: metrics in a member, each where it came up, not finite as null. */
static void reads_the_sink_s_records(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = stage_path(f, "metrics.jsonl");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 40; i++) {
        fprintf(file, "{\"step\":%d,\"epoch\":%d,\"metrics\":{\"train/loss_nats\":%s}%s}\n", i + 1,
                i / 2, i == 5 ? "null" : "0.5",
                i == 5 ? ",\"nonfinite\":[\"train/loss_nats\"]" : "");
        fprintf(file, "{\"step\":%d,\"epoch\":%d,\"val/loss_nats\":%g}\n", i + 1, i / 2,
                1 - 0.01 * i);
    }
    assert_int_equal(fclose(file), 0);
    struct fake_task *t = task_of(f, "a", path);
    assert_non_null(strstr(stage_run(t)->log, "nan loss: 1 losses are not finite and count for "
                                              "nothing"));
    fake_task_destroy(t);
    near(f, "a", "loss_slope/best_val_loss", 0.61);
    near(f, "a", "loss_slope/last_loss", 0.5);
    near(f, "a", "loss_slope/knee_epoch", 0);
    assert_string_equal(sql_cell(f,
                                 "SELECT json ->> '$.runs[0].nonfinite_losses' FROM "
                                 "read_json_objects('%s/a/callbacks.json')",
                                 f->dir),
                        "1");
}

/* The epochs of 1.5, one record each. */
static void gives_the_knee_and_slopes_of_the_reference(void **state)
{
    struct sql_fixture *f = *state;
    must(f, "a",
         recorded(f, "run.csv",
                  "SELECT i AS epoch, [2.1, 1.7, 1.4, 1.15, 1.02, .98, .93, .89, .86, .83, .81, "
                  ".79, .775, .76, .75, .74][i + 1] AS loss FROM range(16) r(i)"));
    near(f, "a", "loss_slope/knee_epoch", 5);
    near(f, "a", "loss_slope/burn_in_loss", 0.98);
    near(f, "a", "loss_slope/alpha_5_15", -0.024636363636);
    near(f, "a", "loss_slope/alpha_full", -0.02290909090909);
    near(f, "a", "loss_slope/r_squared", 0.994603254366);
    must(f, "b",
         recorded(f, "tail.csv",
                  "SELECT i + 6 AS step, [.98, .93, .89, .86, .83, .81, .79, .775, .76, .75, "
                  ".74][i + 1] AS loss FROM range(11) r(i)"));
    near(f, "b", "loss_slope/power_law_slope", -0.286864937176);
    near(f, "b", "loss_slope/power_law_log_a", 0.483118035877);
    near(f, "b", "loss_slope/power_law_r2", 0.994603254366);
}

/* A folder of parts is one run; columns that nobody asked for do not matter, whatever their name.
 */
static void smooths_as_the_reference_and_reads_parts(void **state)
{
    struct sql_fixture *f = *state;
    stage_folder(f, "parts");
    recorded(f, "parts/0.parquet",
             "SELECT i AS step, i::DOUBLE AS loss, 9 AS n FROM range(1, 3) r(i)");
    recorded(f, "parts/1.parquet",
             "SELECT i AS step, i::DOUBLE AS loss, 9 AS n FROM range(3, 6) r(i)");
    must(f, "a", stage_path(f, "parts"));
    near(f, "a", "loss_slope/ewma", 1.9049);
    near(f, "a", "loss_slope/ewma_var_unbiased", 0.95 * 2.2089511);
    near(f, "a", "loss_slope/last_loss_bits", 5 * 1.4426950408889634);
}

static void finds_the_exponent_of_a_power_law(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task_of(f, "a",
                                  recorded(f, "run.parquet",
                                           "SELECT i AS step, 3 * i ^ -0.5 AS loss FROM range(1, "
                                           "401) r(i)"));
    fake_task_int(t, "steps_per_epoch", 20);
    stage_must(t);
    near(f, "a", "loss_slope/power_law_slope", -0.5);
    near(f, "a", "loss_slope/power_law_log_a", 1.098612288668);
    near(f, "a", "loss_slope/r_squared_val", 0);
    assert_non_null(strstr(value(f, "a", "loss_slope/r_squared_val"), "no column"));
    near(f, "a", "noise/window", 40);
}

/* Of 1.3: a chirp of 100 samples, whose bin at 0.3 belongs to one band alone. */
static void gives_each_bin_to_one_band(void **state)
{
    struct sql_fixture *f = *state;
    must(f, "a",
         recorded(f, "run.parquet",
                  "SELECT i + 1 AS step, sin(0.1 * i * i) AS loss FROM "
                  "range(100) r(i)"));
    near(f, "a", "noise/psd_tail_raw", 1.4513187671);
}

static void ends_where_the_loss_is_lost(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task_of(f, "a",
                recorded(f, "run.csv",
                         "SELECT i AS step, (i - 1) // 10 AS epoch, CASE WHEN i = 20 OR i > "
                         "80 THEN 'nan' ELSE (1.0 / i)::VARCHAR END AS loss FROM range(1, "
                         "101) r(i)"));
    assert_non_null(strstr(stage_run(t)->log, "three in a row from step 81 on"));
    fake_task_destroy(t);
    near(f, "a", "loss_slope/last_loss", 1.0 / 80);
    near(f, "a", "loss_slope/power_law_slope", -1);
    assert_string_equal(sql_cell(f,
                                 "SELECT concat_ws(' ', json ->> '$.runs[0].nonfinite_losses', "
                                 "json ->> '$.runs[0].losses', json ->> '$.runs[0].lost_at_step') "
                                 "FROM read_json_objects('%s/a/callbacks.json')",
                                 f->dir),
                        "21 80 81");
    assert_non_null(
        strstr(sql_cell(f, "SELECT content FROM read_text('%s/a/callbacks.md')", f->dir),
               "**nan loss**: 21"));
}

static void says_why_a_metric_is_absent(void **state)
{
    struct sql_fixture *f = *state;
    must(f, "a",
         recorded(f, "run.csv",
                  "SELECT i AS epoch, 2.0 - i / 10.0 AS loss, 1 AS grad_norm_small, "
                  "1 AS grad_norm_big FROM range(3) r(i)"));
    assert_string_equal(value(f, "a", "loss_slope/alpha_5_15"), "too few points");
    assert_string_equal(value(f, "a", "loss_slope/alpha_full"),
                        "no epoch's mean loss is as low as burn_in_ce");
    assert_string_equal(value(f, "a", "noise/psd_tail"), "too few points");
    assert_string_equal(value(f, "a", "grad/norm_mean"), "the run has no column for it");
    assert_string_equal(value(f, "a", "noise/noise_scale"),
                        "batch_small and batch_big are not given");
    must(f, "b",
         recorded(f, "other.csv",
                  "SELECT i + 1 AS step, 0.5 AS loss, 0.1 AS lr FROM "
                  "range(30) r(i)"));
    assert_string_equal(value(f, "b", "loss_slope/alpha_5_15"),
                        "there is no epoch column, and steps_per_epoch is 0");
    assert_string_equal(value(f, "b", "correlation/loss_lr_pearson"), "one side is constant");
}

static void two_runs(struct sql_fixture *f, const char *place, uint32_t threads, bool restarts)
{
    struct fake_task *t = task(f, place);
    fake_task_input(t, "runs", reference("curves_run.csv"), stage_path(f, "other.parquet"), NULL);
    fake_task_limits(t)->threads = threads;
    if (restarts) {
        fake_task_restart_after(t, FAKE_EACH_STEP);
    }
    const struct fake_result *result = stage_run(t);
    assert_true(!restarts || result->restarts >= 2);
    assert_int_equal(fake_task_rows(t, "table"), 82);
    fake_task_destroy(t);
}

static void threads_and_restarts_change_no_byte(void **state)
{
    struct sql_fixture *f = *state;
    recorded(f, "other.parquet",
             "SELECT i AS step, i // 100 AS epoch, 1 + hash(i) %% 1000 / 1000 "
             "AS loss, hash(i, 1) %% 77 AS lr FROM range(1, 3001) r(i)");
    two_runs(f, "one", 1, false);
    two_runs(f, "two", 2, false);
    two_runs(f, "again", 1, true);
    stage_same(f, "one", "two");
    stage_same(f, "one", "again");
}

static void refuses_what_is_no_run(void **state)
{
    struct sql_fixture *f = *state;
    const char *back = recorded(f, "back.csv",
                                "SELECT * FROM (VALUES (1, 0.5), (3, 0.4), (2, 0.3)) "
                                "t(step, loss)");
    stage_must_fail(task_of(f, "a", back), FW_E_DATA,
                    "record 3: the column \"step\" is below the record before");
    stage_must_fail(task_of(f, "b",
                            recorded(f, "text.csv",
                                     "SELECT * FROM (VALUES (1, '0.5'), (2, "
                                     "'low')) t(step, loss)")),
                    FW_E_DATA, "record 2: the column \"loss\" is \"low\", where a number");
    stage_must_fail(task_of(f, "c", recorded(f, "none.jsonl", "SELECT 1 AS step, 2 AS x")),
                    FW_E_DATA, "none of the columns train/loss_nats, loss_train_nats");
    stage_must_fail(task_of(f, "d", recorded(f, "e.csv", "SELECT -1 AS epoch, 0.5 AS loss")),
                    FW_E_DATA, "record 1: the column \"epoch\" is no epoch");
    stage_must_fail(task_of(f, "e", recorded(f, "d.parquet", "SELECT DATE '2020-01-01' AS loss")),
                    FW_E_DATA, "the column \"loss\" is DATE, not of numbers");
    struct fake_task *t = task(f, "g");
    fake_task_input(t, "runs", back, back, NULL);
    stage_must_fail(t, FW_E_CONFIG, "two runs are called");
    t = task_of(f, "h", back);
    fake_task_texts(t, "analyses", "curvature", NULL);
    stage_must_fail(t, FW_E_CONFIG, "curvature needs the model");
    t = task_of(f, "i", back);
    fake_task_int(t, "batch_small", 8);
    stage_must_fail(t, FW_E_CONFIG, "batch_small 8 is not below batch_big 0");
    t = task_of(f, "j", back);
    fake_task_int(t, "slope_window_end", 6);
    stage_must_fail(t, FW_E_CONFIG, "the window [5, 6) has no two epochs");
    FILE *file = fopen(stage_path(f, "broken.jsonl"), "w");
    assert_non_null(file);
    fputs("{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":\n", file);
    assert_int_equal(fclose(file), 0);
    stage_must_fail(task_of(f, "k", stage_path(f, "broken.jsonl")), FW_E_DATA, "broken.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
        TEST(gives_what_numpy_and_scipy_give),
        TEST(csv_parquet_and_json_lines_give_the_same),
        TEST(reads_the_sink_s_records),
        TEST(gives_the_knee_and_slopes_of_the_reference),
        TEST(smooths_as_the_reference_and_reads_parts),
        TEST(finds_the_exponent_of_a_power_law),
        TEST(gives_each_bin_to_one_band),
        TEST(ends_where_the_loss_is_lost),
        TEST(says_why_a_metric_is_absent),
        TEST(threads_and_restarts_change_no_byte),
        TEST(refuses_what_is_no_run),
#undef TEST
    };

    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
