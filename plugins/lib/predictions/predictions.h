/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PREDICTIONS_PREDICTIONS_H
#define FW_LIB_PREDICTIONS_PREDICTIONS_H

#include "source/source.h"

/**
 * A table of predictions (docs/reference/tables.md): of each experiment and split what was
 * predicted, p, and what came, y. Rows that break the contract are refused with file, row and
 * value, never dropped: p outside [0, 1] or none, y other than 0 and 1, an experiment, split or
 * key that is missing, a key twice in an experiment and split. [stage thread]
 */

/** How a table is read. Zero-initialised: names of the contract, all splits. */
struct fw_predictions_options {
    const char *experiment;    /**< NULL: "experiment"; "": all rows are of the experiment "all" */
    const char *split;         /**< NULL: "split"; "": all rows are of the split "all" */
    const char *key;           /**< NULL: "id" or "date", whichever is there; "": there is none */
    const char *y;             /**< NULL: "y" */
    const char *p;             /**< NULL: "p" */
    const char *const *splits; /**< no others are looked at; they need not be there */
    size_t n_splits;           /**< 0: all */
};

/** What the numbers in `keys` are. */
enum fw_predictions_key {
    FW_PREDICTIONS_NO_KEY,
    FW_PREDICTIONS_DAYS,    /**< DATE: days since 1970-01-01 */
    FW_PREDICTIONS_MICROS,  /**< TIMESTAMP: microseconds since then, UTC */
    FW_PREDICTIONS_INTEGER, /**< the number itself */
    FW_PREDICTIONS_TEXT     /**< rank of the text among the distinct ones of the whole table */
};

/**
 * The rows of one experiment and split, ascending by key (in table order without one), so that
 * two cells of a table are joined by walking along both.
 */
struct fw_predictions_cell {
    char *experiment, *split;
    size_t n;      /**< 1 or more */
    double *p;     /**< in [0, 1]; a FLOAT is widened */
    uint8_t *y;    /**< 0 or 1 */
    int64_t *keys; /**< strictly ascending; NULL without a key */
};

/** Read only. Cells are sorted by experiment, then split, numbers in names by value: a20, a100. */
struct fw_predictions {
    struct fw_predictions_cell *cells;
    size_t n_cells;
    size_t n_rows, n_read;
    enum fw_predictions_key key;
    struct fw_predictions_private *more;
};

/**
 * Opens the table in `paths` and finds its cells: their names and sizes, not yet their rows. A
 * table without rows, or without one of the splits, has no cells. The predictions use `sql` until
 * they are closed; no strings are kept.
 */
fw_status fw_predictions_open(const struct fw_sql_handle *sql, const char *const *paths,
                              size_t n_paths, const struct fw_predictions_options *options,
                              struct fw_predictions **ret_predictions);

/**
 * Reads some `n_rows` rows more into the cells, 9 bytes a row (17 with a key). FW_MORE while
 * there are more; FW_OK when all are read, checked and in order. The session of `sql` is busy
 * between two calls.
 */
fw_status fw_predictions_read(struct fw_predictions *predictions, size_t n_rows);

/** Opens and reads everything. */
fw_status fw_predictions_load(const struct fw_sql_handle *sql, const char *const *paths,
                              size_t n_paths, const struct fw_predictions_options *options,
                              struct fw_predictions **ret_predictions);

/** Accepts NULL. */
void fw_predictions_close(struct fw_predictions *predictions);

/** The cell of these names, or NULL. */
const struct fw_predictions_cell *fw_predictions_cell(const struct fw_predictions *predictions,
                                                      const char *experiment, const char *split);

/** Frees the rows of a cell that is done with. */
void fw_predictions_forget(struct fw_predictions_cell *cell);

/** Orders names as cells are ordered: like strcmp, but digits as numbers. */
int fw_predictions_compare(const char *a, const char *b);

#endif
