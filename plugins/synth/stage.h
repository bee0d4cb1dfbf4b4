/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_STAGE_H
#define SYNTH_STAGE_H

#include <fw/stage.h>

extern const struct fw_stage synth_offers_stage;

#endif
