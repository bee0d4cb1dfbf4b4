/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "daily.h"

static const struct fw_stage *const stages[] = {&daily_stage};

FW_PLUGIN("org.fwrun.daily", "0.1.0", "MIT", .doc = "The daily table of offers", .stages = stages,
          .n_stages = FW_COUNT(stages));
