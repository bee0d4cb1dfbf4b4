/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

fw_status compare_refuse_row(struct compare_table *table, const struct fw_source *source,
                             const struct fw_source_column *column, size_t file, int64_t row,
                             const char *expected)
{
    const struct fw_source_slice slice = {.first_file = file, .first_row = row, .n_rows = 1};
    struct fw_text query = {0}, place = {0};
    char *said = NULL;
    compare_rows_close(&table->reading);
    fw_text_append(&query, "SELECT CAST(");
    fw_text_identifier(&query, column->name);
    fw_text_append(&query, " AS VARCHAR) FROM ");
    fw_source_scan(source, &slice, &query);
    fw_status status = query.failed ? fw_fault_nomem(table->host)
                                    : fw_sql_text(&table->sql, &said, fw_text_get(&query));
    if (status == FW_OK) {
        fw_source_append_place(source, file, row, &place);
        status = fw_faultf(table->host, FW_E_DATA, fw_text_get(&place),
                           "mend the row, or leave it out in a stage of its own, before this one",
                           "the column \"%s\" is %s, where %s is expected", column->name,
                           said == NULL ? "nothing" : said, expected);
    }
    free(said);
    fw_text_finish(&query);
    fw_text_finish(&place);
    return status;
}

void compare_append_keys(const struct compare_table *table, const char *relation,
                         struct fw_text *text)
{
    fw_text_append(text, table->ids.n > 0 ? "concat_ws(', '" : "concat(''");
    for (size_t i = 0; i < table->ids.n; i++) {
        fw_text_append(text, ", ");
        fw_text_literal(text, table->ids.items[i]->name);
        fw_text_appendf(text, " || ' = ' || CAST(%s.k%zu AS VARCHAR)", relation, i);
    }
    fw_text_append(text, ")");
}

