/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

static int64_t number(const struct fw_sql_grid *grid, size_t column)
{
    const char *text = fw_sql_cell(grid, 0, column);

    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static fw_status copy_text(const struct snapshot *s, const char *text, char **ret_copy)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return text != NULL && *ret_copy == NULL ? fw_fault_nomem(s->host) : FW_OK;
}

static fw_status fill(struct snapshot *s, const struct fw_sql_grid *grid)
{
    s->facts.rows_dropped_bad_ts = number(grid, 0);
    s->facts.rows_emitted = number(grid, 1);
    s->facts.n_extras = number(grid, 2);
    s->facts.n_entities = number(grid, 3);
    fw_status status = copy_text(s, fw_sql_cell(grid, 0, 4), &s->facts.date_min);
    return status == FW_OK ? copy_text(s, fw_sql_cell(grid, 0, 5), &s->facts.date_max) : status;
}

fw_status snapshot_facts_read(struct snapshot *s)
{
    const char *path = fw_text_get(&s->choice_path);
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_status status = fw_source_open(&s->sql, &path, 1, NULL, &s->choice);

    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&query, "SELECT sum(n) FILTER (instant IS NULL), count(instant), count(extra) "
                           "FILTER (instant IS NOT NULL), count(DISTINCT entity) FILTER (instant "
                           "IS NOT NULL), min(instant)::DATE, max(instant)::DATE FROM ");
    fw_source_scan(s->choice, NULL, &query);
    status =
        query.failed ? fw_fault_nomem(s->host) : fw_sql_grid(&s->sql, &grid, fw_text_get(&query));
    if (status == FW_OK) {
        status = fill(s, &grid);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}
