/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference/family.h"
#include "inference/normal.h"
#include "validation.h"

const char *validation_status_name(enum validation_status status)
{
    static const char *const names[] = {
        [VALIDATION_OK] = "ok",
        [VALIDATION_INSUFFICIENT] = "insufficient",
        [VALIDATION_MISSING_A] = "missing_a",
        [VALIDATION_MISSING_B] = "missing_b",
        [VALIDATION_MISSING_BOTH] = "missing_both",
        [VALIDATION_NO_COMMON_ROWS] = "no_common_rows",
        [VALIDATION_UNEQUAL_ROWS] = "unequal_rows",
    };

    return names[status];
}

const char *validation_replication_name(enum fw_replication replication)
{
    return replication == FW_REPLICATED         ? "replicated"
           : replication == FW_NOT_REPLICATED   ? "not replicated"
           : replication == FW_REPLICATION_OPEN ? "inconclusive"
                                                : "untested";
}

/* One that was made, whether or not it gave a p-value. */
static bool is_test(const struct validation_test *test)
{
    return test->numbers.status == VALIDATION_OK || test->numbers.status == VALIDATION_INSUFFICIENT;
}

static bool is_in(const struct validation_test *test, size_t pair, bool is_replication)
{
    return test->is_replication == is_replication && (pair == SIZE_MAX || test->pair == pair);
}

/* A way to adjust, and for which member it is. */
struct adjustment {
    bool (*adjust)(const double *p, size_t n, double *ret_adjusted);
    bool of_delong, of_pair;
};
static const struct adjustment adjustments[VALIDATION_ADJUSTED] = {
    [VALIDATION_HOLM_PAIR] = {fw_family_holm, false, true},
    [VALIDATION_HOLM_ALL] = {fw_family_holm, false, false},
    [VALIDATION_BH_PAIR] = {fw_family_benjamini_hochberg, false, true},
    [VALIDATION_BH_ALL] = {fw_family_benjamini_hochberg, false, false},
    [VALIDATION_DELONG_HOLM_PAIR] = {fw_family_holm, true, true},
    [VALIDATION_DELONG_HOLM_ALL] = {fw_family_holm, true, false},
};

static fw_status adjust(struct validation *v, enum validation_adjusted member, size_t pair,
                        bool is_replication)
{
    const struct adjustment *adjustment = &adjustments[member];
    double *p = malloc(2 * v->n_tests * sizeof *p), *adjusted = p != NULL ? p + v->n_tests : NULL;
    size_t n = 0;

    for (size_t i = 0; p != NULL && i < v->n_tests; i++) {
        const struct validation_test *test = &v->tests[i];
        if (is_in(test, pair, is_replication) && is_test(test)) {
            p[n++] = adjustment->of_delong ? test->numbers.delong.p : test->numbers.bootstrap.p;
        }
    }
    if (p == NULL || !adjustment->adjust(p, n, adjusted)) {
        free(p);
        return fw_fault_nomem(v->host);
    }
    n = 0;
    for (size_t i = 0; i < v->n_tests; i++) {
        struct validation_test *test = &v->tests[i];
        if (is_in(test, pair, is_replication)) {
            test->judged.adjusted[member] = is_test(test) ? adjusted[n++] : NAN;
        }
    }
    free(p);
    return FW_OK;
}

static fw_status adjust_all(struct validation *v)
{
    fw_status status = FW_OK;

    for (int member = 0; member < VALIDATION_ADJUSTED; member++) {
        for (int split = 0; split < 2; split++) {
            bool of_pair = adjustments[member].of_pair;
            for (size_t i = 0; i < (of_pair ? v->n_pairs : 1) && status == FW_OK; i++) {
                status =
                    adjust(v, (enum validation_adjusted)member, of_pair ? i : SIZE_MAX, split == 1);
            }
        }
    }
    return status;
}

