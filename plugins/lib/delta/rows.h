/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_ROWS_H
#define FW_LIB_DELTA_ROWS_H

#include "delta/delta.h"

/** Rows that the engine can number in a file; also what keeps a damaged bitmap from 2^64 bits. */
#define FW_DELTA_ROWS_LIMIT INT64_C(2147483647)

/** What came of decoding a bitmap. */
enum fw_delta_rows_result {
    FW_DELTA_ROWS_OK,
    FW_DELTA_ROWS_NOMEM,
    FW_DELTA_ROWS_FORMAT, /**< another magic number: a format of before or after this reader */
    FW_DELTA_ROWS_BAD,    /**< cut short, or bytes left over */
    FW_DELTA_ROWS_BEYOND  /**< a row that is not below the limit */
};

/**
 * Decodes the protocol's bitmap: a magic number and a 64-bit Roaring bitmap in its portable
 * serialisation. Every row must be below `limit`. *ret_rows is the caller's to finish.
 */
enum fw_delta_rows_result fw_delta_rows_decode(const unsigned char *bytes, size_t size,
                                               int64_t limit, struct fw_delta_rows *ret_rows);

void fw_delta_rows_finish(struct fw_delta_rows *rows);

#endif
