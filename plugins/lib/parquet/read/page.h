/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_PAGE_H
#define FW_LIB_PARQUET_READ_PAGE_H

#include "codec.h"
#include "room.h"

/** A page as its header describes it. */
struct parquet_page {
    int64_t type, encoding, def_encoding, rep_encoding;
    int64_t n_values;           /**< NULLs and empty lists included */
    int64_t n_rows;             /**< -1: the header does not say it */
    int64_t def_size, rep_size; /**< of levels that are ahead of the packed bytes */
    bool packed;                /**< with the chunk's codec */
    int64_t size;               /**< when unpacked, with levels */
    struct parquet_bytes body;  /**< as it lies in the file */
};

/** A page when unpacked. */
struct parquet_parts {
    struct parquet_bytes reps, defs, values;
};

/** Takes a header and its body off the front of `bytes`. NULL, or what was expected. */
const char *parquet_page_read(struct parquet_bytes *bytes, struct parquet_page *ret_page);

/** All of it, in `room` where it was packed. NULL, or what was expected. */
const char *parquet_page_unpack(const struct parquet_page *page, int codec,
                                struct parquet_unpacker *unpacker, struct parquet_room *room,
                                struct parquet_bytes *ret_bytes);

/** Cuts an unpacked data page into levels, where the column has them, and values. */
const char *parquet_page_cut(const struct parquet_page *page, struct parquet_bytes bytes,
                             bool has_reps, bool has_defs, struct parquet_parts *ret_parts);

#endif
