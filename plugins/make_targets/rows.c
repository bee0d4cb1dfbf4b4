/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>

#include "named/named.h"
#include "report/json.h"
#include "report/report.h"
#include "sql/copy.h"
#include "targets.h"

static const char *target_price(const struct targets *targets)
{
    return fw_task_text(targets->task, "target_price");
}

fw_status targets_load(struct targets *targets)
{
    const struct fw_named named = {targets->host, targets->task, targets->data};
    bool of_high = strcmp(target_price(targets), "high") == 0;
    struct fw_text *text = &targets->load;

    fw_text_append(text, "CREATE TABLE fw_rows AS SELECT *, row_number() OVER (ORDER BY fw_day, "
                         "fw_file, fw_row) - 1 AS n FROM (SELECT ");
    fw_status status = fw_named_day(&named, "date_column", "date_format", text);
    fw_text_append(text, " AS fw_day, ");
    if (status == FW_OK) {
        status = fw_named_number(&named, "close_column", text);
    }
    fw_text_append(text, " AS base, ");
    if (status == FW_OK) {
        status = fw_named_number(&named, of_high ? "high_column" : "close_column", text);
    }
    fw_text_append(text, " AS price, fw_file, fw_row FROM ");
    fw_source_scan(targets->data, NULL, text);
    fw_text_append(text, ") ORDER BY n");
    return status;
}

static fw_status refuse(const struct targets *targets, const struct fw_sql_grid *grid)
{
    const struct fw_source_file *file = &targets->data->files[atoi(fw_sql_cell(grid, 0, 1))];
    struct fw_text where = {0};

    fw_text_appendf(&where, "%s, row %s", file->path, fw_sql_cell(grid, 0, 2));
    fw_status status =
        fw_faultf(targets->host, FW_E_DATA, fw_text_get(&where),
                  "give a table of whole days, such as the output of combine_dataset",
                  "%s rows cannot have a label: they have no date, no close or no %s, or a date "
                  "that another row has; the first is of %s",
                  fw_sql_cell(grid, 0, 0), target_price(targets), fw_sql_cell(grid, 0, 3));
    fw_text_finish(&where);
    return status;
}

/* A missing price would be passed over by max(), and a label would lie. */
static fw_status check_rows(const struct targets *targets)
{
    struct fw_sql_grid grid = {0};
    fw_status status =
        fw_sql_grid(&targets->sql, &grid,
                    "SELECT count(*), min_by(fw_file, (fw_file, fw_row)), min_by(fw_row, (fw_file, "
                    "fw_row)), min_by(coalesce(fw_day::VARCHAR, 'no date'), (fw_file, fw_row)) "
                    "FROM (SELECT *, lag(fw_day) OVER (ORDER BY n) AS before FROM fw_rows) WHERE "
                    "fw_day IS NULL OR base IS NULL OR price IS NULL OR before = fw_day");

    if (status == FW_OK && strcmp(fw_sql_cell(&grid, 0, 0), "0") != 0) {
        status = refuse(targets, &grid);
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status check_length(struct targets *targets)
{
    int64_t longest = targets->horizons[targets->n_horizons - 1];
    fw_status status =
        fw_sql_int64(&targets->sql, &targets->n_rows, "SELECT count(*) FROM fw_rows");

    if (status == FW_OK && targets->n_rows < targets->context + longest) {
        return fw_faultf(targets->host, FW_E_DATA, targets->data->files[0].path,
                         "give a longer table, or a smaller context or horizon",
                         "%" PRId64 " rows are no sample of %" PRId64 " rows and %" PRId64
                         " more behind them",
                         targets->n_rows, targets->context, longest);
    }
    return status;
}

/* The label is one comparison of doubles: a price equal to the product reaches it. */
static void append_horizon(struct targets *targets, int64_t horizon)
{
    double threshold = fw_task_real(targets->task, "threshold");

    fw_text_appendf(
        &targets->write,
        "SELECT %" PRId64 "::INTEGER AS horizon, n - %" PRId64 " AS sample, fw_day AS \"Date\", n "
        "AS \"row\", n + %" PRId64 " AS last_row, (best >= base * (1::DOUBLE + '%.17g'::DOUBLE))"
        "::INTEGER AS y FROM (SELECT *, max(price) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND "
        "%" PRId64 " FOLLOWING) AS best FROM fw_rows) WHERE n >= %" PRId64 " AND n < %" PRId64,
        horizon, targets->context - 1, horizon, threshold, horizon, targets->context - 1,
        targets->n_rows - horizon);
}

fw_status targets_check(struct targets *targets)
{
    fw_status status = check_rows(targets);

    if (status == FW_OK) {
        status = check_length(targets);
    }
    fw_text_append(&targets->write, "COPY (");
    for (size_t i = 0; i < targets->n_horizons && status == FW_OK; i++) {
        fw_text_append(&targets->write, i > 0 ? " UNION ALL " : "");
        append_horizon(targets, targets->horizons[i]);
    }
    fw_text_append(&targets->write, " ORDER BY horizon, sample) ");
    fw_sql_append_to_parquet(&targets->write, fw_task_output(targets->task, "targets")->path, 6);
    return status;
}

static void add_cell(cJSON *object, const char *name, const struct fw_sql_grid *grid, size_t row,
                     size_t column)
{
    cJSON_AddItemToObject(object, name,
                          fw_json_int(strtoll(fw_sql_cell(grid, row, column), NULL, 10)));
}

static fw_status add_horizons(struct fw_report *report, const struct targets *targets)
{
    cJSON *list = cJSON_CreateArray();
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    fw_text_append(&query, "SELECT horizon, count(*), sum(y) FROM read_parquet(");
    fw_text_literal(&query, fw_task_output(targets->task, "targets")->path);
    fw_text_append(&query, ") GROUP BY 1 ORDER BY 1");
    fw_status status = fw_sql_grid(&targets->sql, &grid, fw_text_get(&query));
    for (size_t i = 0; i < grid.n_rows; i++) {
        cJSON *item = cJSON_CreateObject();
        add_cell(item, "horizon", &grid, i, 0);
        add_cell(item, "samples", &grid, i, 1);
        add_cell(item, "positive", &grid, i, 2);
        cJSON_AddItemToArray(list, item);
    }
    fw_report_add(report, "horizons", list);
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

fw_status targets_manifest(const struct targets *targets)
{
    const struct fw_artifact *artifact = targets->host->service(targets->host, FW_ARTIFACT_ID);
    uint64_t n_rows = fw_sql_rows_changed(&targets->sql);
    struct fw_report report = {0};

    fw_report_int(&report, "rows_read", targets->n_rows);
    fw_report_int(&report, "context", targets->context);
    fw_report_real(&report, "threshold", fw_task_real(targets->task, "threshold"));
    fw_report_text(&report, "target_price", target_price(targets));
    fw_status status = add_horizons(&report, targets);
    if (status == FW_OK) {
        status = fw_report_fields(&report, targets->host);
    }
    fw_report_finish(&report);
    return status == FW_OK ? artifact->rows(targets->host, "targets", n_rows) : status;
}
