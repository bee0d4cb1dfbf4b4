/* SPDX-License-Identifier: MIT */
#include <math.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "validation.h"

static const char *resample_name(uint64_t kind)
{
    return kind == FW_RESAMPLE_BLOCK        ? "block"
           : kind == FW_RESAMPLE_STRATIFIED ? "stratified"
                                            : "iid";
}

static void add_spread(struct fw_records *records, const char *const names[4],
                       const struct fw_spread *spread)
{
    fw_records_real(records, names[0], spread->mean);
    fw_records_real(records, names[1], spread->lower);
    fw_records_real(records, names[2], spread->upper);
    fw_records_real(records, names[3], spread->std);
}

static void add_names(const struct validation *v, const struct validation_test *test,
                      struct fw_records *records)
{
    const struct validation_numbers *numbers = &test->numbers;
    char text[VALIDATION_PAIR_TEXT];

    fw_records_text(records, "comparison", validation_pair_text(v, test->pair, text, sizeof text));
    fw_records_text(records, "tier_a", v->pairs[test->pair].tiers[0]);
    fw_records_text(records, "tier_b", v->pairs[test->pair].tiers[1]);
    fw_records_text(records, "budget", test->cell.budget);
    fw_records_int(records, "horizon", test->cell.horizon);
    fw_records_text(records, "split", test->split);
    fw_records_text(records, "metric", v->settings.metric_name);
    fw_records_text(records, "status", validation_status_name(numbers->status));
    fw_records_int(records, "n", (int64_t)numbers->n);
    fw_records_int(records, "n_positive", (int64_t)numbers->n_ones);
    fw_records_int(records, "rows_only_a", (int64_t)numbers->only[0]);
    fw_records_int(records, "rows_only_b", (int64_t)numbers->only[1]);
}

static void add_bootstrap(const struct validation_test *test, struct fw_records *records)
{
    static const char *const a[] = {"a_mean", "a_lower", "a_upper", "a_std"};
    static const char *const b[] = {"b_mean", "b_lower", "b_upper", "b_std"};
    static const char *const difference[] = {"difference_mean", "difference_lower",
                                             "difference_upper", "difference_std"};
    const struct validation_numbers *numbers = &test->numbers;
    const struct fw_bootstrap_summary *bootstrap = &numbers->bootstrap;
    double point = numbers->point[0] - numbers->point[1];

    fw_records_real(records, "a", numbers->point[0]);
    add_spread(records, a, &bootstrap->a);
    fw_records_real(records, "b", numbers->point[1]);
    add_spread(records, b, &bootstrap->b);
    fw_records_real(records, "difference", point);
    add_spread(records, difference, &bootstrap->difference);
    fw_records_real(records, "bias", bootstrap->difference.mean - point);
    fw_records_real(records, "effect_size", point / bootstrap->difference.std);
    fw_records_real(records, "detectable", test->judged.detectable);
    fw_records_text(records, "bootstrap", resample_name(numbers->kind));
    fw_records_int(records, "block_rows", (int64_t)numbers->block);
    fw_records_int(records, "replicates", (int64_t)bootstrap->valid);
    fw_records_int(records, "replicates_skipped", (int64_t)bootstrap->skipped);
}

static void add_judged(const struct validation_test *test, struct fw_records *records)
{
    const struct fw_delong *delong = &test->numbers.delong;
    const double *adjusted = test->judged.adjusted;

    fw_records_real(records, "p", test->numbers.bootstrap.p);
    fw_records_real(records, "p_holm", adjusted[VALIDATION_HOLM_ALL]);
    fw_records_real(records, "p_holm_pair", adjusted[VALIDATION_HOLM_PAIR]);
    fw_records_real(records, "p_bh", adjusted[VALIDATION_BH_ALL]);
    fw_records_real(records, "p_bh_pair", adjusted[VALIDATION_BH_PAIR]);
    fw_records_real(records, "delong_std", delong->standard_error);
    fw_records_real(records, "delong_z", delong->z);
    fw_records_real(records, "delong_p", delong->p);
    fw_records_real(records, "delong_p_holm", adjusted[VALIDATION_DELONG_HOLM_ALL]);
    fw_records_real(records, "delong_p_holm_pair", adjusted[VALIDATION_DELONG_HOLM_PAIR]);
    fw_records_bool(records, "significant", test->judged.is_significant);
    fw_records_text(records, "verdict", test->judged.verdict);
}

static void add_tests(const struct validation *v, struct fw_records *records)
{
    for (size_t i = 0; i < v->n_tests; i++) {
        fw_records_begin(records);
        add_names(v, &v->tests[i], records);
        add_bootstrap(&v->tests[i], records);
        add_judged(&v->tests[i], records);
        fw_records_end(records);
    }
}

static fw_status add_replication(const struct validation *v, size_t pair,
                                 struct fw_records *records)
{
    struct fw_consistency consistency = {.rate = NAN};
    fw_status status = FW_OK;

    if (v->settings.replicate_on != NULL) {
        status = validation_consistency(v, pair, &consistency);
    }
    fw_records_text(records, "replicate_on", v->settings.replicate_on);
    fw_records_int(records, "consistent", (int64_t)consistency.consistent);
    fw_records_int(records, "comparable", (int64_t)consistency.total);
    fw_records_real(records, "consistency", consistency.rate);
    fw_records_text(records, "replication", validation_replication_name(consistency.verdict));
    return status;
}

