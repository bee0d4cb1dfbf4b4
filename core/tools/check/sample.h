/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_SAMPLE_H
#define FW_CHECK_SAMPLE_H

#include "base/error.h"
#include "fw/port.h"

/* Inputs that are made up for a stage, of the kind that a port declares. */
enum fw_sample { FW_SAMPLE_EMPTY, FW_SAMPLE_ONE, FW_SAMPLE_MANY };

/* "empty", "one item", "many items" */
const char *fw_sample_name(enum fw_sample size);

/*
 * Writes one below `folder`, called after the port, and gives its path (the caller's to free). A
 * table is a CSV of four columns, a tensor a .npy of one dimension, a document JSON. Many items are
 * several batches of every reader there is.
 */
int fw_sample_make(const char *folder, const struct fw_port *port, enum fw_sample size,
                   char **ret_path, struct fw_error *err);

#endif
