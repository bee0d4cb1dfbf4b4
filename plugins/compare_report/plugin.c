/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>

#include "file/file.h"
#include "report.h"
#include "sql/fault.h"

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
    return report_jobs_sort(it->jobs, it->n_jobs) ? FW_OK : fw_fault_nomem(it->host);
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

static fw_status check_models(const struct compare_report *it)
{
    const struct fw_value *wanted = fw_task_value(it->task, "models");
    for (uint64_t i = 0; i < wanted->n; i++) {
        bool is_there = false;
        for (size_t k = 0; k < it->summary.n; k++) {
            is_there = is_there || strcmp(it->summary.items[k].model, wanted->texts[i]) == 0;
        }
        if (!is_there) {
            return FW_FAIL(it->host, FW_E_DATA,
                           .what = "no job has this model, which must be there", .where = "models",
                           .value = wanted->texts[i],
                           .expected = "an arm of that name in every job");
        }
    }
    return FW_OK;
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

static const struct {
    const char *port;
    void (*append)(const struct compare_report *, struct fw_text *);
} texts[] = {
    {"markdown", report_append_page},   {"highlights", report_append_highlights},
    {"preview", report_append_preview}, {"aggregate", report_append_aggregate},
    {"digest", report_append_digest},   {"grid", report_append_grid},
};

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
        status = check_models(it);
    }
    if (status == FW_OK) {
        status = report_write_summary(it);
    }
    if (status == FW_OK) {
        status = report_write_deltas(it);
    }
    for (size_t i = 0; status == FW_OK && i < FW_COUNT(texts); i++) {
        status = write_text(it, texts[i].port, texts[i].append);
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
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "preview",
            .file = REPORT_PREVIEW, .doc = "the same of phases alone"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "aggregate",
            .file = "aggregate_report.md", .doc = "means, differences, and which means are low"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "digest",
            .file = "metrics_digest.md", .doc = "jobs, highlights and differences on one page"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "grid",
            .file = "ssim_grid_summary.md", .doc = "tables of phases"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "jobs",
             .doc =
                 "a name for each file, in their order; dose_D/VIEW/SPLIT are put in that order"),
    FW_PARAM(.type = FW_PARAM_STRING, .flags = FW_PARAM_REQUIRED, .name = "reference",
             .doc = "the model that others are subtracted from"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "models", .default_value = "",
             .doc = "models that must be there"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "ms_ssim_threshold", .default_value = "0.8",
             .min = "-1", .max = "1", .doc = "means below are called low"),
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
