/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <string.h>

#include "parquet/format.h"
#include "runs.h"

static const char too_few[] = "as many levels as its header says";
static const char too_high[] = "levels that the schema has";

const char *parquet_walk_values(struct parquet_walk *walk, const struct parquet_page *page,
                                struct parquet_bytes bytes, size_t n_places,
                                struct parquet_entries *entries)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    struct parquet_bytes *cells = parquet_room_of(&scratch->cells, n_places, sizeof *cells);
    const char *why = cells != NULL ? NULL : parquet_no_memory;

    if (why == NULL &&
        (page->encoding == PARQUET_PLAIN_DICTIONARY || page->encoding == PARQUET_RLE_DICTIONARY)) {
        why = parquet_walk_dictionary(walk);
    }
    if (why == NULL && n_places > 0) {
        const struct parquet_values values = {.leaf = walk->leaf,
                                              .encoding = page->encoding,
                                              .bytes = bytes,
                                              .n_most = (size_t)page->n_values,
                                              .dictionary = walk->entries,
                                              .n_entries = walk->n_entries,
                                              .made = &scratch->made,
                                              .numbers = &scratch->numbers};
        why = parquet_decode(&values, (const uint32_t *)scratch->places.data, n_places, cells);
    }
    entries->cells = cells;
    return why == NULL ? parquet_out_append(walk->task->out, entries) : why;
}

static const char *open_page(struct parquet_walk *walk, const struct parquet_page *page,
                             struct parquet_parts *ret_parts)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    const struct parquet_levels *levels = &walk->leaf->levels;
    struct parquet_bytes bytes;
    const char *why =
        parquet_page_unpack(page, walk->codec, &scratch->unpacker, &scratch->page, &bytes);

    return why != NULL
               ? why
               : parquet_page_cut(page, bytes, levels->max_rep > 0, levels->max_def > 0, ret_parts);
}

static struct parquet_runs runs_of(struct parquet_bytes bytes, uint32_t max)
{
    return (struct parquet_runs){
        .at = bytes.data, .end = bytes.data + bytes.size, .width = parquet_runs_width(max)};
}

/* Levels become those that nodes count; of the places those with a value stay. */
static const char *keep_values(const struct parquet_levels *levels, uint8_t *defs, size_t n,
                               uint32_t *places, size_t *ret_n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        const uint8_t def = defs[i];
        if (def > levels->max_def) {
            return too_high;
        }
        places[kept] = places[i];
        kept += def == levels->max_def;
        defs[i] = levels->canon[def];
    }
    *ret_n = kept;
    return NULL;
}

/* Without lists a level is a row, so that a page without a chosen one need not be unpacked. */
const char *parquet_walk_flat(struct parquet_walk *walk, const struct parquet_page *page)
{
    const struct parquet_leaf_task *task = walk->task;
    const struct parquet_levels *levels = &walk->leaf->levels;
    const int64_t first = walk->row;
    const uint32_t *rows = task->rows + walk->next;
    struct parquet_parts parts = {0};
    size_t n = 0, n_values;

    walk->row += page->n_values;
    while (walk->next + n < task->n_rows && (int64_t)rows[n] < walk->row) {
        n++;
    }
    walk->next += n;
    if (n == 0) {
        return NULL;
    }
    uint32_t *places = parquet_room_of(&task->scratch->places, n, sizeof *places);
    uint8_t *defs = parquet_room_of(&task->scratch->defs, n, 1);
    const char *why =
        places != NULL && defs != NULL ? open_page(walk, page, &parts) : parquet_no_memory;
    if (why != NULL) {
        return why;
    }
    for (size_t i = 0; i < n; i++) {
        places[i] = rows[i] - (uint32_t)first;
    }
    memset(defs, 0, n);
    struct parquet_runs runs = runs_of(parts.defs, levels->max_def);
    if (levels->max_def > 0 &&
        !parquet_runs_rank(&runs, places, n, levels->max_def, defs, places)) {
        return too_few;
    }
    struct parquet_entries entries = {.defs = defs, .n = n};
    why = keep_values(levels, defs, n, places, &n_values);
    return why != NULL ? why : parquet_walk_values(walk, page, parts.values, n_values, &entries);
}

/* Of all levels those of chosen rows stay; of the values the places of theirs. */
static const char *choose(struct parquet_walk *walk, size_t n, size_t *ret_n, size_t *ret_n_values)
{
    const struct parquet_leaf_task *task = walk->task;
    const struct parquet_levels *levels = &walk->leaf->levels;
    uint8_t *reps = task->scratch->reps.data, *defs = task->scratch->defs.data;
    uint32_t *places = (uint32_t *)task->scratch->places.data, value = 0;
    size_t kept = 0, n_values = 0;

    for (size_t i = 0; i < n; i++) {
        const uint8_t def = defs[i], rep = reps[i];
        if (def > levels->max_def || rep > levels->max_rep) {
            return too_high;
        }
        if (rep == 0) {
            walk->row++;
            walk->chosen =
                walk->next < task->n_rows && (int64_t)task->rows[walk->next] == walk->row;
            walk->next += walk->chosen;
        }
        if (walk->chosen) {
            reps[kept] = rep;
            defs[kept++] = levels->canon[def];
            places[n_values] = value;
            n_values += def == levels->max_def;
        }
        value += def == levels->max_def;
    }
    *ret_n = kept;
    *ret_n_values = n_values;
    return NULL;
}

/* Pages of the second version begin with a row and say how many there are. */
static bool pass_over(struct parquet_walk *walk, const struct parquet_page *page)
{
    const struct parquet_leaf_task *task = walk->task;

    if (page->n_rows < 0 || (walk->next < task->n_rows &&
                             (int64_t)task->rows[walk->next] <= walk->row + page->n_rows)) {
        return false;
    }
    walk->row += page->n_rows;
    walk->chosen = false;
    return true;
}

const char *parquet_walk_nested(struct parquet_walk *walk, const struct parquet_page *page)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    const struct parquet_levels *levels = &walk->leaf->levels;
    const size_t n = (size_t)page->n_values;
    struct parquet_parts parts = {0};
    size_t n_values;

    if (pass_over(walk, page)) {
        return NULL;
    }
    uint32_t *places = parquet_room_of(&scratch->places, n, sizeof *places);
    uint8_t *defs = parquet_room_of(&scratch->defs, n, 1);
    uint8_t *reps = parquet_room_of(&scratch->reps, n, 1);
    const char *why = places != NULL && defs != NULL && reps != NULL ? open_page(walk, page, &parts)
                                                                     : parquet_no_memory;
    if (why != NULL) {
        return why;
    }
    struct parquet_runs rep_runs = runs_of(parts.reps, levels->max_rep);
    struct parquet_runs def_runs = runs_of(parts.defs, levels->max_def);
    if (!parquet_runs_all(&rep_runs, n, reps) || !parquet_runs_all(&def_runs, n, defs)) {
        return too_few;
    }
    if (walk->row < 0 && n > 0 && reps[0] != 0) {
        return "a row at the beginning of its first page";
    }
    struct parquet_entries entries = {.defs = defs, .reps = reps};
    why = choose(walk, n, &entries.n, &n_values);
    return why != NULL ? why : parquet_walk_values(walk, page, parts.values, n_values, &entries);
}
