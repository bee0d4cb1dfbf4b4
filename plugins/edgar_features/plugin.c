/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "edgar.h"

static const struct fw_stage *const stages[] = {&edgar_stage};

FW_PLUGIN("org.fwrun.edgar_features", "0.1.0", "MIT", .doc = "Features of filings, as of each day",
          .stages = stages, .n_stages = FW_COUNT(stages));
