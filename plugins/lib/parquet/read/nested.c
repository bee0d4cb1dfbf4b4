/* SPDX-License-Identifier: MIT */
#include "runs.h"
#include "walk.h"

static const char too_few[] = "as many levels as its header says";

/* Of a page: where chosen rows begin and end among its entries. */
struct borders {
    uint32_t *ranks;  /* among the rows that begin in the page, ascending */
    uint32_t *places; /* of those that there are */
    size_t n, n_places;
    size_t n_begun; /* rows that begin in the page */
};

/* Rows of the second kind of page begin with it, and it says how many there are. */
static bool pass_over(struct parquet_walk *walk, const struct parquet_page *page)
{
    const struct parquet_leaf_task *task = walk->task;

    if (page->n_rows < 0 || (walk->next < task->n_rows &&
                             parquet_task_row(task, walk->next) <= walk->row + page->n_rows)) {
        return false;
    }
    walk->row += page->n_rows;
    walk->chosen = false;
    return true;
}

/* A chosen row begins, the row behind it ends it; the page before may have left one open. */
static bool list_borders(const struct parquet_walk *walk, size_t n_entries, struct borders *borders)
{
    const struct parquet_leaf_task *task = walk->task;
    const size_t n_left = task->n_rows - walk->next;
    const size_t most = 2 * (n_left < n_entries ? n_left : n_entries) + 1;

    borders->ranks = parquet_room_of(&task->scratch->borders, 2 * most, sizeof *borders->ranks);
    if (borders->ranks == NULL) {
        return false;
    }
    borders->places = borders->ranks + most;
    if (walk->chosen) {
        borders->ranks[borders->n++] = 0;
    }
    for (size_t i = walk->next; i < task->n_rows; i++) {
        const int64_t rank = parquet_task_row(task, i) - walk->row - 1;
        if (rank >= (int64_t)n_entries) {
            break;
        }
        if (borders->n == 0 || borders->ranks[borders->n - 1] != (uint32_t)rank) {
            borders->ranks[borders->n++] = (uint32_t)rank;
        }
        borders->ranks[borders->n++] = (uint32_t)rank + 1;
    }
    return true;
}

/* The entries of rows that are chosen: their places, and 0 for those that a row begins with. */
struct chosen {
    uint32_t *places;
    uint8_t *reps;
    size_t n;
};

static void choose(struct chosen *chosen, uint32_t from, uint32_t to, bool begins)
{
    for (uint32_t at = from; at < to; at++) {
        chosen->reps[chosen->n] = !begins || at > from;
        chosen->places[chosen->n++] = at;
    }
}

static void choose_all(struct parquet_walk *walk, const struct borders *borders, size_t n_entries,
                       struct chosen *chosen)
{
    const struct parquet_leaf_task *task = walk->task;
    const int64_t first = walk->row + 1;
    size_t at = 0;

    if (walk->chosen) {
        choose(chosen, 0, borders->n_places > 0 ? borders->places[0] : (uint32_t)n_entries, false);
    }
    walk->row += (int64_t)borders->n_begun;
    walk->chosen = walk->chosen && borders->n_begun == 0;
    while (walk->next < task->n_rows && parquet_task_row(task, walk->next) <= walk->row) {
        const int64_t row = parquet_task_row(task, walk->next++);
        while ((int64_t)borders->ranks[at] < row - first) {
            at++;
        }
        const bool ends = at + 1 < borders->n_places;
        choose(chosen, borders->places[at], ends ? borders->places[at + 1] : (uint32_t)n_entries,
               true);
        walk->chosen = row == walk->row;
    }
}

/* Of the entries that are chosen; with one list around the values it is known already. */
static const char *read_reps(const struct parquet_walk *walk, struct parquet_runs runs,
                             const struct chosen *chosen)
{
    const uint8_t max_rep = walk->leaf->levels.max_rep;
    uint32_t *numbers = parquet_room_of(&walk->task->scratch->numbers, chosen->n, sizeof *numbers);

    if (numbers == NULL) {
        return parquet_no_memory;
    }
    if (max_rep == 1) {
        return NULL;
    }
    if (!parquet_runs_pick(&runs, chosen->places, chosen->n, numbers)) {
        return too_few;
    }
    for (size_t i = 0; i < chosen->n; i++) {
        if (numbers[i] > max_rep) {
            return "levels that the schema has";
        }
        chosen->reps[i] = (uint8_t)numbers[i];
    }
    return NULL;
}

static const char *find_chosen(struct parquet_walk *walk, size_t n, struct parquet_runs runs,
                               struct chosen *chosen)
{
    struct parquet_runs again = runs, first = runs;
    struct parquet_zeros zeros;
    struct borders borders = {0};
    uint32_t place = 0, level = 0;

    if (!list_borders(walk, n, &borders)) {
        return parquet_no_memory;
    }
    if (!parquet_runs_pick(&first, &place, n > 0, &level) ||
        !parquet_runs_zeros(&runs, n, borders.ranks, borders.n, borders.places, &zeros)) {
        return too_few;
    }
    if (walk->row < 0 && level != 0) {
        return "a row at the beginning of its first page";
    }
    borders.n_places = zeros.n_found;
    borders.n_begun = zeros.n;
    choose_all(walk, &borders, n, chosen);
    return read_reps(walk, again, chosen);
}

const char *parquet_walk_nested(struct parquet_walk *walk, const struct parquet_page *page)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    const struct parquet_levels *levels = &walk->leaf->levels;
    const size_t n = (size_t)page->n_values;
    struct parquet_parts parts = {0};

    if (pass_over(walk, page)) {
        return NULL;
    }
    struct chosen chosen = {.places = parquet_room_of(&scratch->places, n, sizeof(uint32_t)),
                            .reps = parquet_room_of(&scratch->reps, n, 1)};
    const char *why = chosen.places != NULL && chosen.reps != NULL
                          ? parquet_walk_open(walk, page, &parts)
                          : parquet_no_memory;
    if (why == NULL) {
        why = find_chosen(walk, n, parquet_walk_runs(parts.reps, levels->max_rep), &chosen);
    }
    return why != NULL ? why : parquet_walk_entries(walk, page, &parts, chosen.reps, chosen.n);
}
