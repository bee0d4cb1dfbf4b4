/* SPDX-License-Identifier: MIT */
#ifndef EDGAR_FEATURES_GROUP_H
#define EDGAR_FEATURES_GROUP_H

#include "edgar.h"

/*
 * The output's columns: keys, forms of which each has one column a feature, flags.
 */

enum {
    EDGAR_PLATFORM, /* this and the next in a table by offer and day only */
    EDGAR_OFFER,
    EDGAR_CIK,
    EDGAR_DAY,
    EDGAR_CUTOFF,
    EDGAR_FILED,
    EDGAR_KEYS
};
enum { EDGAR_LAST, EDGAR_MEAN, EDGAR_EMA, EDGAR_MISSING, EDGAR_FORMS };
enum { EDGAR_FLAGS = 2 };

/** A row, as numbers. */
struct edgar_row {
    int32_t cik, day;
    int32_t offer; /**< in a table by offer and day */
    int64_t at_us; /**< up to when filings count */
};

/**
 * A row group of the output. What is known of a company stays the same from one of its filings
 * to the next, so a row is the number of such a state, of its day and of its offer.
 */
struct edgar_group {
    const struct edgar *edgar;
    size_t n_rows;
    struct fw_parquet_picks states, days, offers;
    uint16_t *row_states, *row_days, *row_offers;
    int32_t *state_of; /**< of each cik, the newest; -1: none in this group */
    int32_t *offer_of; /**< of each offer; -1: none in this group */
    struct edgar_row last;
    void **entries; /**< of each column */
    struct fw_parquet_values *values;
    struct fw_parquet_block *block; /**< once it is encoded; NULL: no memory */
};

/** False: no memory; finish it nevertheless. */
bool edgar_group_init(struct edgar_group *group, const struct edgar *edgar);
void edgar_group_finish(struct edgar_group *group);

/** Empties it. */
void edgar_group_clear(struct edgar_group *group);

/** Adds a row, the cik being as its track says; there must be room for it. */
void edgar_group_add(struct edgar_group *group, const struct edgar_row *row);

/** Encodes the first `n` groups side by side. */
fw_status edgar_groups_encode(struct edgar_group *groups, size_t n);

#endif
