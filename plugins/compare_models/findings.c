/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <math.h>
#include <stdlib.h>

#include "inference/family.h"
#include "inference/normal.h"

static bool has_auc(const struct compare_scores *scores)
{
    return scores->n_p == 1;
}

static size_t n_pairs(const struct compare_scores *scores)
{
    return scores->n_arms * (scores->n_arms - 1) / 2;
}

static fw_status add_metric(const struct compare_intervals *intervals, size_t metric,
                            struct compare_findings *findings)
{
    const struct compare_scores *scores = intervals->scores;
    const char *name = scores->metrics[metric].name;
    struct fw_bootstrap_summary summary;
    fw_status status = FW_OK;
    for (size_t a = 0; status == FW_OK && a < scores->n_arms; a++) {
        status = compare_intervals_pair(intervals, a, a, metric, &summary);
        findings->items[findings->n++] =
            (struct compare_finding){.metric = name,
                                     .arm = a,
                                     .value = compare_value(intervals, a, metric),
                                     .lower = summary.a.lower,
                                     .upper = summary.a.upper,
                                     .skipped = summary.skipped};
    }
    for (size_t a = 0; a < scores->n_arms; a++) {
        for (size_t b = a + 1; status == FW_OK && b < scores->n_arms; b++) {
            status = compare_intervals_pair(intervals, a, b, metric, &summary);
            findings->pairs[findings->n_pairs++] =
                (struct compare_difference){.metric = name,
                                            .method = "bootstrap",
                                            .a = a,
                                            .b = b,
                                            .difference = compare_value(intervals, a, metric) -
                                                          compare_value(intervals, b, metric),
                                            .lower = summary.difference.lower,
                                            .upper = summary.difference.upper,
                                            .p = summary.p};
        }
    }
    return status;
}

/* Whether samples are of the class, for DeLong; NULL: no memory. */
static uint8_t *is_class(const struct compare_scores *scores, uint32_t k)
{
    uint8_t *is = malloc(scores->n + 1);
    for (uint64_t i = 0; is != NULL && i < scores->n; i++) {
        is[i] = scores->classes[i] == k;
    }
    return is;
}

static fw_status add_auc(const struct compare_intervals *intervals, const uint8_t *is_one,
                         struct compare_findings *findings)
{
    const struct compare_scores *scores = intervals->scores;
    const double z = fw_normal_quantile(1 - intervals->alpha / 2);
    const uint32_t n = (uint32_t)scores->n;
    struct fw_delong d;
    fw_status status = FW_OK;
    for (size_t a = 0; status == FW_OK && a < scores->n_arms; a++) {
        status = fw_delong(compare_p(scores, a, 0), compare_p(scores, a, 0), is_one, n, &d);
        const double half = z * sqrt(d.variance[0]);
        findings->items[findings->n++] = (struct compare_finding){.metric = "auc",
                                                                  .arm = a,
                                                                  .value = d.auc[0],
                                                                  .lower = d.auc[0] - half,
                                                                  .upper = d.auc[0] + half};
    }
    for (size_t a = 0; a < scores->n_arms; a++) {
        for (size_t b = a + 1; status == FW_OK && b < scores->n_arms; b++) {
            status = fw_delong(compare_p(scores, a, 0), compare_p(scores, b, 0), is_one, n, &d);
            findings->pairs[findings->n_pairs++] =
                (struct compare_difference){.metric = "auc",
                                            .method = "delong",
                                            .a = a,
                                            .b = b,
                                            .difference = d.difference,
                                            .lower = d.difference - z * d.standard_error,
                                            .upper = d.difference + z * d.standard_error,
                                            .p = d.p};
        }
    }
    return status;
}

static fw_status add_two(const struct compare_intervals *intervals,
                         struct compare_findings *findings)
{
    uint8_t *is_one = is_class(intervals->scores, 1);
    fw_status status = is_one == NULL ? FW_E_NOMEM : add_auc(intervals, is_one, findings);
    free(is_one);
    return status;
}

