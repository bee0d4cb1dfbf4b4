/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_JSON_WRITE_H
#define FW_DUCKDB_JSON_WRITE_H

#include "json_plan.h"

/* Where the values of one node lie in the current chunk. `validity` NULL: all are valid. */
struct json_view {
    const void *data;
    const uint64_t *validity;
};

/* Fills the views of `node` and below, indexed by node->index. */
void json_view_fill(struct json_view *views, const struct json_node *node, duckdb_vector vector);

static inline bool json_is_valid(const struct json_view *view, uint64_t row)
{
    return view->validity == NULL || (view->validity[row / 64] >> (row % 64) & 1) != 0;
}

/* Appends the value in `row`, or null. */
void json_write(struct fw_text *text, const struct json_node *node, const struct json_view *views,
                uint64_t row);

/* Scalars alone: everything that has no children. The value must be valid. */
void json_write_scalar(struct fw_text *text, const struct json_node *node, const void *data,
                       uint64_t row);

#endif
