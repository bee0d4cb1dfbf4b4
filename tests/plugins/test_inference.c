/* SPDX-License-Identifier: MIT */
/* The paired bootstrap, DeLong's test and what goes with them, on rows worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "failing_alloc.h"
#include "inference/areas.h"
#include "inference/bootstrap.h"
#include "inference/delong.h"
#include "inference/family.h"
#include "inference/normal.h"
#include "inference/replication.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint8_t five_y[] = {1, 0, 1, 0, 1};
static const double five_a[] = {.9, .6, .4, .3, .7}, five_b[] = {.5, .7, .8, .5, .2};

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.12g is not %.12g", actual, expected);
    }
}

static struct fw_pair *pair_of(enum fw_metric metric, const double *a, const double *b,
                               const uint8_t *y, uint32_t n)
{
    struct fw_pair *pair = NULL;

    assert_int_equal(fw_pair_create(metric, a, b, y, n, &pair), FW_OK);
    return pair;
}

static void gives_the_worked_example_of_given_indexes(void **state)
{
    static const uint32_t rows[][5] = {
        {0, 1, 2, 3, 4}, {0, 0, 1, 1, 2}, {2, 2, 3, 4, 1}, {0, 2, 4, 4, 0}, {1, 3, 0, 4, 4}};
    static const double expected[] = {5.0 / 12, 1.0 / 3, 0, NAN, 11.0 / 12};
    struct fw_pair *pair = pair_of(FW_METRIC_AUC, five_a, five_b, five_y, 5);
    struct fw_replicate replicates[COUNT(rows)];
    struct fw_bootstrap_summary summary;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(fw_bootstrap_given(pair, rows[i], 5, &replicates[i]), FW_OK);
        double difference = replicates[i].a - replicates[i].b;
        if (isnan(expected[i])) {
            assert_true(isnan(difference));
        } else {
            assert_close(difference, expected[i], 1e-12);
        }
    }
    fw_pair_destroy(pair);
    assert_int_equal(fw_bootstrap_summarise(replicates, COUNT(rows), 0.05, &summary), FW_OK);
    assert_int_equal(summary.valid, 4);
    assert_int_equal(summary.skipped, 1);
    assert_close(summary.difference.mean, 5.0 / 12, 1e-9);
    assert_close(summary.difference.std, 0.328083661, 1e-9);
    assert_close(summary.difference.lower, 0.025, 1e-9);
    assert_close(summary.difference.upper, 0.879166667, 1e-9);
    assert_close(summary.p, 2.0 * (1 + 1) / (4 + 1), 1e-12);
}

static void says_nothing_of_no_replicate(void **state)
{
    struct fw_replicate replicate = {.a = NAN, .b = NAN};
    struct fw_bootstrap_summary summary;

    (void)state;
    assert_int_equal(fw_bootstrap_summarise(&replicate, 1, 0.05, &summary), FW_OK);
    assert_int_equal(summary.valid, 0);
    assert_int_equal(summary.skipped, 1);
    assert_true(isnan(summary.p) && isnan(summary.a.mean) && isnan(summary.difference.lower));
}

static uint32_t below(struct fw_draws *draws, uint32_t n)
{
    const struct fw_bound bound = fw_bound_of(n);
    uint32_t drawn[FW_DRAWS_AT_ONCE];

    fw_draws_below(draws, &bound, drawn);
    return drawn[0];
}

static double random_score(struct fw_draws *draws, uint32_t n_values)
{
    return (double)below(draws, n_values) / n_values;
}

/* What a case of the random ones has. */
struct random_rows {
    uint8_t y[80];
    double a[80], b[80];
    uint32_t n;
};

static void fill(struct random_rows *ret, uint64_t replicate)
{
    static const uint64_t key[2] = {5, 6};
    struct fw_draws draws;

    fw_draws_init(&draws, key, replicate);
    ret->n = 4 + below(&draws, 77);
    uint32_t values = 2 + below(&draws, 60); /* few: ties everywhere */
    for (uint32_t i = 0; i < ret->n; i++) {
        ret->y[i] = i < 2 ? (uint8_t)i : (uint8_t)below(&draws, 2);
        ret->a[i] = random_score(&draws, values);
        ret->b[i] = random_score(&draws, values);
    }
    ret->y[2] = 1;
    ret->y[3] = 0;
}

