/* SPDX-License-Identifier: MIT */
#include "predictions/predictions.h"

#include <stdlib.h>
#include <string.h>

#include "predictions/internal.h"

/* What a table that gives no such column has in it. */
#define ALL "'all'"

static fw_status find(const struct fw_predictions_private *more, const char *name,
                      const struct fw_source_column **ret_column)
{
    const struct fw_source *source = more->source;
    struct fw_text names = {0};

    *ret_column = fw_source_column(source, name);
    if (*ret_column != NULL) {
        return FW_OK;
    }
    for (size_t i = 0; i < source->n_columns; i++) {
        fw_text_appendf(&names, "%s%s", i > 0 ? ", " : "", source->columns[i].name);
    }
    fw_status status =
        fw_faultf(more->sql->host, FW_E_MISSING, source->files[0].path,
                  "name the column in the stage's params, or add it to the table",
                  "predictions need a column \"%s\"; there are: %s", name, fw_text_get(&names));
    fw_text_finish(&names);
    return status;
}

static void append_cast(const struct fw_source_column *column, const char *cast, const char *type,
                        struct fw_text *text)
{
    fw_text_appendf(text, "%s(", cast);
    fw_text_identifier(text, column->name);
    fw_text_appendf(text, " AS %s)", type);
}

static fw_status append_name(const struct fw_predictions_private *more, const char *name,
                             struct fw_text *text)
{
    const struct fw_source_column *column;

    if (name[0] == '\0') {
        fw_text_append(text, ALL);
        return FW_OK;
    }
    fw_status status = find(more, name, &column);
    if (status == FW_OK) {
        append_cast(column, "CAST", "VARCHAR", text);
    }
    return status;
}

static fw_status append_number(const struct fw_predictions_private *more, const char *name,
                               struct fw_text *text, struct fw_text *said)
{
    const struct fw_source_column *column;
    fw_status status = find(more, name, &column);

    if (status == FW_OK) {
        append_cast(column, "TRY_CAST", "DOUBLE", text);
        append_cast(column, "CAST", "VARCHAR", said);
    }
    return status;
}

/* The column of the keys; NULL where the table has none and none was asked for. */
static fw_status find_key(const struct fw_predictions_private *more, const char *name,
                          const struct fw_source_column **ret_column)
{
    const struct fw_source_column *id = fw_source_column(more->source, "id");
    const struct fw_source_column *date = fw_source_column(more->source, "date");

    if (name != NULL && name[0] != '\0') {
        return find(more, name, ret_column);
    }
    *ret_column = name != NULL ? NULL : id != NULL ? id : date;
    return name == NULL && id != NULL && date != NULL
               ? fw_faultf(more->sql->host, FW_E_CONFIG, more->source->files[0].path,
                           "say in the stage's params which column is the key",
                           "there is an id and a date: either may be the key of a prediction")
               : FW_OK;
}

static enum fw_predictions_key kind_of(const struct fw_source_column *column)
{
    static const char *const integers[] = {"TINYINT",  "SMALLINT",  "INTEGER", "BIGINT",
                                           "UTINYINT", "USMALLINT", "UINTEGER"};

    for (size_t i = 0; i < FW_COUNT(integers); i++) {
        if (strcmp(column->sql_type, integers[i]) == 0) {
            return FW_PREDICTIONS_INTEGER;
        }
    }
    return strcmp(column->sql_type, "DATE") == 0        ? FW_PREDICTIONS_DAYS
           : strcmp(column->sql_type, "TIMESTAMP") == 0 ? FW_PREDICTIONS_MICROS
                                                        : FW_PREDICTIONS_TEXT;
}

static void append_key(struct fw_predictions *predictions, const struct fw_source_column *column)
{
    struct fw_predictions_private *more = predictions->more;
    static const char *const before[] = {[FW_PREDICTIONS_DAYS] = "CAST(epoch(",
                                         [FW_PREDICTIONS_MICROS] = "CAST(epoch_us(",
                                         [FW_PREDICTIONS_INTEGER] = "CAST((",
                                         [FW_PREDICTIONS_TEXT] = "CAST(("};
    static const char *const after[] = {[FW_PREDICTIONS_DAYS] = ") / 86400 AS BIGINT)",
                                        [FW_PREDICTIONS_MICROS] = ") AS BIGINT)",
                                        [FW_PREDICTIONS_INTEGER] = ") AS BIGINT)",
                                        [FW_PREDICTIONS_TEXT] = ") AS VARCHAR)"};

    if (column == NULL) {
        fw_text_append(&more->key, "0::BIGINT");
        fw_text_append(&more->key_said, "''");
        return;
    }
    predictions->key = kind_of(column);
    more->key_name = column->name;
    fw_text_append(&more->key, before[predictions->key]);
    fw_text_identifier(&more->key, column->name);
    fw_text_append(&more->key, after[predictions->key]);
    append_cast(column, "CAST", "VARCHAR", &more->key_said);
}

