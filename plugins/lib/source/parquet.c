/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "source/internal.h"

void fw_source_append_paths(const struct fw_source *source, size_t first, size_t n,
                            struct fw_text *text)
{
    fw_text_append(text, "[");
    for (size_t i = 0; i < n; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, source->files[first + i].path);
    }
    fw_text_append(text, "]");
}

/*
 * One file for each schema that occurs, in file order. Describing all of them at once would hold
 * every file's footer open (1.5 GB at 2,800 files of 148 columns). Beside it, whether it has the
 * fields of a shredded VARIANT.
 */
static void append_examples(const struct fw_source *source, struct fw_text *text)
{
    fw_source_append_origin(source, 0, source->n_files, text);
    fw_text_append(text,
                   "SELECT min(file_name) AS example, bool_or(shredded) FROM (SELECT file_name, "
                   "bool_or(name = 'typed_value') AND bool_or(name = 'metadata') AS shredded, "
                   "list((name, duckdb_type, num_children, repetition_type) ORDER BY place) "
                   "AS form FROM (SELECT *, row_number() OVER () AS place "
                   "FROM parquet_schema(");
    fw_source_append_paths(source, 0, source->n_files, text);
    fw_text_append(text, ")) GROUP BY file_name) GROUP BY form ORDER BY example");
}

static fw_status find_examples(const struct fw_source *source, struct fw_sql_grid *ret_examples)
{
    struct fw_text query = {0};
    append_examples(source, &query);
    fw_status status = query.failed
                           ? fw_fault_nomem(source->more->sql->host)
                           : fw_sql_grid(source->more->sql, ret_examples, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

/* DuckDB 1.4.4 reads what such a column says of itself without looking, and crashes on damage. */
static fw_status refuse_shredded(const struct fw_source *source, const struct fw_sql_grid *examples)
{
    for (size_t i = 0; i < examples->n_rows; i++) {
        if (strcmp(fw_sql_cell(examples, i, 1), "true") == 0) {
            return fw_faultf(source->more->sql->host, FW_E_UNSUPPORTED, fw_sql_cell(examples, i, 0),
                             NULL,
                             "a column is a shredded VARIANT (fields metadata and typed_value), "
                             "which is not read; write it as columns or as text");
        }
    }
    return FW_OK;
}

static fw_status describe(const struct fw_source *source, const struct fw_sql_grid *examples,
                          struct fw_sql_grid *ret_columns)
{
    struct fw_text query = {0};
    fw_text_append(&query, "SELECT * FROM read_parquet([");
    for (size_t i = 0; i < examples->n_rows; i++) {
        fw_text_append(&query, i > 0 ? ", " : "");
        fw_text_literal(&query, fw_sql_cell(examples, i, 0));
    }
    fw_text_append(&query, "], union_by_name = true, hive_partitioning = false)");
    fw_status status = query.failed
                           ? fw_fault_nomem(source->more->sql->host)
                           : fw_sql_describe(source->more->sql, ret_columns, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status fw_source_open_parquet(struct fw_source *source)
{
    struct fw_sql_grid examples = {0}, columns = {0};
    source->kind = FW_SOURCE_PARQUET;
    fw_status status = fw_source_check_parquet(source);
    if (status == FW_OK) {
        status = find_examples(source, &examples);
    }
    if (status == FW_OK) {
        status = refuse_shredded(source, &examples);
    }
    if (status == FW_OK) {
        source->more->uniform = examples.n_rows == 1;
        status = describe(source, &examples, &columns);
    }
    for (size_t i = 0; i < columns.n_rows && status == FW_OK; i++) {
        if (!fw_source_add_column(source, fw_sql_cell(&columns, i, 0), fw_sql_cell(&columns, i, 1),
                                  NULL)) {
            status = fw_fault_nomem(source->more->sql->host);
        }
    }
    fw_sql_grid_finish(&examples);
    fw_sql_grid_finish(&columns);
    return status;
}