static double kernel(double one, double zero)
{
    return one > zero ? 1 : one == zero ? 0.5 : 0;
}

/* A row's share of the other class, by looking at each of its rows. */
static double placement(const double *scores, const struct random_rows *rows, uint32_t at)
{
    double sum = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < rows->n; i++) {
        if (rows->y[i] != rows->y[at]) {
            sum += rows->y[at] ? kernel(scores[at], scores[i]) : kernel(scores[i], scores[at]);
            n++;
        }
    }
    return sum / n;
}

/* The variance of the difference, and the difference, from the definition. */
static double variance_by_definition(const struct random_rows *rows, double *ret_difference)
{
    double total = 0;

    for (int class = 0; class < 2; class ++) {
        double offs[80], mean = 0, squares = 0;
        uint32_t n = 0;
        for (uint32_t i = 0; i < rows->n; i++) {
            if (rows->y[i] == class) {
                offs[n] = placement(rows->a, rows, i) - placement(rows->b, rows, i);
                mean += offs[n++];
            }
        }
        mean /= n;
        for (uint32_t i = 0; i < n; i++) {
            squares += (offs[i] - mean) * (offs[i] - mean);
        }
        total += squares / (n - 1) / n;
        *ret_difference = mean;
    }
    return total;
}

static void delong_is_its_definition(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        struct random_rows rows;
        struct fw_delong delong;
        double difference;

        fill(&rows, i);
        double variance = variance_by_definition(&rows, &difference);
        assert_int_equal(fw_delong(rows.a, rows.b, rows.y, rows.n, &delong), FW_OK);
        assert_close(delong.difference, difference, 1e-12);
        assert_close(delong.standard_error, sqrt(variance), 1e-12);
        assert_close(delong.variance[0] + delong.variance[1] - 2 * delong.covariance, variance,
                     1e-12);
        assert_true(delong.variance[0] >= 0 && delong.variance[1] >= 0);
    }
}

static void delong_gives_the_worked_example(void **state)
{
    struct fw_delong delong;

    (void)state;
    assert_int_equal(fw_delong(five_a, five_b, five_y, 5, &delong), FW_OK);
    assert_close(delong.auc[0], 5.0 / 6, 1e-12);
    assert_close(delong.auc[1], 2.5 / 6, 1e-12);
    /* Class 1: (1, .25), (.5, 1), (1, 0); class 0: (2/3, 1/3), (1, .5). */
    double ones = (pow(.75 - 5.0 / 12, 2) + pow(-.5 - 5.0 / 12, 2) + pow(1 - 5.0 / 12, 2)) / 2 / 3;
    double zeros = (pow(1.0 / 3 - 5.0 / 12, 2) + pow(.5 - 5.0 / 12, 2)) / 1 / 2;
    assert_close(delong.standard_error, sqrt(ones + zeros), 1e-12);
}

static void equal_models_do_not_differ(void **state)
{
    struct fw_delong delong;
    static const double constant[] = {.5, .5, .5, .5, .5};
    static const double perfect[] = {.9, .1, .8, .2, .7};

    (void)state;
    assert_int_equal(fw_delong(five_a, five_a, five_y, 5, &delong), FW_OK);
    assert_true(delong.difference == 0 && delong.z == 0 && delong.p == 1);
    assert_int_equal(fw_delong(perfect, constant, five_y, 5, &delong), FW_OK);
    assert_true(delong.difference == 0.5 && delong.standard_error == 0 && isnan(delong.p));
}

static void delong_needs_two_rows_of_a_class(void **state)
{
    static const uint8_t ones[] = {1, 1, 1}, one[] = {1, 0, 0};
    struct fw_delong delong;

    (void)state;
    assert_int_equal(fw_delong(five_a, five_b, ones, 3, &delong), FW_OK);
    assert_true(isnan(delong.auc[0]) && isnan(delong.p));
    assert_int_equal(fw_delong(five_a, five_b, one, 3, &delong), FW_OK);
    assert_close(delong.auc[0], 1, 0);
    assert_true(isnan(delong.variance[0]) && isnan(delong.standard_error) && isnan(delong.p));
}

