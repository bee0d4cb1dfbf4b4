/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_COMPARE_H
#define FW_SWAP_COMPARE_H

#include <cjson/cJSON.h>

#include "lab.h"

/*
 * Compares what two runs of one stage left, port by port and file by file: by bytes, and where
 * those differ and the files are tables, by values, of which floating ones may differ by
 * `tolerance` of the greater one. With a tolerance of 0 bytes decide. The first difference, in the
 * caller's hands, is {"port", "file", "text"}, with "row", "column", "old", "new" of a value
 * (rows.h), or "offset"; NULL: there is none.
 */
int fw_outputs_compare(struct fw_lab *lab, const struct fw_solo *old, const struct fw_solo *other,
                       double tolerance, cJSON **ret_difference, struct fw_error *err);

#endif
