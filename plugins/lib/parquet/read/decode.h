/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_DECODE_H
#define FW_LIB_PARQUET_READ_DECODE_H

#include "parquet/footer.h"
#include "room.h"
#include "schema.h"

/** What a function that finds no memory gives in place of what it expected. */
extern const char parquet_no_memory[];

/**
 * The values of a page, NULLs not among them. A chosen value is given as the bytes that PLAIN would
 * write, texts without their size; they lie in the page, in the dictionary or in `made`.
 */
struct parquet_values {
    const struct parquet_node *leaf;
    int64_t encoding;
    struct parquet_bytes bytes;
    size_t n_most; /**< no more values than that */
    const struct parquet_bytes *dictionary;
    size_t n_entries;
    struct parquet_room *made, *numbers; /**< to be used for what is computed */
};

/** The values at n > 0 ascending places. NULL, or what was expected. */
const char *parquet_decode(const struct parquet_values *values, const uint32_t *places, size_t n,
                           struct parquet_bytes *ret_cells);

/* plain.c */
const char *parquet_decode_plain(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells);
const char *parquet_decode_split(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells);

/* delta.c */
const char *parquet_decode_delta(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells);

/** Of at most n numbers: all, when there are no more; moves `bytes` behind them. */
const char *parquet_delta_numbers(struct parquet_bytes *bytes, size_t n, int64_t *ret_numbers,
                                  size_t *ret_n);

/* delta_bytes.c */
const char *parquet_decode_lengths(const struct parquet_values *values, const uint32_t *places,
                                   size_t n, struct parquet_bytes *ret_cells);
const char *parquet_decode_prefixes(const struct parquet_values *values, const uint32_t *places,
                                    size_t n, struct parquet_bytes *ret_cells);

#endif
