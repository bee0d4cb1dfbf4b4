/* SPDX-License-Identifier: MIT */
#ifndef RAW_PROFILE_PROFILE_H
#define RAW_PROFILE_PROFILE_H

#include <stdbool.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "delta/delta.h"
#include "fold/fold.h"
#include "offer/offer.h"
#include "source/source.h"
#include "sql/sql.h"

enum { PROFILE_MAX_TABLES = 5 };

/** One column of the raw table. */
struct profile_column {
    const struct fw_source_column *column;
    enum fw_offer_class class;
    bool is_counted; /**< not nested, whose values are not looked at */
};

/**
 * One instance of the stage. A chunk is some whole row groups of one file, worked on by
 * one thread: so sums of reals are added up in one order, whatever the budget.
 * Numbers and times are kept as one row of a chunk, and a sample of the numbers as rows; texts and
 * flags as their distinct values.
 */
struct profile {
    const struct fw_host *host;
    const struct fw_task *task;
    const char *mode;
    int64_t sample_rows; /**< 0: statistics of the files alone */
    int64_t top_k;
    struct fw_sql_handle sql;
    struct fw_source *source;
    struct profile_column *columns;
    const char **numbers; /**< names of columns of numbers and times; then of texts and flags */
    size_t n_numbers;
    bool any_number; /**< among them, and not times alone */
    const char **values;
    size_t n_values;
    struct fw_delta_stats *log; /**< of each column; NULL: there is no log, or a scan */
    int64_t total_rows;
    int64_t reservoir;    /**< numbers of a column that percentiles are found in */
    uint64_t *thresholds; /**< of each column: rows whose draw is not above are in the sample */
    uint64_t seed;
    struct fw_text folder;
    struct fw_fold_input inputs[3];
    size_t n_inputs;
    struct fw_fold_table made[PROFILE_MAX_TABLES];
    size_t n_made;
    struct fw_fold *fold;
};

/* columns.c */

/** Sorts the columns by what is found out about them. */
fw_status profile_columns_find(struct profile *profile);
void profile_columns_finish(struct profile *profile);

/** How many of its rows a column's sample must be drawn from, by the files' counts of nulls. */
fw_status profile_thresholds_find(struct profile *profile);

/* numbers.c, values.c, inventory.c: SQL */
void profile_keep_numbers(const void *self, const char *rows, struct fw_text *select);
void profile_keep_sample(const void *self, const char *rows, struct fw_text *select);
void profile_make_united(const void *self, const struct fw_fold *fold, struct fw_text *select);
void profile_make_numbers(const void *self, const struct fw_fold *fold, struct fw_text *select);
void profile_keep_values(const void *self, const char *rows, struct fw_text *select);
void profile_make_values(const void *self, const struct fw_fold *fold, struct fw_text *select);
void profile_make_top(const void *self, const struct fw_fold *fold, struct fw_text *select);
void profile_make_inventory(const void *self, const struct fw_fold *fold, struct fw_text *select);

/* known.c: what is known without a scan */

/** Reads the statistics of a Delta table's log. */
fw_status profile_log_read(struct profile *profile);

/** The same columns, from the log where its statistics cover them, else from the footers. */
void profile_make_known(const struct profile *profile, struct fw_text *select);

/* pages.c */

/** Writes JSON and Markdown of the finished inventory, and the manifest's fields. */
fw_status profile_pages_write(const struct profile *profile);

#endif
