/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "logistic.h"

static const struct fw_stage *const stages[] = {&logistic_regression_stage};

FW_PLUGIN("org.fwrun.logistic_regression", "0.1.0", "MIT", .doc = "A baseline for classifiers",
          .stages = stages, .n_stages = FW_COUNT(stages));
