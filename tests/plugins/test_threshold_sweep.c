/* SPDX-License-Identifier: MIT */
/* Classifiers at every threshold (market.md 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

/* market.md T10, as the split "all" of the experiment "all". */
#define T10 "id,y,p\n1,1,.90\n2,0,.80\n3,1,.70\n4,1,.60\n5,0,.55\n6,0,.40\n7,1,.35\n8,0,.10\n"

static const char *csv(struct sql_fixture *f, const char *name, const char *text)
{
    const char *path = stage_path(f, "%s", name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *predictions)
{
    static const char *const outputs[][2] = {
        {"sweep", "sweep.parquet"},  {"points", "points.parquet"}, {"summary", "summary.parquet"},
        {"results", "results.json"}, {"report", "report.md"},      {"csv", "sweep.csv"},
        {"plots", "plots"}};
    struct fake_task *t = stage_task("threshold_sweep");

    stage_folder(f, run);
    fake_task_input(t, "predictions", predictions, NULL);
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        fake_task_output(t, outputs[i][0], stage_path(f, "%s/%s", run, outputs[i][1]));
    }
    return t;
}

/* A table without experiments and splits. */
static struct fake_task *plain(struct sql_fixture *f, const char *run, const char *predictions)
{
    struct fake_task *t = task(f, run, predictions);

    fake_task_text(t, "experiment_column", "");
    fake_task_text(t, "split_column", "");
    return t;
}

static const char *cell(struct sql_fixture *f, const char *file, const char *expression,
                        const char *where)
{
    return sql_cell(f, "SELECT %s FROM '%s/%s' WHERE %s", expression, f->dir, file, where);
}

static const char *reference(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

static void counts_by_hand(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(f, "a", csv(f, "p.csv", T10));

    fake_task_text(t, "grid", ".50,.60,.70,.80,.95");
    const struct fake_result *result = stage_run(t);
    assert_int_equal(result->items, 8);
    assert_int_equal(result->total, 8);
    assert_int_equal(fake_task_rows(t, "sweep"), 5);
    fake_task_destroy(t);
    assert_string_equal(
        stage_list(f, "a/sweep.parquet", "format('{}:{}/{}/{}/{}', threshold, tp, fp, fn, tn)"),
        "0.5:3/2/1/2 0.6:3/1/1/3 0.7:2/1/2/3 0.8:1/1/3/3 0.95:0/0/4/4");
    assert_string_equal(stage_list(f, "a/sweep.parquet", "format('{:.7f}', f1)"),
                        "0.6666667 0.7500000 0.5714286 0.3333333 0.0000000");
    assert_string_equal(stage_list(f, "a/sweep.parquet", "accuracy"), "0.625 0.75 0.625 0.5 0.5");
    assert_string_equal(stage_list(f, "a/sweep.parquet", "positive_prediction_rate"),
                        "0.625 0.5 0.375 0.25 0.0");
    assert_string_equal(stage_list(f, "a/points.parquet", "point || '=' || threshold"),
                        "max_f1=0.6 precision_60pct=0.6 precision_65pct=0.6 precision_70pct=0.6 "
                        "min_recall_5pct=0.6");
    assert_string_equal(stage_list(f, "a/summary.parquet", "auc"), "0.6875");
}

static void the_csv_has_what_the_parquet_has(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(plain(f, "a", csv(f, "p.csv", T10)));
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM (FROM '%s/a/sweep.parquet' EXCEPT ALL FROM "
                                 "'%s/a/sweep.csv')",
                                 f->dir, f->dir),
                        "0");
    assert_string_equal(cell(f, "a/sweep.csv", "count(*)", "true"), "14");
}

static void float_predictions_are_widened(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(
        f, "a", stage_table(f, "p", "SELECT i AS id, 1 AS y, 0.6::FLOAT AS p FROM range(3) r(i)"));

    fake_task_text(t, "grid", "0.60, 0.601");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/sweep.parquet", "tp"), "3 0");
}

static void ranges_are_decimal_literals(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(f, "a", csv(f, "p.csv", "id,y,p\n1,1,0.60\n2,1,0.58\n3,0,1\n"));

    fake_task_text(t, "grid", "0.5:1:0.02");
    stage_must(t);
    assert_string_equal(cell(f, "a/sweep.parquet", "count(*)", "true"), "26");
    assert_string_equal(cell(f, "a/sweep.parquet", "tp", "threshold = 0.6"), "1");
    assert_string_equal(cell(f, "a/sweep.parquet", "tp", "threshold = 0.58"), "2");
    assert_string_equal(cell(f, "a/sweep.parquet", "fp", "threshold = 1"), "1");
}

