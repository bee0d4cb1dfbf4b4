/* SPDX-License-Identifier: MIT */
/* Against tests/reference/inference_reference.py: numpy's Philox, scikit-learn's metrics, scipy. */
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

#include "inference/bootstrap.h"
#include "inference/delong.h"
#include "inference/family.h"
#include "inference/normal.h"

enum { ROWS_MAX = 200 };

static struct {
    cJSON *json;
    uint64_t key[2];
    uint8_t y[ROWS_MAX];
    double a[ROWS_MAX], b[ROWS_MAX];
    uint32_t n, block;
} golden;

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.15g is not %.15g", actual, expected);
    }
}

static const cJSON *at(const cJSON *node, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(node, name);

    assert_non_null(found);
    return found;
}

static double number(const cJSON *node, int i)
{
    return cJSON_GetArrayItem(node, i)->valuedouble;
}

static uint64_t whole(const cJSON *node, int i)
{
    return strtoull(cJSON_GetArrayItem(node, i)->valuestring, NULL, 10);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static int open_golden(void **state)
{
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/tests/reference/inference_golden.json",
             getenv("FWRUN_SOURCE_ROOT"));
    char *text = read_all(path);
    golden.json = cJSON_Parse(text);
    free(text);
    const cJSON *rows = at(golden.json, "rows");
    golden.key[0] = whole(at(golden.json, "key"), 0);
    golden.key[1] = whole(at(golden.json, "key"), 1);
    golden.block = (uint32_t)at(golden.json, "block")->valueint;
    golden.n = (uint32_t)cJSON_GetArraySize(rows);
    assert_in_range(golden.n, 1, ROWS_MAX);
    for (uint32_t i = 0; i < golden.n; i++) {
        const cJSON *row = cJSON_GetArrayItem(rows, (int)i);
        golden.y[i] = (uint8_t)number(row, 0);
        golden.a[i] = number(row, 1);
        golden.b[i] = number(row, 2);
    }
    return 0;
}

static int close_golden(void **state)
{
    (void)state;
    cJSON_Delete(golden.json);
    return 0;
}

static struct fw_pair *pair_of(enum fw_metric metric)
{
    struct fw_pair *pair = NULL;

    assert_int_equal(fw_pair_create(metric, golden.a, golden.b, golden.y, golden.n, &pair), FW_OK);
    return pair;
}

static enum fw_metric metric_of(const char *name)
{
    static const char *const names[] = {"auc", "average_precision", "brier", "log_loss"};
    int i = 0;

    while (strcmp(names[i], name) != 0) {
        i++;
    }
    return (enum fw_metric)i;
}

static enum fw_resample_kind kind_of(const char *name)
{
    return strcmp(name, "iid") == 0     ? FW_RESAMPLE_IID
           : strcmp(name, "block") == 0 ? FW_RESAMPLE_BLOCK
                                        : FW_RESAMPLE_STRATIFIED;
}

static void draws_what_numpys_philox_draws(void **state)
{
    const cJSON *philox = at(golden.json, "philox");
    struct fw_draws draws;

    (void)state;
    fw_draws_init(&draws, golden.key, 7);
    for (int i = 0; i < cJSON_GetArraySize(philox); i++) {
        assert_true(fw_draws_next(&draws) == whole(philox, i));
    }
}

static void measures_as_scikit_learn_does(void **state)
{
    const cJSON *line;

    (void)state;
    cJSON_ArrayForEach(line, at(golden.json, "metrics"))
    {
        struct fw_pair *pair = pair_of(metric_of(line->string));
        double values[2];
        assert_int_equal(fw_pair_measure_all(pair, values), FW_OK);
        assert_close(values[0], number(line, 0), 1e-12);
        assert_close(values[1], number(line, 1), 1e-12);
        fw_pair_destroy(pair);
    }
}

static void every_replicate_is_the_one_drawn_row_by_row(void **state)
{
    const cJSON *line;

    (void)state;
    cJSON_ArrayForEach(line, at(golden.json, "replicates"))
    {
        struct fw_pair *pair = pair_of(metric_of(at(line, "metric")->valuestring));
        struct fw_resample resample;
        struct fw_replicate replicate;
        assert_true(fw_resample_init(&resample, kind_of(at(line, "kind")->valuestring), golden.y,
                                     golden.n, golden.block));
        struct fw_paired_bootstrap plan = {.pair = pair,
                                           .resample = &resample,
                                           .key = {golden.key[0], golden.key[1]},
                                           .n_threads = 1};
        uint64_t first = (uint64_t)at(line, "replicate")->valuedouble;
        assert_int_equal(fw_bootstrap_run(&plan, first, 1, &replicate), FW_OK);
        assert_close(replicate.a, number(at(line, "values"), 0), 1e-12);
        assert_close(replicate.b, number(at(line, "values"), 1), 1e-12);
        fw_resample_finish(&resample);
        fw_pair_destroy(pair);
    }
}

