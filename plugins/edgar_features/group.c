/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static size_t size_of(enum fw_parquet_type type)
{
    static const size_t sizes[] = {[FW_PARQUET_BOOLEAN] = sizeof(uint8_t),
                                   [FW_PARQUET_DATE] = sizeof(int32_t),
                                   [FW_PARQUET_TIMESTAMP] = sizeof(int64_t),
                                   [FW_PARQUET_DOUBLE] = sizeof(double),
                                   [FW_PARQUET_TEXT] = sizeof(const char *)};

    return sizes[type];
}

/* Room for as many entries as there may be rows; memory is used by those that there are. */
bool edgar_group_init(struct edgar_group *group, const struct edgar *edgar)
{
    *group = (struct edgar_group){
        .edgar = edgar,
        .row_states = malloc(FW_PARQUET_GROUP_ROWS * sizeof *group->row_states),
        .row_days = malloc(FW_PARQUET_GROUP_ROWS * sizeof *group->row_days),
        .state_of = malloc((edgar->n_ciks + 1) * sizeof *group->state_of),
        .entries = calloc(edgar->n_columns, sizeof *group->entries),
        .values = calloc(edgar->n_columns, sizeof *group->values),
    };
    bool good = group->row_states != NULL && group->row_days != NULL && group->state_of != NULL &&
                group->entries != NULL && group->values != NULL;
    for (size_t i = 0; good && i < edgar->n_columns; i++) {
        bool of_day = i == EDGAR_DAY || i == EDGAR_CUTOFF;
        group->entries[i] = malloc(FW_PARQUET_GROUP_ROWS * size_of(edgar->columns[i].type));
        group->values[i] =
            (struct fw_parquet_values){of_day ? &group->days : &group->states, group->entries[i]};
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
    free(group->state_of);
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
    memset(group->state_of, -1, group->edgar->n_ciks * sizeof *group->state_of);
}

void edgar_group_forget(struct edgar_group *group, size_t cik)
{
    group->state_of[cik] = -1;
}

static void put_instant(struct edgar_group *group, size_t column, size_t entry, int64_t instant)
{
    ((int64_t *)group->entries[column])[entry] = instant;
}

static void put_flag(struct edgar_group *group, size_t column, size_t entry, uint8_t flag)
{
    ((uint8_t *)group->entries[column])[entry] = flag;
}

/* Figures and masks of a cik without a filing are NULL (freeze §6.4). */
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

static int32_t add_state(struct edgar_group *group, int32_t cik)
{
    const struct edgar *edgar = group->edgar;
    const struct edgar_track *track = edgar->tracks->of[cik];
    size_t entry = group->states.n_entries++;

    ((const char **)group->entries[EDGAR_CIK])[entry] = edgar->ciks[cik];
    put_instant(group, EDGAR_FILED, entry, track != NULL ? track->filed_us : INT64_MIN);
    put_figures(group, entry, track);
    for (size_t i = edgar->n_columns - EDGAR_FLAGS; i < edgar->n_columns; i++) {
        put_flag(group, i, entry, track != NULL);
    }
    return (int32_t)entry;
}

static void add_day(struct edgar_group *group, int32_t day)
{
    const struct edgar *edgar = group->edgar;
    size_t entry = group->days.n_entries++;

    if (edgar->rules.compat) {
        put_instant(group, EDGAR_DAY, entry, day * EDGAR_DAY_US);
    } else {
        ((int32_t *)group->entries[EDGAR_DAY])[entry] = day;
    }
    put_instant(group, EDGAR_CUTOFF, entry, edgar_timeline_cutoff(edgar, day));
    group->last_day = day;
}

void edgar_group_add(struct edgar_group *group, int32_t cik, int32_t day)
{
    int32_t *state = &group->state_of[cik];

    if (*state < 0) {
        *state = add_state(group, cik);
    }
    if (group->days.n_entries == 0 || day != group->last_day) {
        add_day(group, day);
    }
    group->row_states[group->n_rows] = (uint16_t)*state;
    group->row_days[group->n_rows] = (uint16_t)(group->days.n_entries - 1);
    group->n_rows++;
}

static void *encode(void *arg)
{
    struct edgar_group *group = arg;
    const struct edgar *edgar = group->edgar;

    group->block =
        fw_parquet_encode(edgar->columns, edgar->n_columns, group->values, group->n_rows);
    return NULL;
}

/* Signals are the worker's business. */
static bool start(pthread_t *thread, struct edgar_group *group)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread, NULL, encode, group) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* The stage's thread takes its share, and that of threads that cannot be started. */
fw_status edgar_groups_encode(struct edgar_group *groups, size_t n)
{
    pthread_t *threads = calloc(n, sizeof *threads);
    size_t n_started = 1;
    bool good = true;

    if (threads == NULL) {
        return fw_fault_nomem(groups->edgar->host);
    }
    while (n_started < n && start(&threads[n_started], &groups[n_started])) {
        n_started++;
    }
    encode(&groups[0]);
    for (size_t i = n_started; i < n; i++) {
        encode(&groups[i]);
    }
    for (size_t i = 1; i < n_started; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < n; i++) {
        good = good && groups[i].block != NULL;
    }
    free(threads);
    return good ? FW_OK : fw_fault_nomem(groups->edgar->host);
}
