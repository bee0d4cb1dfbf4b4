/* SPDX-License-Identifier: MIT */
#include "chosen.h"

#include <stdlib.h>
#include <string.h>

#include "period.h"
#include "sql/fault.h"
#include "words.h"

/* The columns by which rows are chosen. */
enum { CIK, DAY };

/* Rows of one company in one week within one month, of a chunk. */
struct period {
    uint64_t company;
    int64_t week, month, last; /* the last instant */
};

struct chooser {
    const struct ArrowArray *keys;
    bool is_date; /* the column DAY */
    struct words ciks;
    struct period *periods;
    size_t n_periods, n_period_room;
    uint32_t *companies, *found; /* tables of numbers; n_slots of each, a power of two */
    size_t n_slots;
    uint32_t *period_of;      /* of each row; NONE: it has no cik or no day */
    int64_t day, week, month; /* that were worked out last */
};

#define NONE UINT32_MAX

static bool is_there(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *validity = array->buffers[0];

    row += array->offset;
    return validity == NULL || (validity[row / 8] >> row % 8 & 1) != 0;
}

/* Days without end are as far away as instants can be. */
static int64_t at_of(const struct chooser *chooser, int64_t row)
{
    const struct ArrowArray *days = chooser->keys->children[DAY];

    row += days->offset;
    if (!chooser->is_date) {
        return ((const int64_t *)days->buffers[1])[row];
    }
    int64_t day = ((const int32_t *)days->buffers[1])[row];
    int64_t at;
    return __builtin_mul_overflow(day, PERIOD_DAY, &at) ? day > 0 ? INT64_MAX : -INT64_MAX : at;
}

