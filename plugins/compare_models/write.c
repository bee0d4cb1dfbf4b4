/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "file/file.h"
#include "report/report.h"
#include "sql/fault.h"
#include "sql/text.h"

static const char *name_of(const struct compare *compare, size_t arm)
{
    return compare->arms.items[arm].name;
}

/* --- result.json --- */

static void add_arms(const struct compare *compare, struct fw_report *report)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < compare->arms.n; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", name_of(compare, i));
        cJSON_AddStringToObject(item, "kind", compare->arms.items[i].kind);
        cJSON_AddBoolToObject(item, "logits", compare->arms.items[i].logits);
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "arms", list);
}

static void add_metrics(const struct compare *compare, const struct compare_findings *findings,
                        struct fw_report *report)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < findings->n; i++) {
        const struct compare_finding *finding = &findings->items[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "arm", name_of(compare, finding->arm));
        cJSON_AddStringToObject(item, "metric", finding->metric);
        cJSON_AddNumberToObject(item, "value", finding->value);
        cJSON_AddNumberToObject(item, "lower", finding->lower);
        cJSON_AddNumberToObject(item, "upper", finding->upper);
        if (finding->skipped > 0) {
            cJSON_AddNumberToObject(item, "skipped", (double)finding->skipped);
        }
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "metrics", list);
}

/* Each class by itself, of more than two. */
static void add_classes(const struct compare *compare, const struct compare_findings *findings,
                        struct fw_report *report)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < findings->n_classes; i++) {
        const struct compare_class *found = &findings->classes[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "arm", name_of(compare, found->arm));
        cJSON_AddNumberToObject(item, "class", found->class);
        cJSON_AddNumberToObject(item, "samples", found->n);
        cJSON_AddNumberToObject(item, "auc", found->value);
        cJSON_AddNumberToObject(item, "lower", found->lower);
        cJSON_AddNumberToObject(item, "upper", found->upper);
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    if (findings->n_classes > 0) {
        fw_report_add(report, "class_auc", list);
    } else {
        cJSON_Delete(list);
    }
}

static void add_labels(const struct compare *compare, struct fw_report *report)
{
    const struct compare_set *set = &compare->set;
    if (set->labels != NULL) {
        fw_report_add(report, "labels", cJSON_CreateStringArray(set->labels, (int)set->n_labels));
    }
}

static void add_pairs(const struct compare *compare, const struct compare_findings *findings,
                      struct fw_report *report)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < findings->n_pairs; i++) {
        const struct compare_difference *pair = &findings->pairs[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "a", name_of(compare, pair->a));
        cJSON_AddStringToObject(item, "b", name_of(compare, pair->b));
        cJSON_AddStringToObject(item, "metric", pair->metric);
        cJSON_AddStringToObject(item, "method", pair->method);
        cJSON_AddNumberToObject(item, "difference", pair->difference);
        cJSON_AddNumberToObject(item, "lower", pair->lower);
        cJSON_AddNumberToObject(item, "upper", pair->upper);
        cJSON_AddNumberToObject(item, "p", pair->p);
        cJSON_AddNumberToObject(item, "p_holm", pair->p_holm);
        cJSON_AddStringToObject(item, "better",
                                strcmp(pair->verdict, "open") == 0
                                    ? ""
                                    : name_of(compare, *pair->verdict == 'a' ? pair->a : pair->b));
        report->failed = report->failed || !cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "pairs", list);
}

static void add_settings(const struct compare *compare, struct fw_report *report)
{
    const struct compare_scores *scores = &compare->scores;
    fw_report_text(report, "task", fw_task_text(compare->task, "task"));
    fw_report_text(report, "source", fw_task_text(compare->task, "source"));
    fw_report_int(report, "samples", (int64_t)scores->n);
    if (scores->task == COMPARE_CLASSIFICATION) {
        fw_report_int(report, "classes", (int64_t)scores->n_classes);
        add_labels(compare, report);
    }
    fw_report_int(report, "replicates", (int64_t)compare->intervals.n_replicates);
    fw_report_real(report, "alpha", compare->intervals.alpha);
    add_arms(compare, report);
}

/* --- tables --- */

static fw_status write_text(const struct compare *compare, const char *port,
                            const struct fw_text *text)
{
    const struct fw_output *output = fw_task_output(compare->task, port);
    if (output == NULL) {
        return FW_OK;
    }
    return text->failed ? fw_fault_nomem(compare->host)
                        : fw_file_write(compare->host, output->path, text->data, text->size);
}

