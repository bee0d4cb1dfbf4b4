/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "combine.h"
#include "sql/copy.h"

static bool is_real(const struct combine_column *column)
{
    return strcmp(column->sql_type, "DOUBLE") == 0 || strcmp(column->sql_type, "FLOAT") == 0;
}

/* Whether the column has no value in a row. */
static void append_missing(const struct combine_column *column, struct fw_text *text)
{
    fw_text_identifier(text, column->name);
    fw_text_append(text, " IS NULL");
    if (is_real(column)) {
        fw_text_append(text, " OR isnan(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, ")");
    }
}

static void append_join(struct combine *combine)
{
    fw_text_append(&combine->join, " FROM fw_prices");
    for (int i = COMBINE_FEATURES; i < COMBINE_PARTS; i++) {
        if (combine->tables[i].source != NULL) {
            fw_text_appendf(&combine->join, " JOIN fw_%s USING (fw_day)", combine_ports[i]);
        }
    }
}

/* Days that all tables have, and whether all their values are there. */
fw_status combine_join_make(struct combine *combine)
{
    struct fw_text *text = &combine->join;

    fw_text_append(text, "CREATE TABLE fw_joined AS SELECT fw_day AS \"Date\"");
    for (size_t i = 0; i < combine->n_columns; i++) {
        fw_text_append(text, ", ");
        fw_text_identifier(text, combine->columns[i].name);
    }
    fw_text_append(text, ", NOT (false");
    for (size_t i = 0; i < combine->n_columns; i++) {
        fw_text_append(text, " OR ");
        append_missing(&combine->columns[i], text);
    }
    fw_text_append(text, ") AS fw_whole");
    append_join(combine);
    fw_text_append(&combine->write, "COPY (SELECT * EXCLUDE (fw_whole) FROM fw_joined WHERE "
                                    "fw_whole ORDER BY \"Date\") ");
    fw_sql_append_to_parquet(&combine->write, fw_task_output(combine->task, "dataset")->path,
                             combine->n_columns + 1);
    return text->failed || combine->write.failed ? fw_fault_nomem(combine->host) : FW_OK;
}

static fw_status refuse_infinite(const struct combine *combine, const struct combine_column *column,
                                 const char *day)
{
    return fw_faultf(combine->host, FW_E_DATA, column->name,
                     "mend what made the value: it is no number to learn from",
                     "the column of %s is infinite on %s", combine_ports[column->part], day);
}

/* The first day of each column, in one go: a query a column takes its time. */
static fw_status check_infinite(const struct combine *combine)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    for (size_t i = 0; i < combine->n_columns; i++) {
        fw_text_append(&query, i == 0 ? "SELECT " : ", ");
        fw_text_append(&query, "min(\"Date\") FILTER (");
        if (is_real(&combine->columns[i])) {
            fw_text_append(&query, "isinf(");
            fw_text_identifier(&query, combine->columns[i].name);
            fw_text_append(&query, "))");
        } else {
            fw_text_append(&query, "false)");
        }
    }
    fw_text_append(&query, " FROM fw_joined");
    fw_status status = query.failed ? fw_fault_nomem(combine->host)
                                    : fw_sql_grid(&combine->sql, &grid, fw_text_get(&query));
    for (size_t i = 0; i < combine->n_columns && status == FW_OK; i++) {
        const char *day = fw_sql_cell(&grid, 0, i);
        status = day != NULL ? refuse_infinite(combine, &combine->columns[i], day) : FW_OK;
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status count(struct combine *combine)
{
    fw_status status =
        fw_sql_int64(&combine->sql, &combine->n_joined, "SELECT count(*) FROM fw_joined");

    if (status == FW_OK) {
        status = fw_sql_int64(&combine->sql, &combine->n_written,
                              "SELECT count(*) FROM fw_joined WHERE fw_whole");
    }
    return status;
}

fw_status combine_join_check(struct combine *combine)
{
    fw_status status = count(combine);

    if (status == FW_OK && combine->n_written == 0) {
        return fw_faultf(combine->host, FW_E_DATA,
                         combine->tables[COMBINE_PRICES].source->files[0].path,
                         "look at the dates: date_format says how those of the prices are written",
                         "no day is left: the tables have %" PRId64 " days in common, none of them "
                         "with all values",
                         combine->n_joined);
    }
    return status == FW_OK ? check_infinite(combine) : status;
}
