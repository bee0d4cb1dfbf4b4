/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_FILINGS_H
#define SYNTH_FILINGS_H

#include <stdint.h>

#include <fw/stage.h>

#include "sql/sql.h"

/** What is generated: rows 0 .. rows - 1, cut into files, and one more file of stale rows. */
struct synth_filings_plan {
    uint64_t seed;
    int64_t rows;
    int64_t days;        /**< of the calendar, from 2021-04-18 on */
    int64_t own_percent; /**< of the filings that are of companies with offers */
    int64_t others;      /**< companies without offers */
    int64_t files;
};

#define SYNTH_FILINGS_STALE_ROWS 64

/** Statements that make what the rows are drawn with: macros, and the variable `filings_ciks`. */
void synth_filings_append_prelude(const struct synth_filings_plan *plan, const char *ciks,
                                  struct fw_text *text);

/** Appends the COPY of a file to `path`; file number `files` is the stale one. */
void synth_filings_append_copy(const struct synth_filings_plan *plan, int64_t file,
                               const char *path, struct fw_text *text);

/** Appends the table's schema as Delta's JSON. */
void synth_filings_append_schema(struct fw_text *text);

extern const struct fw_stage synth_filings;

#endif
