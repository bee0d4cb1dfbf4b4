/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_FILE_H
#define FW_LIB_PARQUET_READ_FILE_H

#include "parquet/read.h"
#include "schema.h"

/** The values of one leaf in one row group. */
struct parquet_chunk {
    int64_t data_offset, dictionary_offset; /**< in the file; a dictionary's 0: none */
    int64_t size;                           /**< of all pages, packed, with their headers */
    int64_t n_values;                       /**< NULLs and empty lists included */
    uint8_t codec;
};

struct parquet_group {
    int64_t first_row, n_rows;
    struct parquet_chunk *chunks; /**< one for each leaf of the schema */
};

struct fw_parquet_reader {
    const struct fw_host *host;
    char *path;
    int fd;
    uint64_t size;
    struct parquet_schema schema;
    struct parquet_group *groups;
    size_t n_groups;
    int64_t n_rows;
    const char *refusal; /**< of the whole file, which then has neither columns nor groups */
};

/** meta.c: all but what open says. False: no memory. */
bool parquet_meta_read(struct fw_parquet_reader *reader, struct thrift_reader *footer);

/** Twice is fine. */
void parquet_meta_finish(struct fw_parquet_reader *reader);

/** file.c: bytes that are within the file, or a fault. */
fw_status parquet_file_read(const struct fw_parquet_reader *reader, uint64_t at, void *bytes,
                            size_t size);

#endif
