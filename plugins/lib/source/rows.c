/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "source/internal.h"

static fw_status refuse_csv(const struct fw_source *source)
{
    return fw_faultf(source->more->sql->host, FW_E_ARG, NULL, NULL,
                     "rows or row groups are asked of no Parquet file");
}

fw_status fw_source_row_groups(const struct fw_source *source, size_t file, int64_t **ret_rows,
                               size_t *ret_n)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text path = {0};
    struct fw_sql_grid groups = {0};
    if (source->kind == FW_SOURCE_CSV || file >= source->n_files) {
        return refuse_csv(source);
    }
    fw_text_literal(&path, source->files[file].path);
    fw_status status = path.failed ? fw_fault_nomem(sql->host)
                                   : fw_sql_gridf(sql, &groups,
                                                  "SELECT any_value(row_group_num_rows) "
                                                  "FROM parquet_metadata(%s) "
                                                  "GROUP BY row_group_id ORDER BY row_group_id",
                                                  fw_text_get(&path));
    fw_text_finish(&path);
    int64_t *rows = calloc(groups.n_rows + 1, sizeof *rows);
    if (status != FW_OK || rows == NULL) {
        free(rows);
        fw_sql_grid_finish(&groups);
        return status != FW_OK ? status : fw_fault_nomem(sql->host);
    }
    for (size_t i = 0; i < groups.n_rows; i++) {
        rows[i] = strtoll(fw_sql_cell(&groups, i, 0), NULL, 10);
    }
    *ret_rows = rows;
    *ret_n = groups.n_rows;
    fw_sql_grid_finish(&groups);
    return FW_OK;
}

/* The engine lists files in the order in which they were given; that is not promised. */
static size_t find_file(const struct fw_source *source, const char *path, size_t at)
{
    size_t i = at;

    while (i < at + source->n_files && strcmp(source->files[i % source->n_files].path, path) != 0) {
        i++;
    }
    return i % source->n_files;
}

static fw_status take_rows(const struct fw_source *source, const struct fw_sql_grid *grid)
{
    int64_t *rows = calloc(source->n_files, sizeof *rows);

    if (rows == NULL) {
        return fw_fault_nomem(source->more->sql->host);
    }
    for (size_t i = 0; i < grid->n_rows; i++) {
        size_t file = find_file(source, fw_sql_cell(grid, i, 0), i);
        rows[file] = strtoll(fw_sql_cell(grid, i, 1), NULL, 10);
    }
    source->more->rows = rows;
    return FW_OK;
}

static fw_status read_rows(const struct fw_source *source)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_sql_grid grid = {0};
    struct fw_text query = {0};

    fw_source_append_origin(source, 0, source->n_files, &query);
    fw_text_append(&query, "SELECT file_name, num_rows FROM parquet_file_metadata(");
    fw_source_append_paths(source, 0, source->n_files, &query);
    fw_text_append(&query, ")");
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_grid(sql, &grid, fw_text_get(&query));
    if (status == FW_OK && grid.n_rows != source->n_files) {
        status = fw_faultf(sql->host, FW_E_INTERNAL, source->files[0].path, NULL,
                           "%zu files have %zu footers", source->n_files, grid.n_rows);
    }
    if (status == FW_OK) {
        status = take_rows(source, &grid);
    }
    fw_text_finish(&query);
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status fw_source_file_rows(const struct fw_source *source, size_t file, int64_t *ret_rows)
{
    if (source->kind == FW_SOURCE_CSV || file >= source->n_files) {
        return refuse_csv(source);
    }
    fw_status status = source->more->rows == NULL ? read_rows(source) : FW_OK;
    if (status == FW_OK) {
        *ret_rows = source->more->rows[file];
    }
    return status;
}

static fw_status count_csv(const struct fw_source *source, int64_t *ret_rows)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT count(*) FROM ");
    fw_source_scan(source, NULL, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_int64(sql, ret_rows, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status fw_source_count(const struct fw_source *source, int64_t *ret_rows)
{
    int64_t sum = 0, rows = 0;
    fw_status status = FW_OK;

    if (source->kind == FW_SOURCE_CSV && source->n_files > 0) {
        return count_csv(source, ret_rows);
    }
    for (size_t i = 0; i < source->n_files && status == FW_OK; i++) {
        status = fw_source_file_rows(source, i, &rows);
        sum += rows - source->files[i].n_deleted;
    }
    if (status == FW_OK) {
        *ret_rows = sum;
    }
    return status;
}

static int64_t find_nulls(const struct fw_sql_grid *grid, const char *name)
{
    for (size_t i = 0; i < grid->n_rows && name != NULL; i++) {
        if (strcmp(fw_sql_cell(grid, i, 0), name) == 0) {
            return strtoll(fw_sql_cell(grid, i, 1), NULL, 10);
        }
    }
    return -1;
}

fw_status fw_source_nulls(const struct fw_source *source, size_t file, int64_t *ret_nulls)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text path = {0};
    struct fw_sql_grid grid = {0};

    if (source->kind == FW_SOURCE_CSV || file >= source->n_files) {
        return refuse_csv(source);
    }
    fw_text_literal(&path, source->files[file].path);
    fw_status status =
        path.failed ? fw_fault_nomem(sql->host)
                    : fw_sql_gridf(sql, &grid,
                                   "SELECT path_in_schema, sum(stats_null_count)::BIGINT FROM "
                                   "parquet_metadata(%s) GROUP BY path_in_schema HAVING "
                                   "count(stats_null_count) = count(*)",
                                   fw_text_get(&path));
    for (size_t i = 0; i < source->n_columns && status == FW_OK; i++) {
        ret_nulls[i] = find_nulls(&grid, fw_source_name_in_files(source, &source->columns[i]));
    }
    fw_text_finish(&path);
    fw_sql_grid_finish(&grid);
    return status;
}
