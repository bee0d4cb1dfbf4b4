/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_WORK_H
#define SNAPSHOT_WORK_H

#include <fw/host.h>

#include "sql/text.h"

/*
 * The folder that holds what lies between the phases. It stands beside the core output and not
 * in the scratch space, because it must outlive a restart. It holds plain files only.
 */

/** Makes a folder if it is not there. */
fw_status snapshot_work_make(const struct fw_host *host, const char *path);

/** Removes the folder and its files; it is fine if there is none. */
fw_status snapshot_work_remove(const struct fw_host *host, const char *path);

/** Size of a file, -1 if there is none. */
int64_t snapshot_work_size(const char *path);

#endif
