/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "combine.h"

static const struct fw_stage *const stages[] = {&combine_dataset_stage};

FW_PLUGIN("org.fwrun.combine_dataset", "0.1.0", "MIT", .doc = "Prices and features in one table",
          .stages = stages, .n_stages = FW_COUNT(stages));