static void auto_takes_every_distinct_value(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        plain(f, "a",
              stage_table(f, "p",
                          "SELECT i AS id, (i %% 7 < 3)::INT AS y, (i %% 500) / 1000 AS p FROM "
                          "range(20000) r(i)"));

    fake_task_text(t, "grid", "auto");
    stage_must(t);
    assert_string_equal(cell(f, "a/sweep.parquet", "count(*)", "true"), "500");
    assert_string_equal(
        sql_cell(
            f,
            "SELECT count(*) FROM '%s/a/sweep.parquet' s, (SELECT t.threshold, count(*) FILTER "
            "(p >= t.threshold AND y = 1) AS tp, count(*) FILTER (p >= t.threshold AND y = 0) "
            "AS fp FROM '%s/p.parquet', (SELECT threshold FROM '%s/a/sweep.parquet') t GROUP BY "
            "1) d WHERE s.threshold = d.threshold AND s.tp = d.tp AND s.fp = d.fp",
            f->dir, f->dir, f->dir),
        "500");
}

static void bad_grids_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const grids[][2] = {{"0.5,0.4", "above the one before it"},
                                           {"0.5,0.5", "above the one before it"},
                                           {"0.5,1.5", "[0, 1]"},
                                           {"half", "decimal numbers"},
                                           {"", "decimal numbers"},
                                           {"0.5,", "decimal numbers"},
                                           {"0.8:0.5:0.1", "START"},
                                           {"0.5:0.8:0", "STEP"},
                                           {"0.5:0.8", "START:END:STEP"},
                                           {"0.1 0.2", "decimal numbers"},
                                           {"-0.1", "decimal numbers"},
                                           {"1e-3", "decimal numbers"}};
    const char *predictions = csv(f, "p.csv", T10);
    char run[16];

    for (size_t i = 0; i < sizeof grids / sizeof grids[0]; i++) {
        snprintf(run, sizeof run, "r%zu", i);
        struct fake_task *t = plain(f, run, predictions);
        fake_task_text(t, "grid", grids[i][0]);
        stage_must_fail(t, FW_E_CONFIG, grids[i][1]);
    }
}

static void predictions_that_are_none_are_refused(void **state)
{
    struct sql_fixture *f = *state;

    stage_must_fail(plain(f, "a", csv(f, "a.csv", "id,y,p\n1,1,0.5\n2,0,1.5\n")), FW_E_DATA,
                    "p is 1.5");
    stage_must_fail(plain(f, "b", csv(f, "b.csv", "id,y,p\n1,1,nan\n2,0,0.5\n")), FW_E_DATA,
                    "p is nan");
    stage_must_fail(plain(f, "c", csv(f, "c.csv", "id,y,p\n1,1,0.5\n1,0,0.5\n")), FW_E_DATA,
                    "occurs twice");
    stage_must_fail(plain(f, "d", csv(f, "d.csv", "id,y,p\n")), FW_E_DATA, "no predictions");
}

static void one_class_and_one_row_have_no_auc_and_no_nan(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(f, "a", csv(f, "p.csv", "id,y,p\n1,0,0.75\n"));

    const struct fake_result *result = stage_run(t);
    assert_non_null(strstr(result->log, "one class only"));
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/summary.parquet", "auc"), "-");
    assert_string_equal(stage_list(f, "a/summary.parquet", "brier"), "0.5625");
    assert_string_equal(cell(f, "a/sweep.parquet", "recall", "threshold = 0.5"), "0.0");
    assert_string_equal(sql_cell(f,
                                 "SELECT content LIKE '%%nan%%' OR content LIKE '%%inf,%%' FROM "
                                 "read_text('%s/a/results.json')",
                                 f->dir),
                        "false");
    assert_string_equal(sql_cell(f,
                                 "SELECT json ->> '$.experiments[0].splits.all.auc' FROM "
                                 "read_json_objects('%s/a/results.json')",
                                 f->dir),
                        "NULL");
}

static void a_million_equal_predictions_are_one_threshold(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(
        f, "a",
        stage_table(f, "p",
                    "SELECT i AS id, (i %% 4 = 0)::INT AS y, 0.25 AS p FROM range(1000000) r(i)"));

    fake_task_text(t, "grid", "auto");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/sweep.parquet", "format('{} {} {}', threshold, tp, fp)"),
                        "0.25 250000 750000");
    assert_string_equal(stage_list(f, "a/summary.parquet", "auc"), "0.5");
    assert_string_equal(stage_list(f, "a/summary.parquet", "calibration_error"), "0.0");
}

