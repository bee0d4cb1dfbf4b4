/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "report/report.h"
#include "sql/fault.h"

static void add_pair(cJSON *to, const char *prefix, const double values[2])
{
    static const char *const of[] = {"amplitude", "phase"};
    for (int k = 0; k < 2; k++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefix, of[k]);
        cJSON_AddNumberToObject(to, name, values[k]);
    }
}

static cJSON *jobs_of(const struct compare_report *it)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < it->n_jobs; i++) {
        cJSON *job = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(job, "metrics");
        cJSON_AddStringToObject(job, "name", it->jobs[i].name);
        if (it->jobs[i].view != NULL) {
            cJSON_AddNumberToObject(job, "dose", (double)it->jobs[i].dose);
            cJSON_AddStringToObject(job, "view", it->jobs[i].view);
            cJSON_AddStringToObject(job, "split", it->jobs[i].split);
        }
        for (size_t k = 0; k < it->jobs[i].n; k++) {
            const struct report_row *from = &it->jobs[i].rows[k];
            const double cells[] = {from->amplitude, from->phase, from->value};
            static const char *const names[] = {"amplitude", "phase", "value"};
            cJSON *row = cJSON_CreateObject();
            cJSON_AddStringToObject(row, "model", from->model);
            cJSON_AddStringToObject(row, "metric", from->metric);
            for (int c = 0; c < 3; c++) {
                if (!isnan(cells[c])) {
                    cJSON_AddNumberToObject(row, names[c], cells[c]);
                }
            }
            cJSON_AddItemToArray(rows, row);
        }
        cJSON_AddItemToArray(list, job);
    }
    return list;
}

static cJSON *means_of(const struct compare_report *it)
{
    cJSON *models = cJSON_CreateObject();
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *mean = &it->summary.items[i];
        cJSON *model = cJSON_AddObjectToObject(models, mean->model);
        cJSON *similarity = cJSON_AddObjectToObject(model, "ms_ssim");
        add_pair(similarity, "mean_", mean->ms_ssim);
        add_pair(similarity, "best_", mean->best_ms_ssim);
        add_pair(cJSON_AddObjectToObject(model, "mae"), "mean_", mean->mae);
    }
    return models;
}

static cJSON *deltas_of(const struct compare_report *it)
{
    cJSON *deltas = cJSON_CreateObject();
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *other = &it->summary.items[i];
        char name[128];
        double difference[2];
        if (other == it->reference) {
            continue;
        }
        snprintf(name, sizeof name, "vs_%s", other->model);
        cJSON *item = cJSON_AddObjectToObject(deltas, name);
        report_differ(it->reference->ms_ssim, other->ms_ssim, difference);
        add_pair(cJSON_AddObjectToObject(item, "ms_ssim"), "", difference);
        report_differ(it->reference->mae, other->mae, difference);
        add_pair(cJSON_AddObjectToObject(item, "mae"), "", difference);
    }
    return deltas;
}

fw_status report_write_summary(const struct compare_report *it)
{
    struct fw_report report = {.title = "Comparisons"};
    fw_report_int(&report, "n_jobs", (int64_t)it->n_jobs);
    fw_report_int(&report, "n_success", (int64_t)it->n_jobs); /* it is not made without them all */
    fw_report_int(&report, "n_failed", 0);
    fw_report_add(&report, "aggregate_metrics", means_of(it));
    fw_report_add(&report, "jobs", jobs_of(it));
    fw_status status =
        fw_report_write_facts(&report, it->host, fw_task_output(it->task, "summary")->path, NULL);
    fw_report_finish(&report);
    return status;
}

fw_status report_write_deltas(const struct compare_report *it)
{
    const struct fw_output *output = fw_task_output(it->task, "deltas");
    struct fw_report report = {.title = "Differences"};
    if (output == NULL) {
        return FW_OK;
    }
    fw_report_text(&report, "reference", it->reference->model);
    fw_report_text(&report, "source_metrics", "metrics_summary.json");
    fw_report_add(&report, "deltas", deltas_of(it));
    fw_status status = fw_report_write_facts(&report, it->host, output->path, NULL);
    fw_report_finish(&report);
    return status;
}