static void replicates_do_not_depend_on_threads_or_calls(void **state)
{
    enum { N = 37 };
    struct random_rows rows;
    struct fw_replicate at_once[N], with_threads[N], one_by_one[N];

    (void)state;
    fill(&rows, 77);
    for (int kind = FW_RESAMPLE_IID; kind <= FW_RESAMPLE_BLOCK; kind++) {
        struct fw_pair *pair = pair_of(FW_METRIC_AUC, rows.a, rows.b, rows.y, rows.n);
        struct fw_resample resample;
        assert_true(fw_resample_init(&resample, kind, rows.y, rows.n, 7));
        struct fw_paired_bootstrap plan = {
            .pair = pair, .resample = &resample, .key = {42, 1}, .n_threads = 1};
        assert_int_equal(fw_bootstrap_run(&plan, 5, N, at_once), FW_OK);
        for (uint32_t i = 0; i < N; i++) {
            assert_int_equal(fw_bootstrap_run(&plan, 5 + i, 1, &one_by_one[i]), FW_OK);
        }
        plan.n_threads = 3;
        assert_int_equal(fw_bootstrap_run(&plan, 5, N, with_threads), FW_OK);
        assert_memory_equal(at_once, with_threads, sizeof at_once);
        assert_memory_equal(at_once, one_by_one, sizeof at_once);
        fw_resample_finish(&resample);
        fw_pair_destroy(pair);
    }
}

static void draws_as_many_rows_as_there_are(void **state)
{
    static const uint64_t key[2] = {1, 2};
    struct random_rows rows;

    (void)state;
    fill(&rows, 3);
    for (uint64_t replicate = 0; replicate < 50; replicate++) {
        for (int kind = FW_RESAMPLE_IID; kind <= FW_RESAMPLE_BLOCK; kind++) {
            uint32_t counts[160], all = 0, ones = 0, n_ones = 0;
            struct fw_resample resample;
            assert_true(fw_resample_init(&resample, kind, rows.y, rows.n, 1000));
            fw_resample_draw(&resample, key, replicate, counts);
            for (uint32_t i = 0; i < rows.n; i++) {
                all += counts[i];
                ones += rows.y[i] ? counts[i] : 0;
                n_ones += rows.y[i];
                /* A run as long as the table is the table, wherever it begins. */
                assert_true(kind != FW_RESAMPLE_BLOCK || counts[i] == 1);
            }
            assert_int_equal(all, rows.n);
            assert_true(kind != FW_RESAMPLE_STRATIFIED || ones == n_ones);
            fw_resample_finish(&resample);
        }
    }
}

static void one_class_has_no_auc(void **state)
{
    static const uint8_t ones[] = {1, 1, 1, 1, 1};
    static const bool is_told[] = {false, true, true, true};

    (void)state;
    for (int metric = FW_METRIC_AUC; metric <= FW_METRIC_LOG_LOSS; metric++) {
        struct fw_pair *pair = pair_of(metric, five_a, five_b, ones, 5);
        double values[2];
        assert_int_equal(fw_pair_measure_all(pair, values), FW_OK);
        assert_true(isnan(values[0]) != is_told[metric]);
        assert_true(isnan(values[1]) != is_told[metric]);
        fw_pair_destroy(pair);
    }
}

static void sure_and_wrong_is_no_infinite_loss(void **state)
{
    static const uint8_t y[] = {1};
    static const double a[] = {0}, b[] = {1};
    struct fw_pair *pair = pair_of(FW_METRIC_LOG_LOSS, a, b, y, 1);
    double values[2];

    (void)state;
    assert_int_equal(fw_pair_measure_all(pair, values), FW_OK);
    assert_close(values[0], 52 * log(2), 1e-9);
    assert_close(values[1], 0, 0);
    fw_pair_destroy(pair);
}

static void a_test_without_a_p_value_counts_and_has_none(void **state)
{
    static const double p[] = {0.01, NAN, 0.04};
    double holm[3], bh[3];

    (void)state;
    assert_true(fw_family_holm(p, 3, holm));
    assert_true(fw_family_benjamini_hochberg(p, 3, bh));
    assert_close(holm[0], 0.03, 1e-15);
    assert_close(holm[2], 0.08, 1e-15);
    assert_close(bh[0], 0.03, 1e-15);
    assert_close(bh[2], 0.06, 1e-15);
    assert_true(isnan(holm[1]) && isnan(bh[1]));
}

