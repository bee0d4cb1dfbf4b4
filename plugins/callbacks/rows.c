/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "callbacks.h"
#include "source/source.h"

#define RAW "fw_callbacks_raw"

/* A file of JSON lines is no table that fw_source knows: it is opened as one column of texts. */
static bool is_json(const char *path)
{
    static const char *const ends[] = {".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz"};

    for (size_t i = 0; i < FW_COUNT(ends); i++) {
        size_t n = strlen(path), size = strlen(ends[i]);
        if (n > size && strcmp(path + n - size, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A record's metric, in the object itself or in its member `metrics`. Metrics that were not finite
   are null, and the list `nonfinite` names them. */
static void append_member(struct fw_text *text, const char *name)
{
    struct fw_text path = {0};

    fw_text_appendf(&path, "$.\"%s\"", name);
    fw_text_append(
        text, "CASE WHEN coalesce(list_contains(TRY_CAST(json -> '$.nonfinite' AS VARCHAR[]), ");
    fw_text_literal(text, name);
    fw_text_append(text, "), false) THEN 'nan' ELSE coalesce(json ->> ");
    fw_text_literal(text, fw_text_get(&path));
    fw_text_append(text, ", json -> '$.metrics' ->> ");
    fw_text_literal(text, fw_text_get(&path));
    fw_text_append(text, ") END");
    text->failed = text->failed || path.failed;
    fw_text_finish(&path);
}

/* How a column of the file is read; nothing where the file does not have it. */
static fw_status find(struct callbacks *c, const struct fw_source *source, const char *name,
                      struct fw_text *text)
{
    int64_t n = 0;

    if (source != NULL) {
        if (fw_source_column(source, name) != NULL) {
            fw_text_identifier(text, name);
        }
        return FW_OK;
    }
    if (strpbrk(name, "\"\\") != NULL) {
        return fw_faultf(c->host, FW_E_UNSUPPORTED, name, "rename the metric",
                         "a metric's name in JSON lines cannot have \" or \\ in it");
    }
    append_member(text, name);
    fw_status status = fw_sql_int64f(&c->sql, &n, "SELECT count(%s) FROM " RAW, fw_text_get(text));
    if (status == FW_OK && n == 0) {
        fw_text_clear(text);
    }
    return status;
}

static fw_status check_type(const struct callbacks *c, const struct callbacks_run *run,
                            const struct fw_source *source, const char *name)
{
    static const char *const types[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                        "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                        "UBIGINT", "FLOAT",    "DOUBLE",    "VARCHAR"};
    const char *type = source != NULL ? fw_source_column(source, name)->sql_type : "VARCHAR";

    for (size_t i = 0; i < FW_COUNT(types); i++) {
        if (strcmp(type, types[i]) == 0) {
            return FW_OK;
        }
    }
    return strncmp(type, "DECIMAL", 7) == 0
               ? FW_OK
               : fw_faultf(c->host, FW_E_DATA, run->path, "give a column of numbers",
                           "the column \"%s\" is %s, not of numbers", name, type);
}

static fw_status refuse_text(const struct callbacks *c, const struct callbacks_run *run,
                             const char *expression, const char *name)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(
        &c->sql, &grid,
        "SELECT fw_row + 1, v FROM (SELECT fw_file, fw_row, CAST(%s AS VARCHAR) AS v FROM " RAW
        ") WHERE v IS NOT NULL AND TRY_CAST(v AS DOUBLE) IS NULL "
        "ORDER BY fw_file, fw_row LIMIT 1",
        expression);

    if (status == FW_OK && grid.n_rows > 0) {
        status = fw_faultf(c->host, FW_E_DATA, run->path, "mend the record, or name another column",
                           "record %s: the column \"%s\" is \"%s\", where a number is expected",
                           fw_sql_cell(&grid, 0, 0), name, fw_sql_cell(&grid, 0, 1));
    }
    fw_sql_grid_finish(&grid);
    return status;
}

/* The first of the role's names that the file has becomes a column of the rows. */
static fw_status add_role(struct callbacks *c, struct callbacks_run *run,
                          const struct fw_source *source, enum callbacks_role role,
                          struct fw_text *columns)
{
    const struct fw_value *names = fw_task_value(c->task, callbacks_role_parameter(role));
    struct fw_text expression = {0};
    fw_status status = FW_OK;
    uint64_t i = 0;

    for (; i < names->n && status == FW_OK; i++) {
        status = find(c, source, names->texts[i], &expression);
        if (status == FW_OK && expression.size > 0) {
            break;
        }
    }
    if (status == FW_OK && expression.size > 0) {
        snprintf(run->numbers.columns[role], CALLBACKS_NAME, "%s", names->texts[i]);
        status = check_type(c, run, source, names->texts[i]);
    }
    if (status == FW_OK && expression.size > 0) {
        status = refuse_text(c, run, fw_text_get(&expression), names->texts[i]);
    }
    fw_text_appendf(columns, ", CAST(%s AS DOUBLE) AS r%d",
                    expression.size > 0 ? fw_text_get(&expression) : "NULL", (int)role);
    columns->failed = columns->failed || expression.failed;
    fw_text_finish(&expression);
    return status;
}

static fw_status make_raw(struct callbacks *c, const struct callbacks_run *run,
                          struct fw_source **ret_source)
{
    struct fw_text text = {0};
    fw_status status = FW_OK;

    fw_text_append(&text, "CREATE OR REPLACE TEMP TABLE " RAW " AS SELECT ");
    if (is_json(run->path)) {
        fw_text_append(
            &text,
            "0 AS fw_file, row_number() OVER () - 1 AS fw_row, json FROM read_json_objects(");
        fw_text_literal(&text, run->path);
        fw_text_append(&text, ", format = 'newline_delimited')");
    } else {
        status = fw_source_open(&c->sql, &run->path, 1, NULL, ret_source);
        if (status == FW_OK) {
            fw_text_append(&text, "* FROM ");
            fw_source_scan(*ret_source, NULL, &text);
        }
    }
    if (status == FW_OK) {
        status = fw_sql_exec_text(&c->sql, &text);
    }
    fw_text_finish(&text);
    return status;
}

static fw_status check_loss(const struct callbacks *c, const struct callbacks_run *run)
{
    const struct fw_value *names = fw_task_value(c->task, "loss_column");
    struct fw_text text = {0};

    if (run->numbers.columns[CALLBACKS_LOSS][0] != '\0') {
        return FW_OK;
    }
    for (uint64_t i = 0; i < names->n; i++) {
        fw_text_appendf(&text, "%s%s", i > 0 ? ", " : "", names->texts[i]);
    }
    fw_status status =
        fw_faultf(c->host, FW_E_DATA, run->path, "set loss_column to the name of the loss",
                  "the run has no loss: none of the columns %s", fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

fw_status callbacks_rows_make(struct callbacks *c, struct callbacks_run *run)
{
    struct fw_source *source = NULL;
    struct fw_text text = {0};
    fw_status status = make_raw(c, run, &source);

    fw_text_append(&text,
                   "CREATE OR REPLACE TEMP TABLE " CALLBACKS_ROWS " AS SELECT fw_file, fw_row");
    for (int role = 0; role < CALLBACKS_ROLES && status == FW_OK; role++) {
        status = add_role(c, run, source, (enum callbacks_role)role, &text);
    }
    if (status == FW_OK) {
        status = check_loss(c, run);
    }
    fw_text_append(&text, " FROM " RAW);
    if (status == FW_OK) {
        status = fw_sql_exec_text(&c->sql, &text);
    }
    fw_text_finish(&text);
    fw_source_close(source);
    return status;
}
