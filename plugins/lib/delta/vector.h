/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_VECTOR_H
#define FW_LIB_DELTA_VECTOR_H

#include "delta/file_set.h"

/**
 * Reads the deletion vector of `entry`, which has one, into `entry->file.deleted`: from the log
 * itself or from a file of the table. Everything that the log and the file say of it must agree.
 */
fw_status fw_delta_vector_read(const struct fw_host *host, const char *root,
                               struct fw_delta_entry *entry);

#endif
