/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_ROWS_H
#define FW_SWAP_ROWS_H

#include <cjson/cJSON.h>

#include "lab.h"

/*
 * Where tables whose bytes differ differ: row, column, both values. A provider of fw.sql/1 reads
 * them, in a child, which loads it as a worker does.
 *
 * `pairs` is [{"file", "old": [path...], "new": [path...]}], the files of each in the order of
 * their rows. Numbers of the types FLOAT and DOUBLE may differ by `tolerance` of the greater one.
 * The first difference, in the caller's hands, is {"file", "text"}, and with "row", "column",
 * "old", "new" where it is a value; NULL: no value differs. FW_EXIT_PLUGIN where nothing provides
 * fw.sql/1.
 */
int fw_rows_compare(struct fw_lab *lab, const cJSON *pairs, double tolerance,
                    cJSON **ret_difference, struct fw_error *err);

/* The main of that child. */
int fw_rows_main(const char *parent, const char *file);

#endif
