/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_CHOSEN_H
#define MULTISCALE_CHOSEN_H

#include "gather.h"

/** Rows of some ranges. Zero-initialised; finish it. */
struct chosen {
    int64_t *files; /**< of the source */
    int64_t *rows;  /**< numbers in their files */
    int64_t *at;    /**< microseconds; NULL: not known yet */
    size_t *n_rows; /**< of each range */
    size_t n;
};

/** All of them. */
fw_status chosen_all(const struct multiscale_table *table, const struct gather_ranges *ranges,
                     struct chosen *ret_chosen);

/**
 * Of the store those that are the last ones of their company's week or month among the ranges: no
 * other row can be the last of all. Reads the columns of table->key_schema alone. [any thread]
 */
fw_status chosen_find(const struct multiscale_table *table, const struct gather_ranges *ranges,
                      struct chosen *ret_chosen);
void chosen_finish(struct chosen *chosen);

#endif
