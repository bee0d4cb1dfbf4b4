/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_PARQUET_H
#define FW_LIB_PARQUET_PARQUET_H

#include <stddef.h>
#include <stdint.h>

#include <fw/host.h>

#include "sql/text.h"

/**
 * Writes Parquet files whose rows repeat few different ones: what was known of a company, day
 * after day. The caller says what the different entries are and which of them each row is, so
 * that nothing is hashed or compared, or gives cells and has them looked for; columns that are
 * missing in the same entries share their pages. Row groups are encoded by any thread and appended
 * in their order: the bytes depend on the rows and on where the groups are cut, on nothing else.
 *
 * Pages are compressed with zstd; every column may be NULL; every row group has minima, maxima
 * and counts of NULLs. Any reader of Parquet takes the files.
 */
enum fw_parquet_type {
    FW_PARQUET_BOOLEAN,   /**< uint8_t: 0, 1, FW_PARQUET_NO_BOOLEAN */
    FW_PARQUET_DATE,      /**< int32_t: days since 1970; INT32_MIN is NULL */
    FW_PARQUET_TIMESTAMP, /**< int64_t: microseconds since 1970, no zone; INT64_MIN is NULL */
    FW_PARQUET_BIGINT,    /**< int64_t; INT64_MIN is NULL */
    FW_PARQUET_DOUBLE,    /**< double; NaN is NULL */
    FW_PARQUET_TEXT,      /**< struct fw_parquet_text */
};

/** Bytes that need no end of their own; NULL is NULL. */
struct fw_parquet_text {
    const char *bytes;
    size_t size;
};

enum { FW_PARQUET_NO_BOOLEAN = 2 };

/** Rows of a group, at most: an entry's number has 16 bits. */
enum { FW_PARQUET_GROUP_ROWS = 65536 };

struct fw_parquet_column {
    const char *name;
    enum fw_parquet_type type;
};

/** The entry of each row of a group. Every entry is that of one row at least. */
struct fw_parquet_picks {
    const uint16_t *entries; /**< NULL: each row is an entry, and the values are written plainly */
    size_t n_entries;
};

/** A column of a group. */
struct fw_parquet_values {
    const struct fw_parquet_picks *picks; /**< columns may have them in common */
    const void *values;                   /**< one for each entry, as the column's type says */
};

/** A row group as it lies in the file. */
struct fw_parquet_block;

/**
 * Encodes 1 to FW_PARQUET_GROUP_ROWS rows of `n` columns; NULL: no memory. The block is the
 * caller's to free. [any thread]
 */
struct fw_parquet_block *fw_parquet_encode(const struct fw_parquet_column *columns, size_t n,
                                           const struct fw_parquet_values *values, size_t n_rows);

/** A column of a group whose entries nobody has found yet. */
struct fw_parquet_cells {
    /** One for each row: a double's bits; a boolean, day, instant or number as an int64_t; the
        number of a text, UINT64_MAX being NULL. Equal texts had better have the same number. */
    const uint64_t *cells;
    const struct fw_parquet_text *texts; /**< of a column of texts */
};

/** As fw_parquet_encode: columns that mostly stay the same from row to row have their entries in
    common, others entries or plain values of their own. [any thread] */
struct fw_parquet_block *fw_parquet_encode_cells(const struct fw_parquet_column *columns, size_t n,
                                                 const struct fw_parquet_cells *cells,
                                                 size_t n_rows);

void fw_parquet_block_free(struct fw_parquet_block *block);

/** A file that is being written. Zero-initialise. [stage thread, as all below] */
struct fw_parquet_file {
    const struct fw_host *host;
    const char *path;
    const struct fw_parquet_column *columns;
    size_t n_columns;
    int fd;
    uint64_t size;
    int64_t n_rows;
    size_t n_groups;
    struct fw_text groups; /**< what the footer will say of them */
};

/** Creates or replaces the file; path and columns must outlive it. Close it also after a failure
    of a later call. */
fw_status fw_parquet_open(struct fw_parquet_file *ret_file, const struct fw_host *host,
                          const char *path, const struct fw_parquet_column *columns, size_t n);
fw_status fw_parquet_append(struct fw_parquet_file *file, const struct fw_parquet_block *block);

/** Writes the footer where `status` is FW_OK, and closes. Gives `status` or its own failure. */
fw_status fw_parquet_close(struct fw_parquet_file *file, fw_status status);

#endif
