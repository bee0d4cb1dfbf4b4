/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_FOOTER_H
#define FW_LIB_PARQUET_FOOTER_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sql/text.h"

/* A file's last bytes: the length of the footer before them, then the magic. */
enum { PARQUET_MAGIC = 4, PARQUET_TAIL = 8 };

struct parquet_bytes {
    const uint8_t *data;
    size_t size;
};

/** The footer of a file, cut where a joined one differs: Thrift's compact protocol. */
struct parquet_footer {
    struct parquet_bytes head; /**< version and schema, up to the value of num_rows */
    int64_t n_rows;
    uint8_t list;                    /**< the field header of the row groups */
    struct parquet_bytes row_groups; /**< one after the other */
    uint64_t n_row_groups;
    struct parquet_bytes tail; /**< what follows the row groups */
};

/** Points into the bytes. False where they are no footer. */
bool parquet_footer_read(struct parquet_bytes bytes, struct parquet_footer *ret_footer);

/**
 * Appends the footer's row groups, everything they point to moved by `shift` bytes. False where
 * they are damaged, or of a kind that cannot be moved.
 */
bool parquet_footer_move(const struct parquet_footer *footer, int64_t shift, struct fw_text *text);

/** Appends the footer of all: those of `first`, with so many rows and the row groups moved. */
void parquet_footer_write(const struct parquet_footer *first, int64_t n_rows, uint64_t n_row_groups,
                          const struct fw_text *row_groups, struct fw_text *text);

#endif