char *compare_table_name(const struct compare_table *table, uint64_t sample)
{
    struct fw_text query = {0}, place = {0};
    struct fw_sql_grid grid = {0};
    char *name = NULL;
    fw_text_append(&query, "SELECT fw_file, fw_row, ");
    compare_append_keys(table, "s", &query);
    fw_text_appendf(&query, " FROM " COMPARE_SAMPLES " AS s WHERE sample = %llu",
                    (unsigned long long)sample);
    if (!query.failed && fw_sql_grid(&table->sql, &grid, fw_text_get(&query)) == FW_OK) {
        fw_source_append_place(table->source, strtoul(fw_sql_cell(&grid, 0, 0), NULL, 10),
                               strtoll(fw_sql_cell(&grid, 0, 1), NULL, 10), &place);
        name = strdup(table->ids.n > 0 ? fw_sql_cell(&grid, 0, 2) : fw_text_get(&place));
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    fw_text_finish(&place);
    return name;
}

/* --- numbering --- */

static fw_status append_samples(const struct compare_table *table, struct fw_text *text)
{
    fw_status status = FW_OK;
    fw_text_append(text, "CREATE TEMP TABLE " COMPARE_SAMPLES
                         " AS SELECT CAST(row_number() OVER (ORDER BY ");
    for (size_t i = 0; i < table->ids.n; i++) {
        fw_text_appendf(text, "k%zu, ", i);
    }
    fw_text_append(text, FW_SOURCE_FILE ", " FW_SOURCE_ROW ") - 1 AS BIGINT) AS sample, * FROM "
                                        "(SELECT ");
    for (size_t i = 0; i < table->ids.n; i++) {
        fw_text_identifier(text, table->ids.items[i]->name);
        fw_text_appendf(text, " AS k%zu, ", i);
    }
    for (size_t i = 0; status == FW_OK && i < table->targets.n; i++) {
        status = compare_table_target(table, table->targets.items[i], text);
        fw_text_appendf(text, " AS y%zu, ", i);
    }
    fw_text_append(text, FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM ");
    fw_source_scan(table->source, NULL, text);
    fw_text_append(text, fw_text_get(&table->where));
    fw_text_append(text, ")");
    return status;
}

static fw_status refuse_empty(const struct compare_table *table)
{
    struct fw_text query = {0};
    char *splits = NULL;
    if (table->split == NULL) {
        return fw_faultf(table->host, FW_E_DATA, table->path, NULL, "the table holds no rows");
    }
    fw_text_append(&query, "SELECT string_agg(s, ', ' ORDER BY s) FROM (SELECT DISTINCT CAST(");
    fw_text_identifier(&query, table->split->name);
    fw_text_append(&query, " AS VARCHAR) AS s FROM ");
    fw_source_scan(table->source, NULL, &query);
    fw_text_append(&query, " ORDER BY s LIMIT 20)");
    fw_status status = query.failed ? fw_fault_nomem(table->host)
                                    : fw_sql_text(&table->sql, &splits, fw_text_get(&query));
    if (status == FW_OK) {
        status = fw_faultf(table->host, FW_E_DATA, table->path, "name another one: split = \"...\"",
                           "no row has \"%s\" in the column \"%s\"; there are: %s",
                           fw_task_text(table->task, "split"), table->split->name,
                           splits == NULL ? "none" : splits);
    }
    free(splits);
    fw_text_finish(&query);
    return status;
}

/* --- keys --- */

static int64_t whole(const struct fw_sql_grid *grid, size_t row, size_t column)
{
    return strtoll(fw_sql_cell(grid, row, column), NULL, 10);
}

static fw_status check_null(struct compare_table *table, size_t i)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(&table->sql, &grid,
                                    "SELECT fw_file, fw_row FROM " COMPARE_SAMPLES
                                    " WHERE k%zu IS NULL ORDER BY fw_file, fw_row LIMIT 1",
                                    i);
    if (status == FW_OK && grid.n_rows > 0) {
        status =
            compare_refuse_row(table, table->source, table->ids.items[i],
                               (size_t)whole(&grid, 0, 0), whole(&grid, 0, 1), "a key of the row");
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status refuse_twins(const struct compare_table *table, const struct fw_sql_grid *grid)
{
    struct fw_text first = {0}, second = {0};
    fw_source_append_place(table->source, (size_t)whole(grid, 0, 0), whole(grid, 0, 1), &first);
    fw_source_append_place(table->source, (size_t)whole(grid, 1, 0), whole(grid, 1, 1), &second);
    fw_status status = fw_faultf(table->host, FW_E_DATA, fw_text_get(&second),
                                 "name as many id_columns as make a row unique",
                                 "the key %s occurs twice, first at %s", fw_sql_cell(grid, 1, 2),
                                 fw_text_get(&first));
    fw_text_finish(&first);
    fw_text_finish(&second);
    return status;
}

/* Samples are in the order of their keys, so that twins stand beside each other. */
static fw_status check_twins(const struct compare_table *table)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_text_append(&query, "SELECT fw_file, fw_row, ");
    compare_append_keys(table, "s", &query);
    fw_text_append(&query, " FROM " COMPARE_SAMPLES
                           " AS s, (SELECT min(first) AS first FROM (SELECT min(sample) AS first "
                           "FROM " COMPARE_SAMPLES " GROUP BY k0");
    for (size_t i = 1; i < table->ids.n; i++) {
        fw_text_appendf(&query, ", k%zu", i);
    }
    fw_text_append(&query, " HAVING count(*) > 1)) WHERE sample IN (first, first + 1) ORDER BY "
                           "sample");
    fw_status status = query.failed ? fw_fault_nomem(table->host)
                                    : fw_sql_grid(&table->sql, &grid, fw_text_get(&query));
    if (status == FW_OK && grid.n_rows == 2) {
        status = refuse_twins(table, &grid);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status check_keys(struct compare_table *table)
{
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < table->ids.n; i++) {
        status = check_null(table, i);
    }
    return status == FW_OK && table->ids.n > 0 ? check_twins(table) : status;
}

/* --- targets --- */

static bool is_target(const struct compare_table *table, double value)
{
    return isfinite(value) && (!table->classes || (value >= 0 && value == floor(value)));
}

static fw_status take_run(struct compare_table *table, const struct compare_run *run,
                          uint64_t first)
{
    const size_t k = table->targets.n;
    for (uint64_t i = 0; i < run->n; i++) {
        const uint64_t sample = (uint64_t)compare_run_column(run, 0)[i];
        for (size_t t = 0; t < k; t++) {
            const double value = compare_run_column(run, t + 1)[i];
            if (!is_target(table, value)) {
                return compare_refuse_row(table, table->source, table->targets.items[t],
                                          (size_t)run->files[i], run->rows[i],
                                          !table->classes ? "a finite number"
                                          : table->label_names != NULL
                                              ? "one of the labels"
                                              : "a class, 0 or a whole number above");
            }
            table->target[sample * k + t] = value;
        }
        if (table->samples != NULL) {
            table->samples[first + i] = (uint32_t)sample;
        }
    }
    return FW_OK;
}

static fw_status take_targets(struct compare_table *table)
{
    struct fw_text query = {0};
    struct compare_run run;
    uint64_t at = 0;
    fw_text_append(&query, "SELECT fw_file, fw_row, CAST(sample AS DOUBLE)");
    for (size_t i = 0; i < table->targets.n; i++) {
        fw_text_appendf(&query, ", y%zu", i);
    }
    fw_text_append(&query, " FROM " COMPARE_SAMPLES " ORDER BY fw_file, fw_row");
    fw_status status = compare_rows_open(&table->reading, &table->sql, &query);
    fw_text_finish(&query);
    while (status == FW_OK && at < table->n) {
        status = compare_rows_next(&table->reading, table->n - at, &run);
        if (status == FW_OK) {
            status = take_run(table, &run, at);
            at += run.n;
        }
    }
    compare_rows_close(&table->reading);
    return status;
}

static fw_status make_room(struct compare_table *table)
{
    table->target = calloc(table->n * table->targets.n + 1, sizeof *table->target);
    table->samples = table->ids.n > 0 ? calloc(table->n + 1, sizeof *table->samples) : NULL;
    return table->target == NULL || (table->ids.n > 0 && table->samples == NULL)
               ? fw_fault_nomem(table->host)
               : FW_OK;
}

fw_status compare_table_number(struct compare_table *table)
{
    struct fw_text statement = {0};
    int64_t n = 0;
    fw_status status = append_samples(table, &statement);
    if (status == FW_OK) {
        status = fw_sql_exec_text(&table->sql, &statement);
    }
    fw_text_finish(&statement);
    if (status == FW_OK) {
        status = fw_sql_int64(&table->sql, &n, "SELECT count(*) FROM " COMPARE_SAMPLES);
    }
    table->n = (uint64_t)n;
    if (status == FW_OK && n == 0) {
        status = refuse_empty(table);
    }
    if (status == FW_OK && n > UINT32_MAX) {
        status = fw_faultf(table->host, FW_E_UNSUPPORTED, table->path, NULL,
                           "%llu rows are more than can be compared", (unsigned long long)n);
    }
    if (status == FW_OK) {
        status = check_keys(table);
    }
    if (status == FW_OK) {
        status = make_room(table);
    }
    return status == FW_OK ? take_targets(table) : status;
}
