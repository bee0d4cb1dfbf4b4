/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "report/json.h"
#include "report/report.h"
#include "threshold_sweep.h"

/* More rows than this are in the tables alone: a document is read whole. */
enum { ROWS_MOST = 5000 };

/* Adds to a tree and notes where memory ran out. */
static void add(struct fw_report *report, cJSON *object, const char *name, cJSON *value)
{
    if (value == NULL || object == NULL || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        report->failed = true;
    }
}

static void add_to(struct fw_report *report, cJSON *array, cJSON *value)
{
    if (value == NULL || array == NULL || !cJSON_AddItemToArray(array, value)) {
        cJSON_Delete(value);
        report->failed = true;
    }
}

static cJSON *real(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

static void add_values(struct fw_report *report, cJSON *object, const struct sweep_column *columns,
                       const union sweep_value *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(report, object, columns[i].name,
            columns[i].is_whole ? fw_json_int(values[i].whole) : real(values[i].real));
    }
}

static cJSON *metrics_of(struct fw_report *report, const struct sweep_figures *figures,
                         const struct sweep_row *row)
{
    union sweep_value values[SWEEP_METRICS];
    cJSON *object = cJSON_CreateObject();

    sweep_metrics_of(figures, row, values);
    add_values(report, object, sweep_metrics, values, SWEEP_METRICS);
    return object;
}

static cJSON *calibration_of(struct fw_report *report, const struct sweep *sweep,
                             const struct sweep_cell *cell)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < sweep->n_bins; i++) {
        const struct fw_score_bin *bin = &cell->bins[i];
        struct fw_score_interval interval = fw_score_wilson(bin->n_positive, bin->n, FW_SCORE_Z95);
        cJSON *object = cJSON_CreateObject();
        add(report, object, "lower", real(bin->lower));
        add(report, object, "upper", real(bin->upper));
        add(report, object, "n", fw_json_int((int64_t)bin->n));
        add(report, object, "n_positive", fw_json_int((int64_t)bin->n_positive));
        add(report, object, "mean_p", real(bin->mean_p));
        add(report, object, "rate",
            real(bin->n > 0 ? (double)bin->n_positive / (double)bin->n : NAN));
        add(report, object, "rate_low", real(interval.lower));
        add(report, object, "rate_high", real(interval.upper));
        add_to(report, array, object);
    }
    return array;
}

static cJSON *split_of(struct fw_report *report, const struct sweep *sweep,
                       const struct sweep_cell *cell)
{
    union sweep_value values[SWEEP_FACTS];
    cJSON *object = cJSON_CreateObject();

    sweep_facts_of(&cell->figures, values);
    add_values(report, object, sweep_facts, values, SWEEP_FACTS);
    add(report, object, "calibration", calibration_of(report, sweep, cell));
    if (sweep_n_rows(sweep) > ROWS_MOST) {
        add(report, object, "sweep", cJSON_CreateNull());
        return object;
    }
    cJSON *rows = cJSON_CreateArray();
    for (size_t i = 0; i < cell->figures.n_rows; i++) {
        add_to(report, rows, metrics_of(report, &cell->figures, &cell->rows[i]));
    }
    add(report, object, "sweep", rows);
    return object;
}

static cJSON *points_of(struct fw_report *report, const struct sweep *sweep,
                        const struct sweep_experiment *experiment)
{
    static const char *const roles[SWEEP_ROLES] = {"selected", "reported"};
    cJSON *points = cJSON_CreateObject();

    for (size_t i = 0; i < sweep->n_rules; i++) {
        const struct sweep_point *point = &experiment->points[i];
        if (!point->is_there) {
            continue;
        }
        cJSON *object = cJSON_CreateObject();
        add(report, object, "threshold", real(point->rows[SWEEP_SELECT].threshold));
        add(report, object, "at_grid_edge", cJSON_CreateBool(point->at_edge != 0));
        for (size_t role = 0; role < sweep->n_roles; role++) {
            add(report, object, roles[role],
                metrics_of(report, &experiment->cells[role].figures, &point->rows[role]));
        }
        add(report, points, sweep->rules[i].name, object);
    }
    return points;
}

static cJSON *experiment_of(struct fw_report *report, const struct sweep *sweep,
                            const struct sweep_experiment *experiment)
{
    cJSON *object = cJSON_CreateObject(), *splits = cJSON_CreateObject();

    add(report, object, "experiment", cJSON_CreateString(experiment->name));
    add(report, object, "operating_points", points_of(report, sweep, experiment));
    for (size_t role = 0; role < sweep->n_roles; role++) {
        add(report, splits, sweep->splits[role], split_of(report, sweep, &experiment->cells[role]));
    }
    add(report, object, "splits", splits);
    return object;
}

static cJSON *missing_of(struct fw_report *report, const struct sweep *sweep)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < sweep->n_missing; i++) {
        cJSON *object = cJSON_CreateObject();
        add(report, object, "experiment", cJSON_CreateString(sweep->missing[i].experiment));
        add(report, object, "split", cJSON_CreateString(sweep->missing[i].split));
        add_to(report, array, object);
    }
    return array;
}

static void add_settings(struct fw_report *report, const struct sweep *sweep)
{
    const char *source = fw_task_text(sweep->task, "source");

    if (source[0] != '\0') {
        fw_report_text(report, "source", source);
    }
    fw_report_text(report, "data_digest", fw_task_input(sweep->task, "predictions")->digest);
    fw_report_text(report, "select_on", sweep->splits[SWEEP_SELECT]);
    fw_report_text(report, "report_on", sweep->splits[sweep->n_roles - 1]);
    fw_report_text(report, "grid", fw_task_text(sweep->task, "grid"));
    fw_report_int(report, "min_positive_preds", fw_task_integer(sweep->task, "min_positive_preds"));
    fw_report_int(report, "n_experiments", (int64_t)sweep->n_experiments);
    fw_report_int(report, "n_rows", (int64_t)sweep_n_rows(sweep));
}

fw_status sweep_write_document(const struct sweep *sweep, const char *path)
{
    struct fw_report report = {.title = "Threshold sweep"};
    cJSON *experiments = cJSON_CreateArray();

    add_settings(&report, sweep);
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        add_to(&report, experiments, experiment_of(&report, sweep, &sweep->experiments[i]));
    }
    fw_report_add(&report, "experiments", experiments);
    fw_report_add(&report, "missing", missing_of(&report, sweep));
    if (!sweep->grid.is_auto) {
        fw_report_add(&report, "thresholds",
                      cJSON_CreateDoubleArray(sweep->grid.thresholds, (int)sweep->grid.n));
    }
    fw_status status = fw_report_write_facts(&report, sweep->host, path, NULL);
    fw_report_finish(&report);
    return status;
}
