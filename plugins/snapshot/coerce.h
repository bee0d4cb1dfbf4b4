/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_COERCE_H
#define SNAPSHOT_COERCE_H

#include "columns.h"
#include "offer/offer.h"

/*
 * SQL expressions over the raw table's columns, appended to a text;
 * keys and times are those of plugins/lib/offer.
 */

/** The value that a scalar column of the core table takes: VARCHAR or DOUBLE. */
void snapshot_coerce_scalar(struct fw_text *text, const struct fw_source_column *column,
                            const struct snapshot_columns *columns);

/** BOOLEAN: whether a nested value makes its row enter the extras; NULL: it does not. */
void snapshot_coerce_present(struct fw_text *text, const struct fw_source_column *column);

/** DOUBLE: what fw_json_length gives of a nested value. */
void snapshot_coerce_length(struct fw_text *text, const struct fw_source_column *column);

#endif
