/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "freeze.h"

static const struct fw_stage *const stages[] = {&freeze_stage, &verify_freeze_stage};

FW_PLUGIN("org.fwrun.freeze", "0.1.0", "MIT",
          .doc = "The pointer to one freeze, and the gate of those who read it", .stages = stages,
          .n_stages = FW_COUNT(stages));
