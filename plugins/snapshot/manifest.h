/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_MANIFEST_H
#define SNAPSHOT_MANIFEST_H

#include "snapshot.h"

/** Hands the manifest's fields (freeze §3.7) and the outputs' rows to the host. [stage thread] */
fw_status snapshot_manifest_write(const struct snapshot *s);

#endif
