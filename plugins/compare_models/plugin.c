/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "compare.h"
#include "reconstruction.h"

static const struct fw_stage *const stages[] = {&compare_models_stage,
                                                &compare_reconstructions_stage};

FW_PLUGIN("org.fwrun.compare_models", "0.1.0", "MIT", .doc = "Comparison of models",
          .stages = stages, .n_stages = FW_COUNT(stages));
