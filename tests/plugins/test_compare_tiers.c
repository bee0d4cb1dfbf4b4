/* SPDX-License-Identifier: MIT */
/* Tiers of features side by side: market.md 6, T17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stage_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run)
{
    struct fake_task *t = stage_task("compare_tiers");

    stage_folder(f, run);
    fake_task_output(t, "report", stage_path(f, "%s/t.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/t.md", run));
    fake_task_output(t, "table", stage_path(f, "%s/t.parquet", run));
    return t;
}

static const char *said(struct sql_fixture *f, const char *run, const char *path)
{
    return sql_cell(f, "SELECT json ->> '$.%s' FROM read_json_objects('%s/%s/t.json')", path,
                    f->dir, run);
}

static void assert_said(struct sql_fixture *f, const char *path, double expected, double tolerance)
{
    double actual = strtod(said(f, "run", path), NULL);

    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%s is %.7f, not %.7f", path, actual, expected);
    }
}

static const char *results(struct sql_fixture *f, const char *folder, const char *json)
{
    const char *path = stage_path(f, "%s/results.json", folder);

    assert_int_equal(mkdir(stage_path(f, "%s", folder), 0777), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The published AUC of the last epochs, by budget and horizon; horizons 1, 2, 3 and 5. */
static const char *const budgets[] = {"2M", "20M", "200M"};
static const int horizons[] = {1, 2, 3, 5};
static const double published[3][3][4] = {
    {{.7065, .6385, .6178, .6054}, {.7155, .6354, .6150, .5963}, {.7184, .6352, .6218, .5988}},
    {{.7078, .6431, .6095, .5940}, {.7219, .6346, .6193, .5929}, {.6993, .6408, .6165, .5748}},
    {{.7049, .6244, .6083, .5631}, {.7012, .6125, .5973, .5602}, {.6729, .6210, .6143, .5745}},
};

static const char *published_result(struct sql_fixture *f, int tier, int budget, int horizon)
{
    static const int channels[] = {25, 55, 105}, rows[] = {7257, 7204, 7204};
    char folder[80], json[300];
    const char *b = budgets[budget];
    int h = horizons[horizon];

    if (tier == 0) {
        snprintf(folder, sizeof folder, "phase6a_%s_h%d", b, h);
    } else if (tier == 1 && h == 1) {
        snprintf(folder, sizeof folder, "s1_%02d_%s_h1_a50", budget + 1, b);
    } else if (tier == 1) {
        snprintf(folder, sizeof folder, "s2_horizon_%s_h%d_a50", b, h);
    } else {
        snprintf(folder, sizeof folder, "s1_%02d_%s_h%d", budget + 3 * horizon + 1, b, h);
    }
    snprintf(
        json, sizeof json,
        "{\"num_features\": %d, \"splits\": {\"train\": %d}, \"val_metrics\": {\"auc\": %.4f}, "
        "\"val_at_best\": {\"auc\": %.4f}}",
        channels[tier], rows[tier], published[tier][budget][horizon], 0.9);
    return results(f, folder, json);
}

/* All but one, which is `skip`. The port takes any number of files, this call a list of them. */
static struct fake_task *published_task(struct sql_fixture *f, const char *run, int skip)
{
    char *paths[37] = {NULL};
    int n = 0;

    for (int i = 0; i < 36; i++) {
        if (i != skip) {
            paths[n++] = strdup(published_result(f, i / 12, i / 4 % 3, i % 4));
        }
    }
    struct fake_task *t = task(f, run);
    char *const *p = paths;
    fake_task_input(t, "results", p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
                    p[11], p[12], p[13], p[14], p[15], p[16], p[17], p[18], p[19], p[20], p[21],
                    p[22], p[23], p[24], p[25], p[26], p[27], p[28], p[29], p[30], p[31], p[32],
                    p[33], p[34], p[35], NULL);
    for (int i = 0; i < n; i++) {
        free(paths[i]);
    }
    return t;
}

