/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_WALK_H
#define FW_LIB_PARQUET_READ_WALK_H

#include "leaf.h"

/** How far the pages of a chunk have been walked over. */
struct parquet_walk {
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

/** Takes what is chosen of a data page. NULL, or what was expected. */
const char *parquet_walk_flat(struct parquet_walk *walk, const struct parquet_page *page);
const char *parquet_walk_nested(struct parquet_walk *walk, const struct parquet_page *page);

/** dictionary.c: unpacks the dictionary if that has not been done. */
const char *parquet_walk_dictionary(struct parquet_walk *walk);

/** The values at these places, n of them, then the entries. */
const char *parquet_walk_values(struct parquet_walk *walk, const struct parquet_page *page,
                                struct parquet_bytes bytes, size_t n_places,
                                struct parquet_entries *entries);

#endif
