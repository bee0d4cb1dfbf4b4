/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "multiscale.h"

static const struct fw_stage *const stages[] = {&multiscale_stage};

FW_PLUGIN("org.fwrun.multiscale", "0.1.0", "MIT", .doc = "Weeks, months and stages of offers",
          .stages = stages, .n_stages = FW_COUNT(stages));
