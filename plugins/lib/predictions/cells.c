/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "predictions/internal.h"

static size_t digits(const char *text)
{
    size_t n = 0;

    while (isdigit((unsigned char)text[n])) {
        n++;
    }
    return n;
}

int fw_predictions_compare(const char *a, const char *b)
{
    const char *whole_a = a, *whole_b = b;

    while (*a != '\0' && *b != '\0') {
        const char *number_a = a + strspn(a, "0"), *number_b = b + strspn(b, "0");
        size_t n_a = digits(number_a), n_b = digits(number_b);
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            int order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp(number_a, number_b, n_a);
            if (order != 0) {
                return order;
            }
            a = number_a + n_a;
            b = number_b + n_b;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    int order = (int)(unsigned char)*a - (int)(unsigned char)*b;
    return order != 0 ? order : strcmp(whole_a, whole_b); /* 1 and 01 are two names */
}

static int compare_cells(const void *a, const void *b)
{
    const struct fw_predictions_cell *one = a, *other = b;
    int order = fw_predictions_compare(one->experiment, other->experiment);

    return order != 0 ? order : fw_predictions_compare(one->split, other->split);
}

const struct fw_predictions_cell *fw_predictions_cell(const struct fw_predictions *predictions,
                                                      const char *experiment, const char *split)
{
    for (size_t i = 0; i < predictions->n_cells; i++) {
        const struct fw_predictions_cell *cell = &predictions->cells[i];
        if (strcmp(cell->experiment, experiment) == 0 && strcmp(cell->split, split) == 0) {
            return cell;
        }
    }
    return NULL;
}

/* Takes the grid's texts over. */
static fw_status take(struct fw_predictions *predictions, struct fw_sql_grid *grid)
{
    predictions->cells = calloc(grid->n_rows + 1, sizeof *predictions->cells);
    if (predictions->cells == NULL) {
        return fw_fault_nomem(predictions->more->sql->host);
    }
    for (size_t i = 0; i < grid->n_rows; i++) {
        struct fw_predictions_cell *cell = &predictions->cells[i];
        char **row = &grid->cells[i * grid->n_columns];
        if (row[0] == NULL || row[1] == NULL) {
            return fw_predictions_refuse_names(predictions);
        }
        *cell = (struct fw_predictions_cell){
            .experiment = row[0], .split = row[1], .n = (size_t)strtoull(row[2], NULL, 10)};
        row[0] = row[1] = NULL;
        predictions->n_cells = i + 1;
        predictions->n_rows += cell->n;
    }
    if (predictions->n_cells > 0) {
        qsort(predictions->cells, predictions->n_cells, sizeof *predictions->cells, compare_cells);
    }
    return FW_OK;
}

fw_status fw_predictions_find_cells(struct fw_predictions *predictions)
{
    const struct fw_predictions_private *more = predictions->more;
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(
        more->sql, &grid,
        "SELECT nullif(%s, '') AS e, nullif(%s, '') AS s, count(*) %s GROUP BY "
        "1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST",
        fw_text_get(&more->experiment), fw_text_get(&more->split), fw_text_get(&more->rows));

    if (status == FW_OK) {
        status = take(predictions, &grid);
    }
    fw_sql_grid_finish(&grid);
    return status;
}