static void counts_signs_that_are_the_same(void **state)
{
    static const double here[] = {1, 1, -1, 0, NAN, 2}, there[] = {2, -1, -3, 0, 1, 0.1};
    struct fw_consistency consistency;

    (void)state;
    fw_consistency(here, there, COUNT(here), &consistency);
    assert_int_equal(consistency.consistent, 3);
    assert_int_equal(consistency.total, 5);
    assert_int_equal(consistency.verdict, FW_REPLICATION_OPEN);
    fw_consistency(here, there, 0, &consistency);
    assert_true(isnan(consistency.rate));
    assert_int_equal(consistency.verdict, FW_REPLICATION_NONE);
    fw_consistency(here, there, 1, &consistency);
    assert_int_equal(consistency.verdict, FW_REPLICATED);
    fw_consistency(here + 1, there + 1, 1, &consistency);
    assert_int_equal(consistency.verdict, FW_NOT_REPLICATED);
}

static void finds_what_could_have_been_found(void **state)
{
    (void)state;
    assert_close(fw_minimal_detectable(0.02, 0.05, 0.8), 0.02 * 2.801585218, 1e-9);
}

/* Everything that needs memory, once. */
static fw_status use_all(const struct random_rows *rows)
{
    struct fw_pair *pair = NULL;
    struct fw_resample resample = {0};
    struct fw_replicate replicates[8];
    struct fw_bootstrap_summary summary;
    struct fw_delong delong;
    double adjusted[8], values[2];
    fw_status status = fw_pair_create(FW_METRIC_AUC, rows->a, rows->b, rows->y, rows->n, &pair);

    if (status == FW_OK &&
        !fw_resample_init(&resample, FW_RESAMPLE_STRATIFIED, rows->y, rows->n, 1)) {
        status = FW_E_NOMEM;
    }
    struct fw_paired_bootstrap plan = {.pair = pair, .resample = &resample, .n_threads = 1};
    status = status == FW_OK ? fw_bootstrap_run(&plan, 0, 8, replicates) : status;
    status = status == FW_OK ? fw_pair_measure_all(pair, values) : status;
    status = status == FW_OK ? fw_bootstrap_summarise(replicates, 8, 0.05, &summary) : status;
    status = status == FW_OK ? fw_delong(rows->a, rows->b, rows->y, rows->n, &delong) : status;
    if (status == FW_OK && !fw_family_holm(rows->a, 4, adjusted)) {
        status = FW_E_NOMEM;
    }
    if (status == FW_OK && !fw_family_benjamini_hochberg(rows->a, 4, adjusted)) {
        status = FW_E_NOMEM;
    }
    fw_resample_finish(&resample);
    fw_pair_destroy(pair);
    return status;
}

/* --- areas of more than two classes --- */

enum { AREA_ROWS = 30, AREA_CLASSES = 4 };

struct area_rows {
    double p[AREA_CLASSES * AREA_ROWS];
    uint32_t classes[AREA_ROWS], counts[AREA_ROWS];
};

/* Ties, rows that are not drawn, and a class, number 2, that no row has. */
static void fill_areas(struct area_rows *rows)
{
    uint32_t x = 7;
    for (uint32_t i = 0; i < AREA_ROWS; i++) {
        rows->classes[i] = i % 5 == 0 ? 3 : i % 2;
        rows->counts[i] = i < 5 ? 1 : (i * 7) % 3;
        for (uint32_t k = 0; k < AREA_CLASSES; k++) {
            x = x * 1664525u + 1013904223u;
            rows->p[k * AREA_ROWS + i] = (double)(x >> 29) / 8;
        }
    }
}

/* How often a row of class `a` has more of p[a] than one of class `b`, pair by pair; b < 0: than
   one of any other class. */
static double area_of(const struct area_rows *rows, uint32_t a, int b)
{
    const double *p = rows->p + a * AREA_ROWS;
    double right = 0, all = 0;
    for (int i = 0; i < AREA_ROWS; i++) {
        for (int j = 0; j < AREA_ROWS; j++) {
            const bool is_pair = rows->classes[i] == a && rows->classes[j] != a &&
                                 (b < 0 || rows->classes[j] == (uint32_t)b);
            const double weight = is_pair ? (double)rows->counts[i] * rows->counts[j] : 0;
            right += weight * (p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0);
            all += weight;
        }
    }
    return right / all;
}

