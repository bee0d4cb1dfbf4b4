/* SPDX-License-Identifier: MIT */
#ifndef EDGAR_FEATURES_TRACK_H
#define EDGAR_FEATURES_TRACK_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/** What is known of one feature of one cik after some filings; NaN: nothing. */
struct edgar_measure {
    double last; /**< of the newest filing, which may have none */
    double sum, carry;
    double ema;
    double weight; /**< of `ema`, which decays with every filing, with or without a value */
    int64_t n;     /**< filings with a value */
};

/**
 * The running aggregates of every cik. Memory grows with ciks that have filings, and
 * with their filings of the last `lookback_us`.
 */
struct edgar_tracks {
    double alpha;
    size_t n_ciks, n_features;
    int64_t lookback_us;     /**< who asks after a filing may ask for up to so long before it */
    struct edgar_track **of; /**< by number of the cik; NULL: no filing yet */
};

/** What is known of a cik from one filing to the next. */
struct edgar_track {
    struct edgar_track *before; /**< up to that filing; NULL: nobody will ask for it */
    int64_t filed_us;           /**< of the newest filing */
    struct edgar_measure measures[];
};

/** NULL: no memory. */
struct edgar_tracks *edgar_tracks_create(size_t n_ciks, size_t n_features, double alpha,
                                         int64_t lookback_us);
void edgar_tracks_destroy(struct edgar_tracks *tracks);

/** Works in one filing, later than all of its cik: `values`, one for each feature, NaN where it has
 * none. False: no memory. */
bool edgar_tracks_add(struct edgar_tracks *tracks, size_t cik, int64_t filed_us,
                      const double *values);

/** What is known up to an instant; NULL: there is no filing, or not so far back. */
const struct edgar_track *edgar_tracks_at(const struct edgar_tracks *tracks, size_t cik,
                                          int64_t at_us);

/** Mean of all values so far; NaN before the first. */
double edgar_measure_mean(const struct edgar_measure *measure);

#endif