static uint64_t hash_bytes(const char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix(uint64_t hash)
{
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static bool find_company(struct chooser *chooser, int64_t row, uint64_t *ret_company)
{
    const struct ArrowArray *ciks = chooser->keys->children[CIK];
    const int64_t *offsets = (const int64_t *)ciks->buffers[1] + ciks->offset + row;
    const char *bytes = (const char *)ciks->buffers[2] + offsets[0];
    size_t size = (size_t)(offsets[1] - offsets[0]);
    size_t slot = mix(hash_bytes(bytes, size)) & (chooser->n_slots - 1);

    while (chooser->companies[slot] != NONE) {
        if (words_is(&chooser->ciks, chooser->companies[slot], bytes, size)) {
            *ret_company = chooser->companies[slot];
            return true;
        }
        slot = (slot + 1) & (chooser->n_slots - 1);
    }
    *ret_company = chooser->ciks.n;
    chooser->companies[slot] = (uint32_t)chooser->ciks.n;
    return words_add(&chooser->ciks, bytes, size);
}

static bool add_period(struct chooser *chooser, const struct period *period)
{
    if (chooser->n_periods == chooser->n_period_room) {
        size_t n_room = chooser->n_period_room > 0 ? 2 * chooser->n_period_room : 4096;
        struct period *larger = reallocarray(chooser->periods, n_room, sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        chooser->periods = larger;
        chooser->n_period_room = n_room;
    }
    chooser->periods[chooser->n_periods++] = *period;
    return true;
}

static bool is_period(const struct period *a, const struct period *b)
{
    return a->company == b->company && a->week == b->week && a->month == b->month;
}

static bool find_period(struct chooser *chooser, const struct period *wanted, uint32_t *ret_period)
{
    uint64_t hash = mix(mix(wanted->company + (uint64_t)wanted->week) + (uint64_t)wanted->month);
    size_t slot = hash & (chooser->n_slots - 1);

    while (chooser->found[slot] != NONE) {
        struct period *period = &chooser->periods[chooser->found[slot]];
        if (is_period(period, wanted)) {
            period->last = period->last > wanted->last ? period->last : wanted->last;
            *ret_period = chooser->found[slot];
            return true;
        }
        slot = (slot + 1) & (chooser->n_slots - 1);
    }
    *ret_period = chooser->found[slot] = (uint32_t)chooser->n_periods;
    return add_period(chooser, wanted);
}

static bool note_row(struct chooser *chooser, int64_t row)
{
    struct period period;

    chooser->period_of[row] = NONE;
    if (!is_there(chooser->keys->children[CIK], row) ||
        !is_there(chooser->keys->children[DAY], row)) {
        return true;
    }
    period.last = at_of(chooser, row);
    int64_t day = period_day(period.last);
    if (row == 0 || day != chooser->day) {
        chooser->day = day;
        chooser->week = period_week(day);
        chooser->month = period_month(day);
    }
    period.week = chooser->week;
    period.month = chooser->month;
    return find_company(chooser, row, &period.company) &&
           find_period(chooser, &period, &chooser->period_of[row]);
}

static bool note_rows(struct chooser *chooser)
{
    int64_t n = chooser->keys->length;
    bool good = true;

    for (chooser->n_slots = 1024; chooser->n_slots < 2 * (size_t)n;) {
        chooser->n_slots *= 2;
    }
    chooser->companies = malloc(chooser->n_slots * sizeof *chooser->companies);
    chooser->found = malloc(chooser->n_slots * sizeof *chooser->found);
    chooser->period_of = malloc(((size_t)n + 1) * sizeof *chooser->period_of);
    if (chooser->companies == NULL || chooser->found == NULL || chooser->period_of == NULL) {
        return false;
    }
    memset(chooser->companies, 0xff, chooser->n_slots * sizeof *chooser->companies);
    memset(chooser->found, 0xff, chooser->n_slots * sizeof *chooser->found);
    for (int64_t i = 0; i < n && good; i++) {
        good = note_row(chooser, i);
    }
    return good;
}

static bool make_room(struct chosen *chosen, const struct gather_ranges *ranges, bool with_at)
{
    size_t n = 1;

    for (size_t i = 0; i < ranges->n; i++) {
        n += (size_t)ranges->all[i].n;
    }
    chosen->files = malloc(n * sizeof *chosen->files);
    chosen->rows = malloc(n * sizeof *chosen->rows);
    chosen->at = with_at ? malloc(n * sizeof *chosen->at) : NULL;
    chosen->n_rows = calloc(ranges->n + 1, sizeof *chosen->n_rows);
    return chosen->files != NULL && chosen->rows != NULL && (chosen->at != NULL || !with_at) &&
           chosen->n_rows != NULL;
}

static void add(struct chosen *chosen, const struct gather_ranges *ranges, size_t i, int64_t k)
{
    chosen->files[chosen->n] = (int64_t)ranges->all[i].file;
    chosen->rows[chosen->n++] = ranges->all[i].first + k;
    chosen->n_rows[i]++;
}

fw_status chosen_all(const struct multiscale_table *table, const struct gather_ranges *ranges,
                     struct chosen *ret_chosen)
{
    if (!make_room(ret_chosen, ranges, false)) {
        return fw_fault_nomem(table->host);
    }
    for (size_t i = 0; i < ranges->n; i++) {
        for (int64_t k = 0; k < ranges->all[i].n; k++) {
            add(ret_chosen, ranges, i, k);
        }
    }
    return FW_OK;
}

static bool choose(const struct chooser *chooser, const struct gather_ranges *ranges,
                   struct chosen *chosen)
{
    int64_t key = 0;

    if (!make_room(chosen, ranges, true)) {
        return false;
    }
    for (size_t i = 0; i < ranges->n; i++) {
        for (int64_t k = 0; k < ranges->all[i].n; k++, key++) {
            uint32_t period = chooser->period_of[key];
            if (period != NONE && at_of(chooser, key) == chooser->periods[period].last) {
                chosen->at[chosen->n] = at_of(chooser, key);
                add(chosen, ranges, i, k);
            }
        }
    }
    return true;
}

static void finish(struct chooser *chooser)
{
    words_finish(&chooser->ciks);
    free(chooser->periods);
    free(chooser->companies);
    free(chooser->found);
    free(chooser->period_of);
}

void chosen_finish(struct chosen *chosen)
{
    free(chosen->rows);
    free(chosen->at);
    free(chosen->files);
    free(chosen->n_rows);
    *chosen = (struct chosen){0};
}

fw_status chosen_find(const struct multiscale_table *table, const struct gather_ranges *ranges,
                      struct chosen *ret_chosen)
{
    struct ArrowArray keys;
    fw_status status = gather_read(table, &table->key_schema, ranges, NULL, NULL, &keys);

    if (status != FW_OK) {
        return status;
    }
    struct chooser chooser = {
        .keys = &keys, .is_date = strcmp(table->key_schema.children[DAY]->format, "tdD") == 0};
    if (!note_rows(&chooser) || !choose(&chooser, ranges, ret_chosen)) {
        status = fw_fault_nomem(table->host);
    }
    finish(&chooser);
    keys.release(&keys);
    return status;
}
