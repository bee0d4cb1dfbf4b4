/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_TABLE_H
#define COMPARE_TABLE_H

#include "rows.h"
#include "set.h"
#include "source/source.h"

/* The samples in the engine: sample, k0 ... (the keys), y0 ... (the target), fw_file, fw_row. */
#define COMPARE_SAMPLES "fw_samples"

struct compare_columns {
    const struct fw_source_column **items;
    size_t n;
};

/*
 * A test set that is a table: a row per sample, features and target among its columns. Features are
 * read in the order of the files, as they lie, and never sorted: what is sorted is the keys alone,
 * and an answer is kept at its row's place by them. What each function does stands in set.h.
 */
struct compare_table {
    const struct fw_host *host;
    const struct fw_task *task;
    const char *path;
    struct fw_sql_handle sql;
    struct fw_source *source;
    struct compare_columns ids; /* none: the table's own order */
    struct compare_columns targets;
    const struct fw_source_column *split; /* NULL: all rows are samples */
    struct compare_columns features;      /* chosen once a model wants them */
    struct fw_text where;                 /* " WHERE ..." of the split, or nothing */
    struct fw_sql_grid labels;            /* the classes, sorted; no rows: classes are numbers */
    const char *const *label_names;
    bool classes;
    uint64_t n;
    uint32_t *samples; /* of each row; NULL without keys */
    double *target;    /* [sample][targets] */
    struct compare_rows reading;
    uint64_t next; /* row of the reading */
    size_t last_file;
    int64_t last_row;
};

fw_status compare_table_open(const struct fw_task *task, bool classes, struct compare_set *set);
void compare_table_close(struct compare_table *table);
fw_status compare_table_fits(struct compare_table *table, const struct compare_arm *arm,
                             const struct fw_predictor_info *info);
fw_status compare_table_read(struct compare_table *table, const struct fw_predictor_info *info,
                             uint64_t first, uint64_t n, struct compare_chunk *chunk);

/* Keys of a sample as a text, or the place of its row; for the caller to free. NULL: it is not to
 * be had. */
char *compare_table_name(const struct compare_table *table, uint64_t sample);

/* Makes COMPARE_SAMPLES and reads n, samples and target of it; refuses keys and targets. */
fw_status compare_table_number(struct compare_table *table);

/* Appends SQL for a target as a DOUBLE that is NaN where it is none; FW_E_DATA where the column's
 * type cannot be one. */
fw_status compare_table_target(const struct compare_table *table,
                               const struct fw_source_column *column, struct fw_text *text);

/* Refuses a row of the source for what it has in the column. Ends the reading. */
fw_status compare_refuse_row(struct compare_table *table, const struct fw_source *source,
                             const struct fw_source_column *column, size_t file, int64_t row,
                             const char *expected);

/* Appends SQL for keys k0 ... as a text: 'Date = 2020-01-02'. */
void compare_append_keys(const struct compare_table *table, const char *relation,
                         struct fw_text *text);

#endif
