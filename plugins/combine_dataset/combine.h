/* SPDX-License-Identifier: MIT */
#ifndef COMBINE_DATASET_COMBINE_H
#define COMBINE_DATASET_COMBINE_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"

/** The tables that are joined, in the order of their columns in the output. */
enum combine_part { COMBINE_PRICES, COMBINE_FEATURES, COMBINE_VIX, COMBINE_LABELS, COMBINE_PARTS };
extern const char *const combine_ports[COMBINE_PARTS];

struct combine_table {
    struct fw_source *source; /**< NULL: not plugged in */
    struct fw_text load;
};

/** A column of the output besides the day; both are borrowed. */
struct combine_column {
    const char *name;
    const char *sql_type;
    enum combine_part part;
};

/** One instance of the stage. */
struct combine {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct combine_table tables[COMBINE_PARTS];
    struct combine_column *columns;
    size_t n_columns;
    struct fw_text join, write;
    int phase; /**< a statement each: the loads, the join, the output */
    int64_t n_joined, n_written;
    struct fw_sql_job *job;
};

/* tables.c */

/** Opens what is plugged in, makes the list of columns and the statements that load. */
fw_status combine_tables_open(struct combine *combine);

/** Once all are loaded: refuses a day that a table has twice. */
fw_status combine_tables_check(const struct combine *combine);

/* join.c */

/** Makes the statements of the join and of the output. */
fw_status combine_join_make(struct combine *combine);

/** Once joined: refuses an empty table and infinite values. */
fw_status combine_join_check(struct combine *combine);

/* manifest.c */

/** After the output is written. */
fw_status combine_manifest_write(const struct combine *combine);

extern const struct fw_stage combine_dataset_stage;

#endif
