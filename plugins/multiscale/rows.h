/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_ROWS_H
#define MULTISCALE_ROWS_H

#include "chosen.h"

/**
 * Reads the columns of table->row_schema of the rows that are chosen, and puts behind them fw_file,
 * fw_row and, where it is known, the instant; texts are "u". Empties `chosen`. [any thread]
 */
fw_status rows_read(const struct multiscale_table *table, const struct gather_ranges *ranges,
                    struct chosen *chosen, struct ArrowArray *ret_rows);

#endif
