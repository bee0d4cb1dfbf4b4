/* SPDX-License-Identifier: MIT */
#include "track.h"

#include <math.h>
#include <stdlib.h>

struct edgar_tracks *edgar_tracks_create(size_t n_ciks, size_t n_features, double alpha)
{
    struct edgar_tracks *tracks = calloc(1, sizeof *tracks);

    if (tracks == NULL) {
        return NULL;
    }
    *tracks = (struct edgar_tracks){alpha, n_ciks, n_features, calloc(n_ciks + 1, sizeof(void *))};
    if (tracks->of == NULL) {
        free(tracks);
        return NULL;
    }
    return tracks;
}

void edgar_tracks_destroy(struct edgar_tracks *tracks)
{
    for (size_t i = 0; tracks != NULL && i < tracks->n_ciks; i++) {
        free(tracks->of[i]);
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

static struct edgar_track *track_of(struct edgar_tracks *tracks, size_t cik)
{
    if (tracks->of[cik] != NULL) {
        return tracks->of[cik];
    }
    struct edgar_track *track =
        calloc(1, sizeof *track + tracks->n_features * sizeof *track->measures);
    for (size_t i = 0; track != NULL && i < tracks->n_features; i++) {
        track->measures[i].ema = NAN;
        track->measures[i].weight = 1;
    }
    return tracks->of[cik] = track;
}

bool edgar_tracks_add(struct edgar_tracks *tracks, size_t cik, int64_t filed_us,
                      const double *values)
{
    struct edgar_track *track = track_of(tracks, cik);

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
    return true;
}

double edgar_measure_mean(const struct edgar_measure *measure)
{
    return measure->n > 0 ? (measure->sum + measure->carry) / (double)measure->n : NAN;
}
