/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_STAGE_H
#define SNAPSHOT_STAGE_H

#include <fw/stage.h>

extern const struct fw_stage snapshot_stage;

#endif