static void delong_is_the_definition_over_all_pairs(void **state)
{
    const cJSON *expected = at(golden.json, "delong");
    struct fw_delong delong;

    (void)state;
    assert_int_equal(fw_delong(golden.a, golden.b, golden.y, golden.n, &delong), FW_OK);
    for (int i = 0; i < 2; i++) {
        assert_close(delong.auc[i], number(at(expected, "auc"), i), 1e-12);
        assert_close(delong.variance[i], number(at(expected, "variance"), i), 1e-14);
    }
    assert_close(delong.covariance, at(expected, "covariance")->valuedouble, 1e-14);
    assert_close(delong.standard_error, at(expected, "standard_error")->valuedouble, 1e-12);
    assert_close(delong.z, at(expected, "z")->valuedouble, 1e-9);
    assert_close(delong.p, at(expected, "p")->valuedouble, 1e-11);
}

static void adjusts_as_the_papers_say(void **state)
{
    const cJSON *family = at(golden.json, "family");
    int n = cJSON_GetArraySize(at(family, "p"));
    double p[16], holm[16], bh[16];

    (void)state;
    assert_in_range(n, 1, 16);
    for (int i = 0; i < n; i++) {
        p[i] = number(at(family, "p"), i);
    }
    assert_true(fw_family_holm(p, (size_t)n, holm));
    assert_true(fw_family_benjamini_hochberg(p, (size_t)n, bh));
    for (int i = 0; i < n; i++) {
        assert_close(holm[i], number(at(family, "holm"), i), 1e-14);
        assert_close(bh[i], number(at(family, "benjamini_hochberg"), i), 1e-14);
    }
}

static void knows_the_normal_distribution(void **state)
{
    const cJSON *normal = at(golden.json, "normal");

    (void)state;
    for (int i = 0; i < cJSON_GetArraySize(at(normal, "z")); i++) {
        double expected = number(at(normal, "two_sided"), i);
        assert_close(fw_normal_two_sided(number(at(normal, "z"), i)), expected, 1e-12 * expected);
    }
    for (int i = 0; i < cJSON_GetArraySize(at(normal, "q")); i++) {
        assert_close(fw_normal_quantile(number(at(normal, "q"), i)),
                     number(at(normal, "quantile"), i), 1e-11);
    }
}

/* Two samples of the same distribution: five standard errors, and of their means' difference. */
static void is_distributed_as_another_bootstrap(void **state)
{
    enum { N = 20000 };
    static struct fw_replicate replicates[N];
    struct fw_pair *pair = pair_of(FW_METRIC_AUC);
    const cJSON *line;

    (void)state;
    cJSON_ArrayForEach(line, at(golden.json, "moments"))
    {
        struct fw_resample resample;
        struct fw_bootstrap_summary summary;
        assert_true(
            fw_resample_init(&resample, kind_of(line->string), golden.y, golden.n, golden.block));
        struct fw_paired_bootstrap plan = {
            .pair = pair, .resample = &resample, .key = {1, 2}, .n_threads = 2};
        assert_int_equal(fw_bootstrap_run(&plan, 0, N, replicates), FW_OK);
        assert_int_equal(fw_bootstrap_summarise(replicates, N, 0.05, &summary), FW_OK);
        double std = at(line, "std")->valuedouble, error = 5 * std * sqrt(2.0 / N);
        assert_close(summary.difference.mean, at(line, "mean")->valuedouble, error);
        assert_close(summary.difference.std, std, error);
        /* A quantile of 2.5 % of a normal sample varies by 2.67 times as much as its mean. */
        assert_close(summary.difference.lower, at(line, "lower")->valuedouble, 2.67 * error);
        assert_close(summary.difference.upper, at(line, "upper")->valuedouble, 2.67 * error);
        fw_resample_finish(&resample);
    }
    fw_pair_destroy(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_what_numpys_philox_draws),
        cmocka_unit_test(measures_as_scikit_learn_does),
        cmocka_unit_test(every_replicate_is_the_one_drawn_row_by_row),
        cmocka_unit_test(delong_is_the_definition_over_all_pairs),
        cmocka_unit_test(adjusts_as_the_papers_say),
        cmocka_unit_test(knows_the_normal_distribution),
        cmocka_unit_test(is_distributed_as_another_bootstrap),
    };
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
