/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>

#include "file/file.h"
#include "report/report.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "summary.h"

struct compare_report {
    const struct fw_host *host;
    const struct fw_task *task;
    struct report_job *jobs;
    size_t n_jobs;
    struct report_summary summary;
    const struct report_mean *reference;
};

static void destroy(void *self)
{
    struct compare_report *it = self;
    report_summary_finish(&it->summary);
    for (size_t i = 0; i < it->n_jobs; i++) {
        report_job_finish(&it->jobs[i]);
    }
    free(it->jobs);
    free(it);
}

static fw_status name_jobs(struct compare_report *it)
{
    const struct fw_value *names = fw_task_value(it->task, "jobs");
    const struct fw_input *metrics = fw_task_input(it->task, "metrics");
    if (names->n == 0 || names->n != metrics->n_paths) {
        return fw_faultf(it->host, FW_E_CONFIG, "jobs",
                         "name one job for each file, in their order",
                         "there are %llu jobs and %llu files of metrics",
                         (unsigned long long)names->n, (unsigned long long)metrics->n_paths);
    }
    it->jobs = calloc(names->n, sizeof *it->jobs);
    if (it->jobs == NULL) {
        return fw_fault_nomem(it->host);
    }
    for (it->n_jobs = 0; it->n_jobs < names->n; it->n_jobs++) {
        for (size_t i = 0; i < it->n_jobs; i++) {
            if (strcmp(it->jobs[i].name, names->texts[it->n_jobs]) == 0) {
                return fw_faultf(it->host, FW_E_CONFIG, "jobs", NULL, "two jobs are called %s",
                                 it->jobs[i].name);
            }
        }
        it->jobs[it->n_jobs].name = names->texts[it->n_jobs];
        it->jobs[it->n_jobs].path = metrics->paths[it->n_jobs];
    }
    return FW_OK;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct compare_report *it = calloc(1, sizeof *it);
    if (it == NULL) {
        return fw_fault_nomem(host);
    }
    it->host = host;
    it->task = task;
    fw_status status = name_jobs(it);
    if (status != FW_OK) {
        destroy(it);
        return status;
    }
    *ret_self = it;
    return FW_OK;
}

static fw_status find_reference(struct compare_report *it)
{
    const char *wanted = fw_task_text(it->task, "reference");
    for (size_t i = 0; i < it->summary.n; i++) {
        if (strcmp(it->summary.items[i].model, wanted) == 0) {
            it->reference = &it->summary.items[i];
            return FW_OK;
        }
    }
    return FW_FAIL(it->host, FW_E_CONFIG,
                   .what = "no job has the model that others are compared to", .where = "reference",
                   .value = wanted,
                   .expected = it->summary.n > 0 ? it->summary.items[0].model : "a model of a job");
}

/* --- documents --- */

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

static void differ(const double a[2], const double b[2], double ret[2])
{
    ret[0] = a[0] - b[0];
    ret[1] = a[1] - b[1];
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
        differ(it->reference->ms_ssim, other->ms_ssim, difference);
        add_pair(cJSON_AddObjectToObject(item, "ms_ssim"), "", difference);
        differ(it->reference->mae, other->mae, difference);
        add_pair(cJSON_AddObjectToObject(item, "mae"), "", difference);
    }
    return deltas;
}

static fw_status write_summary(const struct compare_report *it)
{
    struct fw_report report = {.title = "Comparisons"};
    fw_report_int(&report, "n_jobs", (int64_t)it->n_jobs);
    fw_report_add(&report, "aggregate_metrics", means_of(it));
    fw_report_add(&report, "jobs", jobs_of(it));
    fw_status status =
        fw_report_write_facts(&report, it->host, fw_task_output(it->task, "summary")->path, NULL);
    fw_report_finish(&report);
    return status;
}

static fw_status write_deltas(const struct compare_report *it)
{
    const struct fw_output *output = fw_task_output(it->task, "deltas");
    struct fw_report report = {.title = "Differences"};
    if (output == NULL) {
        return FW_OK;
    }
    fw_report_text(&report, "reference", it->reference->model);
    fw_report_add(&report, "deltas", deltas_of(it));
    fw_status status = fw_report_write_facts(&report, it->host, output->path, NULL);
    fw_report_finish(&report);
    return status;
}