static fw_status write_metrics(const struct compare *compare,
                               const struct compare_findings *findings)
{
    struct fw_text text = {0};
    fw_text_append(&text, "model,metric,value,lower,upper\n");
    for (size_t i = 0; i < findings->n; i++) {
        const struct compare_finding *f = &findings->items[i];
        fw_text_appendf(&text, "%s,%s,%.6f,%.6f,%.6f\n", name_of(compare, f->arm), f->metric,
                        f->value, f->lower, f->upper);
    }
    fw_status status = write_text(compare, "metrics", &text);
    fw_text_finish(&text);
    return status;
}

static fw_status write_pairs(const struct compare *compare, const struct compare_findings *findings)
{
    struct fw_text text = {0};
    fw_text_append(&text, "a,b,metric,method,difference,lower,upper,p,p_holm\n");
    for (size_t i = 0; i < findings->n_pairs; i++) {
        const struct compare_difference *d = &findings->pairs[i];
        fw_text_appendf(&text, "%s,%s,%s,%s,%.6f,%.6f,%.6f,%.6g,%.6g\n", name_of(compare, d->a),
                        name_of(compare, d->b), d->metric, d->method, d->difference, d->lower,
                        d->upper, d->p, d->p_holm);
    }
    fw_status status = write_text(compare, "pairs", &text);
    fw_text_finish(&text);
    return status;
}

static fw_status write_page(const struct compare *compare, const struct compare_findings *findings)
{
    struct fw_text text = {0};
    compare_page(compare, findings, &text);
    fw_status status = write_text(compare, "markdown", &text);
    fw_text_finish(&text);
    return status;
}

static fw_status write_plot(const struct compare *compare, const struct compare_findings *findings)
{
    struct fw_text text = {0};
    compare_plot(compare, findings, &text);
    fw_status status = write_text(compare, "plot", &text);
    fw_text_finish(&text);
    return status;
}

/* --- together --- */

static fw_status write_blocked(const struct compare *compare)
{
    const struct fw_output *blocked = fw_task_output(compare->task, "blocked");
    return blocked == NULL || compare->trip.reason == NULL
               ? FW_OK
               : compare_trip_note(&compare->trip, compare->host, blocked->path);
}

static fw_status write_tables(const struct compare *compare,
                              const struct compare_findings *findings)
{
    fw_status status = write_page(compare, findings);
    if (status == FW_OK && compare->trip.reason == NULL) {
        status = write_metrics(compare, findings);
    }
    if (status == FW_OK && compare->trip.reason == NULL) {
        status = write_pairs(compare, findings);
    }
    if (status == FW_OK && compare->trip.reason == NULL) {
        status = write_plot(compare, findings);
    }
    return status == FW_OK ? write_blocked(compare) : status;
}

static fw_status write_result(const struct compare *compare,
                              const struct compare_findings *findings)
{
    struct fw_report report = {.title = "Models compared"};
    char figures[128];
    add_settings(compare, &report);
    if (compare->trip.reason == NULL) {
        add_metrics(compare, findings, &report);
        add_pairs(compare, findings, &report);
        add_classes(compare, findings, &report);
    } else {
        fw_report_fail(&report, "%s: %s", compare->trip.reason, compare->trip.text);
    }
    snprintf(figures, sizeof figures, "%zu models answered for all %llu samples", compare->arms.n,
             (unsigned long long)compare->scores.n);
    fw_status status = fw_report_write(&report, compare->host,
                                       fw_task_output(compare->task, "result")->path, NULL);
    if (status == FW_OK) {
        status = fw_report_verdict(&report, compare->host, "answers", figures);
    }
    fw_report_finish(&report);
    return status;
}

fw_status compare_write(struct compare *compare)
{
    struct compare_findings findings = {0};
    fw_status status = compare->trip.reason != NULL
                           ? FW_OK
                           : compare_findings_make(&compare->intervals, &findings);
    if (status == FW_E_NOMEM) {
        status = fw_fault_nomem(compare->host);
    }
    if (status == FW_OK) {
        status = write_tables(compare, &findings);
    }
    if (status == FW_OK) {
        status = write_result(compare, &findings);
    }
    compare_findings_finish(&findings);
    return status;
}
