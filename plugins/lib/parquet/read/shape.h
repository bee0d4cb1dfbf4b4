/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_SHAPE_H
#define FW_LIB_PARQUET_READ_SHAPE_H

#include <fw/arrow.h>

#include "schema.h"

/**
 * The node of an Arrow field, levels and all, as a file's would be. False: no memory (*ret_known)
 * or a type that no file gives. Finish in any case.
 */
bool parquet_shape(const struct ArrowSchema *field, struct parquet_node *ret_node, bool *ret_known);

#endif
