/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_WALK_H
#define FW_LIB_PARQUET_READ_WALK_H

#include "leaf.h"
#include "runs.h"

/** How far the pages of a chunk have been walked over. */
struct parquet_walk {
    /** Takes what is wanted of a data page. NULL, or what was expected. */
    const char *(*take)(struct parquet_walk *walk, const struct parquet_page *page);

    const struct parquet_leaf_task *task;
    const struct parquet_node *leaf;
    int codec;
    int64_t row; /**< flat: rows behind; with lists: the row at hand, -1 before the first */
    size_t next; /**< of the chosen rows: the first that has not been met */
    bool chosen; /**< with lists: the row at hand is */
    bool has_dictionary;
    struct parquet_page dictionary; /**< as it lies in the file, until a page needs it */
    const struct parquet_bytes *entries;
    size_t n_entries;
};

/** Walks over the pages until every chosen row has been met. */
fw_status parquet_walk_all(struct parquet_walk *walk);

/* The two ways to take rows. */
const char *parquet_walk_flat(struct parquet_walk *walk, const struct parquet_page *page);
const char *parquet_walk_nested(struct parquet_walk *walk, const struct parquet_page *page);

/** dictionary.c: unpacks the dictionary if that has not been done. */
const char *parquet_walk_dictionary(struct parquet_walk *walk);

/** Unpacks a data page and cuts it. NULL, or what was expected. */
const char *parquet_walk_open(struct parquet_walk *walk, const struct parquet_page *page,
                              struct parquet_parts *ret_parts);

/** Levels up to `max`. */
struct parquet_runs parquet_walk_runs(struct parquet_bytes bytes, uint32_t max);

/**
 * Takes the n entries at the places in the scratch out of a page: their definition levels and the
 * values of those that have one. `reps`: their repetition levels, NULL without lists.
 */
const char *parquet_walk_entries(struct parquet_walk *walk, const struct parquet_page *page,
                                 const struct parquet_parts *parts, const uint8_t *reps, size_t n);

#endif
