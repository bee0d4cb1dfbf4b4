/* SPDX-License-Identifier: MIT */
/* Whether models of two tiers differ: market.md 7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *predictions)
{
    struct fake_task *t = stage_task("statistical_validation");

    stage_folder(f, run);
    fake_task_input(t, "predictions", predictions, NULL);
    fake_task_output(t, "report", stage_path(f, "%s/v.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/v.md", run));
    fake_task_output(t, "table", stage_path(f, "%s/v.parquet", run));
    fake_task_int(t, "n_bootstrap", 400);
    return t;
}

/*
 * `cells` are rows of (experiment, split, signal): `n` days each, in which about three in ten came
 * and the prediction leans by the signal towards what came. Days of a split have the same classes
 * and noise in each experiment.
 */
static const char *table(struct sql_fixture *f, const char *name, int n, const char *cells)
{
    return stage_table(f, name,
                       "SELECT experiment, split, DATE '2020-01-01' + i::INT AS date, y, "
                       "least(1, greatest(0, 0.5 + signal * (y - 0.5) + noise)) AS p FROM (SELECT "
                       "*, (hash(split, i) %% 10 < 3)::INT AS y, (hash(i, split, 7) %% 1000) / "
                       "2000.0 - 0.25 AS noise FROM (VALUES %s) t(experiment, split, signal), "
                       "range(%d) r(i))",
                       cells, n);
}

static const char *said(struct sql_fixture *f, const char *run, const char *path)
{
    return sql_cell(f, "SELECT json ->> '$.%s' FROM read_json_objects('%s/%s/v.json')", path,
                    f->dir, run);
}

static const char *cells_of(struct sql_fixture *f, const char *run, const char *expression)
{
    return stage_list(f, stage_path(f, "%s/v.parquet", run) + strlen(f->dir) + 1, expression);
}

static const char *reference(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

static void gives_what_numpy_and_scikit_learn_give(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", reference("validation_predictions.csv"));
    fake_task_int(t, "n_bootstrap", 300);
    fake_task_real(t, "margin", 0.05);
    stage_must(t);
    sql_must(f, "CREATE TABLE golden AS FROM read_csv('%s')", reference("validation_golden.csv"));
    sql_must(f,
             "CREATE TABLE pairs AS FROM golden g JOIN '%s/a/v.parquet' v USING (tier_a, tier_b, "
             "horizon, split)",
             f->dir);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM pairs"), "8");
    const char *n = sql_cell(f, "SELECT count(*) FROM (DESCRIBE golden) WHERE column_name NOT IN "
                                "('tier_a', 'tier_b', 'horizon', 'split')");
    int n_columns = atoi(n);
    assert_in_range(n_columns, 30, 60);
    for (int i = 0; i < n_columns; i++) {
        char column[80];
        snprintf(column, sizeof column, "%s",
                 sql_cell(f,
                          "SELECT column_name FROM (DESCRIBE golden) WHERE column_name NOT IN "
                          "('tier_a', 'tier_b', 'horizon', 'split') LIMIT 1 OFFSET %d",
                          i));
        bool is_word = strcmp(column, "verdict") == 0 || strcmp(column, "significant") == 0;
        const char *wrong =
            is_word ? sql_cell(f, "SELECT count(*) FROM pairs WHERE %s IS DISTINCT FROM %s_1",
                               column, column)
                    : sql_cell(f,
                               "SELECT count(*) FROM pairs WHERE NOT coalesce(abs(%s - %s_1) <= "
                               "1e-10 * greatest(1, abs(%s)), false)",
                               column, column, column);
        if (strcmp(wrong, "0") != 0) {
            fail_msg("%s differs in %s rows", column, wrong);
        }
    }
    assert_string_equal(
        sql_cell(f, "SELECT string_agg(status, ' ') FROM '%s/a/v.parquet' WHERE a IS NULL", f->dir),
        "missing_a missing_b missing_a missing_b");
}

static const char three[] = "('a20_h1', 'val', 0.3), ('a50_h1', 'val', 0.3), ('a100_h1', 'val', "
                            "0.0), ('a20_h1', 'test', 0.3), ('a50_h1', 'test', 0.3), ('a100_h1', "
                            "'test', 0.0)";

static void tells_an_effect_from_nothing(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a", table(f, "p", 300, three)));
    assert_string_equal(cells_of(f, "a", "tier_a || '-' || tier_b || ':' || split"),
                        "a50-a20:val a100-a50:val a100-a20:val a50-a20:test a100-a50:test "
                        "a100-a20:test");
    assert_string_equal(cells_of(f, "a", "verdict"), "null effect effect null effect effect");
    assert_string_equal(said(f, "a", "pairs[1].effects_for_b"), "1");
    assert_string_equal(said(f, "a", "pairs[1].effects_for_a"), "0");
    assert_string_equal(said(f, "a", "pairs[1].replication"), "replicated");
    assert_string_equal(said(f, "a", "pairs[0].verdict"), "null");
    assert_string_equal(said(f, "a", "pairs[0].replication"), "not replicated");
    assert_string_equal(said(f, "a", "verdict"), "effect");
    assert_string_equal(cells_of(f, "a", "CASE WHEN tier_a = 'a50' THEN p + delong_p END"),
                        "2.0 - - 2.0 - -");
    assert_non_null(strstr(said(f, "a", "pairs[1].sentence"),
                           "a100 against a50 on val: 1 of 1 cells differ (Holm over 3 tests, alpha "
                           "0.05), 0 for a100 and 1 for a50, 0 within 0.02 of no difference, 0 "
                           "open: effect. "));
    assert_non_null(strstr(said(f, "a", "pairs[1].sentence"),
                           " On test 1 of 1 differences have the same sign: directions "
                           "replicated."));
}

static void is_open_where_the_sample_is_small(void **state)
{
    struct sql_fixture *f = *state;
    const char *predictions = stage_table(
        f, "p",
        "SELECT e AS experiment, 'val' AS split, i AS id, i %% 3 // 2 AS y, hash(i, e) "
        "%% 100 / 100.0 AS p FROM range(60) r(i), (VALUES ('a20_h1'), ('a50_h1')) t(e)");
    struct fake_task *t = task(f, "a", predictions);
    fake_task_text(t, "replicate_on", "");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "verdict"), "\"inconclusive\"");
    assert_int_equal(fake_task_rows(t, "table"), 1);
    fake_task_destroy(t);
    assert_string_equal(cells_of(f, "a", "verdict"), "inconclusive");
    assert_string_equal(said(f, "a", "pairs[0].replication"), "untested");
    assert_string_equal(said(f, "a", "pairs[0].consistency"), "NULL");
}