static void gives_what_is_published(void **state)
{
    static const double means[3][3] = {
        {.642043, .640565, .643564}, {.638597, .642157, .632843}, {.625174, .617814, .620656}};
    static const double all[] = {.642057, .637865, .621215};
    struct sql_fixture *f = *state;

    stage_must(published_task(f, "run", -1));
    for (int tier = 0; tier < 3; tier++) {
        char path[80];
        for (int budget = 0; budget < 3; budget++) {
            snprintf(path, sizeof path, "budgets[%d].mean_auc", 3 * tier + budget);
            assert_said(f, path, means[tier][budget], 1e-4);
        }
        snprintf(path, sizeof path, "tiers[%d].mean_auc", tier);
        assert_said(f, path, all[tier], 1e-4);
    }
    assert_string_equal(said(f, "run", "tiers[0].best_budget"), "200M");
    assert_string_equal(said(f, "run", "tiers[1].best_budget"), "20M");
    assert_string_equal(said(f, "run", "tiers[2].best_budget"), "2M");
    assert_said(f, "pairs[0].mean_delta_pct", -0.6746, 0.01);
    assert_said(f, "pairs[1].mean_delta_pct", -3.2787, 0.01);
    assert_said(f, "pairs[2].delta_pct", -2.6104, 0.01);
    assert_string_equal(said(f, "run", "inversion.verdict"), "PERSISTS");
    assert_string_equal(sql_cell(f,
                                 "SELECT tier || ' ' || budget || ' ' || horizon || ' ' || "
                                 "round(delta_pct, 2) FROM '%s/run/t.parquet' WHERE tier = 'a100' "
                                 "ORDER BY delta_pct LIMIT 1",
                                 f->dir),
                        "a100 2M 5 -6.99");
    assert_string_equal(said(f, "run", "missing"), "[]");
    assert_string_equal(said(f, "run", "raw_results.a50.\"200M/h5\""), "0.5748");
    assert_string_equal(said(f, "run", "tiers[2].channels"), "105");
    assert_string_equal(said(f, "run", "tiers[2].channels_from"), "results");
}

static void lists_a_cell_that_is_missing(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = published_task(f, "run", 12 + 4 + 3); /* a50 20M h5 */

    assert_non_null(strstr(stage_run(t)->log, "warning: 1 cells have no AUC: a50 20M/h5\n"));
    assert_int_equal(fake_task_rows(t, "table"), 36);
    fake_task_destroy(t);
    assert_string_equal(said(f, "run", "missing"), "[\"a50 20M/h5\"]");
    assert_string_equal(said(f, "run", "raw_results.a50.\"20M/h5\""), "NULL");
    assert_string_equal(said(f, "run", "tiers[1].cells"), "9");
    assert_string_equal(said(f, "run", "pairs[0].cells"), "11");
    assert_string_equal(said(f, "run", "pairs[2].cells"), "11");
    assert_string_equal(said(f, "run", "pairs[1].cells"), "12");
    const char *page = sql_cell(f, "SELECT content FROM read_text('%s/run/t.md')", f->dir);
    assert_non_null(strstr(page, "\n| a50 | 0.5940 | N/A | 0.5748 |\n"));
    assert_non_null(strstr(page, "\n- a50 20M/h5: is not there\n"));
    assert_non_null(strstr(page, "\n| splits.train | [7257] | [7204] | [7204] | yes |\n"));
}

