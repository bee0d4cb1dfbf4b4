/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_FEATURES_H
#define MULTISCALE_FEATURES_H

#include "multiscale.h"
#include "words.h"

/** Rows of the feature store, company after company and day after day. Zero-initialised. */
struct features {
    size_t n_columns;
    uint64_t **cells; /**< of each column of the store, as fw_parquet_cells has them */
    int64_t *at;      /**< microseconds */
    size_t n_rows, n_room;
    struct words words;
    uint32_t *last[2]; /**< rows that are the last ones of their week, of their month */
    size_t n_last[2];
};

#endif
