/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_REPORT_PARQUET_H
#define FW_TOOLS_REPORT_PARQUET_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What the footer of a Parquet file says of it; no data is read. */
struct parquet_column {
    char *name;
    char *type; /* "int64", "list<string>", "timestamp(us, UTC)" */
};

struct parquet_schema {
    struct parquet_column *items;
    size_t len, cap;
    int64_t rows;
};

/* A file; or the footer itself, for which `name` stands in errors. FW_EXIT_FAILED with a sentence
 * when it is none, or damaged: the bytes are believed in nothing. */
int parquet_read(const char *path, struct parquet_schema *ret_schema, struct fw_error *err);
int parquet_parse(const uint8_t *footer, size_t size, const char *name,
                  struct parquet_schema *ret_schema, struct fw_error *err);
void parquet_finish(struct parquet_schema *schema);

static inline void fw_cleanup_parquet(struct parquet_schema *schema)
{
    parquet_finish(schema);
}

#endif