static void few_positive_predictions_make_no_point(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(f, "a", csv(f, "p.csv", T10));

    fake_task_text(t, "grid", "0.5,0.6,0.7,0.9");
    fake_task_int(t, "min_positive_preds", 2);
    fake_task_param(t, "precision_targets", "0.9");
    fake_task_param(t, "recall_targets", "0.05,0.9");
    stage_must(t);
    /* 0.9 alone has a precision of 0.9 and more, on one prediction; no recall reaches 0.9. */
    assert_string_equal(stage_list(f, "a/points.parquet", "point || '=' || threshold"),
                        "max_f1=0.6 min_recall_5pct=0.6");
    assert_string_equal(cell(f, "a/points.parquet", "at_grid_edge", "point = 'max_f1'"), "false");
}

static void the_best_at_the_edge_is_flagged(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = plain(f, "a", csv(f, "p.csv", T10));

    fake_task_text(t, "grid", "0.6,0.7,0.8");
    stage_must(t);
    assert_string_equal(cell(f, "a/points.parquet", "at_grid_edge", "point = 'max_f1'"), "true");
    assert_string_equal(
        sql_cell(f, "SELECT content LIKE '%%0.6000 (edge)%%' FROM read_text('%s/a/report.md')",
                 f->dir),
        "true");
}

#define SPLITS                                                                                     \
    "experiment,split,id,y,p\na,val,1,1,.9\na,val,2,0,.7\na,val,3,1,.6\na,test,1,0,.9\n"           \
    "a,test,2,1,.65\na,test,3,1,.2\n"

static void what_is_selected_on_one_split_is_reported_on_the_other(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", csv(f, "p.csv", SPLITS "a,train,1,7,7\n"));

    fake_task_text(t, "grid", "auto");
    fake_task_text(t, "source", "made up & said so");
    stage_must(t);
    assert_string_equal(cell(f, "a/points.parquet", "format('{} {} {} {}', threshold, tp, fp, fn)",
                             "point = 'max_f1' AND role = 'selected' AND split = 'val'"),
                        "0.6 2 1 0");
    assert_string_equal(cell(f, "a/points.parquet", "format('{} {} {} {}', threshold, tp, fp, fn)",
                             "point = 'max_f1' AND role = 'reported' AND split = 'test'"),
                        "0.6 1 1 1");
    assert_string_equal(stage_list(f, "a/summary.parquet", "experiment || '/' || split"),
                        "a/val a/test");
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM read_text(['%s/a/results.json', "
                                 "'%s/a/report.md']) WHERE content LIKE '%%made up & said so%%'",
                                 f->dir, f->dir),
                        "2");
    assert_string_equal(
        sql_cell(
            f, "SELECT content LIKE '%%made up &amp; said so%%' FROM read_text('%s/a/plots/a.svg')",
            f->dir),
        "true");
}

static void missing_cells_are_refused_or_listed(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = csv(f, "p.csv", SPLITS "b,val,1,1,.9\n");

    stage_must_fail(task(f, "a", path), FW_E_DATA, "of b/test");
    struct fake_task *t = task(f, "b", path);
    fake_task_texts(t, "experiments", "c", "b", "a", NULL);
    stage_must_fail(t, FW_E_DATA, "of c/val, c/test, b/test");
    t = task(f, "c", path);
    fake_task_text(t, "on_missing", "skip");
    fake_task_texts(t, "experiments", "c", "b", "a", NULL);
    assert_non_null(strstr(stage_run(t)->log, "warning: left out for want of predictions: c/val"));
    fake_task_destroy(t);
    assert_string_equal(
        sql_cell(f,
                 "SELECT json_array_length(json, '$.missing') || ' ' || (json ->> "
                 "'$.missing[2].split') FROM read_json_objects('%s/c/results.json')",
                 f->dir),
        "3 test");
    t = task(f, "d", path);
    fake_task_text(t, "on_missing", "skip");
    fake_task_texts(t, "experiments", "b", NULL);
    stage_must_fail(t, FW_E_DATA, "of b/test");
    t = task(f, "e", path);
    fake_task_texts(t, "experiments", "a", "a", NULL);
    stage_must_fail(t, FW_E_CONFIG, "named twice");
    t = task(f, "f", path);
    fake_task_text(t, "select_on", "dev");
    stage_must_fail(t, FW_E_DATA, "a/dev");
}