static void judge(const struct validation *v, struct validation_test *test)
{
    const struct validation_settings *settings = &v->settings;
    const struct fw_spread *difference = &test->numbers.bootstrap.difference;
    struct validation_judged *judged = &test->judged;
    double holm =
        judged->adjusted[settings->family_is_pair ? VALIDATION_HOLM_PAIR : VALIDATION_HOLM_ALL];

    judged->detectable = fw_minimal_detectable(difference->std, settings->alpha, settings->power);
    judged->is_significant = settings->is_reference ? difference->lower > 0 || difference->upper < 0
                                                    : holm < settings->alpha;
    judged->verdict =
        test->numbers.status != VALIDATION_OK ? "untested"
        : judged->is_significant              ? "effect"
        : difference->lower > -settings->margin && difference->upper < settings->margin
            ? "null"
            : "inconclusive";
}

static fw_status refuse_nothing(const struct validation *v)
{
    return fw_faultf(v->host, FW_E_DATA, "predictions",
                     "look at the names of experiments, the pairs and the keys of the rows",
                     "not one of %zu tests has rows of the split \"%s\" that both tiers have",
                     v->n_tests, v->settings.split);
}

fw_status validation_judge(struct validation *v)
{
    size_t n = 0;
    fw_status status = adjust_all(v);

    for (size_t i = 0; i < v->n_tests && status == FW_OK; i++) {
        judge(v, &v->tests[i]);
        n += !v->tests[i].is_replication && is_test(&v->tests[i]);
    }
    return status != FW_OK ? status : n > 0 ? FW_OK : refuse_nothing(v);
}

static void count_test(const struct validation *v, const struct validation_test *test,
                       struct validation_verdict *ret)
{
    bool is_for_a = (test->numbers.point[0] > test->numbers.point[1]) ==
                    fw_metric_higher_is_better(v->settings.metric);

    ret->n++;
    if (test->numbers.status != VALIDATION_OK) {
        ret->untested++;
        return;
    }
    ret->tested++;
    ret->least_detectable = fmin(ret->least_detectable, test->judged.detectable);
    ret->most_detectable = fmax(ret->most_detectable, test->judged.detectable);
    if (test->judged.is_significant) {
        ret->effects++;
        *(is_for_a ? &ret->better : &ret->worse) += 1;
    } else {
        *(strcmp(test->judged.verdict, "null") == 0 ? &ret->nulls : &ret->open) += 1;
    }
}

void validation_verdict_of(const struct validation *v, size_t pair, bool is_replication,
                           struct validation_verdict *ret)
{
    *ret = (struct validation_verdict){.least_detectable = NAN, .most_detectable = NAN};
    for (size_t i = 0; i < v->n_tests; i++) {
        const struct validation_test *test = &v->tests[i];
        ret->family += is_in(test, v->settings.family_is_pair ? pair : SIZE_MAX, is_replication) &&
                       is_test(test);
        if (is_in(test, pair, is_replication)) {
            count_test(v, test, ret);
        }
    }
    ret->verdict = ret->effects > 0                     ? "effect"
                   : ret->nulls == ret->n && ret->n > 0 ? "null"
                                                        : "inconclusive";
}

static const struct validation_test *counterpart(const struct validation *v,
                                                 const struct validation_test *test)
{
    for (size_t i = 0; i < v->n_tests; i++) {
        const struct validation_test *other = &v->tests[i];
        if (is_in(other, test->pair, true) && fw_cell_compare(&other->cell, &test->cell) == 0) {
            return other;
        }
    }
    return NULL;
}

static double difference_of(const struct validation_test *test)
{
    return test != NULL && is_test(test) ? test->numbers.point[0] - test->numbers.point[1] : NAN;
}

fw_status validation_consistency(const struct validation *v, size_t pair,
                                 struct fw_consistency *ret)
{
    double *here = malloc(2 * v->n_tests * sizeof *here);
    size_t n = 0;

    if (here == NULL) {
        return fw_fault_nomem(v->host);
    }
    double *there = here + v->n_tests;
    for (size_t i = 0; i < v->n_tests; i++) {
        if (is_in(&v->tests[i], pair, false)) {
            here[n] = difference_of(&v->tests[i]);
            there[n++] = difference_of(counterpart(v, &v->tests[i]));
        }
    }
    fw_consistency(here, there, n, ret);
    free(here);
    return FW_OK;
}