static void run_with(struct sql_fixture *f, const char *run, const char *predictions,
                     uint32_t threads, bool restarts)
{
    struct fake_task *t = task(f, run, predictions);
    fake_task_int(t, "n_bootstrap", 3000);
    fake_task_limits(t)->threads = threads;
    if (restarts) {
        fake_task_restart_after(t, FAKE_EACH_STEP);
    }
    const struct fake_result *result = stage_run(t);
    assert_true(!restarts || result->restarts > 4);
    fake_task_destroy(t);
}

static void threads_and_restarts_change_no_byte(void **state)
{
    struct sql_fixture *f = *state;
    const char *predictions =
        table(f, "p", 20000,
              "('a20_h1', 'val', 0.1), ('a50_h1', 'val', 0.11), ('a20_h3', 'val', 0.1), "
              "('a50_h3', 'val', 0.1), ('a20_h1', 'test', 0.1), ('a50_h1', 'test', 0.1)");
    run_with(f, "one", predictions, 1, false);
    run_with(f, "two", predictions, 2, false);
    run_with(f, "again", predictions, 1, true);
    stage_same(f, "one", "two");
    stage_same(f, "one", "again");
}

static void lists_what_is_missing(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    table(f, "p", 80,
                          "('a20_2M_h1', 'val', 0.1), ('a50_2M_h1', 'val', 0.1), ('a20_20M_h1', "
                          "'val', 0.1), ('a20_2M_h1', 'test', 0.1), ('other', 'val', 0.1)")));
    assert_string_equal(cells_of(f, "a", "budget || ':' || status || ':' || verdict"),
                        "2M:ok:null 20M:missing_a:untested 2M:missing_a:untested "
                        "20M:missing_both:untested");
    assert_string_equal(said(f, "a", "pairs[0].untested"), "1");
    assert_string_equal(said(f, "a", "unmatched_experiments[0]"), "other");
    assert_non_null(strstr(said(f, "a", "sentence"), ", 1 not tested: inconclusive."));
    assert_non_null(strstr(said(f, "a", "sentence"), "On test no difference can be looked at."));
}

static void warns_of_an_experiment_without_a_cell(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a",
        table(f, "p", 80, "('a20_h1', 'val', 0.1), ('a50_h1', 'val', 0.1), ('what', 'val', 0.1)"));
    fake_task_text(t, "replicate_on", "");
    assert_non_null(strstr(stage_run(t)->log, "warning: the experiment \"what\" is left out"));
    fake_task_destroy(t);
}

