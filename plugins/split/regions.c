/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>

#include "report/json.h"
#include "report/report.h"
#include "split.h"
#include "sql/copy.h"

const char *const split_names[SPLIT_REGIONS] = {"train", "val", "test"};

static const char *const columns[] = {"horizon", "sample", "Date", "row", "last_row", "y"};

fw_status split_load(struct split *split)
{
    fw_text_append(&split->load, "CREATE TABLE fw_targets AS SELECT ");
    for (size_t i = 0; i < FW_COUNT(columns); i++) {
        if (fw_source_column(split->targets, columns[i]) == NULL) {
            return fw_faultf(split->host, FW_E_MISSING, split->targets->files[0].path,
                             "give the output `targets` of make_targets",
                             "there is no column \"%s\"", columns[i]);
        }
        fw_text_append(&split->load, i > 0 ? ", " : "");
        fw_text_identifier(&split->load, columns[i]);
    }
    fw_text_append(&split->load, " FROM ");
    fw_source_scan(split->targets, NULL, &split->load);
    return FW_OK;
}

static void append_date(struct fw_text *text, const char *said)
{
    fw_text_append(text, "TRY_CAST(");
    fw_text_literal(text, said);
    fw_text_append(text, " AS DATE)");
}

/* The first row on or after the day that a parameter says. */
static fw_status find_row(const struct split *split, const char *parameter, int64_t *ret_row,
                          char *ret_day, size_t size)
{
    const char *said = fw_task_text(split->task, parameter);
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    fw_text_append(&query, "SELECT ");
    append_date(&query, said);
    fw_text_append(&query, ", min(\"row\"), min(\"Date\") FROM fw_targets WHERE \"Date\" >= ");
    append_date(&query, said);
    fw_status status = query.failed ? fw_fault_nomem(split->host)
                                    : fw_sql_grid(&split->sql, &grid, fw_text_get(&query));
    fw_text_finish(&query);
    if (status != FW_OK) {
        return status;
    }
    if (fw_sql_cell(&grid, 0, 0) == NULL) {
        status = fw_faultf(split->host, FW_E_CONFIG, parameter, "write it as 2023-01-01",
                           "\"%s\" is no date", said);
    } else if (fw_sql_cell(&grid, 0, 1) == NULL) {
        status = fw_faultf(split->host, FW_E_CONFIG, parameter,
                           "give a day within the data, and earlier than their last days",
                           "no target is of %s or later", said);
    } else {
        *ret_row = strtoll(fw_sql_cell(&grid, 0, 1), NULL, 10);
        snprintf(ret_day, size, "%s", fw_sql_cell(&grid, 0, 2));
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status find_regions(struct split *split)
{
    int64_t embargo = fw_task_integer(split->task, "embargo_rows");
    struct split_region *regions = split->regions;
    int64_t val = 0, test = 0, end = 0;
    fw_status status =
        find_row(split, "val_start", &val, regions[1].first_day, sizeof regions[1].first_day);

    if (status == FW_OK) {
        status =
            find_row(split, "test_start", &test, regions[2].first_day, sizeof regions[2].first_day);
    }
    if (status == FW_OK) {
        status = fw_sql_int64(&split->sql, &end, "SELECT max(last_row) + 1 FROM fw_targets");
    }
    if (status == FW_OK && test <= val) {
        status = fw_faultf(split->host, FW_E_CONFIG, "test_start", "give a later day",
                           "the test begins on %s, the validation on %s", regions[2].first_day,
                           regions[1].first_day);
    }
    regions[0].to = val;
    regions[1].from = val + embargo;
    regions[1].to = test;
    regions[2].from = test + embargo;
    regions[2].to = end;
    return status;
}

/* A sample is of a region when all rows that it touches are: then no two regions share a row. */
static void append_case(struct split *split)
{
    bool may_cross = fw_task_integer(split->task, "context_may_cross") != 0;

    fw_text_append(&split->write, "CASE");
    for (size_t i = 0; i < SPLIT_REGIONS; i++) {
        const struct split_region *region = &split->regions[i];
        fw_text_appendf(&split->write,
                        " WHEN %s >= %" PRId64 " AND last_row < %" PRId64 " THEN '%s'",
                        may_cross ? "\"row\"" : "sample", region->from, region->to, split_names[i]);
    }
    fw_text_append(&split->write, " END");
}

fw_status split_place(struct split *split)
{
    fw_status status =
        fw_sql_int64(&split->sql, &split->n_targets, "SELECT count(*) FROM fw_targets");

    if (status == FW_OK) {
        status = find_regions(split);
    }
    fw_text_append(&split->write, "COPY (SELECT * FROM (SELECT *, ");
    append_case(split);
    fw_text_append(&split->write,
                   " AS split FROM fw_targets) WHERE split IS NOT NULL ORDER BY horizon, sample) ");
    fw_sql_append_to_parquet(&split->write, fw_task_output(split->task, "samples")->path,
                             FW_COUNT(columns) + 1);
    return status;
}

/* horizon, split, samples, positive, first and last day: a row each, regions without samples too */
static fw_status count(const struct split *split, struct fw_sql_grid *ret_grid)
{
    struct fw_text query = {0};

    fw_text_append(&query, "WITH s AS (FROM read_parquet(");
    fw_text_literal(&query, fw_task_output(split->task, "samples")->path);
    fw_text_append(&query,
                   ")) SELECT h.horizon, r.split, count(s.split), coalesce(sum(s.y), 0), "
                   "min(s.\"Date\"), max(s.\"Date\") FROM (SELECT DISTINCT horizon FROM "
                   "fw_targets) h CROSS JOIN (VALUES ('train', 0), ('val', 1), ('test', 2)) "
                   "r(split, nr) LEFT JOIN s ON s.horizon = h.horizon AND s.split = r.split GROUP "
                   "BY h.horizon, r.split, r.nr ORDER BY h.horizon, r.nr");
    fw_status status = query.failed ? fw_fault_nomem(split->host)
                                    : fw_sql_grid(&split->sql, ret_grid, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

static cJSON *one_region(const struct fw_sql_grid *grid, size_t row)
{
    static const char *const names[] = {"horizon",  "split",      "samples",
                                        "positive", "first_date", "last_date"};
    cJSON *item = cJSON_CreateObject();

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        const char *cell = fw_sql_cell(grid, row, i);
        bool is_text = i == 1 || i > 3;
        cJSON_AddItemToObject(item, names[i],
                              is_text ? cJSON_CreateString(cell)
                                      : fw_json_int(strtoll(cell, NULL, 10)));
    }
    return item;
}

static fw_status add_regions(const struct split *split, struct fw_report *report,
                             int64_t *ret_samples)
{
    cJSON *list = cJSON_CreateArray();
    struct fw_sql_grid grid = {0};
    fw_status status = count(split, &grid);

    *ret_samples = 0;
    for (size_t i = 0; i < grid.n_rows && status == FW_OK; i++) {
        int64_t n = strtoll(fw_sql_cell(&grid, i, 2), NULL, 10);
        if (n == 0) {
            status = fw_faultf(split->host, FW_E_DATA, fw_sql_cell(&grid, i, 1),
                               "move val_start or test_start, or shorten context or embargo_rows",
                               "the region has fewer rows than one sample of horizon %s spans",
                               fw_sql_cell(&grid, i, 0));
            break;
        }
        *ret_samples += n;
        cJSON_AddItemToArray(list, one_region(&grid, i));
    }
    fw_report_add(report, "regions", list);
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status split_manifest(const struct split *split)
{
    const struct fw_artifact *artifact = split->host->service(split->host, FW_ARTIFACT_ID);
    struct fw_report report = {0};
    int64_t n_samples;
    fw_status status = add_regions(split, &report, &n_samples);

    fw_report_text(&report, "val_start", split->regions[1].first_day);
    fw_report_text(&report, "test_start", split->regions[2].first_day);
    fw_report_int(&report, "val_row", split->regions[0].to);
    fw_report_int(&report, "test_row", split->regions[1].to);
    fw_report_int(&report, "end_row", split->regions[2].to);
    if (status == FW_OK) {
        fw_report_int(&report, "samples_between_regions", split->n_targets - n_samples);
        status = fw_report_fields(&report, split->host);
    }
    fw_report_finish(&report);
    return status == FW_OK ? artifact->rows(split->host, "samples", (uint64_t)n_samples) : status;
}
