/* SPDX-License-Identifier: MIT */
#include "fw/plugin.h"

#include "stage.h"

static const struct fw_stage *const stages[] = {&exec_stage};

FW_PLUGIN("org.fwrun.exec", "0.1.0", "MIT", .doc = "Commands as stages", .stages = stages,
          .n_stages = FW_COUNT(stages));
