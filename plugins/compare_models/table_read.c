/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "tensor.h"

/* Where the reading goes on: the row that is `first` among the samples. */
static fw_status find_place(const struct compare_table *table, uint64_t first,
                            struct fw_source_place *ret)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(&table->sql, &grid,
                                    "SELECT fw_file, fw_row FROM " COMPARE_SAMPLES
                                    " ORDER BY fw_file, fw_row LIMIT 1 OFFSET %llu",
                                    (unsigned long long)first);
    if (status == FW_OK) {
        *ret = (struct fw_source_place){strtoul(fw_sql_cell(&grid, 0, 0), NULL, 10),
                                        strtoll(fw_sql_cell(&grid, 0, 1), NULL, 10)};
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status open_reading(struct compare_table *table, uint64_t first)
{
    const struct fw_source_place end = {.file = table->source->n_files};
    struct fw_source_place from = {0, 0};
    struct fw_text query = {0};
    compare_rows_close(&table->reading);
    fw_status status = first > 0 ? find_place(table, first, &from) : FW_OK;
    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&query, "SELECT " FW_SOURCE_FILE ", " FW_SOURCE_ROW);
    for (size_t i = 0; i < table->features.n; i++) {
        fw_text_append(&query, ", coalesce(CAST(");
        fw_text_identifier(&query, table->features.items[i]->name);
        fw_text_append(&query, " AS DOUBLE), 'nan'::DOUBLE)");
    }
    fw_text_append(&query, " FROM ");
    if (from.file == 0 && from.row == 0) {
        fw_source_scan(table->source, NULL, &query);
    } else {
        fw_source_scan_range(table->source, NULL, 0, from, end, &query);
    }
    fw_text_append(&query, fw_text_get(&table->where));
    status = compare_rows_open(&table->reading, &table->sql, &query);
    fw_text_finish(&query);
    table->next = first;
    table->last_row = -1;
    table->last_file = 0;
    return status;
}

static double number_at(uint32_t element, const void *data, uint64_t i)
{
    return element == FW_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

/* The first feature of the rows that is no number for the model, by rows. */
static fw_status check_run(struct compare_table *table, const struct compare_run *run,
                           uint32_t element, const void *data)
{
    const size_t width = table->features.n;
    for (uint64_t i = 0; i < run->n * width; i++) {
        if (!isfinite(number_at(element, data, i))) {
            return compare_refuse_row(table, table->source, table->features.items[i % width],
                                      (size_t)run->files[i / width], run->rows[i / width],
                                      element == FW_F32 ? "a number that is finite as float32"
                                                        : "a finite number");
        }
    }
    return FW_OK;
}

/* The engine promises it; answers would be kept at wrong places. */
static fw_status check_order(struct compare_table *table, const struct compare_run *run)
{
    for (uint64_t i = 0; i < run->n; i++) {
        const size_t file = (size_t)run->files[i];
        if (file < table->last_file ||
            (file == table->last_file && run->rows[i] <= table->last_row)) {
            return fw_faultf(table->host, FW_E_INTERNAL, table->path, NULL,
                             "the engine gave rows out of their order");
        }
        table->last_file = file;
        table->last_row = run->rows[i];
    }
    return FW_OK;
}

static fw_status take_run(struct compare_table *table, const struct compare_run *run,
                          uint32_t element, void *to)
{
    const size_t width = table->features.n;
    for (size_t column = 0; column < width; column++) {
        const double *values = compare_run_column(run, column);
        for (uint64_t i = 0; i < run->n; i++) {
            if (element == FW_F32) {
                ((float *)to)[i * width + column] = (float)values[i];
            } else {
                ((double *)to)[i * width + column] = values[i];
            }
        }
    }
    fw_status status = check_order(table, run);
    return status == FW_OK ? check_run(table, run, element, to) : status;
}

static fw_status read_rows(struct compare_table *table, uint64_t n, uint32_t element, char *to)
{
    const uint64_t bytes = table->features.n * fw_element_size(element);
    fw_status status = FW_OK;
    for (uint64_t at = 0; status == FW_OK && at < n;) {
        struct compare_run run;
        status = compare_rows_next(&table->reading, n - at, &run);
        if (status == FW_OK && run.n == 0) {
            status =
                fw_faultf(table->host, FW_E_DATA, table->path, "run again",
                          "the table has fewer rows than a moment ago: %llu of %llu",
                          (unsigned long long)(table->next + at), (unsigned long long)table->n);
        }
        if (status == FW_OK) {
            status = take_run(table, &run, element, to + at * bytes);
            at += run.n;
        }
    }
    table->next += n;
    return status;
}

/* The model's own shape of a sample where it fixes one, else a row. */
static void shape_as(const struct compare_table *table, const struct fw_predictor_port *port,
                     uint64_t n, struct fw_predictor_array *array, int64_t *shape)
{
    bool fixed = port->rank > 1;
    for (uint64_t k = 1; k < port->rank; k++) {
        fixed = fixed && port->shape[k] >= 0;
    }
    array->rank = fixed ? (uint32_t)port->rank : 2;
    for (uint32_t k = 1; k < array->rank; k++) {
        shape[k] = fixed ? port->shape[k] : (int64_t)table->features.n;
    }
    shape[0] = (int64_t)n;
    array->shape = shape;
}

fw_status compare_table_read(struct compare_table *table, const struct fw_predictor_info *info,
                             uint64_t first, uint64_t n, struct compare_chunk *chunk)
{
    const struct fw_predictor_port *port = info->inputs[0];
    const uint64_t items = n * table->features.n;
    struct fw_predictor_array *array = &chunk->arrays[0];
    fw_status status = FW_OK;
    array->element = port->element;
    array->data = chunk->data[0] = malloc(items * fw_element_size(array->element) + 1);
    if (array->data == NULL) {
        return fw_fault_nomem(table->host);
    }
    shape_as(table, port, n, array, chunk->shapes[0]);
    if (!compare_rows_are_open(&table->reading) || table->next != first) {
        status = open_reading(table, first);
    }
    if (status == FW_OK) {
        status = read_rows(table, n, array->element, chunk->data[0]);
    }
    if (status == FW_OK) {
        compare_scale(array->element, chunk->data[0], items,
                      fw_task_real(table->task, "input_scale"));
    }
    return status;
}
