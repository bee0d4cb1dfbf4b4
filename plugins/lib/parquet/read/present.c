/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "walk.h"

/* Which rows there is something in: the walk's chosen rows are all of them. */
struct presence {
    struct parquet_walk walk; /* first: a walk is all that a page is taken by */
    uint8_t least;            /* the level, as nodes count them, from which on there is something */
    uint8_t *present;
};

static const char *mark(struct presence *presence, const uint8_t *defs, const uint8_t *reps,
                        size_t n)
{
    struct parquet_walk *walk = &presence->walk;
    const struct parquet_levels *levels = &walk->leaf->levels;

    for (size_t i = 0; i < n; i++) {
        if (defs[i] > levels->max_def) {
            return "levels that the schema has";
        }
        if (reps[i] == 0) {
            if (walk->next == walk->task->n_rows) {
                return "no more rows than the row group has";
            }
            presence->present[walk->next] |= levels->canon[defs[i]] >= presence->least;
            walk->next++;
        } else if (walk->next == 0) {
            return "a row at the beginning of its first page";
        }
    }
    return NULL;
}

static const char *take(struct parquet_walk *walk, const struct parquet_page *page)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    const struct parquet_levels *levels = &walk->leaf->levels;
    const size_t n = (size_t)page->n_values;
    struct parquet_parts parts = {0};
    uint8_t *defs = parquet_room_of(&scratch->defs, n, 1);
    uint8_t *reps = parquet_room_of(&scratch->reps, n, 1);
    const char *why =
        defs != NULL && reps != NULL ? parquet_walk_open(walk, page, &parts) : parquet_no_memory;

    if (why != NULL) {
        return why;
    }
    memset(defs, 0, n);
    memset(reps, 0, n);
    struct parquet_runs rep_runs = parquet_walk_runs(parts.reps, levels->max_rep);
    struct parquet_runs def_runs = parquet_walk_runs(parts.defs, levels->max_def);
    if ((levels->max_rep > 0 && !parquet_runs_all(&rep_runs, n, reps)) ||
        (levels->max_def > 0 && !parquet_runs_all(&def_runs, n, defs))) {
        return "as many levels as its header says";
    }
    return mark((struct presence *)walk, defs, reps, n);
}

/* The leaf whose pages are the smallest. */
static size_t find_leaf(const struct parquet_column *column, const struct parquet_group *group)
{
    size_t best = column->first_leaf;

    for (size_t i = best + 1; i < column->first_leaf + column->n_leaves; i++) {
        best = group->chunks[i].size < group->chunks[best].size ? i : best;
    }
    return best;
}

fw_status fw_parquet_reader_present(const struct fw_parquet_reader *reader, size_t column,
                                    size_t group, uint8_t *present)
{
    const struct parquet_column *from = &reader->schema.columns[column];
    struct parquet_scratch scratch = {0};
    struct parquet_leaf_task task = {.reader = reader,
                                     .group = group,
                                     .leaf = find_leaf(from, &reader->groups[group]),
                                     .column = from,
                                     .n_rows = (size_t)reader->groups[group].n_rows,
                                     .scratch = &scratch};
    struct presence presence = {.walk = {.task = &task, .take = take},
                                .least = from->root.shape == PARQUET_LIST ? from->root.element_def
                                                                          : from->root.valid_def,
                                .present = present};

    fw_status status = parquet_walk_all(&presence.walk);
    parquet_scratch_finish(&scratch);
    return status;
}
