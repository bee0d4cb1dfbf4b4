/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_OUT_H
#define FW_LIB_PARQUET_READ_OUT_H

#include "decode.h"

/** What has been gathered of a leaf of any file, as Arrow holds it. Zero-initialise but for the
 * node. */
struct parquet_out {
    const struct parquet_node *leaf;
    bool is_column;                 /**< no field is around it, so that its levels are not needed */
    struct parquet_room defs, reps; /**< levels, as nodes count them, a byte each */
    struct parquet_room valid;      /**< bits */
    struct parquet_room values;
    struct parquet_room offsets; /**< of texts, int64_t, where the next one begins */
    size_t n_rows, n_slots, n_nulls;
    size_t n_agreed;           /**< levels that parquet_outs_agree has seen */
    struct parquet_room slots; /**< of an append */
};

void parquet_out_finish(struct parquet_out *out);

/** As if nothing had been gathered. */
void parquet_out_clear(struct parquet_out *out);

/** Bytes so far. */
size_t parquet_out_bytes(const struct parquet_out *out);

/** The first of the texts' offsets, if it is not there. */
bool parquet_out_begin_texts(struct parquet_out *out);

/** Levels, and the values of those of them that have one. `reps`: NULL where there are no lists. */
struct parquet_entries {
    const struct parquet_node *leaf; /**< of the file: how its values become Arrow's */
    const uint8_t *defs, *reps;
    size_t n;
    const struct parquet_bytes *cells;
};

/** NULL, or what was expected. */
const char *parquet_out_append(struct parquet_out *out, const struct parquet_entries *entries);

/** cells.c: the same of the values alone, n slots of which `slots` says which have one. */
const char *parquet_cells_append(struct parquet_out *out, const struct parquet_node *leaf, size_t n,
                                 const struct parquet_bytes *cells);

#endif
