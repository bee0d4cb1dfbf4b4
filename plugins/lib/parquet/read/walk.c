/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <string.h>

#include "parquet/format.h"
#include "runs.h"

static const char too_few[] = "as many levels as its header says";
static const char too_high[] = "levels that the schema has";

static const char *take_values(struct parquet_walk *walk, const struct parquet_page *page,
                               struct parquet_bytes bytes, size_t n_places,
                               struct parquet_entries entries)
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
    entries.cells = cells;
    return why == NULL ? parquet_out_append(walk->task->out, &entries) : why;
}

const char *parquet_walk_open(struct parquet_walk *walk, const struct parquet_page *page,
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

struct parquet_runs parquet_walk_runs(struct parquet_bytes bytes, uint32_t max)
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

const char *parquet_walk_entries(struct parquet_walk *walk, const struct parquet_page *page,
                                 const struct parquet_parts *parts, const uint8_t *reps, size_t n)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    const struct parquet_levels *levels = &walk->leaf->levels;
    uint32_t *places = (uint32_t *)scratch->places.data;
    uint8_t *defs = parquet_room_of(&scratch->defs, n, 1);
    size_t n_values;

    if (defs == NULL) {
        return parquet_no_memory;
    }
    memset(defs, 0, n);
    struct parquet_runs runs = parquet_walk_runs(parts->defs, levels->max_def);
    if (levels->max_def > 0 &&
        !parquet_runs_rank(&runs, places, n, levels->max_def, defs, places)) {
        return too_few;
    }
    const struct parquet_entries entries = {.leaf = walk->leaf, .defs = defs, .reps = reps, .n = n};
    const char *why = keep_values(levels, defs, n, places, &n_values);
    return why != NULL ? why : take_values(walk, page, parts->values, n_values, entries);
}

/* Without lists a level is a row, so that a page without a chosen one need not be unpacked. */
const char *parquet_walk_flat(struct parquet_walk *walk, const struct parquet_page *page)
{
    const struct parquet_leaf_task *task = walk->task;
    const int64_t first = walk->row;
    const size_t next = walk->next;
    struct parquet_parts parts = {0};
    size_t n = 0;

    walk->row += page->n_values;
    while (next + n < task->n_rows && parquet_task_row(task, next + n) < walk->row) {
        n++;
    }
    walk->next += n;
    if (n == 0) {
        return NULL;
    }
    uint32_t *places = parquet_room_of(&task->scratch->places, n, sizeof *places);
    const char *why = places != NULL ? parquet_walk_open(walk, page, &parts) : parquet_no_memory;
    for (size_t i = 0; i < n && why == NULL; i++) {
        places[i] = (uint32_t)(parquet_task_row(task, next + i) - first);
    }
    return why != NULL ? why : parquet_walk_entries(walk, page, &parts, NULL, n);
}
