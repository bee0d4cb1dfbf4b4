/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_COERCE_H
#define SNAPSHOT_COERCE_H

#include "columns.h"

/*
 * SQL expressions over the raw table's columns, appended to a text (freeze §3.2, §3.3, §3.5).
 * The session's time zone is UTC (fw/service/sql.h).
 */

/** The value that a scalar column of the core table takes: VARCHAR or DOUBLE. */
void snapshot_coerce_scalar(struct fw_text *text, const struct fw_source_column *column,
                            const struct snapshot_columns *columns);

/** VARCHAR: the column as text, timestamps as "YYYY-MM-DD HH:MM:SS[.ffffff][+00:00]". */
void snapshot_coerce_text(struct fw_text *text, const struct fw_source_column *column);

/** TIMESTAMP in UTC; NULL where the value is NULL or tells no instant. */
void snapshot_coerce_instant(struct fw_text *text, const struct fw_source_column *column);

/** VARCHAR: entity_id, platform_name|offer_id; NULL when one of the two is. */
void snapshot_coerce_entity(struct fw_text *text, const struct snapshot_columns *columns);

/** BIGINT, never NULL, that sorts like the instants, the unknown ones first. */
void snapshot_coerce_sortable(struct fw_text *text, const struct fw_source_column *column);

/** TIMESTAMP expression as text, in the form of a value with a time zone. */
void snapshot_coerce_utc_text(struct fw_text *text, const char *expression);

/** BOOLEAN, never NULL: whether a nested value makes its row enter the extras. */
void snapshot_coerce_present(struct fw_text *text, const struct fw_source_column *column);

#endif
