/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "stage.h"

static const struct fw_stage *const stages[] = {&synth_offers_stage};

FW_PLUGIN("org.fwrun.synth", "0.1.0", "MIT", .doc = "Generated tables to try pipelines with",
          .stages = stages, .n_stages = FW_COUNT(stages));