/* An area is none of more than 1, whatever its variance says; NaN stays. */
static double within(double bound)
{
    return bound < 0 ? 0 : bound > 1 ? 1 : bound;
}

static fw_status add_class(const struct compare_intervals *intervals, size_t arm, uint32_t k,
                           struct compare_findings *findings)
{
    const struct compare_scores *scores = intervals->scores;
    const double *p = compare_p(scores, arm, k);
    uint8_t *is = is_class(scores, k);
    struct fw_delong d;
    fw_status status = is == NULL ? FW_E_NOMEM : fw_delong(p, p, is, (uint32_t)scores->n, &d);
    if (status == FW_OK) {
        const double half = fw_normal_quantile(1 - intervals->alpha / 2) * sqrt(d.variance[0]);
        findings->classes[findings->n_classes++] =
            (struct compare_class){.arm = arm,
                                   .class = k,
                                   .n = d.n_ones,
                                   .value = d.auc[0],
                                   .lower = within(d.auc[0] - half),
                                   .upper = within(d.auc[0] + half)};
    }
    free(is);
    return status;
}

static fw_status add_classes(const struct compare_intervals *intervals,
                             struct compare_findings *findings)
{
    const struct compare_scores *scores = intervals->scores;
    fw_status status = FW_OK;
    findings->classes = calloc(scores->n_arms * scores->n_p + 1, sizeof *findings->classes);
    if (findings->classes == NULL) {
        return FW_E_NOMEM;
    }
    for (size_t arm = 0; arm < scores->n_arms && scores->n_p > 1; arm++) {
        for (uint32_t k = 0; status == FW_OK && k < scores->n_p; k++) {
            status = add_class(intervals, arm, k, findings);
        }
    }
    return status;
}

static const char *verdict_of(const struct compare_difference *pair, bool higher_is_better,
                              double alpha)
{
    if (!(pair->p_holm < alpha) || pair->difference == 0) {
        return "open";
    }
    return (pair->difference > 0) == higher_is_better ? "a" : "b";
}

/* Pairs of one metric are one family. */
static fw_status adjust(struct compare_difference *pairs, size_t n, bool higher_is_better,
                        double alpha)
{
    double *p = calloc(2 * n + 1, sizeof *p);
    for (size_t i = 0; p != NULL && i < n; i++) {
        p[i] = pairs[i].p;
    }
    const bool done = p != NULL && fw_family_holm(p, n, p + n);
    for (size_t i = 0; done && i < n; i++) {
        pairs[i].p_holm = p[n + i];
        pairs[i].verdict = verdict_of(&pairs[i], higher_is_better, alpha);
    }
    free(p);
    return done ? FW_OK : FW_E_NOMEM;
}

fw_status compare_findings_make(const struct compare_intervals *intervals,
                                struct compare_findings *findings)
{
    const struct compare_scores *scores = intervals->scores;
    const size_t n_metrics = scores->n_metrics + has_auc(scores), each = n_pairs(scores);
    fw_status status = add_classes(intervals, findings);
    findings->items = calloc(scores->n_arms * n_metrics + 1, sizeof *findings->items);
    findings->pairs = calloc(each * n_metrics + 1, sizeof *findings->pairs);
    if (findings->items == NULL || findings->pairs == NULL) {
        return FW_E_NOMEM;
    }
    for (size_t m = 0; status == FW_OK && m < n_metrics; m++) {
        const bool auc = m == scores->n_metrics;
        struct compare_difference *first = findings->pairs + findings->n_pairs;
        status = auc ? add_two(intervals, findings) : add_metric(intervals, m, findings);
        if (status == FW_OK) {
            status =
                adjust(first, each, auc || scores->metrics[m].higher_is_better, intervals->alpha);
        }
    }
    return status;
}

void compare_findings_finish(struct compare_findings *findings)
{
    free(findings->items);
    free(findings->pairs);
    free(findings->classes);
    *findings = (struct compare_findings){0};
}
