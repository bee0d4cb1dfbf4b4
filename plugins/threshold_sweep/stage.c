/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/log.h>

#include "threshold_sweep.h"

enum { ADVANCE_MS = 500, ROWS_A_STEP = 2000000 };

static void free_experiments(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t role = 0; role < SWEEP_ROLES; role++) {
            sweep_cell_finish(&sweep->experiments[i].cells[role]);
        }
        free(sweep->experiments[i].points);
    }
    free(sweep->experiments);
    for (size_t i = 0; i < sweep->n_missing; i++) {
        free(sweep->missing[i].experiment);
    }
    free(sweep->missing);
}

static void sweep_destroy(void *self)
{
    struct sweep *sweep = self;

    sweep_end_job(sweep);
    free_experiments(sweep);
    fw_predictions_close(sweep->predictions);
    fw_sql_handle_close(&sweep->sql);
    free(sweep->grid.thresholds);
    free(sweep);
}

static fw_status check_name(const struct sweep *sweep, const char *port, const char *end)
{
    const struct fw_output *output = fw_task_output(sweep->task, port);
    const char *dot = output != NULL ? strrchr(output->name, '.') : end;

    return dot != NULL && strcmp(dot, end) == 0
               ? FW_OK
               : fw_faultf(sweep->host, FW_E_CONFIG, port, "let its name end so",
                           "the output is a file that ends in %s, not \"%s\"", end, output->name);
}

static fw_status check_names(const struct sweep *sweep)
{
    static const struct {
        const char *port, *end;
    } ports[] = {
        {"sweep", ".parquet"}, {"points", ".parquet"}, {"summary", ".parquet"}, {"csv", ".csv"}};
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(ports) && status == FW_OK; i++) {
        status = check_name(sweep, ports[i].port, ports[i].end);
    }
    return status;
}

static fw_status sweep_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    const struct fw_budget *budget = host->service(host, FW_BUDGET_ID);
    struct sweep *sweep = calloc(1, sizeof *sweep);

    if (sweep == NULL) {
        return fw_fault_nomem(host);
    }
    sweep->host = host;
    sweep->task = task;
    sweep->n_threads = budget->limits(host)->threads;
    fw_status status = check_names(sweep);
    if (status == FW_OK) {
        status = fw_sql_handle_open(&sweep->sql, host);
    }
    if (status == FW_OK) {
        status = sweep_plan(sweep);
    }
    if (status != FW_OK) {
        sweep_destroy(sweep);
        return status;
    }
    *ret_self = sweep;
    return FW_OK;
}

static void warn_of_one_class(const struct sweep *sweep)
{
    const struct fw_log *log = sweep->host->service(sweep->host, FW_LOG_ID);

    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t role = 0; role < sweep->n_roles; role++) {
            const struct sweep_figures *figures = &sweep->experiments[i].cells[role].figures;
            struct fw_text text = {0};
            if (figures->n_positive == 0 || figures->n_positive == figures->n) {
                fw_text_appendf(&text, "%s/%s has one class only: no AUC",
                                sweep->experiments[i].name, sweep->splits[role]);
                log->write(sweep->host, FW_LOG_WARNING, fw_text_get(&text));
            }
            fw_text_finish(&text);
        }
    }
}

static fw_status write_documents(struct sweep *sweep)
{
    const struct fw_task *task = sweep->task;
    const struct fw_output *plots = fw_task_output(task, "plots");
    const struct fw_artifact *artifact = sweep->host->service(sweep->host, FW_ARTIFACT_ID);

    warn_of_one_class(sweep);
    fw_status status = sweep_write_document(sweep, fw_task_output(task, "results")->path);
    if (status == FW_OK) {
        status = sweep_write_markdown(sweep, fw_task_output(task, "report")->path);
    }
    if (status == FW_OK && plots != NULL) {
        status = sweep_write_plots(sweep, plots->path);
    }
    if (status == FW_OK) {
        status = artifact->rows(sweep->host, "sweep", sweep_n_rows(sweep));
    }
    if (status == FW_OK) {
        status = artifact->rows(sweep->host, "summary", sweep->n_experiments * sweep->n_roles);
    }
    return status;
}

/* Starts the job of a phase; without one where the output is not wanted. */
static fw_status begin(struct sweep *sweep)
{
    const struct fw_output *csv = fw_task_output(sweep->task, "csv");

    switch (sweep->phase) {
    case SWEEP_WRITE_ROWS:
        return sweep_begin_rows(sweep, fw_task_output(sweep->task, "sweep")->path, false);
    case SWEEP_WRITE_CSV:
        return csv != NULL ? sweep_begin_rows(sweep, csv->path, true) : FW_OK;
    case SWEEP_WRITE_SUMMARY:
        return sweep_begin_summary(sweep, fw_task_output(sweep->task, "summary")->path);
    default:
        return sweep_begin_points(sweep, fw_task_output(sweep->task, "points")->path);
    }
}

