/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "threshold_sweep.h"

static const struct fw_stage *const stages[] = {&threshold_sweep_stage};

FW_PLUGIN("org.fwrun.threshold_sweep", "0.1.0", "MIT", .doc = "Classifiers at every threshold",
          .stages = stages, .n_stages = FW_COUNT(stages));
