/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "predictions/internal.h"

/* The place that a row of the grid begins with: file, row. */
static void append_place(const struct fw_source *source, const struct fw_sql_grid *grid, size_t row,
                         struct fw_text *text)
{
    fw_source_append_place(source, strtoul(fw_sql_cell(grid, row, 0), NULL, 10),
                           strtoll(fw_sql_cell(grid, row, 1), NULL, 10), text);
}

static const char *said(const struct fw_sql_grid *grid, size_t column)
{
    const char *text = fw_sql_cell(grid, 0, column);

    return text != NULL && text[0] != '\0' ? text : "nothing";
}

/* Rows that the second scan does not show any more: the file changed under the run. */
static fw_status changed(const struct fw_predictions_private *more)
{
    return fw_faultf(more->sql->host, FW_E_DATA, more->source->files[0].path, "run again",
                     "the table is not what it was a moment ago");
}

fw_status fw_predictions_refuse_names(const struct fw_predictions *predictions)
{
    const struct fw_predictions_private *more = predictions->more;
    struct fw_sql_grid grid = {0};
    struct fw_text where = {0};
    fw_status status =
        fw_sql_gridf(more->sql, &grid,
                     "SELECT fw_file, fw_row, nullif(%s, '') IS NULL FROM (SELECT * %s) WHERE "
                     "nullif(%s, '') IS NULL OR nullif(%s, '') IS NULL ORDER BY fw_file, "
                     "fw_row LIMIT 1",
                     fw_text_get(&more->experiment), fw_text_get(&more->rows),
                     fw_text_get(&more->experiment), fw_text_get(&more->split));

    if (status == FW_OK && grid.n_rows == 0) {
        status = changed(more);
    } else if (status == FW_OK) {
        append_place(more->source, &grid, 0, &where);
        status =
            fw_faultf(more->sql->host, FW_E_DATA, fw_text_get(&where),
                      "give every prediction an experiment and a split", "a prediction has no %s",
                      fw_sql_cell(&grid, 0, 2)[0] == 't' ? "experiment" : "split");
    }
    fw_text_finish(&where);
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status fw_predictions_refuse_values(const struct fw_predictions *predictions)
{
    const struct fw_predictions_private *more = predictions->more;
    struct fw_sql_grid grid = {0};
    struct fw_text where = {0};
    fw_status status = fw_sql_gridf(
        more->sql, &grid,
        "SELECT fw_file, fw_row, n, k IS NULL, coalesce(y NOT IN (0, 1), true), said_y, said_p "
        "FROM "
        "(SELECT *, count(*) OVER () AS n FROM (SELECT %s AS k, %s AS y, %s AS p, %s AS said_y, "
        "%s AS said_p, fw_file, fw_row %s) WHERE k IS NULL OR "
        "coalesce(y NOT IN (0, 1), true) OR NOT coalesce(p BETWEEN 0 AND 1, false)) ORDER BY "
        "fw_file, fw_row LIMIT 1",
        fw_text_get(&more->key), fw_text_get(&more->y), fw_text_get(&more->p),
        fw_text_get(&more->y_said), fw_text_get(&more->p_said), fw_text_get(&more->rows));

    if (status != FW_OK || grid.n_rows == 0) {
        fw_sql_grid_finish(&grid);
        return status != FW_OK ? status : changed(more);
    }
    bool no_key = fw_sql_cell(&grid, 0, 3)[0] == 't', is_y = fw_sql_cell(&grid, 0, 4)[0] == 't';
    append_place(more->source, &grid, 0, &where);
    status = fw_faultf(more->sql->host, FW_E_DATA, fw_text_get(&where),
                       "mend what wrote the table: a prediction that is left out changes every "
                       "figure",
                       "%s rows cannot be used; in the first, %s is %s, where %s is expected",
                       fw_sql_cell(&grid, 0, 2),
                       no_key ? "the key"
                       : is_y ? "y"
                              : "p",
                       no_key ? "nothing" : said(&grid, is_y ? 5 : 6),
                       no_key ? "one"
                       : is_y ? "0 or 1"
                              : "a number from 0 to 1");
    fw_text_finish(&where);
    fw_sql_grid_finish(&grid);
    return status;
}

static void append_twins(const struct fw_predictions *predictions,
                         const struct fw_predictions_cell *cell, int64_t key, struct fw_text *text)
{
    const struct fw_predictions_private *more = predictions->more;

    fw_text_appendf(text, "SELECT fw_file, fw_row, %s FROM (SELECT * %s) WHERE %s = ",
                    fw_text_get(&more->key_said), fw_text_get(&more->rows),
                    fw_text_get(&more->key));
    if (predictions->key == FW_PREDICTIONS_TEXT) {
        fw_text_appendf(text, "(SELECT k FROM fw_predictions_keys WHERE n = %" PRId64 ")", key);
    } else {
        fw_text_appendf(text, "%" PRId64, key);
    }
    fw_text_appendf(text, " AND %s = ", fw_text_get(&more->experiment));
    fw_text_literal(text, cell->experiment);
    fw_text_appendf(text, " AND %s = ", fw_text_get(&more->split));
    fw_text_literal(text, cell->split);
    fw_text_append(text, " ORDER BY fw_file, fw_row LIMIT 2");
}

fw_status fw_predictions_refuse_key(const struct fw_predictions *predictions,
                                    const struct fw_predictions_cell *cell, int64_t key)
{
    const struct fw_predictions_private *more = predictions->more;
    struct fw_text text = {0}, where = {0}, first = {0};
    struct fw_sql_grid grid = {0};

    append_twins(predictions, cell, key, &text);
    fw_status status = text.failed ? fw_fault_nomem(more->sql->host)
                                   : fw_sql_grid(more->sql, &grid, fw_text_get(&text));
    if (status == FW_OK && grid.n_rows < 2) {
        status = changed(more);
    } else if (status == FW_OK) {
        append_place(more->source, &grid, 1, &where);
        append_place(more->source, &grid, 0, &first);
        status = fw_faultf(
            more->sql->host, FW_E_DATA, fw_text_get(&where),
            "give one row a key, or name the key's column in the stage's params",
            "the key %s (column \"%s\") occurs twice in the experiment \"%s\", split "
            "\"%s\", first at %s",
            said(&grid, 2), more->key_name, cell->experiment, cell->split, fw_text_get(&first));
    }
    fw_text_finish(&text);
    fw_text_finish(&where);
    fw_text_finish(&first);
    fw_sql_grid_finish(&grid);
    return status;
}
