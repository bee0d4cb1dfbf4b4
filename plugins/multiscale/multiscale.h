/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_MULTISCALE_H
#define MULTISCALE_MULTISCALE_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"
#include "sql/sql.h"
#include "wide/wide.h"

/** The parameters, as the task gives them. */
struct multiscale_settings {
    const char *stamp;
    const char *variant;
    bool stage_skip_nulls;
    bool compat;
    int64_t part_rows;
    int64_t chunk_rows;
};

/** Measures of an offer that are carried into weeks and months. */
enum { MULTISCALE_VALUES = 3 };
extern const char *const multiscale_values[MULTISCALE_VALUES];

/** One input and the tables that are made of it. */
struct multiscale_table {
    const struct fw_host *host;
    const struct multiscale_settings *settings;
    struct fw_source *source;
    const char *names[8];          /**< columns that are read, the entity first */
    size_t n_names;                /**< 0, of the store: all */
    int values[MULTISCALE_VALUES]; /**< of the daily table: numbers of those that it has */
    size_t n_values;
    struct fw_text entity; /**< SQL: the key that parts are cut by */
    struct fw_text at;     /**< SQL: TIMESTAMP, the day of a row */
    struct fw_wide_output outputs[4];
    size_t n_outputs;
    struct fw_wide_fold fold;

    /* Where plugins/lib/parquet reads the files; the engine does otherwise. */
    bool gathers;
    struct ArrowSchema key_schema, row_schema; /**< what it reads; keys of the store alone */
    struct fw_wide *wide;
};

/** One instance of the stage. */
struct multiscale {
    const struct fw_host *host;
    const struct fw_task *task;
    struct multiscale_settings settings;
    struct fw_sql_handle sql;
    struct multiscale_table offers;
    struct multiscale_table edgar;
};

/**
 * Appends SQL that orders rows in time, the place in the table deciding between equal ones, as a
 * single number.
 */
void multiscale_append_key(const struct multiscale_table *table, struct fw_text *text);

/* offers.c: weeks, months and stages of offers */

/** Finds the columns; FW_E_MISSING or FW_E_DATA say what is wrong with one. */
fw_status multiscale_offers_find(struct multiscale_table *table, const struct fw_host *host);

/** All four tables are made in one reading of a part's rows; fold.c. */
extern const struct fw_wide_fold multiscale_offers_fold;

/** As multiscale_features_open; of a table in order, without the engine. */
fw_status multiscale_offers_open(struct multiscale_table *table);
extern const struct fw_wide_gather multiscale_offers_gather;

/* edgar.c: weeks and months of the feature store */

fw_status multiscale_edgar_find(struct multiscale_table *table, const struct fw_host *host);

/** Leaves out rows of a chunk that are the last ones of no week and no month. */
void multiscale_edgar_take(const void *self, const struct fw_wide_rows *rows,
                           struct fw_text *select);

void multiscale_edgar_weekly(const void *self, const struct fw_wide_part *part,
                             struct fw_text *select);
void multiscale_edgar_monthly(const void *self, const struct fw_wide_part *part,
                              struct fw_text *select);

/** Whether a column of the store is no figure. */
bool multiscale_edgar_is_key(const char *name);

/* features.c */

/** Whether it knows the types of all the store's columns. */
bool multiscale_features_can(const struct multiscale_table *table);

/** Both tables are made in one reading of a part's rows. */
extern const struct fw_wide_fold multiscale_features_fold;

/* store.c */

/** Finds out whether its rows can be read without the engine: table->gathers. */
fw_status multiscale_features_open(struct multiscale_table *table);

/** Those that end a week or a month; other rows are not decoded. */
extern const struct fw_wide_gather multiscale_features_gather;

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status multiscale_manifest_write(const struct multiscale *multiscale);

/* stage.c */

extern const struct fw_stage multiscale_stage;

#endif
