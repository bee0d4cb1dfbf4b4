/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "split.h"

static const struct fw_stage *const stages[] = {&split_stage};

FW_PLUGIN("org.fwrun.split", "0.1.0", "MIT", .doc = "Training, validation and test in time",
          .stages = stages, .n_stages = FW_COUNT(stages));
