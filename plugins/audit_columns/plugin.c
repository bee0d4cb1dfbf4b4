/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "audit_columns.h"

static const struct fw_stage *const stages[] = {&audit_columns_stage};

FW_PLUGIN("org.fwrun.audit_columns", "0.1.0", "MIT",
          .doc = "Gate A: the columns of the freeze, and its features computed again",
          .stages = stages, .n_stages = FW_COUNT(stages));
