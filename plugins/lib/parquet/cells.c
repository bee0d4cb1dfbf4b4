/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Slots of the table in which entries are found again: twice as many as there can be. */
enum { SLOTS = FW_PARQUET_GROUP_ROWS, FREE_SLOT = UINT16_MAX };

/* Columns that mostly stay have their entries in common, keys apart from figures: these change more
   often, and every change is another copy of a key. */
enum { OF_TEXTS, OF_OTHERS, STRETCHES };

struct finder {
    const struct fw_parquet_column *columns;
    const struct fw_parquet_cells *cells;
    size_t n_columns, n_rows;
    struct fw_parquet_picks *picks; /* of each column, then those of columns that mostly stay */
    uint16_t **entries;             /* theirs */
    uint16_t **first_rows;          /* in which an entry is met; NULL: in each its own */
    struct fw_parquet_values *values;
    void **typed; /* values, where cells are not values as they lie */
    uint16_t *slots;
    uint8_t *changes; /* of each row: bit s, whether one of these columns does */
};

static bool stays(const struct finder *finder, size_t column)
{
    const uint64_t *cells = finder->cells[column].cells;
    size_t n_changes = 0;

    for (size_t i = 1; i < finder->n_rows; i++) {
        n_changes += cells[i] != cells[i - 1];
    }
    return 2 * n_changes < finder->n_rows;
}

static size_t stretches_of(const struct finder *finder, size_t column)
{
    return finder->columns[column].type == FW_PARQUET_TEXT ? OF_TEXTS : OF_OTHERS;
}

static void note_changes(struct finder *finder, size_t column)
{
    const uint8_t bit = (uint8_t)(1 << stretches_of(finder, column));
    const uint64_t *cells = finder->cells[column].cells;

    for (size_t i = 1; i < finder->n_rows; i++) {
        finder->changes[i] |= cells[i] != cells[i - 1] ? bit : 0;
    }
}

static bool make_room(struct finder *finder, size_t at, size_t n_entries)
{
    finder->entries[at] = malloc(finder->n_rows * sizeof *finder->entries[at]);
    finder->first_rows[at] = malloc(n_entries * sizeof *finder->first_rows[at]);
    finder->picks[at] = (struct fw_parquet_picks){.entries = finder->entries[at]};
    return finder->entries[at] != NULL && finder->first_rows[at] != NULL;
}

/* An entry for each stretch of rows in which none of these columns changes. */
static bool find_stretches(struct finder *finder, size_t stretches)
{
    const size_t at = finder->n_columns + stretches;
    struct fw_parquet_picks *picks = &finder->picks[at];

    if (!make_room(finder, at, finder->n_rows)) {
        return false;
    }
    for (size_t i = 0; i < finder->n_rows; i++) {
        if (i == 0 || (finder->changes[i] >> stretches & 1) != 0) {
            finder->first_rows[at][picks->n_entries++] = (uint16_t)i;
        }
        finder->entries[at][i] = (uint16_t)(picks->n_entries - 1);
    }
    return true;
}

static void make_plain(struct finder *finder, size_t at)
{
    free(finder->entries[at]);
    free(finder->first_rows[at]);
    finder->entries[at] = NULL;
    finder->first_rows[at] = NULL;
    finder->picks[at] = (struct fw_parquet_picks){.n_entries = finder->n_rows};
}

static size_t slot_of(uint64_t cell)
{
    return (size_t)((cell * UINT64_C(0x9e3779b97f4a7c15)) >> 48) % SLOTS;
}

/* The entry of a cell, the one that followed the row before the last time this came being tried
   first: days come in the same order for each entity. A new one is n_entries. */
static size_t find_entry(const struct finder *finder, size_t at, uint64_t cell, size_t before)
{
    const uint64_t *cells = finder->cells[at].cells;
    const uint16_t *first_rows = finder->first_rows[at];
    size_t n = finder->picks[at].n_entries;

    if (before + 1 < n && cells[first_rows[before + 1]] == cell) {
        return before + 1;
    }
    size_t slot = slot_of(cell);
    while (finder->slots[slot] != FREE_SLOT) {
        if (cells[first_rows[finder->slots[slot]]] == cell) {
            return finder->slots[slot];
        }
        slot = (slot + 1) % SLOTS;
    }
    finder->slots[slot] = (uint16_t)n;
    return n;
}

/* Plain where more than half of the rows differ: then numbers of entries only come on top. */
static bool find_entries(struct finder *finder, size_t at)
{
    const uint64_t *cells = finder->cells[at].cells;
    size_t most = finder->n_rows / 2, before = SIZE_MAX - 1;

    if (!make_room(finder, at, most + 1)) {
        return false;
    }
    memset(finder->slots, 0xff, SLOTS * sizeof *finder->slots);
    for (size_t i = 0; i < finder->n_rows; i++) {
        size_t entry = find_entry(finder, at, cells[i], before);
        if (entry == finder->picks[at].n_entries) {
            if (entry == most) {
                make_plain(finder, at);
                return true;
            }
            finder->first_rows[at][finder->picks[at].n_entries++] = (uint16_t)i;
        }
        finder->entries[at][i] = (uint16_t)entry;
        before = entry;
    }
    return true;
}

