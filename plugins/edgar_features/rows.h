/* SPDX-License-Identifier: MIT */
#ifndef EDGAR_FEATURES_ROWS_H
#define EDGAR_FEATURES_ROWS_H

#include <fw/arrow.h>

#include "edgar.h"

/*
 * The output's columns: keys, groups of which each has one column a feature, flags. Rows of the
 * index become rows of the output one by one, while the filings that become known on their days
 * are worked in.
 */

enum { EDGAR_KEYS = 4, EDGAR_FLAGS = 2 };
enum { EDGAR_LAST, EDGAR_MEAN, EDGAR_EMA, EDGAR_MISSING, EDGAR_GROUPS };

/** How many there are. */
size_t edgar_columns(const struct edgar *edgar);

/** Calls `each` with every name. */
void edgar_columns_each(const struct edgar *edgar, void (*each)(const char *name, void *arg),
                        void *arg);

/** 0 or ENOMEM. */
int edgar_columns_schema(const struct edgar *edgar, struct ArrowSchema *ret);

/**
 * The rows of a part, by day and cik, and the filings that become known on its days. Parts are
 * written side by side, so each has the figures as they were before its first day.
 */
struct edgar_rows {
    struct edgar *edgar;
    struct edgar_tracks *tracks;
    struct edgar_filings filings;
    size_t n, capacity;
    int32_t *ciks, *days;
    size_t next_filing, next_row;
    struct batch *spare;
    bool attached;
};

void edgar_rows_finish(struct edgar_rows *rows);

/** A stream of the output's rows, read by one thread; `rows` must outlive it. */
void edgar_rows_stream(struct edgar_rows *rows, struct ArrowArrayStream *ret_stream);

#endif
