/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct edgar_tracks *edgar_tracks_create(size_t n_ciks, size_t n_features, double alpha,
                                         int64_t lookback_us)
{
    struct edgar_tracks *tracks = calloc(1, sizeof *tracks);

    if (tracks == NULL) {
        return NULL;
    }
    *tracks = (struct edgar_tracks){alpha, n_ciks, n_features, lookback_us,
                                    calloc(n_ciks + 1, sizeof(void *))};
    if (tracks->of == NULL) {
        free(tracks);
        return NULL;
    }
    return tracks;
}

static void free_all(struct edgar_track *track)
{
    while (track != NULL) {
        struct edgar_track *before = track->before;
        free(track);
        track = before;
    }
}

void edgar_tracks_destroy(struct edgar_tracks *tracks)
{
    for (size_t i = 0; tracks != NULL && i < tracks->n_ciks; i++) {
        free_all(tracks->of[i]);
    }
    if (tracks != NULL) {
        free(tracks->of);
    }
    free(tracks);
}

/* Neumaier: what the addition rounds away is carried along. An infinite sum carries nothing. */
static void add_to_sum(struct edgar_measure *measure, double value)
{
    double sum = measure->sum + value;

    if (!isfinite(sum)) {
        measure->carry = 0;
    } else if (fabs(measure->sum) >= fabs(value)) {
        measure->carry += (measure->sum - sum) + value;
    } else {
        measure->carry += (value - sum) + measure->sum;
    }
    measure->sum = sum;
    measure->n++;
}

static void add_to_ema(struct edgar_measure *measure, double alpha, double value)
{
    bool begun = !isnan(measure->ema);

    if (begun) {
        measure->weight *= 1 - alpha;
    }
    if (isnan(value)) {
        return;
    }
    if (!begun) {
        measure->ema = value;
    } else if (measure->ema != value) {
        measure->ema = (measure->weight * measure->ema + alpha * value) / (measure->weight + alpha);
    }
    measure->weight = 1;
}

/* The one that a filing goes into; the one before stays where somebody may ask for it. */
static struct edgar_track *next_track(struct edgar_tracks *tracks, size_t cik)
{
    struct edgar_track *before = tracks->of[cik];

    if (before != NULL && tracks->lookback_us == 0) {
        return before;
    }
    size_t measures_size = tracks->n_features * sizeof *before->measures;
    struct edgar_track *track = calloc(1, sizeof *track + measures_size);
    if (track == NULL) {
        return NULL;
    }
    if (before != NULL) {
        memcpy(track->measures, before->measures, measures_size);
        track->before = before;
    }
    for (size_t i = 0; before == NULL && i < tracks->n_features; i++) {
        track->measures[i].ema = NAN;
        track->measures[i].weight = 1;
    }
    return tracks->of[cik] = track;
}

/* Of those that are older than anybody looks back, the newest is the answer. */
static void forget(const struct edgar_tracks *tracks, struct edgar_track *track)
{
    const int64_t oldest_us = track->filed_us - tracks->lookback_us;

    while (track->before != NULL && track->filed_us > oldest_us) {
        track = track->before;
    }
    free_all(track->before);
    track->before = NULL;
}

bool edgar_tracks_add(struct edgar_tracks *tracks, size_t cik, int64_t filed_us,
                      const double *values)
{
    struct edgar_track *track = next_track(tracks, cik);

    if (track == NULL) {
        return false;
    }
    track->filed_us = filed_us;
    for (size_t i = 0; i < tracks->n_features; i++) {
        struct edgar_measure *measure = &track->measures[i];
        measure->last = values[i];
        if (!isnan(values[i])) {
            add_to_sum(measure, values[i]);
        }
        add_to_ema(measure, tracks->alpha, values[i]);
    }
    forget(tracks, track);
    return true;
}

const struct edgar_track *edgar_tracks_at(const struct edgar_tracks *tracks, size_t cik,
                                          int64_t at_us)
{
    const struct edgar_track *track = tracks->of[cik];

    while (track != NULL && track->filed_us > at_us) {
        track = track->before;
    }
    return track;
}

double edgar_measure_mean(const struct edgar_measure *measure)
{
    return measure->n > 0 ? (measure->sum + measure->carry) / (double)measure->n : NAN;
}
