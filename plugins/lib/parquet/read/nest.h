/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_NEST_H
#define FW_LIB_PARQUET_READ_NEST_H

#include <fw/arrow.h>
#include <fw/host.h>

#include "out.h"

/* nest.c */

/**
 * Makes the array of a node out of what its leaves, `outs`, have gathered, whose values move into
 * it. NULL, or what was expected; `ret_array` is to be released where its release is not NULL.
 */
const char *parquet_nest(const struct parquet_node *node, struct parquet_out *outs,
                         struct ArrowArray *ret_array);

/** agree.c: whether what was appended to the leaves since the last call has as many elements in
    every field of a list. */
bool parquet_outs_agree(const struct parquet_node *node, struct parquet_out *outs);

/* arrow.c */

enum { PARQUET_MAX_BUFFERS = 3 };

/** An array of no data yet, with children that are empty; false: no memory. */
bool parquet_array_make(struct ArrowArray *ret_array, size_t length, size_t n_buffers,
                        size_t n_children);

/** Gives the array what the room holds, as its buffer number `buffer`. */
void parquet_array_give(struct ArrowArray *array, size_t buffer, struct parquet_room *room);

/** A schema called `name`; false: no memory. The schema is to be released where it can be. */
bool parquet_schema_make(struct ArrowSchema *ret_schema, const char *name, const char *format,
                         size_t n_children);
bool parquet_schema_of(const struct parquet_node *node, struct ArrowSchema *ret_schema);

/** Moves a schema that is `ok` to the caller; otherwise releases it: there was no memory. */
fw_status parquet_schema_end(const struct fw_host *host, bool ok, struct ArrowSchema *schema,
                             struct ArrowSchema *ret_schema);

#endif
