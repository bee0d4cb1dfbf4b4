/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_SET_H
#define COMPARE_SET_H

#include <fw/service/predictor.h>
#include <fw/task.h>

#include "arms.h"

struct compare_tensor;
struct compare_table;

/*
 * The test set: samples, numbered from 0, with inputs and a target. It is a tensor, arrays of a
 * NumPy file whose first axis counts samples, or a table with a row per sample. All zero is valid.
 */
struct compare_set {
    const struct fw_host *host;
    const char *path;          /* that faults name */
    uint64_t n;                /* samples */
    uint64_t n_target;         /* numbers of the target per sample */
    const char *const *labels; /* what the classes are called; NULL: they are numbers */
    uint64_t n_labels;
    struct compare_tensor *tensor; /* one of these */
    struct compare_table *table;
};

/*
 * Opens the input `data` or `table`; FW_E_DATA when there is no sample, axes differ, or a target
 * is none. `classes`: whether targets are classes.
 */
fw_status compare_set_open(const struct fw_host *host, const struct fw_task *task, bool classes,
                           struct compare_set *set);
void compare_set_close(struct compare_set *set);

/* Whether the arm's model can take the samples: what it wants and what there is, in a fault. */
fw_status compare_set_fits(const struct compare_set *set, const struct compare_arm *arm,
                           const struct fw_predictor_info *info);

/* A chunk of the inputs as one model wants them. All zero is valid. */
struct compare_chunk {
    struct fw_predictor_array *arrays;
    int64_t **shapes;
    void **data;
    size_t n;
};

/*
 * Rows [first, first + n) in the order in which the set is read, in the model's element types and
 * shapes: where all but the first dimension of an input are fixed, samples of as many numbers are
 * taken for it whatever their shape. A model without inputs gets none. Fast where `first` is where
 * the last call ended.
 */
fw_status compare_set_read(const struct compare_set *set, const struct fw_predictor_info *info,
                           uint64_t first, uint64_t n, struct compare_chunk *chunk);

enum { COMPARE_NAME = 160 };

/* What a person calls a sample: "sample 17", of a table "sample 17 (Date = 2020-01-02)" or with its
 * place. Ends a reading. */
void compare_set_name(const struct compare_set *set, uint64_t sample, char ret[COMPARE_NAME]);

/* Ends a reading, so that others may read. */
void compare_set_rest(const struct compare_set *set);

/* Room for the arrays of a model; FW_E_NOMEM with a fault. */
fw_status compare_chunk_init(const struct fw_host *host, const struct fw_predictor_info *info,
                             struct compare_chunk *chunk);
void compare_chunk_finish(struct compare_chunk *chunk);

/* The samples that the rows are; NULL: row i is sample i. */
const uint32_t *compare_set_samples(const struct compare_set *set);

/* The target of samples from `first` on, so many numbers of each. All zero is valid. */
struct compare_truth {
    const double *values;
    uint64_t first, n_numbers;
    double *own; /* NULL: the set's */
};

/* Of samples [first, first + n) at least. */
fw_status compare_truth_read(const struct compare_set *set, uint64_t first, uint64_t n,
                             struct compare_truth *truth);
void compare_truth_finish(struct compare_truth *truth);

static inline const double *compare_truth_of(const struct compare_truth *truth, uint64_t sample)
{
    return truth->values + (sample - truth->first) * truth->n_numbers;
}

#endif
