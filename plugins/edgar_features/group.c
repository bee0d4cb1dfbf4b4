/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "team/team.h"

static size_t size_of(enum fw_parquet_type type)
{
    static const size_t sizes[] = {[FW_PARQUET_BOOLEAN] = sizeof(uint8_t),
                                   [FW_PARQUET_DATE] = sizeof(int32_t),
                                   [FW_PARQUET_TIMESTAMP] = sizeof(int64_t),
                                   [FW_PARQUET_DOUBLE] = sizeof(double),
                                   [FW_PARQUET_TEXT] = sizeof(struct fw_parquet_text)};

    return sizes[type];
}

static const struct fw_parquet_picks *picks_of(const struct edgar_group *group, size_t column)
{
    if (column == EDGAR_PLATFORM || column == EDGAR_OFFER) {
        return &group->offers;
    }
    return column == EDGAR_DAY || column == EDGAR_CUTOFF ? &group->days : &group->states;
}

/* Room for as many entries as there may be rows; memory is used by those that there are. */
bool edgar_group_init(struct edgar_group *group, const struct edgar *edgar)
{
    *group = (struct edgar_group){
        .edgar = edgar,
        .row_states = malloc(FW_PARQUET_GROUP_ROWS * sizeof *group->row_states),
        .row_days = malloc(FW_PARQUET_GROUP_ROWS * sizeof *group->row_days),
        .row_offers = malloc(FW_PARQUET_GROUP_ROWS * sizeof *group->row_offers),
        .state_of = malloc((edgar->n_ciks + 1) * sizeof *group->state_of),
        .offer_of = malloc((edgar->n_offers + 1) * sizeof *group->offer_of),
        .entries = calloc(edgar->n_columns, sizeof *group->entries),
        .values = calloc(edgar->n_columns, sizeof *group->values),
    };
    bool good = group->row_states != NULL && group->row_days != NULL && group->row_offers != NULL &&
                group->state_of != NULL && group->offer_of != NULL && group->entries != NULL &&
                group->values != NULL;
    for (size_t i = edgar->first_column; good && i < edgar->n_columns; i++) {
        group->entries[i] = malloc(FW_PARQUET_GROUP_ROWS * size_of(edgar->columns[i].type));
        group->values[i] = (struct fw_parquet_values){picks_of(group, i), group->entries[i]};
        good = group->entries[i] != NULL;
    }
    if (good) {
        edgar_group_clear(group);
    }
    return good;
}

void edgar_group_finish(struct edgar_group *group)
{
    for (size_t i = 0; group->entries != NULL && i < group->edgar->n_columns; i++) {
        free(group->entries[i]);
    }
    free(group->entries);
    free(group->values);
    free(group->row_states);
    free(group->row_days);
    free(group->row_offers);
    free(group->state_of);
    free(group->offer_of);
    fw_parquet_block_free(group->block);
    *group = (struct edgar_group){0};
}

void edgar_group_clear(struct edgar_group *group)
{
    fw_parquet_block_free(group->block);
    group->block = NULL;
    group->n_rows = 0;
    group->states = (struct fw_parquet_picks){group->row_states, 0};
    group->days = (struct fw_parquet_picks){group->row_days, 0};
    group->offers = (struct fw_parquet_picks){group->row_offers, 0};
    memset(group->state_of, -1, group->edgar->n_ciks * sizeof *group->state_of);
    memset(group->offer_of, -1, group->edgar->n_offers * sizeof *group->offer_of);
}

static void put_instant(struct edgar_group *group, size_t column, size_t entry, int64_t instant)
{
    ((int64_t *)group->entries[column])[entry] = instant;
}

static void put_text(struct edgar_group *group, size_t column, size_t entry, const char *text)
{
    ((struct fw_parquet_text *)group->entries[column])[entry] =
        (struct fw_parquet_text){text, text != NULL ? strlen(text) : 0};
}

static int64_t filed_of(const struct edgar_track *track)
{
    return track != NULL ? track->filed_us : INT64_MIN;
}

static void put_flag(struct edgar_group *group, size_t column, size_t entry, uint8_t flag)
{
    ((uint8_t *)group->entries[column])[entry] = flag;
}

