/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PREDICTIONS_INTERNAL_H
#define FW_LIB_PREDICTIONS_INTERNAL_H

#include "predictions/predictions.h"

struct fw_predictions_private {
    const struct fw_sql_handle *sql;
    struct fw_source *source;
    /* SQL over the scan `rows`, one expression each. */
    struct fw_text experiment, split, key, y, p;
    struct fw_text key_said, y_said, p_said; /* as texts, for what is refused */
    struct fw_text rows;  /* FROM ... and a WHERE of the splits that are wanted */
    const char *key_name; /* of the source's column */
    struct ArrowArrayStream stream;
    bool is_open;   /* the stream */
    size_t *filled; /* rows of each cell that were read */
};

/* cells.c */

/* Counts the cells and makes room for none of their rows. */
fw_status fw_predictions_find_cells(struct fw_predictions *predictions);

/* order.c */

/* Brings a cell's rows into the order of their keys; *ret_twice is a row whose key is also the
   one before it, or SIZE_MAX. FW_E_NOMEM without a fault. */
fw_status fw_predictions_order(struct fw_predictions_cell *cell, size_t *ret_twice);

/* refuse.c: each looks for the first row of the kind and records a fault that names it */

fw_status fw_predictions_refuse_names(const struct fw_predictions *predictions);
fw_status fw_predictions_refuse_values(const struct fw_predictions *predictions);
fw_status fw_predictions_refuse_key(const struct fw_predictions *predictions,
                                    const struct fw_predictions_cell *cell, int64_t key);

#endif
