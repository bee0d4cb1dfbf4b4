/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "threshold_sweep.h"

static const char *text_of(const struct sweep *sweep, const char *parameter)
{
    return fw_task_text(sweep->task, parameter);
}

static fw_status read_splits(struct sweep *sweep)
{
    const char *select = text_of(sweep, "select_on"), *report = text_of(sweep, "report_on");
    bool has_splits = text_of(sweep, "split_column")[0] != '\0';

    if (has_splits && select[0] == '\0') {
        return fw_faultf(sweep->host, FW_E_CONFIG, "select_on",
                         "name the split, or set split_column = \"\" where there are none",
                         "thresholds must be selected on a split");
    }
    sweep->splits[SWEEP_SELECT] = has_splits ? select : "all";
    sweep->splits[SWEEP_REPORT] = report;
    sweep->n_roles = has_splits && report[0] != '\0' && strcmp(select, report) != 0 ? 2 : 1;
    return FW_OK;
}

static fw_status open_predictions(struct sweep *sweep)
{
    const struct fw_input *input = fw_task_input(sweep->task, "predictions");
    const char *key = text_of(sweep, "key_column");
    bool has_splits = text_of(sweep, "split_column")[0] != '\0';
    const struct fw_predictions_options options = {
        .experiment = text_of(sweep, "experiment_column"),
        .split = text_of(sweep, "split_column"),
        .key = strcmp(key, "auto") == 0 ? NULL : key,
        .y = text_of(sweep, "y_column"),
        .p = text_of(sweep, "p_column"),
        .splits = has_splits ? sweep->splits : NULL,
        .n_splits = has_splits ? sweep->n_roles : 0,
    };

    return fw_predictions_open(&sweep->sql, input->paths, input->n_paths, &options,
                               &sweep->predictions);
}

static bool add_missing(struct sweep *sweep, const char *experiment, const char *split)
{
    struct sweep_missing *more =
        reallocarray(sweep->missing, sweep->n_missing + 1, sizeof *sweep->missing);

    if (more == NULL) {
        return false;
    }
    sweep->missing = more;
    char *copy = strdup(experiment);
    if (copy != NULL) {
        sweep->missing[sweep->n_missing++] = (struct sweep_missing){copy, split};
    }
    return copy != NULL;
}

/* One experiment: whole, or what it lacks is noted. */
static fw_status add_experiment(struct sweep *sweep, const char *name, bool is_named)
{
    struct sweep_experiment experiment = {.name = name};
    size_t n_missing = sweep->n_missing;
    bool failed = false;

    for (size_t i = 0; i < sweep->n_experiments && is_named; i++) {
        if (strcmp(sweep->experiments[i].name, name) == 0) {
            return fw_faultf(sweep->host, FW_E_CONFIG, "experiments", "name each once",
                             "the experiment \"%s\" is named twice", name);
        }
    }
    for (size_t i = 0; i < sweep->n_roles && !failed; i++) {
        const struct fw_predictions_cell *cell =
            fw_predictions_cell(sweep->predictions, name, sweep->splits[i]);
        if (cell != NULL) {
            experiment.cells[i].source = (size_t)(cell - sweep->predictions->cells);
        } else {
            failed = !add_missing(sweep, name, sweep->splits[i]);
        }
    }
    if (!failed && sweep->n_missing == n_missing) {
        experiment.points = calloc(sweep->n_rules, sizeof *experiment.points);
        failed = experiment.points == NULL;
        sweep->experiments[sweep->n_experiments++] = experiment;
    }
    return failed ? fw_fault_nomem(sweep->host) : FW_OK;
}

/* The experiments that the task names, or all that the table has; their cells stand together. */
static fw_status add_experiments(struct sweep *sweep)
{
    const struct fw_value *named = fw_task_value(sweep->task, "experiments");
    const struct fw_predictions *predictions = sweep->predictions;
    size_t most = named->n > 0 ? (size_t)named->n : predictions->n_cells;
    fw_status status = FW_OK;

    sweep->experiments = calloc(most + 1, sizeof *sweep->experiments);
    if (sweep->experiments == NULL) {
        return fw_fault_nomem(sweep->host);
    }
    for (size_t i = 0; i < most && status == FW_OK; i++) {
        const char *name = named->n > 0 ? named->texts[i] : predictions->cells[i].experiment;
        bool is_new =
            named->n > 0 || i == 0 || strcmp(name, predictions->cells[i - 1].experiment) != 0;
        status = is_new ? add_experiment(sweep, name, named->n > 0) : FW_OK;
    }
    return status;
}

static void append_missing(const struct sweep *sweep, struct fw_text *text)
{
    enum { SAID_MOST = 20 };

    for (size_t i = 0; i < sweep->n_missing && i < SAID_MOST; i++) {
        fw_text_appendf(text, "%s%s/%s", i > 0 ? ", " : "", sweep->missing[i].experiment,
                        sweep->missing[i].split);
    }
    if (sweep->n_missing > SAID_MOST) {
        fw_text_appendf(text, " and %zu more", sweep->n_missing - SAID_MOST);
    }
}

/* Said, or refused; a sweep over nothing is refused in any case. */
static fw_status check_missing(const struct sweep *sweep)
{
    const struct fw_log *log = sweep->host->service(sweep->host, FW_LOG_ID);
    bool skips = strcmp(text_of(sweep, "on_missing"), "skip") == 0;
    struct fw_text text = {0};
    fw_status status = FW_OK;

    append_missing(sweep, &text);
    if (sweep->n_experiments == 0 && sweep->n_missing == 0) {
        status = fw_faultf(sweep->host, FW_E_DATA, "predictions",
                           "name the splits in select_on and report_on as the table does",
                           "the table has no predictions of the split \"%s\"",
                           sweep->splits[SWEEP_SELECT]);
    } else if (sweep->n_missing > 0 && (!skips || sweep->n_experiments == 0)) {
        status = fw_faultf(sweep->host, FW_E_DATA, "predictions",
                           sweep->n_experiments > 0
                               ? "make these predictions, or set on_missing = \"skip\""
                               : "make these predictions, or name other splits in select_on and "
                                 "report_on",
                           "there are no predictions (experiment/split) of %s", fw_text_get(&text));
    } else if (sweep->n_missing > 0) {
        struct fw_text said = {0};
        fw_text_appendf(&said, "left out for want of predictions: %s", fw_text_get(&text));
        log->write(sweep->host, FW_LOG_WARNING, fw_text_get(&said));
        fw_text_finish(&said);
    }
    fw_text_finish(&text);
    return status;
}

static void count_rows(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t role = 0; role < sweep->n_roles; role++) {
            size_t source = sweep->experiments[i].cells[role].source;
            sweep->n_total += sweep->predictions->cells[source].n;
        }
    }
}

fw_status sweep_plan(struct sweep *sweep)
{
    fw_status status = read_splits(sweep);

    sweep->n_bins = (size_t)fw_task_integer(sweep->task, "calibration_bins");
    if (status == FW_OK) {
        status = sweep_rules_read(sweep);
    }
    if (status == FW_OK) {
        status = sweep_grid_parse(&sweep->grid, sweep->host, text_of(sweep, "grid"));
    }
    if (status == FW_OK) {
        status = open_predictions(sweep);
    }
    if (status == FW_OK) {
        status = add_experiments(sweep);
    }
    if (status == FW_OK) {
        status = check_missing(sweep);
    }
    if (status == FW_OK) {
        count_rows(sweep);
    }
    return status;
}