static const char *or_else(const char *name, const char *other)
{
    return name != NULL ? name : other;
}

static fw_status find_columns(struct fw_predictions *predictions,
                              const struct fw_predictions_options *options)
{
    struct fw_predictions_private *more = predictions->more;
    const struct fw_source_column *key = NULL;
    fw_status status =
        append_name(more, or_else(options->experiment, "experiment"), &more->experiment);

    if (status == FW_OK) {
        status = append_name(more, or_else(options->split, "split"), &more->split);
    }
    if (status == FW_OK) {
        status = append_number(more, or_else(options->y, "y"), &more->y, &more->y_said);
    }
    if (status == FW_OK) {
        status = append_number(more, or_else(options->p, "p"), &more->p, &more->p_said);
    }
    if (status == FW_OK) {
        status = find_key(more, options->key, &key);
    }
    if (status == FW_OK) {
        append_key(predictions, key);
    }
    return status;
}

static fw_status append_rows(struct fw_predictions_private *more, const char *const *splits,
                             size_t n_splits)
{
    const struct fw_text *texts[] = {&more->experiment, &more->split,  &more->key, &more->key_said,
                                     &more->y,          &more->y_said, &more->p,   &more->p_said};

    fw_text_append(&more->rows, "FROM ");
    fw_source_scan(more->source, NULL, &more->rows);
    if (n_splits > 0) {
        fw_text_appendf(&more->rows, " WHERE coalesce(%s, '') IN ('', ", fw_text_get(&more->split));
        fw_text_literals(&more->rows, splits, n_splits);
        fw_text_append(&more->rows, ")");
    }
    bool failed = more->rows.failed;
    for (size_t i = 0; i < FW_COUNT(texts); i++) {
        failed = failed || texts[i]->failed;
    }
    return failed ? fw_fault_nomem(more->sql->host) : FW_OK;
}

fw_status fw_predictions_open(const struct fw_sql_handle *sql, const char *const *paths,
                              size_t n_paths, const struct fw_predictions_options *options,
                              struct fw_predictions **ret_predictions)
{
    static const struct fw_predictions_options contract;
    const struct fw_predictions_options *how = options != NULL ? options : &contract;
    struct fw_predictions *predictions = calloc(1, sizeof *predictions);
    struct fw_predictions_private *more = calloc(1, sizeof *more);

    if (predictions == NULL || more == NULL) {
        free(predictions);
        free(more);
        return fw_fault_nomem(sql->host);
    }
    predictions->more = more;
    more->sql = sql;
    fw_status status = fw_source_open(sql, paths, n_paths, NULL, &more->source);
    if (status == FW_OK) {
        status = find_columns(predictions, how);
    }
    if (status == FW_OK) {
        status = append_rows(more, how->splits, how->n_splits);
    }
    if (status == FW_OK) {
        status = fw_predictions_find_cells(predictions);
    }
    if (status != FW_OK) {
        fw_predictions_close(predictions);
        return status;
    }
    *ret_predictions = predictions;
    return FW_OK;
}

fw_status fw_predictions_load(const struct fw_sql_handle *sql, const char *const *paths,
                              size_t n_paths, const struct fw_predictions_options *options,
                              struct fw_predictions **ret_predictions)
{
    struct fw_predictions *predictions;
    fw_status status = fw_predictions_open(sql, paths, n_paths, options, &predictions);

    if (status != FW_OK) {
        return status;
    }
    do {
        status = fw_predictions_read(predictions, SIZE_MAX);
    } while (status == FW_MORE);
    if (status != FW_OK) {
        fw_predictions_close(predictions);
        return status;
    }
    *ret_predictions = predictions;
    return FW_OK;
}

void fw_predictions_forget(struct fw_predictions_cell *cell)
{
    free(cell->p);
    free(cell->y);
    free(cell->keys);
    cell->p = NULL;
    cell->y = NULL;
    cell->keys = NULL;
}

static void finish_private(struct fw_predictions_private *more)
{
    if (more->is_open) {
        more->stream.release(&more->stream);
    }
    fw_text_finish(&more->experiment);
    fw_text_finish(&more->split);
    fw_text_finish(&more->key);
    fw_text_finish(&more->key_said);
    fw_text_finish(&more->y);
    fw_text_finish(&more->p);
    fw_text_finish(&more->y_said);
    fw_text_finish(&more->p_said);
    fw_text_finish(&more->rows);
    fw_source_close(more->source);
    free(more->filled);
    free(more);
}

void fw_predictions_close(struct fw_predictions *predictions)
{
    if (predictions == NULL) {
        return;
    }
    finish_private(predictions->more);
    for (size_t i = 0; i < predictions->n_cells; i++) {
        fw_predictions_forget(&predictions->cells[i]);
        free(predictions->cells[i].experiment);
        free(predictions->cells[i].split);
    }
    free(predictions->cells);
    free(predictions);
}
