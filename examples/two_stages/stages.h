/* SPDX-License-Identifier: MIT */
#ifndef STAGES_H
#define STAGES_H

#include "fw/stage.h"

extern const struct fw_stage split_stage;
extern const struct fw_stage fingerprint_stage;

#endif