static fw_status add_pair(const struct validation *v, size_t pair, struct fw_records *records)
{
    struct validation_verdict verdict;
    struct fw_text sentence = {0};
    char text[VALIDATION_PAIR_TEXT];
    bool is_one = pair != SIZE_MAX;

    validation_verdict_of(v, pair, false, &verdict);
    validation_sentence(v, pair, &sentence);
    fw_records_begin(records);
    fw_records_text(records, "comparison",
                    is_one ? validation_pair_text(v, pair, text, sizeof text) : "all");
    fw_records_text(records, "split", v->settings.split);
    fw_records_int(records, "cells", (int64_t)verdict.n);
    fw_records_int(records, "untested", (int64_t)verdict.untested);
    fw_records_int(records, "family", (int64_t)verdict.family);
    fw_records_int(records, "effects_for_a", (int64_t)verdict.better);
    fw_records_int(records, "effects_for_b", (int64_t)verdict.worse);
    fw_records_int(records, "nulls", (int64_t)verdict.nulls);
    fw_records_int(records, "inconclusive", (int64_t)verdict.open);
    fw_records_real(records, "least_detectable", verdict.least_detectable);
    fw_records_real(records, "most_detectable", verdict.most_detectable);
    fw_records_text(records, "verdict", verdict.verdict);
    fw_status status = add_replication(v, pair, records);
    fw_records_text(records, "sentence", fw_text_get(&sentence));
    records->failed = records->failed || sentence.failed;
    fw_records_end(records);
    fw_text_finish(&sentence);
    return status;
}

static void add_config(const struct validation *v, struct fw_report *report)
{
    const struct validation_settings *settings = &v->settings;
    struct fw_report config = {0};

    fw_report_text(&config, "split", settings->split);
    fw_report_text(&config, "replicate_on", settings->replicate_on);
    fw_report_text(&config, "metric", settings->metric_name);
    fw_report_text(&config, "bootstrap", fw_task_text(v->task, "bootstrap"));
    fw_report_int(&config, "block_rows", settings->block_rows);
    fw_report_int(&config, "n_bootstrap", (int64_t)settings->n_replicates);
    fw_report_real(&config, "alpha", settings->alpha);
    fw_report_real(&config, "power", settings->power);
    fw_report_real(&config, "margin", settings->margin);
    fw_report_text(&config, "family", settings->family_is_pair ? "pair" : "all");
    fw_report_int(&config, "seed", (int64_t)settings->seed);
    fw_report_text(&config, "generator", "philox4x64-10");
    fw_report_text(&config, "compat", settings->is_reference ? "ref" : "fixed");
    report->failed = report->failed || config.failed;
    fw_report_add(report, "config", config.facts);
}

static fw_status write_json(const struct validation *v, const struct fw_records *tests,
                            const struct fw_records *pairs)
{
    struct fw_report report = {0};
    struct validation_verdict all;
    struct fw_text sentence = {0};

    validation_verdict_of(v, SIZE_MAX, false, &all);
    validation_sentence(v, SIZE_MAX, &sentence);
    if (v->settings.source[0] != '\0') {
        fw_report_text(&report, "source", v->settings.source);
    }
    fw_report_text(&report, "verdict", all.verdict);
    fw_report_text(&report, "sentence", fw_text_get(&sentence));
    fw_report_add(&report, "comparisons", fw_records_list(tests));
    fw_report_add(&report, "pairs", fw_records_list(pairs));
    fw_report_add(&report, "unmatched_experiments", cJSON_Duplicate(v->unmatched, true));
    add_config(v, &report);
    report.failed = report.failed || sentence.failed;
    fw_status status =
        fw_report_write_facts(&report, v->host, fw_task_output(v->task, "report")->path, NULL);
    if (status == FW_OK) {
        struct fw_report fields = {0};
        fw_report_text(&fields, "verdict", all.verdict);
        fw_report_text(&fields, "sentence", fw_text_get(&sentence));
        status = fw_report_fields(&fields, v->host);
        fw_report_finish(&fields);
    }
    fw_text_finish(&sentence);
    fw_report_finish(&report);
    return status;
}

static fw_status say(const struct validation *v)
{
    const struct fw_log *log = v->host->service(v->host, FW_LOG_ID);
    const struct fw_artifact *artifact = v->host->service(v->host, FW_ARTIFACT_ID);

    for (size_t pair = 0; pair < v->n_pairs; pair++) {
        struct fw_text sentence = {0};
        validation_sentence(v, pair, &sentence);
        log->write(v->host, FW_LOG_INFO, fw_text_get(&sentence));
        fw_text_finish(&sentence);
    }
    return artifact->rows(v->host, "table", v->n_tests);
}

fw_status validation_write(struct validation *v)
{
    struct fw_records tests = {0}, pairs = {0};
    fw_status status = FW_OK;

    add_tests(v, &tests);
    for (size_t pair = 0; pair < v->n_pairs && status == FW_OK; pair++) {
        status = add_pair(v, pair, &pairs);
    }
    if (status == FW_OK && v->n_pairs > 1) {
        status = add_pair(v, SIZE_MAX, &pairs);
    }
    if (status == FW_OK) {
        status = write_json(v, &tests, &pairs);
    }
    if (status == FW_OK) {
        status = fw_records_write(&tests, &v->sql, fw_task_output(v->task, "table")->path);
    }
    if (status == FW_OK) {
        status = validation_page_write(v, fw_task_output(v->task, "markdown")->path);
    }
    fw_records_finish(&tests);
    fw_records_finish(&pairs);
    return status == FW_OK ? say(v) : status;
}
