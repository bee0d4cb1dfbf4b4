/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "cardinality.h"

static const struct fw_stage *const stages[] = {&cardinality_stage};

FW_PLUGIN("org.fwrun.audit_cardinality", "0.1.0", "MIT", .doc = "Gate B of the freeze",
          .stages = stages, .n_stages = FW_COUNT(stages));
