/* SPDX-License-Identifier: MIT */
#ifndef EXEC_STAGE_H
#define EXEC_STAGE_H

#include "fw/stage.h"

extern const struct fw_stage exec_stage;

#endif
