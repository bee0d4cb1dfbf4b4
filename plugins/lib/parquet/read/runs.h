/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_RUNS_H
#define FW_LIB_PARQUET_READ_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/**
 * Small numbers as Parquet writes levels and dictionary indexes: runs of one number repeated, and
 * runs of numbers of `width` bits each. Zero-initialise but for the bytes and the width. What is
 * not asked for is passed over run by run.
 */
struct parquet_runs {
    const uint8_t *at, *end;
    unsigned width; /**< at most 32 */

    /* The run at hand. */
    uint64_t start, length; /**< its numbers are those from `start` on */
    bool packed;
    uint32_t value;         /**< of a repeated one */
    const uint8_t *numbers; /**< of a packed one, `width` bits each */
};

/** The bits that numbers up to `max` take. */
unsigned parquet_runs_width(uint32_t max);

/** The numbers at n ascending places. False where there are not so many. */
bool parquet_runs_pick(struct parquet_runs *runs, const uint32_t *places, size_t n,
                       uint32_t *ret_numbers);

/** The first n numbers, of at most 8 bits. */
bool parquet_runs_all(struct parquet_runs *runs, size_t n, uint8_t *ret_numbers);

/**
 * The numbers at n ascending places, and for each how many numbers before it are `max`: definition
 * levels, and the number of the value if there is one.
 */
bool parquet_runs_rank(struct parquet_runs *runs, const uint32_t *places, size_t n, uint32_t max,
                       uint8_t *ret_numbers, uint32_t *ret_ranks);

struct parquet_zeros {
    size_t n_found; /**< of the ranks */
    size_t n;       /**< zeros in all */
};

/**
 * Of the first n_numbers numbers, of 1 bit at least: the places of the zeros of n ascending ranks,
 * as far as there are so many zeros. Repetition levels: where rows begin.
 */
bool parquet_runs_zeros(struct parquet_runs *runs, size_t n_numbers, const uint32_t *ranks,
                        size_t n, uint32_t *ret_places, struct parquet_zeros *ret_zeros);

#endif