static void refuses_what_cannot_be_compared(void **state)
{
    struct sql_fixture *f = *state;
    const char *one = table(f, "one", 40, "('a20_h1', 'val', 0.1), ('a20_h1', 'test', 0.1)");
    const char *two = table(f, "two", 40, three);
    const char *apart = stage_table(f, "apart",
                                    "SELECT 'a' || k || '_h1' AS experiment, 'val' AS split, "
                                    "100 * k + i AS id, i %% 2 AS y, 0.5 AS p FROM range(20) "
                                    "r(i), range(2) s(k)");

    stage_must_fail(task(f, "a", one), FW_E_DATA, "there are 1: a20");
    struct fake_task *t = task(f, "b", two);
    fake_task_texts(t, "pairs", "a100:a200", NULL);
    stage_must_fail(t, FW_E_DATA, "no experiment is of the tier \"a200\"; there are: a20, a50");
    t = task(f, "c", two);
    fake_task_texts(t, "pairs", "a100:a100", NULL);
    stage_must_fail(t, FW_E_CONFIG, "\"a100:a100\" does not name two tiers");
    t = task(f, "d", two);
    fake_task_text(t, "split", "train");
    stage_must_fail(t, FW_E_DATA, "no predictions of the split \"train\"");
    t = task(f, "e", two);
    fake_task_text(t, "replicate_on", "val");
    stage_must_fail(t, FW_E_CONFIG, "cannot be replicated on the same rows");
    t = task(f, "g", two);
    fake_task_texts(t, "experiments", "{tier}_{days}", NULL);
    stage_must_fail(t, FW_E_CONFIG, "braces hold tier, budget or horizon");
    t = task(f, "h", two);
    fake_task_texts(t, "experiments", "a{budget}_h{horizon}", NULL);
    stage_must_fail(t, FW_E_CONFIG, "no {tier} in it");
    t = task(f, "i", two);
    fake_task_texts(t, "experiments", "x=a*_h{horizon}", NULL);
    stage_must_fail(t, FW_E_DATA, "\"a20_h1\" and \"a50_h1\" are the same cell of the tier x");
    t = task(f, "j", two);
    fake_task_text(t, "key_column", "");
    stage_must_fail(t, FW_E_CONFIG, "cannot be paired");
    t = task(f, "k", apart);
    fake_task_text(t, "replicate_on", "");
    stage_must_fail(t, FW_E_DATA, "not one of 1 tests has rows");
}

static void refuses_labels_that_differ(void **state)
{
    struct sql_fixture *f = *state;
    const char *predictions = stage_table(
        f, "p",
        "SELECT e AS experiment, 'val' AS split, DATE '2021-03-01' + i::INT AS date, CASE WHEN e "
        "= 'a20_h1' AND i = 4 THEN 1 ELSE i %% 2 END AS y, 0.5 AS p FROM range(20) r(i), (VALUES "
        "('a20_h1'), ('a50_h1')) t(e)");
    struct fake_task *t = task(f, "a", predictions);
    fake_task_text(t, "replicate_on", "");
    stage_must_fail(t, FW_E_DATA, "2021-03-05");
    t = task(f, "b", predictions);
    fake_task_text(t, "replicate_on", "");
    stage_must_fail(t, FW_E_DATA, "\"a50_h1\" and \"a20_h1\" disagree on what came: y is 0 and 1");
}

static void blocks_need_an_order_and_enough_rows(void **state)
{
    struct sql_fixture *f = *state;
    const char *texts =
        stage_table(f, "texts",
                    "SELECT e AS experiment, 'val' AS split, 'row' || i AS id, i %% 2 AS y, "
                    "hash(i, e) %% 100 / 100.0 AS p FROM range(200) r(i), (VALUES ('a20_h3'), "
                    "('a50_h3')) t(e)");
    struct fake_task *t = task(f, "a", texts);
    fake_task_text(t, "replicate_on", "");
    stage_must_fail(t, FW_E_DATA, "blocks are runs of rows in order of time");
    t = task(f, "b", texts);
    fake_task_text(t, "replicate_on", "");
    fake_task_text(t, "bootstrap", "stratified");
    stage_must(t);
    assert_string_equal(cells_of(f, "b", "bootstrap || ':' || status || ':' || block_rows"),
                        "stratified:ok:0");
    t = task(f, "c", table(f, "few", 99, "('a20_h3', 'val', 0.1), ('a50_h3', 'val', 0.1)"));
    fake_task_text(t, "replicate_on", "");
    stage_must(t);
    assert_string_equal(cells_of(f, "c", "bootstrap || ':' || status || ':' || block_rows"),
                        "block:insufficient:10");
    assert_string_equal(cells_of(f, "c", "p IS NULL AND a IS NOT NULL AND NOT significant"),
                        "true");
    t = task(f, "d", table(f, "long", 130, "('a20_h13', 'val', 0.1), ('a50_h13', 'val', 0.1)"));
    fake_task_text(t, "replicate_on", "");
    stage_must(t);
    assert_string_equal(cells_of(f, "d", "bootstrap || ':' || status || ':' || block_rows"),
                        "block:ok:13");
}

