/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_BLAME_H
#define SNAPSHOT_BLAME_H

#include "snapshot.h"

/**
 * After a statement that read several raw files has failed: reads them one by one and logs which
 * of them cannot be read. The fault itself knows the range only. [stage thread]
 */
void snapshot_blame(const struct snapshot *s, fw_status status);

#endif
