/* SPDX-License-Identifier: MIT */
#include <math.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "callbacks.h"
#include "report/json.h"
#include "report/records.h"
#include "report/report.h"

static void add_table(const struct callbacks *c, struct fw_records *records)
{
    char room[CALLBACKS_NAME];

    for (size_t i = 0; i < c->n_runs; i++) {
        const struct callbacks_numbers *numbers = &c->runs[i].numbers;
        for (int m = 0; m < CALLBACKS_METRICS; m++) {
            enum callbacks_metric metric = (enum callbacks_metric)m;
            enum callbacks_analysis analysis = callbacks_metric_analysis(metric);
            if (!c->wanted[analysis]) {
                continue;
            }
            fw_records_begin(records);
            fw_records_text(records, "run", c->runs[i].name);
            fw_records_text(records, "analysis", callbacks_analysis_name(analysis));
            fw_records_text(records, "metric", callbacks_metric_name(c, metric, room));
            fw_records_real(records, "value", numbers->values[m]);
            fw_records_text(records, "unit", callbacks_metric_unit(metric));
            fw_records_text(records, "absent",
                            callbacks_reason_text((enum callbacks_reason)numbers->reasons[m]));
            fw_records_end(records);
        }
    }
}

static cJSON *metrics_of(const struct callbacks *c, const struct callbacks_numbers *numbers,
                         struct fw_report *ret_absent)
{
    struct fw_report metrics = {0};
    char room[CALLBACKS_NAME];

    for (int m = 0; m < CALLBACKS_METRICS; m++) {
        enum callbacks_metric metric = (enum callbacks_metric)m;
        const char *name = callbacks_metric_name(c, metric, room);
        if (!c->wanted[callbacks_metric_analysis(metric)]) {
            continue;
        }
        fw_report_real(&metrics, name, numbers->values[m]);
        if (numbers->reasons[m] != CALLBACKS_THERE) {
            fw_report_text(ret_absent, name,
                           callbacks_reason_text((enum callbacks_reason)numbers->reasons[m]));
        }
    }
    ret_absent->failed = ret_absent->failed || metrics.failed;
    return metrics.facts;
}

static cJSON *columns_of(const struct callbacks_numbers *numbers, struct fw_report *report)
{
    struct fw_report columns = {0};

    for (int role = 0; role < CALLBACKS_ROLES; role++) {
        const char *name = numbers->columns[role];
        fw_report_text(&columns, callbacks_role_parameter((enum callbacks_role)role),
                       name[0] != '\0' ? name : NULL);
    }
    report->failed = report->failed || columns.failed;
    return columns.facts;
}

static cJSON *run_of(const struct callbacks *c, const struct callbacks_run *run,
                     struct fw_report *report)
{
    const struct callbacks_numbers *numbers = &run->numbers;
    struct fw_report facts = {0}, absent = {0};

    fw_report_text(&facts, "run", run->name);
    fw_report_int(&facts, "records", (int64_t)numbers->n_records);
    fw_report_int(&facts, "losses", (int64_t)numbers->n_losses);
    fw_report_int(&facts, "nonfinite_losses", (int64_t)numbers->n_bad);
    fw_report_real(&facts, "last_step", numbers->steps_end);
    fw_report_real(&facts, "lost_at_step", numbers->stopped_at);
    fw_report_add(&facts, "columns", columns_of(numbers, &facts));
    fw_report_add(&facts, "metrics", metrics_of(c, numbers, &absent));
    if (absent.facts != NULL) {
        fw_report_add(&facts, "absent", absent.facts);
    }
    report->failed = report->failed || facts.failed || absent.failed;
    return facts.facts;
}

static fw_status write_json(const struct callbacks *c)
{
    struct fw_report report = {0};
    const char *source = fw_task_value(c->task, "source")->text;
    cJSON *runs = cJSON_CreateArray();

    for (size_t i = 0; i < c->n_runs; i++) {
        cJSON *run = run_of(c, &c->runs[i], &report);
        if (run == NULL || runs == NULL || !cJSON_AddItemToArray(runs, run)) {
            cJSON_Delete(run);
            report.failed = true;
        }
    }
    fw_report_text(&report, "source", source[0] != '\0' ? source : NULL);
    fw_report_text(&report, "data_digest", fw_task_input(c->task, "runs")->digest);
    fw_report_int(&report, "window_start", c->window[0]);
    fw_report_int(&report, "window_end", c->window[1]);
    fw_report_add(&report, "runs", runs);
    fw_report_text(&report, "curvature", "needs the model: a recorded run does not have it");
    fw_status status =
        fw_report_write_facts(&report, c->host, fw_task_output(c->task, "report")->path, NULL);
    fw_report_finish(&report);
    return status;
}

static void warn(const struct callbacks *c)
{
    const struct fw_log *log = c->host->service(c->host, FW_LOG_ID);

    for (size_t i = 0; i < c->n_runs; i++) {
        const struct callbacks_numbers *numbers = &c->runs[i].numbers;
        struct fw_text text = {0};
        if (numbers->n_bad == 0) {
            continue;
        }
        fw_text_appendf(&text, "%s: nan loss: %llu losses are not finite", c->runs[i].name,
                        (unsigned long long)numbers->n_bad);
        if (isnan(numbers->stopped_at)) {
            fw_text_append(&text, " and count for nothing");
        } else {
            fw_text_appendf(&text,
                            ", three in a row from step %.17g on: the run is analysed up to there",
                            numbers->stopped_at);
        }
        log->write(c->host, FW_LOG_WARNING, fw_text_get(&text));
        fw_text_finish(&text);
    }
}

fw_status callbacks_write(struct callbacks *c)
{
    const struct fw_artifact *artifact = c->host->service(c->host, FW_ARTIFACT_ID);
    const struct fw_output *plots = fw_task_output(c->task, "plots");
    struct fw_records table = {0};

    warn(c);
    add_table(c, &table);
    fw_status status = fw_records_write(&table, &c->sql, fw_task_output(c->task, "table")->path);
    if (status == FW_OK) {
        status = write_json(c);
    }
    if (status == FW_OK) {
        status = callbacks_page_write(c, fw_task_output(c->task, "markdown")->path);
    }
    if (status == FW_OK && plots != NULL) {
        status = callbacks_plots_write(c, plots->path);
    }
    if (status == FW_OK) {
        status = artifact->rows(c->host, "table", table.n);
    }
    fw_records_finish(&table);
    return status;
}
