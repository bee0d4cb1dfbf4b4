/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_ROWS_H
#define SYNTH_ROWS_H

#include "plan.h"
#include "sql/sql.h"

/**
 * Appends the statements that write part `part` to `path` as Parquet, out of the table `entity`:
 * the last of them is the COPY.
 */
void synth_rows_append(const struct synth_plan *plan, int64_t part, const char *path,
                       struct fw_text *text);

/** Columns that the files of period 0 do not have: they were added to the table later. */
#define SYNTH_LATE_COLUMN "crawler_version"
#define SYNTH_LATE_NESTED "slide_decks"

#endif
