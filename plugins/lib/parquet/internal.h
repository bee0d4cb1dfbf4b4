/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_INTERNAL_H
#define FW_LIB_PARQUET_INTERNAL_H

#include <stdbool.h>

#include "format.h"
#include "parquet/parquet.h"
#include "thrift.h"

/** What the footer says of one column of a group. Offsets are from the group's first byte. */
struct fw_parquet_facts {
    uint64_t offset, data_offset; /**< of the chunk, of the page behind the dictionary */
    uint64_t size, size_unpacked; /**< headers included */
    int64_t n_nulls;
    bool has_dictionary;
    struct fw_text min, max; /**< as PLAIN writes them, texts without their size */
};

struct fw_parquet_block {
    struct fw_text pages;
    size_t n_rows, n_columns;
    struct fw_parquet_facts facts[];
};

/** Bytes that a value takes in memory. */
size_t parquet_value_size(enum fw_parquet_type type);

/** Appends the value of an entry as PLAIN writes it, texts without their size. Not for BOOLEAN. */
void parquet_append_value(struct fw_text *text, enum fw_parquet_type type, const void *values,
                          size_t entry);

/** The smallest and largest of the entries that are not NULL. */
void parquet_append_bounds(struct fw_parquet_facts *facts, enum fw_parquet_type type,
                           const void *values, const uint8_t *kinds, size_t n_entries);

/** Appends a RowGroup that begins at `offset` of the file; FileMetaData and what follows it. */
void parquet_append_group(struct fw_text *text, const struct fw_parquet_column *columns,
                          const struct fw_parquet_block *block, uint64_t offset);
void parquet_append_footer(struct fw_text *text, const struct fw_parquet_file *file);

#endif