/* "MS-SSIM Δ (A - B)  : amplitude +0.020  phase +0.020", the colons below each other. */
static void append_line(const struct compare_report *it, const struct report_mean *other,
                        bool is_mae, struct fw_text *text)
{
    enum { BEFORE_COLON = 36 }; /* bytes, of which the Δ has two */
    char start[256];
    double d[2];
    differ(is_mae ? it->reference->mae : it->reference->ms_ssim,
           is_mae ? other->mae : other->ms_ssim, d);
    snprintf(start, sizeof start, "%s Δ (%s - %s)", is_mae ? "MAE" : "MS-SSIM",
             it->reference->model, other->model);
    fw_text_appendf(text,
                    is_mae ? "%-*s: amplitude %+.6f  phase %+.6f\n"
                           : "%-*s: amplitude %+.3f  phase %+.3f\n",
                    BEFORE_COLON, start, d[0], d[1]);
}

static void append_highlights(const struct compare_report *it, struct fw_text *text)
{
    for (int is_mae = 0; is_mae < 2; is_mae++) {
        for (size_t i = 0; i < it->summary.n; i++) {
            if (&it->summary.items[i] != it->reference) {
                append_line(it, &it->summary.items[i], is_mae == 1, text);
            }
        }
    }
}

static void append_page(const struct compare_report *it, struct fw_text *text)
{
    fw_text_appendf(text,
                    "# Comparisons\n\n%zu jobs.\n\n| model | MS-SSIM amplitude | phase | best "
                    "| phase | MAE amplitude | phase |\n|---|---:|---:|---:|---:|---:|---:|\n",
                    it->n_jobs);
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *m = &it->summary.items[i];
        fw_text_appendf(text, "| %s | %.3f | %.3f | %.3f | %.3f | %.6f | %.6f |\n", m->model,
                        m->ms_ssim[0], m->ms_ssim[1], m->best_ms_ssim[0], m->best_ms_ssim[1],
                        m->mae[0], m->mae[1]);
    }
    fw_text_append(text, "\n```\n");
    append_highlights(it, text);
    fw_text_append(text, "```\n\n| job | model | MS-SSIM amplitude | phase | MAE amplitude | phase "
                         "|\n|---|---|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < it->n_jobs; i++) {
        for (size_t k = 0; k < it->summary.n; k++) {
            const char *model = it->summary.items[k].model; /* every job has them all */
            const struct report_row *s = report_job_find(&it->jobs[i], model, "ms_ssim");
            const struct report_row *e = report_job_find(&it->jobs[i], model, "mae");
            fw_text_appendf(text, "| %s | %s | %.4f | %.4f | %.6f | %.6f |\n", it->jobs[i].name,
                            model, s->amplitude, s->phase, e->amplitude, e->phase);
        }
    }
}

static fw_status write_text(const struct compare_report *it, const char *port,
                            void (*append)(const struct compare_report *, struct fw_text *))
{
    const struct fw_output *output = fw_task_output(it->task, port);
    struct fw_text text = {0};
    if (output == NULL) {
        return FW_OK;
    }
    append(it, &text);
    fw_status status = text.failed
                           ? fw_fault_nomem(it->host)
                           : fw_file_write(it->host, output->path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct compare_report *it = self;
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < it->n_jobs; i++) {
        status = report_job_read(it->host, &it->jobs[i]);
        ret->items += it->jobs[i].n;
    }
    if (status == FW_OK) {
        status = report_summary_make(it->host, it->jobs, it->n_jobs, &it->summary);
    }
    if (status == FW_OK) {
        status = find_reference(it);
    }
    if (status == FW_OK) {
        status = write_summary(it);
    }
    if (status == FW_OK) {
        status = write_deltas(it);
    }
    if (status == FW_OK) {
        status = write_text(it, "highlights", append_highlights);
    }
    if (status == FW_OK) {
        status = write_text(it, "markdown", append_page);
    }
    ret->done = ret->total = it->n_jobs;
    ret->unit = "jobs";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY, .name = "metrics",
            .doc = "a comparison_metrics.csv of each job"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "summary", .file = "metrics_summary.json",
            .doc = "jobs, and means over them for each model"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "markdown",
            .file = "metrics_summary.md", .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "deltas",
            .file = "metrics_delta_summary.json", .doc = "the reference less each other model"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "highlights",
            .file = "metrics_delta_highlights.txt", .doc = "the same, a line each"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "jobs",
             .doc = "a name for each file, in their order, as dose/view/split"),
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_REQUIRED, .name = "reference",
             .doc = "the model that others are subtracted from"),
};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "compare_report",
    .doc = "Comparisons put together: means over jobs, and differences between models",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .create = create,
    .step = step,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&stage};

FW_PLUGIN("org.fwrun.compare_report", "0.1.0", "MIT", .doc = "Comparisons put together",
          .stages = stages, .n_stages = FW_COUNT(stages));