static void takes_the_best_epoch_where_asked(void **state)
{
    struct sql_fixture *f = *state;
    const char *a = results(f, "phase6a_2M_h1",
                            "{\"val_at_last\": {\"auc\": 0.6}, \"val_at_best\": {\"auc\": 0.7}, "
                            "\"val_metrics\": {\"auc\": 0.5}}");
    const char *b = results(f, "s1_01_2M_h1", "{\"val_metrics\": {\"auc\": 0}}");
    struct fake_task *t = task(f, "run");

    fake_task_input(t, "results", a, b, NULL);
    stage_must(t);
    assert_string_equal(said(f, "run", "raw_results.a20.\"2M/h1\""), "0.6");
    assert_string_equal(said(f, "run", "raw_results.a100.\"2M/h1\""), "0");
    t = task(f, "best");
    fake_task_input(t, "results", a, b, NULL);
    fake_task_text(t, "checkpoint", "best");
    stage_must(t);
    assert_string_equal(said(f, "best", "raw_results.a20.\"2M/h1\""), "0.7");
    assert_string_equal(said(f, "best", "cells[1].status"), "no_auc");
    assert_string_equal(said(f, "best", "missing"), "[\"a100 2M/h1\"]");
}

static const char *table(struct sql_fixture *f, const char *name, const char *cells)
{
    return stage_table(f, name,
                       "SELECT experiment, 'val' AS split, DATE '2020-01-01' + i::INT AS date, "
                       "[1, 0, 1, 1, 0, 0, 1, 0][i + 1] AS y, CASE WHEN s = 0 THEN 0.5 ELSE [0.9, "
                       "0.8, 0.7, 0.6, 0.55, 0.4, 0.35, 0.1][i + 1] END AS p FROM (VALUES %s) "
                       "t(experiment, s), range(8) r(i)",
                       cells);
}

static void measures_predictions(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "run");

    fake_task_input(t, "predictions", table(f, "p", "('a20_h1', 0), ('a50_h1', 1), ('a20_h3', 0)"),
                    table(f, "q", "('a100_h1', 1), ('else', 1)"), NULL);
    fake_task_texts(t, "tiers", "a200", NULL);
    fake_task_texts(t, "channels", "a50=55", NULL);
    const struct fake_result *result = stage_run(t);
    assert_non_null(strstr(result->log, "\"else\" is left out"));
    assert_int_equal(result->items, 4);
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "run/t.parquet", "tier || ':' || coalesce(auc, -1)"),
                        "a20:0.5 a50:0.6875 a100:0.6875 a200:-1.0 a20:0.5 a50:-1.0 a100:-1.0 "
                        "a200:-1.0");
    assert_string_equal(stage_list(f, "run/t.parquet", "round(delta_pct, 3)"),
                        "0.0 37.5 37.5 - 0.0 - - -");
    assert_string_equal(said(f, "run", "missing"),
                        "[\"a200 h1\",\"a50 h3\",\"a100 h3\",\"a200 h3\"]");
    assert_string_equal(said(f, "run", "inversion"), "NULL");
    assert_string_equal(said(f, "run", "tiers[1].channels"), "55");
    assert_string_equal(said(f, "run", "tiers[2].channels_from"), "name");
    assert_string_equal(said(f, "run", "pairs[0].up"), "1");
    assert_string_equal(stage_list(f, "run/t.parquet", "rows || '/' || positive"),
                        "8.0/4.0 8.0/4.0 8.0/4.0 - 8.0/4.0 - - -");
}

static void takes_intervals_from_the_statistics(void **state)
{
    struct sql_fixture *f = *state;
    const char *statistics = results(
        f, "s",
        "{\"comparisons\": [{\"tier_a\": \"a50\", \"tier_b\": \"a20\", \"budget\": \"\", "
        "\"horizon\": 1, \"split\": \"test\", \"metric\": \"auc\", \"difference_lower\": 9, "
        "\"difference_upper\": 9, \"verdict\": \"null\"}, {\"tier_a\": \"a50\", \"tier_b\": "
        "\"a20\", \"budget\": \"\", \"horizon\": 1, \"split\": \"val\", \"metric\": \"auc\", "
        "\"difference_lower\": 0.1, \"difference_upper\": 0.3, \"verdict\": \"effect\"}]}");
    const char *p = table(f, "p", "('a20_h1', 0), ('a50_h1', 1)");
    struct fake_task *t = task(f, "run");

    fake_task_input(t, "predictions", p, NULL);
    fake_task_input(t, "statistics", statistics, NULL);
    stage_must(t);
    assert_string_equal(
        stage_list(f, "run/t.parquet", "delta_lower || ' ' || delta_upper || ' ' || verdict"),
        "- 0.1 0.3 effect");
    t = task(f, "other");
    fake_task_input(t, "predictions", p, NULL);
    fake_task_input(t, "statistics", results(f, "x", "{\"comparisons\": 1}"), NULL);
    stage_must_fail(t, FW_E_DATA, "no list of comparisons");
}

