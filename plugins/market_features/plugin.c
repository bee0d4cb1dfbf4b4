/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "market_features.h"

static const struct fw_stage *const stages[] = {&market_features_stage};

FW_PLUGIN("org.fwrun.market_features", "0.1.0", "MIT", .doc = "Technical indicators of a market",
          .stages = stages, .n_stages = FW_COUNT(stages));
