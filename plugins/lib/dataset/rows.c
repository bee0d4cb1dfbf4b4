/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "dataset/internal.h"
#include "named/choose.h"
#include "named/named.h"
#include "sql/fault.h"

/* Columns of the cells before the features. */
enum { TARGET, SPLIT, FEATURES };

static const char *target_of(const struct fw_dataset_rows *rows)
{
    return rows->target != NULL ? rows->target : "y";
}

static fw_status choose(const struct fw_dataset_rows *rows, struct fw_dataset_table *table)
{
    const struct fw_host *host = table->sql->host;
    const struct fw_source_column *target;
    const struct fw_features features = {.source = table->source,
                                         .names = rows->columns,
                                         .n_names = rows->n_columns,
                                         .but = &target,
                                         .n_but = 1,
                                         .with_prices = true};
    fw_status status = fw_named_find(host, table->source, target_of(rows), "target", &target);

    if (status == FW_OK && rows->split_column != NULL) {
        const struct fw_source_column *split;
        status = fw_named_find(host, table->source, rows->split_column, "split_column", &split);
    }
    return status == FW_OK ? fw_features_choose(host, &features, &table->columns, &table->n_columns)
                           : status;
}

static fw_status read_cells(const struct fw_dataset_rows *rows, struct fw_dataset_table *table)
{
    struct fw_text query = {0}, target = {0}, split = {0};

    fw_text_identifier(&target, target_of(rows));
    fw_text_append(&split, rows->split_column != NULL ? "CASE " : "0");
    if (rows->split_column != NULL) {
        fw_text_identifier(&split, rows->split_column);
        fw_text_append(&split, FW_DATASET_SPLIT_SQL);
    }
    fw_text_append(&query, "SELECT ");
    fw_dataset_number(&query, fw_text_get(&target));
    fw_text_append(&query, ", ");
    fw_dataset_number(&query, fw_text_get(&split));
    fw_dataset_features(table, &query);
    fw_text_append(&query, " FROM ");
    fw_source_scan(table->source, NULL, &query);
    fw_text_append(&query, " ORDER BY " FW_SOURCE_FILE ", " FW_SOURCE_ROW);
    query.failed = query.failed || target.failed || split.failed;
    fw_status status = fw_dataset_table_read(table, &query, FEATURES + table->n_columns, NULL);
    fw_text_finish(&query);
    fw_text_finish(&target);
    fw_text_finish(&split);
    return status;
}

static fw_status refuse(const struct fw_dataset_table *table, uint64_t row, const char *column,
                        double value, const char *expected)
{
    return fw_faultf(table->sql->host, FW_E_DATA, table->source->files[0].path, NULL,
                     "row %llu of the table, column \"%s\": %g, expected %s",
                     (unsigned long long)row, column, value, expected);
}

static fw_status take_row(const struct fw_dataset_rows *rows, const struct fw_dataset_table *table,
                          uint64_t row, struct fw_dataset *set)
{
    const double target = fw_matrix_column(&table->cells, TARGET)[row];
    const double split = fw_matrix_column(&table->cells, SPLIT)[row];

    if (!fw_dataset_label(set, row, target)) {
        return refuse(table, row, target_of(rows), target,
                      "a class: 0 or a whole number above (nan: none)");
    }
    if (isnan(split)) {
        return refuse(table, row, rows->split_column, split, "train, val or test");
    }
    set->given[row] = (uint8_t)split;
    for (size_t i = 0; i < table->n_columns; i++) {
        const float value = set->floats[row * table->n_columns + i];
        if (!isfinite(value)) {
            return refuse(table, row, table->columns[i]->name, value,
                          "a number that is finite as float32 (nan: none)");
        }
    }
    return FW_OK;
}

static fw_status load(const struct fw_dataset_options *options, const struct fw_dataset_rows *rows,
                      const struct fw_dataset_table *table, struct fw_dataset **ret_set)
{
    const struct fw_dataset_plan plan = {.kind = "rows",
                                         .path = table->source->files[0].path,
                                         .channels = 1,
                                         .rows = 1,
                                         .cols = table->n_columns,
                                         .n_samples = table->cells.n_rows,
                                         .floats = true,
                                         .by_column = true,
                                         .measured = options->scaling != FW_DATASET_AS_IS};
    struct fw_dataset *set = NULL;
    fw_status status = fw_dataset_create(options, &plan, &set);

    if (status == FW_OK) {
        fw_dataset_take_features(set, table, FEATURES);
        status = fw_dataset_name_columns(set, table);
    }
    for (uint64_t row = 0; status == FW_OK && row < plan.n_samples; row++) {
        status = take_row(rows, table, row, set);
    }
    if (status != FW_OK) {
        fw_dataset_close(set);
        return status;
    }
    set->info.binary = set->info.n_classes == 2;
    status = fw_dataset_ready(options, plan.path, &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

fw_status fw_dataset_open_rows(const struct fw_dataset_options *options,
                               const struct fw_dataset_rows *rows, struct fw_dataset **ret_set)
{
    const struct fw_source_options csv = {.no_header = rows->no_header};
    struct fw_dataset_table table = {.sql = rows->sql};
    fw_status status = fw_source_open(rows->sql, rows->paths, rows->n_paths, &csv, &table.source);

    if (status == FW_OK) {
        status = choose(rows, &table);
    }
    if (status == FW_OK) {
        status = read_cells(rows, &table);
    }
    if (status == FW_OK) {
        status = load(options, rows, &table, ret_set);
    }
    fw_dataset_table_finish(&table);
    return status;
}