/* A piece of the phase's job; FW_OK at its end. */
static fw_status write_table(struct sweep *sweep)
{
    double fraction;
    fw_status status = sweep->job == NULL ? begin(sweep) : FW_OK;

    if (status == FW_OK && sweep->job != NULL) {
        do {
            status = sweep->sql.api->advance(sweep->job, ADVANCE_MS, &fraction);
        } while (status == FW_MORE && sweep->hurries);
    }
    if (status == FW_OK) {
        sweep_end_job(sweep);
        sweep->hurries = false;
    }
    return status;
}

/* Goes on reading until so many rows are read, which after a restore are more than in other steps:
   what was read is in no checkpoint. */
static fw_status read_up_to(struct sweep *sweep, uint64_t n_rows)
{
    fw_status status = FW_MORE;

    while (status == FW_MORE && sweep->predictions->n_read < n_rows) {
        status = fw_predictions_read(sweep->predictions, n_rows - sweep->predictions->n_read);
    }
    sweep->is_read = status == FW_OK;
    return status;
}

static fw_status evaluate(struct sweep *sweep)
{
    fw_status status = sweep->is_read ? FW_OK : read_up_to(sweep, UINT64_MAX);

    if (status == FW_OK) {
        status = sweep_evaluate(sweep);
    }
    bool more = sweep->next < sweep->n_experiments * sweep->n_roles;
    return status == FW_OK && more ? FW_MORE : status;
}

/* FW_OK: the phase is over. */
static fw_status work(struct sweep *sweep)
{
    switch (sweep->phase) {
    case SWEEP_READ:
        sweep->n_wanted += ROWS_A_STEP;
        return read_up_to(sweep, sweep->n_wanted);
    case SWEEP_EVALUATE:
        return evaluate(sweep);
    case SWEEP_WRITE_DOCUMENTS:
        return write_documents(sweep);
    default:
        return write_table(sweep);
    }
}

static fw_status sweep_step(void *self, struct fw_step *ret)
{
    struct sweep *sweep = self;
    enum sweep_phase phase = sweep->phase;
    fw_status status = work(sweep);

    if (status == FW_OK && phase != SWEEP_WRITE_DOCUMENTS) {
        sweep->phase++;
        status = FW_MORE;
    }
    ret->done = ret->items = sweep->n_done;
    ret->total = sweep->n_total;
    ret->unit = "predictions";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "predictions",
            .doc = "what models said and what came: experiment, split, date or id, y, p"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "sweep", .file = "sweep.parquet",
            .doc = "one row an experiment, split and threshold: precision, recall, counts"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MAY_BE_EMPTY, .name = "points",
            .file = "operating_points.parquet",
            .doc = "thresholds chosen on one split, with their figures on both"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "summary", .file = "summary.parquet",
            .doc = "one row an experiment and split: AUC, average precision, Brier"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "results", .file = "threshold_sweep_results.json",
            .doc = "all of it as JSON"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "threshold_sweep.md",
            .doc = "the summary and the operating points for reading"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "csv", .file = "sweep.csv",
            .doc = "the table sweep as CSV"),
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "plots", .file = "plots",
            .doc = "an SVG an experiment: P, R and F1 by threshold, P by R, calibration"),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    TEXT("grid", "0.50,0.55,0.58,0.60,0.62,0.64,0.66,0.68,0.70,0.72,0.74,0.76,0.78,0.80",
         "thresholds: \"0.5, 0.6\", \"0.3:0.8:0.05\", or \"auto\" for every distinct p"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "experiments", .default_value = "",
             .doc = "those that must be there, in this order; empty: what the table has"),
    TEXT("select_on", "val", "the split on which operating points are chosen"),
    TEXT("report_on", "test", "the split on which they are reported too; \"\": none"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "on_missing", .default_value = "error",
             .choices = "error|skip",
             .doc = "an experiment without one of the splits: refuse, or leave out and list it"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "precision_targets",
             .default_value = "0.60,0.65,0.70",
             .doc = "operating points: the largest F1 with at least this precision"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "recall_targets", .default_value = "0.05",
             .doc = "operating points: the largest precision with at least this recall"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "min_positive_preds", .default_value = "1", .min = "0",
             .unit = "rows", .doc = "fewer predicted positives make no operating point; try 10"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "calibration_bins", .default_value = "10", .min = "2",
             .max = "100", .unit = "bins", .doc = "bins of equal width over [0, 1]"),
    TEXT("source", "", "where the data are from; stands in every document and plot"),
    TEXT("experiment_column", "experiment", "\"\": all rows are one experiment"),
    TEXT("split_column", "split", "\"\": all rows are one split, called all"),
    TEXT("key_column", "auto", "auto: id or date; \"\": none, then no duplicate is found"),
    TEXT("y_column", "y", "what came, 0 or 1"),
    TEXT("p_column", "p", "what was predicted, in [0, 1]"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID, FW_LOG_ID};

const struct fw_stage threshold_sweep_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "threshold_sweep",
    .doc = "Precision, recall and the rest of classifiers at every threshold",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = sweep_create,
    .step = sweep_step,
    .save = sweep_save,
    .restore = sweep_restore,
    .destroy = sweep_destroy,
};
