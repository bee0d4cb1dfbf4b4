/* SPDX-License-Identifier: MIT */
#include "arrow_schema.h"

#include <stdbool.h>
#include <string.h>

static int32_t number(const char *at)
{
    int32_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

/* A count of pairs, then of each text its size and its bytes. */
static bool says(const char *metadata, const char *wanted)
{
    int32_t n = metadata != NULL ? 2 * number(metadata) : 0;
    const char *at = metadata != NULL ? metadata + sizeof n : NULL;
    bool found = false;

    for (int32_t i = 0; i < n && !found; i++) {
        size_t size = (size_t)number(at);
        at += sizeof(int32_t);
        found = size == strlen(wanted) && memcmp(at, wanted, size) == 0;
        at += size;
    }
    return found;
}

/*
 * With arrow_lossless_conversion DuckDB 1.4 says that a BOOLEAN is a byte, and makes it one; inside
 * of another type it says so, too, and makes it a bit.
 */
static void mend(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (says(child->metadata, "arrow.bool8")) {
            child->format = "b";
            child->metadata = NULL;
        }
        mend(child);
    }
}

duckdb_error_data arrow_schema_of(duckdb_arrow_options options, duckdb_logical_type *types,
                                  const char **names, idx_t n_columns,
                                  struct ArrowSchema *ret_schema)
{
    duckdb_error_data data = duckdb_to_arrow_schema(options, types, names, n_columns, ret_schema);

    for (int64_t i = 0; !duckdb_error_data_has_error(data) && i < ret_schema->n_children; i++) {
        mend(ret_schema->children[i]);
    }
    return data;
}
