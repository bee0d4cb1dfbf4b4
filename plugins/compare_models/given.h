/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_GIVEN_H
#define COMPARE_GIVEN_H

#include "table.h"

/*
 * Arms whose answers were made before and lie in tables of predictions (docs/reference/tables.md):
 * the input `predictions`. They are joined to the samples of a table by its keys: each sample has
 * one answer, and no answer is of another row. All zero is valid.
 */
struct compare_given {
    const struct fw_task *task;
    struct compare_table *table;
    struct fw_source *source;
    const struct fw_source_column **keys;                  /* as many as the table has */
    const struct fw_source_column *experiment, *split, *y; /* NULL: there is none */
    size_t arm;    /* whose answers the table's reading is of */
    uint64_t next; /* sample of it */
};

/* Opens the input; FW_E_CONFIG where the set is no table, or has no keys. */
fw_status compare_given_open(const struct fw_task *task, const struct compare_set *set,
                             struct compare_given *given);
void compare_given_close(struct compare_given *given);

/*
 * Joins the answers of arm number `index`, k numbers each: the column p, or p_0 ... of several.
 * Refuses what is missing, superfluous or twice, a y that is not the sample's target, and of
 * classes a p outside [0, 1].
 */
fw_status compare_given_join(struct compare_given *given, const struct compare_arm *arm,
                             size_t index, uint64_t k);

/* The answers of samples [first, first + n): [n][k]. Fast where `first` is where the last call
 * ended; nothing else of the set is read in between (compare_set_rest). */
fw_status compare_given_read(struct compare_given *given, size_t index, uint64_t k, uint64_t first,
                             uint64_t n, double *ret);

#endif
