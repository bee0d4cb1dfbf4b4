/* SPDX-License-Identifier: MIT */
#include "entity.h"

#include <stdlib.h>

#include "period.h"

bool entity_has_text(const struct entity *entity, int i, const char *text, int32_t size)
{
    return made_is(&entity->made, entity->rows[entity->n_rows - 1].key, i, text, size);
}

bool entity_add(struct entity *entity, const struct entity_row *row)
{
    if (entity->n_rows == entity->n_room) {
        size_t n_room = entity->n_room > 0 ? 2 * entity->n_room : 256;
        struct entity_row *larger = realloc(entity->rows, n_room * sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        entity->rows = larger;
        entity->n_room = n_room;
    }
    entity->rows[entity->n_rows++] = *row;
    return true;
}

/* As the stage daily writes them: of one offer, each of a later day than the one before. */
static bool is_in_order(const struct entity *entity)
{
    const struct entity_row *rows = entity->rows;
    bool in_order = true;

    for (size_t i = 1; i < entity->n_rows && in_order; i++) {
        in_order =
            rows[i].key == rows[i - 1].key && period_day(rows[i].at) > period_day(rows[i - 1].at);
    }
    return in_order;
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_time(const void *one, const void *other)
{
    const struct entity_row *a = one, *b = other;
    int order = compare(a->at, b->at);

    order = order != 0 ? order : compare(a->file, b->file);
    return order != 0 ? order : compare(a->row, b->row);
}

static int by_key(const struct made *made, uint32_t a, uint32_t b)
{
    int order = made_compare(made, a, b, 1);

    return order != 0 ? order : made_compare(made, a, b, 2);
}

static int by_key_and_time(const void *one, const void *other, void *made)
{
    const struct entity_row *a = one, *b = other;
    int order = by_key(made, a->key, b->key);

    return order != 0 ? order : by_time(a, b);
}

static int by_time_and_key(const void *one, const void *other, void *made)
{
    const struct made_row *a = one, *b = other;
    int order = compare(a->at, b->at);

    order = order != 0 ? order : by_key(made, a->key, b->key);
    return order != 0 ? order : compare(a->stage, b->stage);
}

/*
 * A stage begins where the amount raised is not that of the row before, up or down. A row without
 * an amount begins none, and neither does the one after it, unless such rows are passed over.
 */
static bool add_stages(struct entity *entity)
{
    const struct entity_row *before = NULL;
    int64_t stage = 0, day = INT64_MIN, stage_of_day = 0;
    bool good = true;

    for (size_t i = 0; i < entity->n_rows && good; i++) {
        const struct entity_row *row = &entity->rows[i];
        bool known = (row->has & 1) != 0;
        stage += known && before != NULL && (before->has & 1) != 0 &&
                 row->values[0] != before->values[0];
        before = known || !entity->skip_nulls ? row : before;
        const struct made_row made = {.at = row->at, .stage = stage, .key = row->key};
        good = made_add_row(&entity->made, MADE_STAGE_TABLE, &made);
        if (good && (period_day(row->at) != day || stage != stage_of_day)) {
            day = period_day(row->at);
            stage_of_day = stage;
            good = made_add_row(&entity->made, MADE_DAY_TO_STAGE, &made);
        }
    }
    return good;
}

/* Rows of one instant, in any order so far, are told apart by offer and stage, or are one. */
static void sort_stages(struct entity *entity, size_t first)
{
    struct made *made = &entity->made;
    struct made_row *rows = made->tables[MADE_STAGE_TABLE].rows + first;
    size_t n = made->tables[MADE_STAGE_TABLE].n - first, kept = 0;

    qsort_r(rows, n, sizeof *rows, by_time_and_key, made);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || by_time_and_key(&rows[kept - 1], &rows[i], made) != 0) {
            rows[kept++] = rows[i];
        }
    }
    made->tables[MADE_STAGE_TABLE].n = first + kept;
}

/* Of each value the last that is there, through rows that come period after period. */
static bool add_periods(struct entity *entity, int table, int64_t (*period_of)(int64_t day))
{
    struct made *made = &entity->made;
    struct made_row period = {0};
    bool good = true;

    for (size_t i = 0; i < entity->n_rows && good; i++) {
        const struct entity_row *row = &entity->rows[i];
        int64_t at = period_of(period_day(row->at)) * PERIOD_DAY;
        if (i == 0 || at != period.at || by_key(made, row->key, period.key) != 0) {
            good = i == 0 || made_add_row(made, table, &period);
            period = (struct made_row){.at = at, .key = row->key};
        }
        period.has |= row->has;
        for (int v = 0; v < MULTISCALE_VALUES; v++) {
            period.values[v] = row->has >> v & 1 ? row->values[v] : period.values[v];
        }
    }
    return good && made_add_row(made, table, &period);
}

bool entity_finish(struct entity *entity)
{
    size_t n_rows = entity->n_rows, first = entity->made.tables[MADE_STAGE_TABLE].n;

    if (n_rows == 0) {
        return true;
    }
    bool in_order = is_in_order(entity);
    if (!in_order) {
        qsort(entity->rows, n_rows, sizeof *entity->rows, by_time);
    }
    bool good = add_stages(entity);
    if (!in_order) {
        sort_stages(entity, first);
        qsort_r(entity->rows, n_rows, sizeof *entity->rows, by_key_and_time, &entity->made);
    }
    good = good && add_periods(entity, MADE_WEEKLY, period_week) &&
           add_periods(entity, MADE_MONTHLY, period_month);
    entity->n_rows = 0;
    return good;
}
