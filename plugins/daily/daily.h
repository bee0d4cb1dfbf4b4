/* SPDX-License-Identifier: MIT */
#ifndef DAILY_DAILY_H
#define DAILY_DAILY_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"
#include "sql/sql.h"
#include "wide/wide.h"

/** The parameters, as the task gives them. */
struct daily_settings {
    const char *entity_column;
    const char *platform_column;
    const char *offer_column;
    const char *snapshot_column;
    const char *day_column;
    const char *time_column;
    const char *processed_column;
    const char *funding_column;
    bool latest_row; /**< else last_non_null */
    bool text_structure;
    bool compat;
    int64_t part_rows;
    int64_t chunk_rows;
};

/**
 * SQL over the rows of one input. A key that the input has no column for is NULL,
 * so that the statements need no cases.
 */
struct daily_keys {
    struct fw_text entity;
    struct fw_text instant;   /**< TIMESTAMP: snapshot_ts2 */
    struct fw_text day;       /**< DATE: crawled_date_day2 */
    struct fw_text processed; /**< TIMESTAMP */
    struct fw_text crawled;   /**< TIMESTAMP */
    struct fw_text funding;   /**< DOUBLE, NaN is NULL; empty when there is no such column */
};

/** Facts of a part. */
enum {
    DAILY_ROWS_OUT_OF_ORDER, /**< rows that are not of a later day than the row before */
    DAILY_ROWS_WITHOUT_DAY,
    DAILY_ROWS_OF_SHARED_DAYS /**< rows that are not the only one of their entity-day */
};

/** One input port and what becomes of it: core with its derived columns and static, or extras. */
struct daily_table {
    const struct daily_settings *settings;
    const char *names[16]; /**< of the columns that static reads, those of probe first */
    size_t n_census_names, n_probe_names, n_static_names;
    struct fw_source *source; /**< NULL when the port is not plugged in */
    struct daily_keys keys;
    bool is_core;
    bool adds_entity;     /**< the input has no entity column: it is made and put first */
    bool converts_entity; /**< it has one that is no text */
    struct fw_wide_output outputs[2];
    size_t n_outputs;
    struct fw_wide *wide;
};

/** One instance of the stage. */
struct daily {
    const struct fw_host *host;
    const struct fw_task *task;
    struct daily_settings settings;
    struct fw_sql_handle sql;
    struct daily_table core;
    struct daily_table extras;
};

/* keys.c */

/** Finds the key columns of the table; FW_E_MISSING or FW_E_DATA say what is wrong with one. */
fw_status daily_keys_find(struct daily_keys *ret_keys, const struct daily_table *table,
                          const struct fw_host *host);
void daily_keys_finish(struct daily_keys *keys);

/* static.c */

/** Fills table->names: which columns the narrow statements need. */
void daily_names_find(struct daily_table *table);

/* columns.c */

/** Refuses inputs whose columns cannot become this output. */
fw_status daily_columns_check(const struct daily_table *table, const struct fw_host *host);

/** Appends what the input's columns become, each as `before` expression `after` AS name. */
void daily_columns_append(const struct daily_table *table, const char *before, const char *after,
                          struct fw_text *text);

/** Appends what one column becomes, without its name. */
void daily_columns_append_one(const struct fw_source_column *column, struct fw_text *text);

/** Appends the names alone. */
void daily_columns_append_names(const struct daily_table *table, struct fw_text *text);

/** Where the columns that are added to a row find what they are made of; SQL. */
struct daily_day {
    const char *count; /**< rows of the entity-day */
    const char *now;   /**< funding of the row */
    const char *then;  /**< of the entity's day before, NULL on its first */
};

/** Appends the added columns, each after a comma. */
void daily_columns_append_added(const struct daily_table *table, const struct daily_day *day,
                                struct fw_text *text);

/** Calls `each` with the name of every output column, in order. */
void daily_columns_each(const struct daily_table *table, void (*each)(const char *name, void *arg),
                        void *arg);

/* choose.c: one row per entity-day */

void daily_take(const void *self, const struct fw_wide_rows *rows, struct fw_text *select);
void daily_probe(const void *self, const struct fw_wide_part *part, struct fw_text *select);
void daily_finish(const void *self, const struct fw_wide_part *part, struct fw_text *select);

/* static.c: one row per entity */

void daily_finish_static(const void *self, const struct fw_wide_part *part, struct fw_text *select);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status daily_manifest_write(const struct daily *daily);

/* stage.c */

extern const struct fw_stage daily_stage;

#endif