static void areas_are_shares_of_pairs(void **state)
{
    static const uint32_t there[] = {0, 1, 3};
    struct area_rows rows;
    struct fw_areas *areas = NULL;
    struct fw_area_means is, expected = {0, 0, 0};
    double n = 0;

    (void)state;
    fill_areas(&rows);
    assert_int_equal(fw_areas_create(rows.p, rows.classes, AREA_ROWS, AREA_CLASSES, &areas), FW_OK);
    assert_int_equal(fw_areas_measure(areas, rows.counts, &is), FW_OK);
    for (size_t a = 0; a < COUNT(there); a++) {
        const double area = area_of(&rows, there[a], -1);
        double own = 0;
        for (int i = 0; i < AREA_ROWS; i++) {
            own += rows.classes[i] == there[a] ? rows.counts[i] : 0;
        }
        expected.rest += area / 3;
        expected.weighted += area * own;
        n += own;
        for (size_t b = 0; b < COUNT(there); b++) {
            expected.pairs += a != b ? area_of(&rows, there[a], (int)there[b]) / 6 : 0;
        }
    }
    assert_close(is.rest, expected.rest, 1e-14);
    assert_close(is.weighted, expected.weighted / n, 1e-14);
    assert_close(is.pairs, expected.pairs, 1e-14);
    for (int i = 0; i < AREA_ROWS; i++) {
        rows.counts[i] = rows.classes[i] == 3 ? 0 : 1;
    }
    assert_int_equal(fw_areas_measure(areas, rows.counts, &is), FW_OK);
    assert_true(isnan(is.rest) && isnan(is.weighted) && isnan(is.pairs));
    fw_areas_destroy(areas);
}

static fw_status use_areas(const struct area_rows *rows)
{
    struct fw_areas *areas = NULL;
    struct fw_area_means means;
    fw_status status = fw_areas_create(rows->p, rows->classes, AREA_ROWS, AREA_CLASSES, &areas);
    if (status == FW_OK) {
        status = fw_areas_measure(areas, rows->counts, &means);
        fw_areas_destroy(areas);
    }
    return status;
}

static void areas_say_when_there_is_no_memory(void **state)
{
    struct area_rows rows;
    unsigned n = 1;

    (void)state;
    fill_areas(&rows);
    for (bool struck = true; struck; n++) {
        failing_alloc_at(n);
        fw_status status = use_areas(&rows);
        struck = failing_alloc_struck();
        failing_alloc_at(0);
        assert_int_equal(status, struck ? FW_E_NOMEM : FW_OK);
    }
    assert_true(n > 6);
}

static void says_when_there_is_no_memory(void **state)
{
    struct random_rows rows;
    unsigned n = 1;

    (void)state;
    fill(&rows, 9);
    for (bool struck = true; struck; n++) {
        failing_alloc_at(n);
        fw_status status = use_all(&rows);
        struck = failing_alloc_struck();
        failing_alloc_at(0);
        assert_int_equal(status, struck ? FW_E_NOMEM : FW_OK);
    }
    assert_true(n > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_worked_example_of_given_indexes),
        cmocka_unit_test(says_nothing_of_no_replicate),
        cmocka_unit_test(delong_is_its_definition),
        cmocka_unit_test(delong_gives_the_worked_example),
        cmocka_unit_test(equal_models_do_not_differ),
        cmocka_unit_test(delong_needs_two_rows_of_a_class),
        cmocka_unit_test(replicates_do_not_depend_on_threads_or_calls),
        cmocka_unit_test(draws_as_many_rows_as_there_are),
        cmocka_unit_test(one_class_has_no_auc),
        cmocka_unit_test(sure_and_wrong_is_no_infinite_loss),
        cmocka_unit_test(a_test_without_a_p_value_counts_and_has_none),
        cmocka_unit_test(counts_signs_that_are_the_same),
        cmocka_unit_test(finds_what_could_have_been_found),
        cmocka_unit_test(areas_are_shares_of_pairs),
        cmocka_unit_test(areas_say_when_there_is_no_memory),
        cmocka_unit_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
