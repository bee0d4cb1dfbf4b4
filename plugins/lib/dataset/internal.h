/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DATASET_INTERNAL_H
#define FW_LIB_DATASET_INTERNAL_H

#include "dataset/sources.h"
#include "matrix/matrix.h"
#include "source/source.h"

/* What a source fills: fw_dataset_create, then the arrays, then fw_dataset_ready. */
struct fw_dataset {
    struct fw_dataset_info info;
    struct fw_dataset_augment augment;
    const struct fw_host *host;
    uint8_t *bytes; /* n_values of one or the other */
    float *floats;
    uint64_t n_values, item; /* item: values of a sample */
    uint64_t *begins;        /* first value of each sample; NULL: one behind the other */
    int32_t *labels;
    int64_t *keys;
    uint8_t *given; /* the part that the source says; until it is ready */
    uint32_t *parts[FW_DATASET_PARTS];
    uint64_t n_parts[FW_DATASET_PARTS];
    double *scales; /* means, then deviations */
    char **columns; /* n_scales names, or NULL */
    bool by_column; /* scales are of columns, not of channels */
    bool measured;
};

struct fw_dataset_plan {
    const char *kind, *path; /* path: what faults name */
    uint64_t channels, rows, cols, n_samples;
    uint64_t n_values; /* 0: each sample has its own */
    bool floats, by_column;
    bool measured; /* scaled by what the training part is */
};

/* Allocates what the plan says; all samples are to train with, keys count from 0. */
fw_status fw_dataset_create(const struct fw_dataset_options *options,
                            const struct fw_dataset_plan *plan, struct fw_dataset **ret_set);

/* Divides and measures; on failure the set is closed and *set NULL. */
fw_status fw_dataset_ready(const struct fw_dataset_options *options, const char *path,
                           struct fw_dataset **set);

/* The samples from `first` on are of that part, and their keys count from 0 again. */
void fw_dataset_give(struct fw_dataset *set, uint64_t first, enum fw_dataset_part part);

/* Takes a number as the class of a sample; false where it is none. */
bool fw_dataset_label(struct fw_dataset *set, uint64_t sample, double value);

static inline uint64_t fw_dataset_begin(const struct fw_dataset *set, uint32_t sample)
{
    return set->begins != NULL ? set->begins[sample] : sample * set->item;
}

static inline float fw_dataset_raw(const struct fw_dataset *set, uint64_t value)
{
    return set->bytes != NULL ? (float)set->bytes[value] : set->floats[value];
}

/* split.c */
fw_status fw_dataset_divide(const struct fw_dataset_options *options, const char *path,
                            struct fw_dataset *set);

/* scale.c */
void fw_dataset_measure(struct fw_dataset *set);

/* order.c: by a stream of that seed. */
void fw_dataset_shuffle(uint32_t *samples, uint64_t n, uint64_t seed);

/* table.c: numbers out of tables, as doubles; NaN where there is none. */

struct fw_dataset_table {
    const struct fw_sql_handle *sql;
    struct fw_source *source;
    const struct fw_source_column **columns; /* the features */
    size_t n_columns;
    struct fw_matrix cells;
};

void fw_dataset_table_finish(struct fw_dataset_table *table);

/* Appends SQL for an expression as a DOUBLE that is never NULL. */
void fw_dataset_number(struct fw_text *text, const char *expression);

/* Appends ", " and the features as such numbers. */
void fw_dataset_features(const struct fw_dataset_table *table, struct fw_text *text);

/* Fills the cells by a query of n_columns numbers; `condition` counts its rows, NULL: all. */
fw_status fw_dataset_table_read(struct fw_dataset_table *table, const struct fw_text *query,
                                size_t n_columns, const char *condition);

/* Names the columns of the set; FW_E_NOMEM. */
fw_status fw_dataset_name_columns(struct fw_dataset *set, const struct fw_dataset_table *table);

/* The features, from that column of the cells, as floats row by row. */
void fw_dataset_take_features(struct fw_dataset *set, const struct fw_dataset_table *table,
                              size_t first_column);

/* The number that SQL gives for the name of a part. */
#define FW_DATASET_SPLIT_SQL " WHEN 'train' THEN 0 WHEN 'val' THEN 1 WHEN 'test' THEN 2 END"

/* view.c: how an augmented sample is seen. */

/* Where output pixel i of an axis looks: at two inputs, the second one by `weight`. */
struct fw_dataset_tap {
    int64_t first, second; /* -1: outside, 0 */
    float weight;
};

struct fw_dataset_axis {
    uint64_t length;        /* of the sample */
    uint64_t begin, window; /* what is stretched over the length */
    int64_t shift;          /* then, of one that is not stretched: where output 0 looks */
    bool mirrored;
};

struct fw_dataset_view {
    struct fw_dataset_axis rows, cols;
};

struct fw_dataset_view fw_dataset_view_draw(const struct fw_dataset_augment *augment, uint64_t rows,
                                            uint64_t cols, uint64_t seed);
struct fw_dataset_tap fw_dataset_tap(const struct fw_dataset_axis *axis, uint64_t output);

#endif
