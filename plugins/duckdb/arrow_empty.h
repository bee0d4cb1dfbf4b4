/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_ARROW_EMPTY_H
#define FW_DUCKDB_ARROW_EMPTY_H

#include <stdbool.h>

#include <fw/arrow.h>

/*
 * A batch without rows for any schema. DuckDB 1.4 converts an Arrow schema but does not say into
 * which types; the types of an empty batch converted with it do. False: out of memory.
 */
bool arrow_empty_init(struct ArrowArray *array, const struct ArrowSchema *schema);
void arrow_empty_finish(struct ArrowArray *array);

#endif