static const char *many(struct sql_fixture *f)
{
    return stage_table(
        f, "many",
        "SELECT 'e' || (i %% 5) AS experiment, ['val', 'test'][i %% 2 + 1] AS split, i "
        "AS id, (hash(i) %% 3 = 0)::INT AS y, (hash(i + 7) %% 1001) / 1000 AS p FROM "
        "range(50000) r(i)");
}

static void threads_and_restarts_change_no_byte(void **state)
{
    struct sql_fixture *f = *state;
    const char *path = many(f);
    static const char *const runs[] = {"one", "four", "restarted"};

    for (size_t i = 0; i < 3; i++) {
        struct fake_task *t = task(f, runs[i], path);
        fake_task_text(t, "grid", "auto");
        fake_task_limits(t)->threads = i == 0 ? 1 : 4;
        if (i == 2) {
            fake_task_restart_after(t, FAKE_EACH_STEP);
        }
        const struct fake_result *result = stage_run(t);
        assert_true(i < 2 || result->restarts > 10);
        assert_int_equal(result->items, 50000);
        fake_task_destroy(t);
    }
    stage_same(f, "one", "four");
    stage_same(f, "one", "restarted");
    /* So many rows are in the tables alone. */
    assert_string_equal(cell(f, "one/sweep.parquet", "count(*) > 5000", "true"), "true");
    assert_string_equal(
        sql_cell(f,
                 "SELECT json_type(json, '$.experiments[0].splits.val.sweep') = 'NULL' FROM "
                 "read_json_objects('%s/one/results.json')",
                 f->dir),
        "true");
}

static void names_need_not_suit_files(void **state)
{
    struct sql_fixture *f = *state;

    stage_must(task(
        f, "a",
        csv(f, "p.csv", "experiment,split,id,y,p\n../x'<|>,val,1,1,.9\n../x'<|>,test,1,0,.9\n")));
    assert_string_equal(sql_cell(f,
                                 "SELECT content LIKE '%%../x''&lt;|&gt;%%' FROM "
                                 "read_text('%s/a/plots/.._x____+1.svg')",
                                 f->dir),
                        "true");
    assert_string_equal(stage_list(f, "a/summary.parquet", "experiment"), "../x'<|> ../x'<|>");
}

static void experiments_that_end_alike_are_drawn_together(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a",
        csv(f, "p.csv",
            "experiment,split,id,y,p\na20_h1,val,1,1,.9\na20_h1,val,2,0,.7\na100_h1,val,1,1,.6\n"
            "a100_h1,val,2,1,.9\na20_h2,val,1,1,.9\n_,val,1,1,.9\nplain,val,1,0,.9\n"));

    fake_task_text(t, "report_on", "");
    stage_must(t);
    assert_string_equal(
        sql_cell(f,
                 "SELECT string_agg(regexp_extract(file, '[^/]*$'), ' ' ORDER BY file) FROM "
                 "glob('%s/a/plots/*') WHERE file LIKE '%%+%%'",
                 f->dir),
        "all+h1.svg");
    assert_string_equal(sql_cell(f,
                                 "SELECT content LIKE '%%a20_h1: AUC 1.000%%a100_h1: one class%%' "
                                 "FROM read_text('%s/a/plots/all+h1.svg')",
                                 f->dir),
                        "true");
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void same_number(const cJSON *actual, const cJSON *expected, const char *name)
{
    double is = number(actual, name), should = number(expected, name);

    if (!(fabs(is - should) <= 1e-12 * fmax(1, fabs(should)))) {
        fail_msg("%s: %.17g, scikit-learn says %.17g", name, is, should);
    }
}

static void same_sweep(const cJSON *split, const cJSON *expected)
{
    static const char *const names[] = {"threshold", "tp", "fp",     "fn",      "tn",
                                        "precision", "f1", "recall", "accuracy"};
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(split, "sweep");
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(expected, "sweep");

    assert_int_equal(cJSON_GetArraySize(rows), cJSON_GetArraySize(wanted));
    for (int i = 0; i < cJSON_GetArraySize(wanted); i++) {
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            same_number(cJSON_GetArrayItem(rows, i), cJSON_GetArrayItem(wanted, i), names[k]);
        }
    }
}

