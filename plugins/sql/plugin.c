/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "stage.h"

static const struct fw_stage *const stages[] = {&sql_stage};

FW_PLUGIN("org.fwrun.sql", "0.1.0", "MIT", .doc = "Queries over input ports", .stages = stages,
          .n_stages = FW_COUNT(stages));
