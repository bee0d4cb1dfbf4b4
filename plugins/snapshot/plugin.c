/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "stage.h"

static const struct fw_stage *const stages[] = {&snapshot_stage};

FW_PLUGIN("org.fwrun.snapshot", "0.1.0", "MIT", .doc = "The offers snapshot", .stages = stages,
          .n_stages = FW_COUNT(stages));
