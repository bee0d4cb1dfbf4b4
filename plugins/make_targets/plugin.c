/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "targets.h"

static const struct fw_stage *const stages[] = {&make_targets_stage};

FW_PLUGIN("org.fwrun.make_targets", "0.1.0", "MIT", .doc = "Labels of a price's next days",
          .stages = stages, .n_stages = FW_COUNT(stages));
