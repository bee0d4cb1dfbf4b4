/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_DELTA_TABLE_H
#define SYNTH_DELTA_TABLE_H

#include "plan.h"
#include "sql/sql.h"

/** Path of a part of the shape raw below the table's folder; to be freed, NULL: no memory. */
char *synth_part_name(const struct synth_plan *plan, int64_t part);

/**
 * Writes `_delta_log` for the finished parts; `part_rows` has the rows of each. The table's
 * history: 0 creates it without the late columns, 1 adds period 0 and the stale files, 2 adds
 * the late columns and the first half of the periods and removes a stale file, and is
 * checkpointed; 3 adds the other half, 4 removes the other stale file, 5 adds the file
 * without a platform. Commits 0 and 1 have been vacuumed.
 */
fw_status synth_write_log(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                          const uint64_t *part_rows);

/** The newest version and how many files it has. */
#define SYNTH_VERSION 5
int64_t synth_active_files(const struct synth_plan *plan);

#endif