static void threads_and_restarts_change_no_byte(void **state)
{
    struct sql_fixture *f = *state;
    const char *p = stage_table(
        f, "p",
        "SELECT e AS experiment, 'val' AS split, i AS id, hash(i, e) %% 5 // 4 AS y, hash(e, i) %% "
        "1000 / 1000.0 AS p FROM range(20000) r(i), (VALUES ('a20_h1'), ('a50_h1'), ('a100_h1')) "
        "t(e)");
    const char *const runs[] = {"one", "two", "again"};

    for (uint32_t i = 0; i < 3; i++) {
        struct fake_task *t = task(f, runs[i]);
        fake_task_input(t, "predictions", p, NULL);
        fake_task_limits(t)->threads = i == 1 ? 2 : 1;
        if (i == 2) {
            fake_task_restart_after(t, FAKE_EACH_STEP);
        }
        assert_int_equal(stage_run(t)->restarts, i == 2 ? 2 : 0);
        fake_task_destroy(t);
    }
    stage_same(f, "one", "two");
    stage_same(f, "one", "again");
}

static void refuses_what_cannot_be_compared(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a");
    stage_must_fail(t, FW_E_DATA, "there is none of the split \"val\" or with results");
    t = task(f, "b");
    fake_task_input(t, "predictions", table(f, "p", "('a20_h1', 0)"), NULL);
    stage_must_fail(t, FW_E_DATA, "two tiers or more, and there is one");
    t = task(f, "c");
    fake_task_input(t, "predictions", table(f, "q", "('a20_h1', 0), ('a50_h1', 1)"), NULL);
    fake_task_text(t, "base", "a30");
    stage_must_fail(t, FW_E_DATA, "there is no tier \"a30\"");
    t = task(f, "d");
    fake_task_input(t, "results", results(f, "phase6a_2M_h1", "{\"val_metrics\": {\"auc\""), NULL);
    stage_must_fail(t, FW_E_DATA, "the results are no JSON object");
    t = task(f, "e");
    fake_task_input(t, "results", results(f, "phase6a_2M_h2", "{\"val_metrics\": {\"auc\": 71}}"),
                    NULL);
    stage_must_fail(t, FW_E_DATA, "71 is no AUC");
    t = task(f, "g");
    fake_task_input(t, "predictions", stage_path(f, "p.parquet"), NULL);
    fake_task_input(t, "results", results(f, "s1_a20_h1_a50", "{}"), NULL);
    fake_task_texts(t, "results_paths", "a20=s1_a20_h{horizon}_*/results.json", NULL);
    stage_must_fail(t, FW_E_DATA, "\"s1_a20_h1_a50\" and \"a20_h1\" are the same cell h1");
    t = task(f, "h");
    fake_task_texts(t, "results_paths", "s1/{budget}/results.json", NULL);
    stage_must_fail(t, FW_E_CONFIG, "no {tier} in it");
}

int main(void)
{
    stage_use(STAGE_SO, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_what_is_published, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(lists_a_cell_that_is_missing, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(takes_the_best_epoch_where_asked, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(measures_predictions, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(takes_intervals_from_the_statistics, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(threads_and_restarts_change_no_byte, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_compared, stage_setup,
                                        stage_teardown),
    };
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