/* Figures and masks of a cik without a filing are NULL. */
static void put_figures(struct edgar_group *group, size_t entry, const struct edgar_track *track)
{
    static const struct edgar_measure none = {.last = NAN, .ema = NAN};
    size_t n = group->edgar->n_features;
    void **forms = group->entries + EDGAR_KEYS;

    for (size_t i = 0; i < n; i++) {
        const struct edgar_measure *measure = track != NULL ? &track->measures[i] : &none;
        ((double *)forms[EDGAR_LAST * n + i])[entry] = measure->last;
        ((double *)forms[EDGAR_MEAN * n + i])[entry] = edgar_measure_mean(measure);
        ((double *)forms[EDGAR_EMA * n + i])[entry] = measure->ema;
        put_flag(group, EDGAR_KEYS + EDGAR_MISSING * n + i, entry,
                 track != NULL ? isnan(measure->last) != 0 : FW_PARQUET_NO_BOOLEAN);
    }
}

static int32_t add_state(struct edgar_group *group, int32_t cik, const struct edgar_track *track)
{
    const struct edgar *edgar = group->edgar;
    size_t entry = group->states.n_entries++;

    put_text(group, EDGAR_CIK, entry, edgar->ciks[cik]);
    put_instant(group, EDGAR_FILED, entry, filed_of(track));
    put_figures(group, entry, track);
    for (size_t i = edgar->n_columns - EDGAR_FLAGS; i < edgar->n_columns; i++) {
        put_flag(group, i, entry, track != NULL);
    }
    return (int32_t)entry;
}

/* A state is known by its cik and its newest filing. */
static bool is_state(const struct edgar_group *group, int32_t state,
                     const struct edgar_track *track)
{
    return state >= 0 && ((const int64_t *)group->entries[EDGAR_FILED])[state] == filed_of(track);
}

static void add_offer(struct edgar_group *group, int32_t offer)
{
    const struct edgar *edgar = group->edgar;
    size_t entry = group->offers.n_entries++;

    put_text(group, EDGAR_PLATFORM, entry, edgar->offers[2 * offer]);
    put_text(group, EDGAR_OFFER, entry, edgar->offers[2 * offer + 1]);
    group->offer_of[offer] = (int32_t)entry;
}

static void add_day(struct edgar_group *group, int32_t day, int64_t at_us)
{
    const struct edgar *edgar = group->edgar;
    size_t entry = group->days.n_entries++;

    if (edgar->rules.compat) {
        put_instant(group, EDGAR_DAY, entry, day * EDGAR_DAY_US);
    } else {
        ((int32_t *)group->entries[EDGAR_DAY])[entry] = day;
    }
    put_instant(group, EDGAR_CUTOFF, entry, at_us);
}

void edgar_group_add(struct edgar_group *group, const struct edgar_row *row)
{
    const struct edgar *edgar = group->edgar;
    const struct edgar_track *track = edgar_tracks_at(edgar->tracks, (size_t)row->cik, row->at_us);
    int32_t *state = &group->state_of[row->cik];

    if (!is_state(group, *state, track)) {
        *state = add_state(group, row->cik, track);
    }
    if (group->days.n_entries == 0 || row->day != group->last.day ||
        row->at_us != group->last.at_us) {
        add_day(group, row->day, row->at_us);
    }
    if (edgar->n_offers > 0) {
        if (group->offer_of[row->offer] < 0) {
            add_offer(group, row->offer);
        }
        group->row_offers[group->n_rows] = (uint16_t)group->offer_of[row->offer];
    }
    group->row_states[group->n_rows] = (uint16_t)*state;
    group->row_days[group->n_rows] = (uint16_t)(group->days.n_entries - 1);
    group->last = *row;
    group->n_rows++;
}

static void encode(void *arg, size_t number)
{
    struct edgar_group *group = (struct edgar_group *)arg + number;
    const struct edgar *edgar = group->edgar;
    size_t first = edgar->first_column;

    group->block = fw_parquet_encode(edgar->columns + first, edgar->n_columns - first,
                                     group->values + first, group->n_rows);
}

fw_status edgar_groups_encode(struct edgar_group *groups, size_t n)
{
    bool good = true;

    fw_team_run(n, n, encode, groups);
    for (size_t i = 0; i < n; i++) {
        good = good && groups[i].block != NULL;
    }
    return good ? FW_OK : fw_fault_nomem(groups->edgar->host);
}