/* An earlier column whose entries come in the same order shares their page: instants and days. */
static size_t find_same(const struct finder *finder, size_t column)
{
    const struct fw_parquet_picks *picks = &finder->picks[column];

    for (size_t i = 0; i < column && picks->entries != NULL; i++) {
        if (finder->picks[i].entries != NULL && finder->picks[i].n_entries == picks->n_entries &&
            memcmp(finder->picks[i].entries, picks->entries,
                   finder->n_rows * sizeof *picks->entries) == 0) {
            return i;
        }
    }
    return column;
}

static void put_value(const struct finder *finder, size_t column, void *to, size_t i, uint64_t cell)
{
    static const struct fw_parquet_text null = {NULL, 0};

    switch (finder->columns[column].type) {
    case FW_PARQUET_BOOLEAN:
        ((uint8_t *)to)[i] = (uint8_t)cell;
        break;
    case FW_PARQUET_DATE:
        ((int32_t *)to)[i] = (int32_t)(int64_t)cell;
        break;
    case FW_PARQUET_TIMESTAMP:
    case FW_PARQUET_BIGINT:
    case FW_PARQUET_DOUBLE:
        ((uint64_t *)to)[i] = cell;
        break;
    case FW_PARQUET_TEXT:
        ((struct fw_parquet_text *)to)[i] =
            cell == UINT64_MAX ? null : finder->cells[column].texts[cell];
    }
}

static bool put_values(struct finder *finder, size_t column, size_t at)
{
    const struct fw_parquet_picks *picks = &finder->picks[at];
    const uint16_t *rows = finder->first_rows[at];
    void *typed = malloc(picks->n_entries * parquet_value_size(finder->columns[column].type));

    for (size_t i = 0; typed != NULL && i < picks->n_entries; i++) {
        put_value(finder, column, typed, i,
                  finder->cells[column].cells[rows != NULL ? rows[i] : i]);
    }
    finder->typed[column] = typed;
    finder->values[column] = (struct fw_parquet_values){picks, typed};
    return typed != NULL;
}

static bool find(struct finder *finder)
{
    bool good = true, *alone = calloc(finder->n_columns + 1, sizeof *alone);

    for (size_t i = 0; i < finder->n_columns && alone != NULL; i++) {
        alone[i] = !stays(finder, i);
        if (!alone[i]) {
            note_changes(finder, i);
        }
    }
    good = alone != NULL && find_stretches(finder, OF_TEXTS) && find_stretches(finder, OF_OTHERS);
    for (size_t i = 0; i < finder->n_columns && good; i++) {
        good = !alone[i] || find_entries(finder, i);
        good = good && put_values(finder, i,
                                  alone[i] ? find_same(finder, i)
                                           : finder->n_columns + stretches_of(finder, i));
    }
    free(alone);
    return good;
}

static bool allocate(struct finder *finder)
{
    size_t n = finder->n_columns + STRETCHES;

    finder->picks = calloc(n, sizeof *finder->picks);
    finder->entries = calloc(n, sizeof *finder->entries);
    finder->first_rows = calloc(n, sizeof *finder->first_rows);
    finder->values = calloc(n, sizeof *finder->values);
    finder->typed = calloc(n, sizeof *finder->typed);
    finder->slots = malloc(SLOTS * sizeof *finder->slots);
    finder->changes = calloc(finder->n_rows, sizeof *finder->changes);
    return finder->picks != NULL && finder->entries != NULL && finder->first_rows != NULL &&
           finder->values != NULL && finder->typed != NULL && finder->slots != NULL &&
           finder->changes != NULL;
}

static void release(struct finder *finder)
{
    for (size_t i = 0; i < finder->n_columns + STRETCHES; i++) {
        free(finder->entries != NULL ? finder->entries[i] : NULL);
        free(finder->first_rows != NULL ? finder->first_rows[i] : NULL);
        free(finder->typed != NULL ? finder->typed[i] : NULL);
    }
    free(finder->picks);
    free(finder->entries);
    free(finder->first_rows);
    free(finder->values);
    free(finder->typed);
    free(finder->slots);
    free(finder->changes);
}

struct fw_parquet_block *fw_parquet_encode_cells(const struct fw_parquet_column *columns, size_t n,
                                                 const struct fw_parquet_cells *cells,
                                                 size_t n_rows)
{
    struct finder finder = {.columns = columns, .cells = cells, .n_columns = n, .n_rows = n_rows};
    struct fw_parquet_block *block = NULL;

    if (allocate(&finder) && find(&finder)) {
        block = fw_parquet_encode(columns, n, finder.values, n_rows);
    }
    release(&finder);
    return block;
}