/* scikit-learn leaves out the empty bins. */
static void same_calibration(const cJSON *split, const cJSON *expected)
{
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(expected, "rate")->child;
    const cJSON *mean = cJSON_GetObjectItemCaseSensitive(expected, "mean_p")->child;
    const cJSON *bin;

    cJSON_ArrayForEach(bin, cJSON_GetObjectItemCaseSensitive(split, "calibration"))
    {
        if (number(bin, "n") > 0) {
            assert_true(rate != NULL && mean != NULL);
            assert_true(fabs(number(bin, "rate") - rate->valuedouble) < 1e-12);
            assert_true(fabs(number(bin, "mean_p") - mean->valuedouble) < 1e-12);
            rate = rate->next;
            mean = mean->next;
        }
    }
    assert_true(rate == NULL && mean == NULL);
}

static cJSON *json(struct fake_task *t, const char *path)
{
    cJSON *tree = cJSON_Parse(fake_task_read(t, path));

    assert_non_null(tree);
    return tree;
}

static void agrees_with_scikit_learn_on_real_predictions(void **state)
{
    static const char *const names[] = {"n_samples",         "n_positive", "auc",
                                        "average_precision", "brier",      "log_loss"};
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", reference("sweep_predictions.csv"));

    stage_run(t);
    cJSON *results = json(t, stage_path(f, "a/results.json"));
    cJSON *golden = json(t, reference("sweep_golden.json"));
    const cJSON *experiment, *split;
    size_t n = 0;

    cJSON_ArrayForEach(experiment, cJSON_GetObjectItemCaseSensitive(results, "experiments"))
    {
        cJSON_ArrayForEach(split, cJSON_GetObjectItemCaseSensitive(experiment, "splits"))
        {
            char key[64];
            snprintf(key, sizeof key, "%s/%s",
                     cJSON_GetObjectItemCaseSensitive(experiment, "experiment")->valuestring,
                     split->string);
            const cJSON *expected = cJSON_GetObjectItemCaseSensitive(golden, key);
            assert_non_null(expected);
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                same_number(split, expected, names[i]);
            }
            same_sweep(split, expected);
            same_calibration(split, expected);
            n++;
        }
    }
    assert_int_equal(n, 4);
    cJSON_Delete(results);
    cJSON_Delete(golden);
    fake_task_destroy(t);
}

/* precision_recall_curve's points are those of the grid "auto". */
static void the_whole_curve_is_that_of_scikit_learn(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", reference("sweep_predictions.csv"));

    fake_task_text(t, "grid", "auto");
    stage_must(t);
    sql_must(f,
             "CREATE TABLE golden AS SELECT key, p[1] AS t, p[2] AS \"precision\", p[3] AS recall "
             "FROM (SELECT key, unnest((value -> 'curve')::DOUBLE[][]) AS p FROM (SELECT "
             "unnest(json_keys(json)) AS key, json -> ('$.\"' || key || '\"') AS value FROM "
             "read_json_objects('%s')))",
             reference("sweep_golden.json"));
    assert_string_equal(
        sql_cell(
            f,
            "SELECT count(*) FILTER (abs(s.\"precision\" - g.\"precision\") < 1e-12 AND "
            "abs(s.recall - g.recall) < 1e-12) = count(*) AND count(*) > 400 FROM golden g LEFT "
            "JOIN '%s/a/sweep.parquet' s ON g.key = s.experiment || '/' || s.split AND g.t = "
            "s.threshold",
            f->dir),
        "true");
}

static int load(void **state)
{
    stage_use(STAGE_SO, NULL);
    return stage_load(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(counts_by_hand),
        TEST(the_csv_has_what_the_parquet_has),
        TEST(float_predictions_are_widened),
        TEST(ranges_are_decimal_literals),
        TEST(auto_takes_every_distinct_value),
        TEST(bad_grids_are_refused),
        TEST(predictions_that_are_none_are_refused),
        TEST(one_class_and_one_row_have_no_auc_and_no_nan),
        TEST(a_million_equal_predictions_are_one_threshold),
        TEST(few_positive_predictions_make_no_point),
        TEST(the_best_at_the_edge_is_flagged),
        TEST(what_is_selected_on_one_split_is_reported_on_the_other),
        TEST(missing_cells_are_refused_or_listed),
        TEST(threads_and_restarts_change_no_byte),
        TEST(names_need_not_suit_files),
        TEST(experiments_that_end_alike_are_drawn_together),
        TEST(agrees_with_scikit_learn_on_real_predictions),
        TEST(the_whole_curve_is_that_of_scikit_learn),
    };
#undef TEST

    return cmocka_run_group_tests_name("threshold_sweep", tests, load, stage_unload);
}