static void one_class_is_no_test(void **state)
{
    struct sql_fixture *f = *state;
    const char *predictions =
        stage_table(f, "p",
                    "SELECT e AS experiment, 'val' AS split, i AS id, 0 AS y, hash(i, e) %% 10 / "
                    "10.0 AS p FROM range(50) r(i), (VALUES ('a20_h1'), ('a50_h1')) t(e)");
    struct fake_task *t = task(f, "a", predictions);
    fake_task_text(t, "replicate_on", "");
    stage_must(t);
    assert_string_equal(
        cells_of(f, "a", "status || ' ' || replicates || ' ' || replicates_skipped"),
        "insufficient 0 400");
    assert_string_equal(cells_of(f, "a", "coalesce(a, b, p, p_holm, delong_p) IS NULL"), "true");
    assert_string_equal(said(f, "a", "comparisons[0].a"), "NULL");
    t = task(f, "b", predictions);
    fake_task_text(t, "replicate_on", "");
    fake_task_text(t, "metric", "brier");
    stage_must(t);
    assert_string_equal(cells_of(f, "b", "status || ' ' || (delong_p IS NULL)"), "ok true");
}

static void a_loss_is_better_when_it_is_lower(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", table(f, "p", 300, three));
    fake_task_texts(t, "pairs", "a100:a50", NULL);
    fake_task_text(t, "metric", "log_loss");
    stage_must(t);
    assert_string_equal(cells_of(f, "a", "difference > 0 AND significant"), "true true");
    assert_string_equal(said(f, "a", "pairs[0].effects_for_b"), "1");
    assert_string_equal(said(f, "a", "pairs[0].effects_for_a"), "0");
}

static void repeats_the_reference(void **state)
{
    struct sql_fixture *f = *state;
    const char *predictions =
        table(f, "p", 300,
              "('a20_h2', 'val', 0.3), ('a50_h2', 'val', 0.0), ('a20_h3', 'val', 0.3), "
              "('a50_h3', 'val', 0.0)");
    const char *shorter = stage_table(
        f, "q", "FROM '%s' WHERE experiment <> 'a50_h3' OR date < DATE '2020-02-01'", predictions);
    struct fake_task *t = task(f, "a", shorter);
    fake_task_text(t, "replicate_on", "");
    fake_task_text(t, "compat", "ref");
    fake_task_text(t, "bootstrap", "iid");
    fake_task_int(t, "n_bootstrap", 20);
    stage_must(t);
    assert_string_equal(cells_of(f, "a", "status || ':' || bootstrap || ':' || significant"),
                        "ok:iid:true unequal_rows:iid:false");
    assert_non_null(strstr(said(f, "a", "sentence"), "(intervals without 0, each by itself)"));
    t = task(f, "b", shorter);
    fake_task_text(t, "replicate_on", "");
    fake_task_int(t, "n_bootstrap", 20);
    stage_must(t);
    assert_string_equal(cells_of(f, "b", "status || ':' || rows_only_b || ':' || significant"),
                        "insufficient:0:false insufficient:269:false");
}

static void says_where_the_data_come_from(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", table(f, "p", 100, three));
    fake_task_text(t, "source", "a generated series");
    stage_must(t);
    assert_string_equal(said(f, "a", "source"), "a generated series");
    const char *page = sql_cell(f, "SELECT content FROM read_text('%s/a/v.md')", f->dir);
    assert_non_null(strstr(page, "\nData: a generated series\n"));
    assert_non_null(strstr(page, "\n## a100 against a20 on test\n"));
    assert_null(strstr(page, "nan"));
}

int main(void)
{
    stage_use(STAGE_SO, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_what_numpy_and_scikit_learn_give, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(tells_an_effect_from_nothing, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(is_open_where_the_sample_is_small, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(threads_and_restarts_change_no_byte, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(lists_what_is_missing, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(warns_of_an_experiment_without_a_cell, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_compared, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(refuses_labels_that_differ, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(blocks_need_an_order_and_enough_rows, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(one_class_is_no_test, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(a_loss_is_better_when_it_is_lower, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(repeats_the_reference, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(says_where_the_data_come_from, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
